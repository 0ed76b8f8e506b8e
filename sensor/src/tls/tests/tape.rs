//! A captured connection as its peers' plaintext, to be put into other records.

use super::driver::{Connection, Event};
use crate::{
    exchange::Timestamp,
    stream::End,
    tls::{
        Label, Side, Version,
        cipher::{HEADER, Opener, Record},
        handshake::{ClientHello, ServerHello},
        keylog,
        schedule::{key_block, next_traffic_secret},
        secret::SecretBytes,
        suite::Suite,
    },
};

pub const ALERT: u8 = 21;
pub const HANDSHAKE: u8 = 22;
pub const APPLICATION: u8 = 23;
const CHANGE_CIPHER_SPEC: u8 = 20;
/// The most content of a record.
const FULL: usize = 1 << 14;
/// Bytes of a handshake message's header.
const MESSAGE: usize = 4;

/// What each record of a connection held, in the order of their ends.
pub struct Tape {
    pub said: Vec<Said>,
    keys: KeySource,
}

/// What one record held.
#[derive(Clone, Debug)]
pub struct Said {
    pub side: Side,
    /// How often the side's keys had changed: 0 is in clear.
    pub epoch: usize,
    pub kind: u8,
    pub content: Vec<u8>,
}

/// Where the content of a record is cut, and what is put around.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// Bytes of content, at least 1.
    pub length: usize,
    /// See [`Opener::seal`].
    pub padding: usize,
    /// An empty record comes first, where the content is application data.
    pub empty: bool,
}

/// What the keys follow from.
struct KeySource {
    version: Version,
    suite: Suite,
    encrypt_then_mac: bool,
    client_random: [u8; 32],
    server_random: [u8; 32],
    /// By side: the secrets of the epochs after 0.
    secrets: [Vec<SecretBytes>; 2],
}

impl Tape {
    /// Opens each record with the keys of the capture's key log. A connection with one handshake.
    pub fn load(name: &str) -> Self {
        let connection = Connection::load(name);
        let records = records(&connection.events);
        let mut keys = KeySource::of(&records, &connection.keys);
        let mut said = Vec::new();
        let mut at = [(0, 0), (0, 0)];
        let mut openers: [Option<Opener>; 2] = [None, None];
        for (side, record) in records {
            let (epoch, number) = &mut at[side as usize];
            let opener = &mut openers[side as usize];
            let tls13 = keys.version == Version::Tls13;
            let kind = record[0];
            if if tls13 { kind != APPLICATION } else { *epoch == 0 } {
                said.push(Said { side, epoch: 0, kind, content: record[HEADER..].into() });
                if !tls13 && kind == CHANGE_CIPHER_SPEC {
                    (*epoch, *number, *opener) = (1, 0, Some(keys.opener(side, 1)));
                }
                continue;
            }
            let view = Record {
                header: *record.first_chunk().expect("a header"),
                body: &record[HEADER..],
            };
            let mut content = Vec::new();
            let now = opener.as_ref().and_then(|o| o.open(view, *number, &mut content));
            let kind = now.unwrap_or_else(|| {
                let next = keys.opener(side, *epoch + 1);
                (*epoch, *number) = (*epoch + 1, 0);
                let kind = next.open(view, 0, &mut content).expect("the keys are in the log");
                *opener = Some(next);
                kind
            });
            *number += 1;
            opener.as_mut().expect("keys").passed(view.body);
            said.push(Said { side, epoch: *epoch, kind, content });
        }
        Self { said, keys }
    }

    /// The connection in other records. `cut` is asked before each record.
    pub fn events(&self, mut cut: impl FnMut() -> Cut) -> Vec<Event> {
        let mut wire = Wire::default();
        let mut at = [(0, 0), (0, 0)];
        let mut openers: [Option<Opener>; 2] = [None, None];
        for said in self.joined() {
            let side = said.side as usize;
            let (epoch, number) = &mut at[side];
            if said.epoch > *epoch {
                (*epoch, *number) = (said.epoch, 0);
                openers[side] = Some(self.keys.existing(said.side, said.epoch));
            }
            let mut send = |content: &[u8], padding| {
                let Some(opener) = openers[side].as_mut().filter(|_| said.epoch > 0) else {
                    wire.send(said.side, &in_clear(said.kind, content));
                    return;
                };
                wire.send(said.side, &opener.seal(said.kind, content, padding, *number));
                *number += 1;
            };
            let mut rest = &said.content[..];
            let whole = !matches!(said.kind, HANDSHAKE | APPLICATION);
            while !rest.is_empty() {
                let Cut { length, padding, empty } = cut();
                if empty && said.kind == APPLICATION && said.epoch > 0 {
                    send(b"", padding);
                }
                // A bound on the number of records.
                let length = length.max(said.content.len() / 500).min(rest.len()).min(FULL);
                let length = if whole { rest.len() } else { length };
                send(&rest[..length], padding.min(FULL - length));
                rest = &rest[length..];
            }
        }
        wire.events.extend(
            [Side::Client, Side::Server].map(|side| Event::End { side, end: End::Finished }),
        );
        wire.events
    }

    /// What a side said in one go, together.
    fn joined(&self) -> Vec<Said> {
        let mut joined: Vec<Said> = Vec::new();
        for said in &self.said {
            match joined.last_mut() {
                Some(last)
                    if (last.side, last.epoch, last.kind) == (said.side, said.epoch, said.kind)
                        && matches!(said.kind, HANDSHAKE | APPLICATION) =>
                {
                    last.content.extend(&said.content);
                }
                _ => joined.push(said.clone()),
            }
        }
        joined
    }
}

impl KeySource {
    fn of(records: &[(Side, Vec<u8>)], log: &[u8]) -> Self {
        let hello = |side| {
            // The last in clear: the one before a retry counts for nothing.
            let of_side = records.iter().filter(|(from, record)| {
                *from == side && record[0] == HANDSHAKE && record[HEADER] == 1 + side as u8
            });
            let skip = usize::from(side == Side::Server) * (of_side.clone().count() - 1);
            let (_, record) = of_side.clone().nth(skip).expect("a hello");
            let length = usize::from(u16::from_be_bytes([record[7], record[8]]));
            record[HEADER + MESSAGE..][..length].to_vec()
        };
        let client = ClientHello::parse(&hello(Side::Client)).expect("a hello");
        let server = ServerHello::parse(&hello(Side::Server)).expect("a hello");
        let mut found = Vec::new();
        keylog::parse(log, |secret| found.push(secret));
        let of = |label| {
            let random = Some(client.random);
            let mut all = found.iter().filter(|s| s.label == label && s.client_random == random);
            all.next().map(|secret| secret.bytes.clone())
        };
        let labels: [&[Label]; 2] = match server.version() {
            Some(Version::Tls13) => [
                &[Label::ClientEarly, Label::ClientHandshake, Label::ClientApplication],
                &[Label::ServerHandshake, Label::ServerApplication],
            ],
            _ => [&[Label::Master]; 2],
        };
        Self {
            version: server.version().expect("a version"),
            suite: Suite::of(server.suite).expect("a suite"),
            encrypt_then_mac: server.encrypt_then_mac,
            client_random: client.random,
            server_random: server.random,
            secrets: labels.map(|labels| labels.iter().filter_map(|&label| of(label)).collect()),
        }
    }

    /// The keys of an epoch, behind a `KeyUpdate` where the log has no more.
    fn opener(&mut self, side: Side, epoch: usize) -> Opener {
        let secrets = &mut self.secrets[side as usize];
        if secrets.len() < epoch {
            let last = secrets.last().expect("a secret");
            secrets.push(next_traffic_secret(self.suite.hash, last));
        }
        self.existing(side, epoch)
    }

    fn existing(&self, side: Side, epoch: usize) -> Opener {
        let secret = self.secrets[side as usize][epoch - 1].as_ref();
        if self.version == Version::Tls13 {
            return Opener::from_traffic_secret(&self.suite, secret).expect("keys");
        }
        let (client, server) = (&self.client_random, &self.server_random);
        let keys = &key_block(self.version, &self.suite, secret, client, server)[side as usize];
        Opener::from_key_block(self.version, &self.suite, keys, self.encrypt_then_mac)
            .expect("keys")
    }
}

/// Records as segments: each side's in a row are one.
#[derive(Default)]
struct Wire {
    events: Vec<Event>,
    sent: [u32; 2],
}

impl Wire {
    fn send(&mut self, side: Side, record: &[u8]) {
        let acknowledgement = self.sent[side.opposite() as usize];
        let time = Timestamp(self.events.len() as u64);
        let sent = &mut self.sent[side as usize];
        match self.events.last_mut() {
            Some(Event::Data { side: from, bytes, .. }) if *from == side => bytes.extend(record),
            _ => self.events.push(Event::Data {
                side,
                bytes: record.into(),
                sequence: *sent,
                acknowledgement,
                time,
            }),
        }
        *sent = sent.wrapping_add(record.len() as u32);
    }
}

fn in_clear(kind: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = (content.len() as u16).to_be_bytes();
    [&[kind, 3, 3, high, low], content].concat()
}

/// The records of both sides, in the order of their ends.
fn records(events: &[Event]) -> Vec<(Side, Vec<u8>)> {
    let mut buffers = [Vec::new(), Vec::new()];
    let mut records = Vec::new();
    for event in events {
        let Event::Data { side, bytes, .. } = event else { continue };
        let buffer: &mut Vec<u8> = &mut buffers[*side as usize];
        buffer.extend(bytes);
        while buffer.len() >= HEADER {
            let length = HEADER + usize::from(u16::from_be_bytes([buffer[3], buffer[4]]));
            if buffer.len() < length {
                break;
            }
            records.push((*side, buffer.drain(..length).collect()));
        }
    }
    records
}
