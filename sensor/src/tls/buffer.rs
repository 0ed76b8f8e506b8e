//! Bytes of one direction that are not yet a whole record.

use super::cipher::HEADER;
use crate::{exchange::Timestamp, memory::Memory, stream::Chunk};

/// Where a record stands on the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// TCP sequence number of its first byte.
    pub sequence: u32,
    /// What the sender had received when it sent that byte.
    pub acknowledgement: u32,
    /// When its last byte was seen: before that, nobody could read it.
    pub time: Timestamp,
}

/// The beginning of a record, or, behind a hole, bytes in which one is looked for.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    pub bytes: Vec<u8>,
    /// Of the segments that brought them: offset of the first byte, and its numbers.
    marks: Vec<(usize, Mark)>,
}

impl Buffer {
    /// Appends bytes of a chunk.
    pub fn push(&mut self, bytes: &[u8], chunk: &Chunk<'_>, memory: &mut Memory) {
        memory.take(bytes.len());
        self.marks.push((self.bytes.len(), mark(chunk)));
        self.bytes.extend_from_slice(bytes);
    }

    /// Removes bytes from the front.
    pub fn discard(&mut self, count: usize, memory: &mut Memory) {
        let count = count.min(self.bytes.len());
        memory.release(count);
        if count == self.bytes.len() {
            *self = Self::default();
            return;
        }
        self.bytes.drain(..count);
        let first = self.mark_at(count);
        let last = self.marks.iter().rposition(|(offset, _)| *offset <= count).unwrap_or(0);
        self.marks.drain(..last);
        for (offset, _) in &mut self.marks {
            *offset = offset.saturating_sub(count);
        }
        if let Some(front) = self.marks.first_mut() {
            *front = (0, first);
        }
    }

    /// The mark of the record of so many bytes at the front.
    pub fn mark(&self, length: usize) -> Mark {
        let last = self.marks.iter().rev().find(|(offset, _)| *offset < length);
        Mark { time: last.map_or(Timestamp(0), |(_, mark)| mark.time), ..self.mark_at(0) }
    }

    /// TCP sequence number of a byte.
    pub fn sequence_at(&self, at: usize) -> u32 {
        self.mark_at(at).sequence
    }

    fn mark_at(&self, at: usize) -> Mark {
        let found = self.marks.iter().rev().find(|(offset, _)| *offset <= at);
        found.map_or(Mark::default(), |(offset, mark)| Mark {
            sequence: mark.sequence.wrapping_add((at - offset) as u32),
            ..*mark
        })
    }
}

/// The numbers of a chunk's first byte.
pub(super) fn mark(chunk: &Chunk<'_>) -> Mark {
    Mark { sequence: chunk.sequence, acknowledgement: chunk.acknowledgement, time: chunk.time }
}

/// The header at the front, and the length of its record with it.
pub(super) fn header(bytes: &[u8]) -> Option<([u8; HEADER], usize)> {
    let header = *bytes.first_chunk::<HEADER>()?;
    Some((header, HEADER + usize::from(u16::from_be_bytes([header[3], header[4]]))))
}
