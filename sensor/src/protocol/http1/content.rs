//! What is kept of a message's content: lengths always, bytes where it is text to learn from or a
//! coding must be undone.

use crate::{
    exchange::{Body, Content, Decoding, Framing, Problems, Timestamp},
    memory::Memory,
    protocol::body,
    stream::GapCause,
};

/// Bounds on what one message may take, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A head.
    pub head_bytes: usize,
    /// Content that is kept, as sent.
    pub coded_bytes: usize,
    /// Decoded content.
    pub decoded_bytes: usize,
    /// Whether text of responses is kept now: not while nobody would read it.
    pub keep_text: bool,
}

/// What the head says that the content is.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContentKind<'a> {
    /// The value of Content-Encoding.
    pub coding: Option<&'a [u8]>,
    /// It is text, or may be, and its bytes are kept.
    pub keeps_text: bool,
}

/// What is known of a message's content at its end.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// The facts.
    pub content: Content,
    /// Its text, still booked in the account of buffered bytes.
    pub body: Body,
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
    kept: Option<Box<Kept>>,
}

#[derive(Debug)]
struct Kept {
    codings: Vec<u8>,
    keeps_text: bool,
    bytes: Vec<u8>,
    /// Every byte so far is in `bytes`.
    whole: bool,
}

impl Collector {
    pub fn begin(&mut self, framing: Framing, kind: ContentKind<'_>) {
        let keeps = framing != Framing::None && (kind.keeps_text || kind.coding.is_some());
        let kept = || Kept {
            codings: kind.coding.unwrap_or_default().to_vec(),
            keeps_text: kind.keeps_text,
            bytes: Vec::new(),
            whole: true,
        };
        *self = Self {
            content: Content { framing, ..Content::default() },
            kept: keeps.then(|| Box::new(kept())),
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
        let Some(kept) = &mut self.kept else { return };
        if !kept.whole {
            return;
        }
        let room = limits.coded_bytes.saturating_sub(kept.bytes.len());
        let taken = bytes.len().min(room);
        if taken > 0 && memory.try_take_spare(taken) {
            kept.bytes.extend_from_slice(&bytes[..taken]);
        }
        kept.whole = kept.bytes.len() as u64 == self.content.length;
    }

    /// Counts bytes whose place in the content is not known.
    pub fn add_unplaced(&mut self, length: usize) {
        self.content.length += length as u64;
        self.content.captured += length as u64;
        self.break_off();
    }

    pub fn skip(&mut self, length: u64, cause: GapCause) {
        self.content.length += length;
        match cause {
            GapCause::Lost => self.gap = true,
            GapCause::Budget => self.truncated = true,
        }
        self.break_off();
    }

    /// What comes is not the next byte of what is kept.
    fn break_off(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.whole = false;
        }
    }

    pub fn finish(&mut self, end: Timestamp, limits: &Limits, memory: &mut Memory) -> Collected {
        let body = match self.kept.take() {
            Some(kept) if kept.codings.is_empty() => self.plain(*kept),
            Some(kept) => self.decoded(&kept, limits, memory),
            None => Body::default(),
        };
        Collected {
            content: self.content,
            body,
            problems: self.problems,
            gap: self.gap,
            truncated: self.truncated,
            aborted: self.aborted,
            end,
        }
    }

    fn plain(&self, kept: Kept) -> Body {
        Body { whole: kept.whole && !self.aborted, bytes: kept.bytes }
    }

    fn decoded(&mut self, kept: &Kept, limits: &Limits, memory: &mut Memory) -> Body {
        memory.release(kept.bytes.len());
        if self.content.length == 0 {
            return Body::default();
        }
        let whole = kept.whole && !self.aborted;
        let decoded = body::decode(&kept.codings, &kept.bytes, whole, limits.decoded_bytes);
        self.content.decoding = decoded.outcome;
        if decoded.outcome != Decoding::Identity {
            self.content.decoded = Some(decoded.length);
        }
        if !kept.keeps_text || !memory.try_take_spare(decoded.bytes.len()) {
            return Body::default();
        }
        let whole = match decoded.outcome {
            Decoding::Complete => true,
            Decoding::Identity => whole,
            _ => false,
        };
        Body { bytes: decoded.bytes, whole }
    }

    pub fn abandon(&mut self, memory: &mut Memory) {
        if let Some(kept) = self.kept.take() {
            memory.release(kept.bytes.len());
        }
    }
}
