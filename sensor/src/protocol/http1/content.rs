//! What is kept of a message's content: lengths always, bytes only where a coding must be undone.

use crate::{
    exchange::{Content, Decoding, Framing, Problems, Timestamp},
    memory::Memory,
    protocol::body,
    stream::GapCause,
};

/// Bounds on what one message may take, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A head.
    pub head_bytes: usize,
    /// Coded content that is kept for decoding.
    pub coded_bytes: usize,
    /// Decoded content.
    pub decoded_bytes: usize,
}

/// What is known of a message's content at its end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Collected {
    /// The facts.
    pub content: Content,
    /// What was odd about it.
    pub problems: Problems,
    /// Bytes were lost.
    pub gap: bool,
    /// Bytes were left out by the budget.
    pub truncated: bool,
    /// The connection ended before the content did.
    pub aborted: bool,
    /// When the last byte was seen.
    pub end: Timestamp,
}

/// Collects the content of the message under way.
#[derive(Debug, Default)]
pub(super) struct Collector {
    content: Content,
    pub problems: Problems,
    pub aborted: bool,
    gap: bool,
    truncated: bool,
    coded: Option<Box<Coded>>,
}

#[derive(Debug)]
struct Coded {
    codings: Vec<u8>,
    bytes: Vec<u8>,
    /// Every byte so far is in `bytes`.
    whole: bool,
}

impl Collector {
    pub fn begin(&mut self, framing: Framing, coding: Option<&[u8]>) {
        *self = Self {
            content: Content { framing, ..Content::default() },
            coded: coding.filter(|_| framing != Framing::None).map(|codings| {
                Box::new(Coded { codings: codings.to_vec(), bytes: Vec::new(), whole: true })
            }),
            ..Self::default()
        };
    }

    /// Whether no content was seen or missed yet.
    pub fn is_empty(&self) -> bool {
        self.content.length == 0
    }

    pub fn add(&mut self, bytes: &[u8], limits: &Limits, memory: &mut Memory) {
        self.content.length += bytes.len() as u64;
        self.content.captured += bytes.len() as u64;
        let Some(coded) = &mut self.coded else { return };
        if !coded.whole {
            return;
        }
        let room = limits.coded_bytes.saturating_sub(coded.bytes.len());
        let taken = bytes.len().min(room);
        if taken > 0 && memory.try_take(taken) {
            coded.bytes.extend_from_slice(&bytes[..taken]);
        }
        coded.whole = coded.bytes.len() as u64 == self.content.length;
    }

    /// Counts bytes whose place in the content is not known.
    pub fn add_unplaced(&mut self, length: usize) {
        self.content.length += length as u64;
        self.content.captured += length as u64;
        if let Some(coded) = &mut self.coded {
            coded.whole = false;
        }
    }

    pub fn skip(&mut self, length: u64, cause: GapCause) {
        self.content.length += length;
        match cause {
            GapCause::Lost => self.gap = true,
            GapCause::Budget => self.truncated = true,
        }
        if let Some(coded) = &mut self.coded {
            coded.whole = false;
        }
    }

    pub fn finish(&mut self, end: Timestamp, limits: &Limits, memory: &mut Memory) -> Collected {
        if let Some(coded) = self.coded.take() {
            memory.release(coded.bytes.len());
            if self.content.length > 0 {
                let whole = coded.whole && !self.aborted;
                let decoded =
                    body::decode(&coded.codings, &coded.bytes, whole, limits.decoded_bytes);
                self.content.decoding = decoded.outcome;
                if decoded.outcome != Decoding::Identity {
                    self.content.decoded = Some(decoded.length);
                }
            }
        }
        Collected {
            content: self.content,
            problems: self.problems,
            gap: self.gap,
            truncated: self.truncated,
            aborted: self.aborted,
            end,
        }
    }

    pub fn abandon(&mut self, memory: &mut Memory) {
        if let Some(coded) = self.coded.take() {
            memory.release(coded.bytes.len());
        }
    }
}
