//! Feeds captures to a session, whole, in bits or with holes.

use std::{fs, path::PathBuf};

use crate::{
    capture::{Direction, Segment, pcap},
    exchange::Timestamp,
    memory::Memory,
    stream::{self, Chunk, End, GapCause, Piece, Stream},
    tls::{
        Context, Counts, Facts, Keyring, KeyringLimits, Limits, Secret, Session, Side, State,
        keylog,
    },
};

pub const KEYRING: KeyringLimits = KeyringLimits { count: 1000, age: u64::MAX, tries: u64::MAX };
const LIMITS: Limits = Limits { held: 1 << 20, wait: 10_000_000_000 };

/// How the secrets come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Before the connection, with its client random.
    ByRandom,
    /// Before the connection, without.
    ByTrial,
    /// After the connection's last byte, without.
    Late,
}

/// A captured connection.
pub struct Connection {
    pub events: Vec<Event>,
    pub keys: Vec<u8>,
}

/// What a stream delivered.
#[derive(Clone, Debug)]
pub enum Event {
    Data { side: Side, bytes: Vec<u8>, sequence: u32, acknowledgement: u32, time: Timestamp },
    Gap { side: Side, length: u32, cause: GapCause },
    End { side: Side, end: End },
}

impl Event {
    pub fn data(side: Side, bytes: &[u8]) -> Self {
        Self::Data {
            side,
            bytes: bytes.into(),
            sequence: 1,
            acknowledgement: 1,
            time: Timestamp(0),
        }
    }

    fn of(side: Side, piece: &Piece<'_>) -> Self {
        match *piece {
            Piece::Data(Chunk { bytes, sequence, acknowledgement, time }) => {
                Self::Data { side, bytes: bytes.into(), sequence, acknowledgement, time }
            }
            Piece::Gap { length, cause } => Self::Gap { side, length, cause },
            Piece::End(end) => Self::End { side, end },
        }
    }

    pub fn side(&self) -> Side {
        match self {
            Self::Data { side, .. } | Self::Gap { side, .. } | Self::End { side, .. } => *side,
        }
    }

    pub fn piece(&self) -> (Side, Piece<'_>) {
        match self {
            Self::Data { side, bytes, sequence, acknowledgement, time } => {
                let chunk = Chunk {
                    bytes,
                    sequence: *sequence,
                    acknowledgement: *acknowledgement,
                    time: *time,
                };
                (*side, Piece::Data(chunk))
            }
            Self::Gap { side, length, cause } => {
                (*side, Piece::Gap { length: *length, cause: *cause })
            }
            Self::End { side, end } => (*side, Piece::End(*end)),
        }
    }
}

impl Connection {
    pub fn load(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/tls");
        let mut streams = [Stream::default(), Stream::default()];
        let mut memory = Memory::new(1 << 24);
        let mut events = Vec::new();
        let limits = stream::Limits { bytes: 1 << 20, wait: u64::MAX };
        let path = folder.join(format!("{name}.pcap"));
        pcap::read(&path, &mut |_| (), &mut |segment: &Segment<'_>| {
            // The capture begins with the client's SYN.
            let side = match segment.direction {
                Direction::Outbound => Side::Client,
                Direction::Inbound => Side::Server,
            };
            let deliver =
                &mut |_: &mut Memory, piece: Piece<'_>| events.push(Event::of(side, &piece));
            streams[side as usize].segment(segment, limits, &mut memory, deliver);
        })
        .expect("a capture");
        let keys = fs::read(folder.join(format!("{name}.keys"))).expect("a key log");
        Self { events, keys }
    }

    /// The first bytes of a side.
    pub fn first(&self, side: Side) -> Vec<u8> {
        let mut all = self.events.iter().filter(|event| event.side() == side);
        match all.next() {
            Some(Event::Data { bytes, .. }) => bytes.clone(),
            _ => panic!("no data"),
        }
    }
}

/// What came out.
pub struct Output {
    pub events: Vec<Event>,
    pub state: State,
    pub facts: Facts,
    /// Secrets claimed.
    pub claimed: u64,
    /// Bytes still booked at the end.
    pub left: usize,
}

impl Output {
    pub fn text(&self, side: Side) -> String {
        let mut text = Vec::new();
        for event in &self.events {
            if let Event::Data { side: from, bytes, .. } = event
                && *from == side
            {
                text.extend_from_slice(bytes);
            }
        }
        String::from_utf8(text).expect("text")
    }

    pub fn has_gap(&self) -> bool {
        self.events.iter().any(|event| matches!(event, Event::Gap { .. }))
    }

    /// Sequence number and length of each piece of data.
    pub fn numbers(&self, side: Side) -> Vec<(u32, usize)> {
        let of = |event: &Event| match event {
            Event::Data { side: from, bytes, sequence, .. } if *from == side => {
                Some((*sequence, bytes.len()))
            }
            _ => None,
        };
        self.events.iter().filter_map(of).collect()
    }
}

pub fn run(events: &[Event], log: &[u8], keys: Keys) -> Output {
    let mut keyring = Keyring::new(KEYRING);
    feed(&mut Session::default(), &mut keyring, events, log, keys, Session::close)
}

/// Feeds a session, and finishes it.
pub fn feed(
    session: &mut Session,
    keyring: &mut Keyring,
    events: &[Event],
    log: &[u8],
    keys: Keys,
    finish: impl FnOnce(&mut Session, &mut Context<'_>),
) -> Output {
    let mut memory = Memory::new(1 << 24);
    let mut counts = Counts::default();
    let mut scratch = Vec::new();
    let mut out = Vec::new();
    if keys != Keys::Late {
        add(keyring, log, keys, began(events));
    }
    let mut deliver = |_: &mut Memory, side, piece: Piece<'_>| out.push(Event::of(side, &piece));
    let mut context = Context {
        keyring,
        limits: &LIMITS,
        memory: &mut memory,
        counts: &mut counts,
        scratch: &mut scratch,
        deliver: &mut deliver,
    };
    for event in events {
        let (side, piece) = event.piece();
        session.piece(side, piece, &mut context);
    }
    if keys == Keys::Late {
        add(context.keyring, log, keys, began(events));
    }
    finish(session, &mut context);
    let claimed = keyring.counts.claimed;
    Output {
        events: out,
        state: session.state(),
        facts: session.facts().clone(),
        claimed,
        left: memory.used(),
    }
}

/// When the first bytes came.
pub fn began(events: &[Event]) -> Timestamp {
    let time =
        |event: &Event| if let Event::Data { time, .. } = event { Some(*time) } else { None };
    events.iter().find_map(time).unwrap_or_default()
}

/// Adds the secrets of a key log.
pub fn add(keyring: &mut Keyring, log: &[u8], keys: Keys, logged: Timestamp) {
    keylog::parse(log, |secret| {
        let Secret { label, client_random, bytes } = secret;
        let client_random = client_random.filter(|_| keys == Keys::ByRandom);
        keyring.add(Secret { label, client_random, bytes }, logged);
    });
}

/// The same bytes in chunks of at most so many.
pub fn split(events: &[Event], size: usize) -> Vec<Event> {
    let mut parts = Vec::new();
    for event in events {
        let Event::Data { side, bytes, sequence, acknowledgement, time } = event else {
            parts.push(event.clone());
            continue;
        };
        for (index, bytes) in bytes.chunks(size).enumerate() {
            parts.push(Event::Data {
                side: *side,
                bytes: bytes.into(),
                sequence: sequence.wrapping_add((index * size) as u32),
                acknowledgement: *acknowledgement,
                time: *time,
            });
        }
    }
    parts
}

/// What the clients of `make.py` say.
pub fn requests(name: &str, count: usize) -> String {
    let request = |i| format!("GET /{name}/{i} HTTP/1.1\r\nHost: api.example\r\n\r\n");
    (0..count).map(request).collect::<Vec<_>>().concat()
}

/// What its servers answer.
pub fn responses(count: usize, size: usize) -> String {
    let response = |i| {
        let words: Vec<String> = (0..=size / 8).map(|k| format!("{i}-{k:05};")).collect();
        let body = &words.concat()[..size];
        format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n{body}")
    };
    (0..count).map(response).collect::<Vec<_>>().concat()
}
