//! How many exchanges are learned from: an endpoint that is called very often is known by a
//! sample, so that learning never costs a busy node more than a few percent.

use crate::exchange::Timestamp;

/// Exchanges of an endpoint that are learned from whatever the rate: enough to know most of it.
pub(super) const FIRST: u64 = 256;

const SECOND: u64 = 1_000_000_000;

/// What is left for a second of the exchanges' own time.
pub(super) struct Budget {
    /// Exchanges a second; 0 learns from none.
    rate: u32,
    second: u64,
    left: u32,
    refused: u64,
    /// Only what is new is learned from.
    pub paused: bool,
}

impl Budget {
    pub fn new(rate: u32) -> Self {
        Self { rate, second: 0, left: rate, refused: 0, paused: false }
    }

    /// Whether any is left at `now`.
    pub fn is_left(&mut self, now: Timestamp) -> bool {
        let second = now.0 / SECOND;
        if second > self.second {
            (self.second, self.left) = (second, self.rate);
        }
        self.left > 0 && !self.paused
    }

    /// Whether to learn from an exchange of an endpoint that has had so many.
    pub fn spend(&mut self, requests: u64) -> bool {
        let learns = self.rate > 0 && ((self.left > 0 && !self.paused) || requests <= FIRST);
        self.left = self.left.saturating_sub(u32::from(learns));
        self.refused += u64::from(!learns);
        learns
    }

    /// Exchanges that were not learned from.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}
