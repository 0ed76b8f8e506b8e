//! The requests of a connection that wait for a response.

use std::collections::VecDeque;

use crate::{
    exchange::{Missing, Request},
    pairing::undecoded,
    protocol::http1::{Collected, Mark},
    stream::after,
};

/// Requests that may wait on one connection; servers take far fewer pipelined ones.
const MAX_PENDING: usize = 256;

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
    missing: Missing,
}

impl Pending {
    pub fn new(request: Request, origin: Mark) -> Self {
        Self { request, origin, end: origin.sequence, done: false, missing: Missing::empty() }
    }

    pub fn finish(&mut self, collected: &Collected) {
        self.done = true;
        self.request.end = collected.end.max(self.request.start);
        self.request.content = collected.content;
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

/// Waiting requests in the order sent.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pending: VecDeque<Pending>,
}

impl Queue {
    /// Adds a request; gives back the oldest when too many wait.
    pub fn push(&mut self, pending: Pending) -> Option<Pending> {
        let overflow =
            if self.pending.len() >= MAX_PENDING { self.pending.pop_front() } else { None };
        self.pending.push_back(pending);
        overflow
    }

    pub fn first(&self) -> Option<&Pending> {
        self.pending.front()
    }

    pub fn last_mut(&mut self) -> Option<&mut Pending> {
        self.pending.back_mut()
    }

    pub fn take_first(&mut self) -> Option<Pending> {
        self.pending.pop_front()
    }

    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// After a loss: how many requests at the front can have no response any more, and whether
    /// the one behind them is answered by a response that begins at `origin`.
    ///
    /// The candidate is the last request sent by a client that had received nothing beyond
    /// `origin`. Requests sent together carry the same number, and nothing tells which of them
    /// it is. And when requests may be missing, the server's acknowledgement must end exactly
    /// with the candidate: beyond it lies one that was not seen.
    pub fn locate(&self, origin: &Mark, requests_missed: bool) -> (usize, Match) {
        let sent_before =
            |pending: &Pending| !after(pending.origin.acknowledgement, origin.sequence);
        let candidates = self.pending.iter().take_while(|pending| sent_before(pending)).count();
        let Some(index) = candidates.checked_sub(1) else { return (0, Match::None) };
        let candidate = &self.pending[index];
        let together = index.checked_sub(1).is_some_and(|before| {
            self.pending[before].origin.acknowledgement == candidate.origin.acknowledgement
        });
        if together {
            return (0, Match::Ambiguous);
        }
        if requests_missed && origin.acknowledgement != candidate.end {
            return (index, Match::Ambiguous);
        }
        (index, Match::First)
    }
}
