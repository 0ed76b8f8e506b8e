//! TLS: ciphertext pieces of a connection in, plaintext pieces out.
//!
//! The handshake in clear says which keys are due. The secrets that they follow from come from
//! outside, into a [`Keyring`], and mostly without a word on their connection: a secret belongs
//! to a connection when it opens one of its records, whose tag is the proof. Until then the
//! ciphertext is held, bounded in bytes and time; a connection whose secret never comes is dark,
//! with the reason.
//!
//! A plaintext piece carries the TCP sequence number of the record that it came in, so that
//! several messages in one record keep their order: plaintext is shorter than its record, and a
//! byte's number stays below the next record's. Its acknowledgement number is that of the segment
//! with the record's first byte, its time that of the segment with the last, before which nobody
//! could read it.

mod buffer;
mod cbc;
mod certificate;
mod cipher;
mod flow;
mod handshake;
mod hello;
mod hole;
pub mod keylog;
mod keyring;
mod messages;
mod reader;
mod schedule;
mod secret;
mod suite;

use std::fmt;

pub use self::{
    certificate::CertificateNames,
    keyring::{Keyring, KeyringCounts, KeyringLimits},
    secret::{Label, Secret},
    suite::Version,
};
use self::{flow::Flow, hello::Shared};
use crate::{exchange::Timestamp, memory::Memory, stream::Piece};

/// Bounds on a connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of ciphertext that each direction may hold until its secret comes.
    pub held: usize,
    /// Nanoseconds after which a secret is not hoped for any more.
    pub wait: u64,
}

/// What was met on the way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Records opened.
    pub records: u64,
    /// Records that are known to be lost.
    pub lost_records: u64,
    /// Holes in the ciphertext.
    pub holes: u64,
    /// Holes behind which a record was found and proved.
    pub resynchronised: u64,
}

/// What a session needs around it.
pub struct Context<'a> {
    /// The secrets of the moment.
    pub keyring: &'a mut Keyring,
    /// Bounds on a connection.
    pub limits: &'a Limits,
    /// The account of buffered bytes.
    pub memory: &'a mut Memory,
    /// What was met.
    pub counts: &'a mut Counts,
    /// Room for the plaintext of a record, kept from call to call.
    pub scratch: &'a mut Vec<u8>,
    /// Takes the plaintext.
    pub deliver: &'a mut dyn FnMut(&mut Memory, Side, Piece<'_>),
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one that sent the `ClientHello`.
    Client,
    /// The other.
    Server,
}

impl Side {
    /// The other side.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// What the handshake told of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts {
    /// The version chosen.
    pub version: Option<Version>,
    /// The IANA number of the cipher suite chosen.
    pub cipher_suite: Option<u16>,
    /// Its name, where the suite is known.
    pub cipher_suite_name: Option<&'static str>,
    /// The host name that the client asked for (SNI), in lower case. With an encrypted
    /// `ClientHello` it is the public name of the provider.
    pub server_name: Option<Box<str>>,
    /// Application protocols that the client offered, the preferred one first.
    pub protocols_offered: Vec<Box<str>>,
    /// The application protocol chosen (ALPN).
    pub protocol: Option<Box<str>>,
    /// The names in the server's certificate. `None` when the session was resumed, or the
    /// certificate not seen, compressed, or not understood.
    pub server_certificate: Option<CertificateNames>,
    /// The names in the client's certificate (mutual TLS).
    pub client_certificate: Option<CertificateNames>,
    /// An earlier session was resumed.
    pub resumed: bool,
    /// The client announced early data.
    pub early_data_offered: bool,
    /// The server took it.
    pub early_data_accepted: bool,
    /// The `ClientHello` has an encrypted one inside, or pretends to (GREASE).
    pub encrypted_client_hello: bool,
}

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is missing: in the handshake, or reading.
    Open,
    /// Ciphertext is held until a secret comes.
    Waiting,
    /// The connection cannot be read.
    Dark(DarkReason),
}

/// Why a connection cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DarkReason {
    /// It began before the capture.
    NoHandshake,
    /// A part of the handshake that is needed was lost.
    HandshakeMissed,
    /// What should be a handshake is none.
    Malformed,
    /// A hello over the cap.
    Oversized,
    /// A version other than TLS 1.0 to 1.3.
    UnsupportedVersion(u16),
    /// A cipher suite that cannot be opened.
    UnsupportedSuite(u16),
    /// No secret that opens its records came in time.
    SecretNeverCame,
    /// More ciphertext than the cap came before the secret.
    HeldTooMuch,
}

impl DarkReason {
    /// The reason's name in counters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoHandshake => "no_handshake",
            Self::HandshakeMissed => "handshake_missed",
            Self::Malformed => "malformed",
            Self::Oversized => "oversized",
            Self::UnsupportedVersion(_) => "unsupported_version",
            Self::UnsupportedSuite(_) => "unsupported_suite",
            Self::SecretNeverCame => "secret_never_came",
            Self::HeldTooMuch => "held_too_much",
        }
    }
}

impl fmt::Display for DarkReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Which side sends bytes that begin a TLS connection: a record with a hello in it. `None` when
/// they are none; records of a running connection are [`is_record`].
pub fn begins(bytes: &[u8]) -> Option<Side> {
    match *bytes {
        [22, 3, 0..=3, _, _, 1, ..] => Some(Side::Client),
        [22, 3, 0..=3, _, _, 2, ..] => Some(Side::Server),
        _ => None,
    }
}

/// Whether bytes look like a record of a connection whose handshake is over.
pub fn is_record(bytes: &[u8]) -> bool {
    matches!(*bytes, [20..=23, 3, 1..=3, 0..=0x48, _, ..])
}

/// One TLS connection.
#[derive(Debug)]
pub struct Session {
    shared: Shared,
    /// By [`Side`].
    flows: [Flow; 2],
    dark: Option<DarkReason>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            shared: Shared::default(),
            flows: [Flow::new(Side::Client), Flow::new(Side::Server)],
            dark: None,
        }
    }
}

impl Session {
    /// Takes a piece of one direction and delivers what can be read.
    pub fn piece(&mut self, side: Side, piece: Piece<'_>, context: &mut Context<'_>) {
        if self.dark.is_some() {
            return;
        }
        let done = self.try_piece(side, piece, context);
        self.settle(done, context.memory);
    }

    /// Tries what waits with the secrets that have come, and gives up what has waited too long.
    pub fn expire(&mut self, now: Timestamp, context: &mut Context<'_>) {
        let mut done = self.retry(context);
        for side in [Side::Client, Side::Server] {
            let flow = &mut self.flows[side as usize];
            if done.is_ok() && flow.waiting().is_some_and(|t| now.since(t) > context.limits.wait) {
                done = flow.give_up(&mut self.shared, context);
            }
        }
        self.settle(done, context.memory);
    }

    /// The connection is over: tries what waits for the last time, and drops the rest.
    pub fn close(&mut self, context: &mut Context<'_>) {
        let mut done = self.retry(context);
        for flow in &mut self.flows {
            done = done.and_then(|()| flow.give_up(&mut self.shared, context));
        }
        self.settle(done, context.memory);
        self.abandon(context.memory);
    }

    /// Drops what is buffered, and the keys.
    pub fn abandon(&mut self, memory: &mut Memory) {
        for flow in &mut self.flows {
            flow.abandon(memory);
        }
        self.shared.pending = [None, None];
    }

    /// What the handshake told.
    pub fn facts(&self) -> &Facts {
        &self.shared.facts
    }

    /// How far the session is.
    pub fn state(&self) -> State {
        match self.dark {
            Some(reason) => State::Dark(reason),
            None if self.flows.iter().any(|flow| flow.waiting().is_some()) => State::Waiting,
            None => State::Open,
        }
    }

    /// Whether application data of both directions can be read.
    pub fn is_reading(&self) -> bool {
        self.dark.is_none() && self.flows.iter().all(Flow::is_open)
    }

    fn try_piece(
        &mut self,
        side: Side,
        piece: Piece<'_>,
        context: &mut Context<'_>,
    ) -> Result<(), DarkReason> {
        let time = if let Piece::Data(chunk) = &piece { Some(chunk.time) } else { None };
        self.retry(context)?;
        self.shared.other_waits = self.flows[side.opposite() as usize].holds_up();
        self.flows[side as usize].piece(piece, &mut self.shared, context)?;
        self.retry(context)?;
        let wait = context.limits.wait;
        for flow in &mut self.flows {
            if flow.waiting().zip(time).is_some_and(|(since, now)| now.since(since) > wait) {
                flow.give_up(&mut self.shared, context)?;
            }
        }
        Ok(())
    }

    /// What one direction proves may be what the other waits for.
    fn retry(&mut self, context: &mut Context<'_>) -> Result<(), DarkReason> {
        let [client, server] = &mut self.flows;
        if self.dark.is_none() && (client.waiting().is_some() || server.waiting().is_some()) {
            loop {
                let before = [client.holds_up(), server.holds_up()];
                self.shared.other_waits = server.holds_up();
                client.retry(&mut self.shared, context)?;
                self.shared.other_waits = client.holds_up();
                server.retry(&mut self.shared, context)?;
                // Whoever has moved on may have been what the other waited for.
                if before == [client.holds_up(), server.holds_up()] {
                    break;
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self, done: Result<(), DarkReason>, memory: &mut Memory) {
        if let Err(reason) = done {
            self.dark = Some(reason);
            self.abandon(memory);
        }
    }
}

#[cfg(test)]
mod tests;
