//! Finding the way back after lost bytes.
//!
//! Where the next record begins and which number it has are both unknown: a header is looked for
//! in what follows, and the numbers that the hole's size allows are tried on it, the likeliest
//! first. The tag proves a hit, so a wrong guess costs time and nothing else.

use super::cipher::{HEADER, Opener};
use crate::stream::GapCause;

/// Sequence numbers tried on what looks like a record.
const MAX_TRIES: usize = 64;
/// Trials at the beginning of a hole.
const MAX_TRIALS: u32 = 4096;
/// Trials for each segment when those are used up.
const TRIALS_PER_SEGMENT: u32 = 192;
/// The longest body of a record: 2^14 bytes of content and 2048 of expansion (RFC 5246).
pub(super) const MAX_BODY: usize = (16 << 10) + 2048;
/// Bytes of content in a full record.
const FULL: u64 = 16 << 10;

/// Bytes of a direction that cannot be told apart into records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hole {
    /// From the last known end of a record on, bytes lost and bytes passed over.
    pub bytes: u64,
    /// Of the missing bytes.
    pub cause: GapCause,
    /// Trials left until more bytes come.
    pub trials: u32,
}

impl Hole {
    pub fn new(cause: GapCause) -> Self {
        Self { bytes: 0, cause, trials: MAX_TRIALS }
    }

    /// More bytes have come: a few trials for them, so that a segment's cost is bounded.
    pub fn refill(&mut self) {
        self.trials = self.trials.max(TRIALS_PER_SEGMENT);
    }

    /// Counts more bytes in.
    pub fn widen(&mut self, bytes: usize, cause: GapCause) {
        self.bytes += bytes as u64;
        if cause == GapCause::Lost {
            self.cause = GapCause::Lost;
        }
    }
}

/// Where the first thing that looks like a record's header begins; else how much surely holds
/// none.
pub(super) fn find_header(bytes: &[u8], min_body: usize) -> Result<usize, usize> {
    let tail = bytes.len().saturating_sub(HEADER - 1);
    (0..tail).find(|&at| plausible(&bytes[at..], min_body)).ok_or(tail)
}

/// Whether a protected record may begin here.
pub(super) fn plausible(bytes: &[u8], min_body: usize) -> bool {
    let Some(&[kind, major, minor, high, low]) = bytes.first_chunk() else { return false };
    let length = usize::from(u16::from_be_bytes([high, low]));
    matches!(kind, 20..=23)
        && major == 3
        && (1..=3).contains(&minor)
        && (min_body..=MAX_BODY).contains(&length)
}

/// How many records a hole may hold, the likeliest numbers first. `typical` is the size of a
/// record seen lately, its header with it.
pub(super) fn counts(hole: u64, opener: &Opener, typical: u64) -> Vec<u64> {
    let overhead = opener.overhead().unwrap_or(HEADER + 16) as u64;
    let most = hole / overhead.max(1);
    let least = hole.div_ceil(FULL + overhead + 64);
    let by_full = hole.div_ceil(FULL + overhead);
    let by_typical = hole.div_ceil(typical.max(overhead));
    let mut counts = Vec::with_capacity(MAX_TRIES);
    for distance in 0..=most.saturating_sub(least) {
        for base in [by_full, by_typical, least] {
            for count in [base.saturating_add(distance), base.wrapping_sub(distance)] {
                if counts.len() == MAX_TRIES {
                    return counts;
                }
                if (least..=most).contains(&count) && !counts.contains(&count) {
                    counts.push(count);
                }
            }
        }
        if distance > MAX_TRIES as u64 {
            break;
        }
    }
    counts
}

/// The content of so many lost records, in bytes, where the cipher lets it be known.
pub(super) fn content(hole: u64, count: u64, opener: &Opener) -> Option<u64> {
    hole.checked_sub(count.checked_mul(opener.overhead()? as u64)?)
}
