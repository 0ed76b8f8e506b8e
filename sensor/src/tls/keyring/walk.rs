//! In which order a connection tries secrets: those logged nearest to its handshake first.

use std::collections::VecDeque;

use super::{Claimant, Entry};
use crate::{exchange::Timestamp, tls::secret::Label};

/// Nanoseconds that a secret may have been logged before its connection's `ClientHello` was seen:
/// early data's are made before it is sent.
pub(super) const EARLIER: u64 = 1_000_000_000;

/// How far a connection has looked through the secrets of a label.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::tls) struct Seen {
    /// Serials of the first and the last one tried; all between them were.
    tried: Option<(u64, u64)>,
    /// The newest secret of any label at that time.
    pub newest: u64,
    /// Some are left from then.
    pub unfinished: bool,
}

/// The way through a queue from the time of a handshake on, forwards and backwards, the nearer
/// secret first. What was logged long before the connection began is none of its, but for a master
/// secret, whose session may be resumed.
pub(super) struct Walk<'a> {
    queue: &'a VecDeque<Entry>,
    from: Timestamp,
    /// Those before are not looked at.
    floor: usize,
    /// Those from `start` up to `end` are behind.
    start: usize,
    end: usize,
}

impl<'a> Walk<'a> {
    pub fn new(queue: &'a VecDeque<Entry>, label: Label, claimant: &Claimant, seen: &Seen) -> Self {
        let from = claimant.agreed;
        let before = |time: Timestamp| queue.partition_point(|entry| entry.time < time);
        let floor = match label {
            Label::Master => 0,
            _ => before(Timestamp(claimant.began.0.saturating_sub(EARLIER))),
        };
        let (start, end) = match seen.tried {
            Some((first, last)) => (
                queue.partition_point(|entry| entry.serial < first),
                queue.partition_point(|entry| entry.serial <= last),
            ),
            None => (before(from), before(from)),
        };
        Self { queue, from, floor, start, end }
    }

    /// How far the queue was looked through, when `newest` is the newest secret.
    pub fn seen(&self, newest: u64) -> Seen {
        let serial = |index: usize| self.queue.get(index).map(|entry| entry.serial);
        let last = self.end.checked_sub(1).filter(|last| *last >= self.start).and_then(serial);
        Seen {
            tried: serial(self.start).zip(last),
            newest,
            unfinished: self.start > self.floor || self.end < self.queue.len(),
        }
    }

    fn distance(&self, index: usize) -> u64 {
        let time = self.queue[index].time;
        time.since(self.from).max(self.from.since(time))
    }
}

impl Iterator for Walk<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let before = self.start.checked_sub(1).filter(|before| *before >= self.floor);
        let behind = Some(self.end).filter(|behind| *behind < self.queue.len());
        let backwards = match (before, behind) {
            (Some(before), Some(behind)) => self.distance(before) < self.distance(behind),
            (before, _) => before.is_some(),
        };
        if backwards {
            self.start -= 1;
            return before;
        }
        self.end += usize::from(behind.is_some());
        behind
    }
}
