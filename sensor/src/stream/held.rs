//! Segments that wait behind a hole, in order of their sequence numbers.

use std::collections::VecDeque;

use super::{Arrived, after};
use crate::{capture::Segment, exchange::Timestamp, memory::Memory};

/// A segment that came too early.
#[derive(Debug)]
pub(super) struct HeldSegment {
    pub sequence: u32,
    pub acknowledgement: u32,
    pub time: Timestamp,
    pub length: u32,
    pub past_budget: bool,
    pub payload: Box<[u8]>,
}

impl HeldSegment {
    pub fn arrived(&self) -> Arrived<'_> {
        Arrived {
            payload: &self.payload,
            length: self.length,
            sequence: self.sequence,
            acknowledgement: self.acknowledgement,
            time: self.time,
            past_budget: self.past_budget,
        }
    }

    /// Bytes that it takes in memory.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.payload.len()
    }
}

/// The waiting segments of one direction.
#[derive(Debug, Default)]
pub(super) struct Held {
    segments: VecDeque<HeldSegment>,
    bytes: usize,
}

impl Held {
    /// Keeps a copy. Of segments with equal numbers the first stays in front.
    pub fn insert(&mut self, segment: &Segment<'_>, sequence: u32, memory: &mut Memory) {
        let at = self.segments.partition_point(|other| !after(other.sequence, sequence));
        let same = at.checked_sub(1).and_then(|before| self.segments.get(before));
        if same.is_some_and(|same| same.sequence == sequence && same.length >= segment.length) {
            return;
        }
        let segment = HeldSegment {
            sequence,
            acknowledgement: segment.acknowledgement,
            time: segment.time,
            length: segment.length,
            past_budget: segment.past_budget,
            payload: segment.payload.into(),
        };
        memory.take(segment.size());
        self.bytes += segment.payload.len();
        self.segments.insert(at, segment);
    }

    /// Takes the first segment when it does not lie beyond `next`.
    pub fn take_reached(&mut self, next: u32) -> Option<HeldSegment> {
        if after(self.segments.front()?.sequence, next) {
            return None;
        }
        self.take_first()
    }

    pub fn take_first(&mut self) -> Option<HeldSegment> {
        let segment = self.segments.pop_front()?;
        self.bytes -= segment.payload.len();
        Some(segment)
    }

    pub fn first(&self) -> Option<&HeldSegment> {
        self.segments.front()
    }

    pub fn last_sequence(&self) -> Option<u32> {
        self.segments.back().map(|segment| segment.sequence)
    }

    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    pub fn len(&self) -> usize {
        self.segments.len()
    }

    /// Payload bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}
