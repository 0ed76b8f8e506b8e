//! Handshake messages put together from records, which may cut them anywhere.

use super::handshake::kind;
use crate::memory::Memory;

/// The longest message that is put together, in bytes.
pub(super) const MAX_MESSAGE: usize = 128 << 10;
/// Bytes of a message's header: its type, and its length in three bytes.
const HEADER: usize = 4;

/// The messages of one direction.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// The beginning of a message, its header with it.
    buffer: Vec<u8>,
    /// Bytes left of a message that is not looked at.
    skip: usize,
    /// Bytes were lost: where messages begin is unknown.
    lost: bool,
}

/// What the bytes of a record gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// A message: its type, and its body where that is of use.
    Message(u8, &'a [u8]),
    /// The record is used up.
    Done,
    /// A message that matters is too long.
    Oversized,
}

impl Messages {
    /// Takes a record's bytes; [`Self::next`] gives the messages.
    pub fn push(&mut self, bytes: &[u8], memory: &mut Memory) {
        if self.lost {
            return;
        }
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        memory.take(bytes.len() - skipped);
        self.buffer.extend_from_slice(&bytes[skipped..]);
    }

    /// The next message, if it is whole, given to `take`; whether there may be another.
    pub fn next(&mut self, memory: &mut Memory, take: impl FnOnce(Next<'_>)) -> bool {
        let Some(&[message, high, middle, low]) = self.buffer.first_chunk::<HEADER>() else {
            take(Next::Done);
            return false;
        };
        let length = HEADER + u32::from_be_bytes([0, high, middle, low]) as usize;
        if length > MAX_MESSAGE && matches!(message, kind::CLIENT_HELLO | kind::SERVER_HELLO) {
            take(Next::Oversized);
            return false;
        }
        if self.buffer.len() < length && wanted(message) && length <= MAX_MESSAGE {
            take(Next::Done);
            return false;
        }
        let there = length.min(self.buffer.len());
        self.skip = length - there;
        let body = if self.skip == 0 { &self.buffer[HEADER..there] } else { &[] };
        take(Next::Message(message, body));
        self.buffer.drain(..there);
        if self.buffer.is_empty() {
            self.buffer = Vec::new();
        }
        memory.release(there);
        true
    }

    /// Bytes of the direction's handshake were lost.
    pub fn lose(&mut self, memory: &mut Memory) {
        self.clear(memory);
        self.lost = true;
    }

    /// The records that follow begin a message.
    pub fn restart(&mut self, memory: &mut Memory) {
        self.clear(memory);
        self.lost = false;
    }

    fn clear(&mut self, memory: &mut Memory) {
        memory.release(self.buffer.len());
        self.buffer = Vec::new();
        self.skip = 0;
    }
}

/// Whether a message's body matters, so that it is put together.
fn wanted(message: u8) -> bool {
    matches!(
        message,
        kind::CLIENT_HELLO
            | kind::SERVER_HELLO
            | kind::ENCRYPTED_EXTENSIONS
            | kind::CERTIFICATE
            | kind::FINISHED
            | kind::KEY_UPDATE
    )
}
