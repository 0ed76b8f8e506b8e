//! The requests of a connection that wait for a response.

use std::collections::VecDeque;

use crate::{
    exchange::{FieldSpan, Missing, Request},
    memory::Memory,
    pairing::framing::undecoded,
    protocol::http1::{Collected, Mark},
    stream::after,
};

/// Requests that may wait on one connection; servers take far fewer pipelined ones.
const MAX_PENDING: usize = 256;
/// Bytes that they may take in all. A server reads a request before it waits for the next, so
/// what waits is mostly small.
const MAX_BYTES: usize = 1 << 20;

/// A request that waits.
#[derive(Debug)]
pub(super) struct Pending {
    pub request: Request,
    /// Its first byte.
    pub origin: Mark,
    /// Sequence number behind its last byte so far.
    pub end: u32,
    /// Its content is complete.
    pub done: bool,
    /// No unseen request can be waiting before it, as far as the client does not pipeline.
    pub trusted: bool,
    missing: Missing,
}

impl Pending {
    pub fn new(request: Request, origin: Mark, end: u32, trusted: bool) -> Self {
        Self { request, origin, end, done: false, trusted, missing: Missing::empty() }
    }

    pub fn finish(&mut self, collected: Collected) {
        self.done = true;
        self.request.end = collected.end.max(self.request.start);
        self.request.content = collected.content;
        self.request.body = collected.body;
        self.request.problems.insert(collected.problems);
        for (holds, flag) in [
            (collected.gap, Missing::REQUEST_GAP),
            (collected.truncated, Missing::REQUEST_TRUNCATED),
            (collected.aborted, Missing::REQUEST_ABORTED),
            (undecoded(collected.content.decoding), Missing::REQUEST_UNDECODED),
        ] {
            if holds {
                self.missing.insert(flag);
            }
        }
    }

    /// Bytes that it takes in memory.
    fn size(&self) -> usize {
        let head = &self.request.head;
        size_of::<Self>() + head.raw.len() + head.fields.len() * size_of::<FieldSpan>()
    }

    /// What it lacks.
    pub fn missing(&self) -> Missing {
        let mut missing = self.missing;
        if !self.done {
            missing.insert(Missing::REQUEST_ABORTED);
        }
        missing
    }
}

/// Which waiting request a response answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// The first in the queue.
    First,
    /// None that was seen.
    None,
    /// It cannot be told.
    Ambiguous,
}

/// Waiting requests in the order sent. Boxed, so that an idle connection keeps little.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pending: VecDeque<Box<Pending>>,
    bytes: usize,
}

impl Queue {
    /// Adds a request.
    pub fn push(&mut self, pending: Box<Pending>, memory: &mut Memory) {
        self.bytes += pending.size();
        memory.take(pending.size());
        self.pending.push_back(pending);
    }

    /// Whether the oldest has to go.
    pub fn is_over(&self, memory: &Memory) -> bool {
        let many = self.pending.len() > MAX_PENDING;
        !self.is_empty() && (many || self.bytes > MAX_BYTES || memory.exhausted())
    }

    pub fn first(&self) -> Option<&Pending> {
        self.pending.front().map(Box::as_ref)
    }

    pub fn last_mut(&mut self) -> Option<&mut Pending> {
        self.pending.back_mut().map(Box::as_mut)
    }

    pub fn take_first(&mut self, memory: &mut Memory) -> Option<Box<Pending>> {
        let pending = self.pending.pop_front()?;
        self.bytes -= pending.size();
        memory.release(pending.size());
        Some(pending)
    }

    /// Drops all.
    pub fn clear(&mut self, memory: &mut Memory) {
        while let Some(pending) = self.take_first(memory) {
            memory.release(pending.request.body.bytes.len());
        }
    }

    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// After a loss: how many requests at the front can have no response any more, and whether
    /// the one behind them is answered by a response that begins at `start`, sent by a server
    /// that had received everything before `received`.
    ///
    /// The candidate is the last request sent by a client that had received nothing beyond
    /// `start`. A client that does not pipeline had received all before the response, so the
    /// response begins exactly at the number that the request carried; where it begins later,
    /// the server's own number must end exactly with the candidate, or an unseen request may
    /// lie between. Requests sent together carry the same number, and nothing tells which of
    /// them it is.
    pub fn locate(&self, start: u32, received: u32) -> (usize, Match) {
        let sent_before = |pending: &Pending| !after(pending.origin.acknowledgement, start);
        // The numbers rise along the queue.
        let candidates = self.pending.partition_point(|pending| sent_before(pending));
        let Some(index) = candidates.checked_sub(1) else { return (0, Match::None) };
        let candidate = &self.pending[index];
        let together = index.checked_sub(1).is_some_and(|before| {
            self.pending[before].origin.acknowledgement == candidate.origin.acknowledgement
        });
        let reached = after(received, candidate.origin.sequence);
        let exact = candidate.origin.acknowledgement == start || candidate.end == received;
        if together || !reached || !exact || !candidate.trusted {
            return (0, Match::Ambiguous);
        }
        (index, Match::First)
    }
}
