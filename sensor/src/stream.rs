//! TCP reassembly: the segments of one direction in, its bytes in order out.
//!
//! A byte is delivered once, by its sequence number. A hole is held open while it may still be
//! filled, and becomes a gap as soon as it is proved that it will not: the kernel side says
//! that it lost or left out the bytes, the receiver has acknowledged them, the connection ended,
//! or what waits behind it has grown too large or too old. When segments overlap, the bytes seen
//! first stand, as in Linux's own receive queue.

mod held;

use crate::{capture::Segment, exchange::Timestamp, memory::Memory};
use held::Held;

/// What one direction of a connection delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The next bytes.
    Data(Chunk<'a>),
    /// So many bytes are not there.
    Gap {
        /// Bytes missing.
        length: u32,
        /// Why.
        cause: GapCause,
    },
    /// The sender is done.
    End(End),
}

/// Bytes of a stream, as one segment brought them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Sequence number of the first.
    pub sequence: u32,
    /// What their sender had received from the other side by then.
    pub acknowledgement: u32,
    /// When they were seen.
    pub time: Timestamp,
}

/// Why bytes are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapCause {
    /// Left out on purpose: beyond the byte budget, or cut by a capture's snap length.
    Budget,
    /// Lost.
    Lost,
}

/// How a direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// FIN, with everything before it accounted for.
    Finished,
    /// RST.
    Reset,
}

/// Bounds on what waits behind holes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes a connection's direction may hold.
    pub bytes: usize,
    /// Nanoseconds after which a hole is given up.
    pub wait: u64,
}

/// Segments that a single direction may hold, whatever their size.
const MAX_HELD: usize = 1024;
/// How far from the expected sequence number a reset is believed. Linux takes exact ones only
/// (RFC 5961); a few bytes before it may have been missed here, or seen twice.
const RESET_WINDOW: u32 = 65_535;
/// How far beyond the expected sequence number a segment is held. A receiver drops what lies
/// beyond its window, which Linux lets grow to 6 MiB; believing such a segment would blind the
/// sensor to everything before it.
const HOLD_WINDOW: u32 = 1 << 24;
/// Segments in a row that far away after which the stream goes on there: so much was lost, or
/// what led it astray was no part of it (a forged SYN, ports used again unseen).
const MAX_STRAYS: u8 = 64;

/// One direction of a connection.
#[derive(Debug, Default)]
pub struct Stream {
    /// Sequence number of the next byte to deliver.
    next: Option<u32>,
    /// Sequence number of a FIN.
    finish: Option<u32>,
    /// The budget is used up: what is missing until the next data within it was left out on
    /// purpose.
    truncated: bool,
    ended: bool,
    /// Segments in a row that lay too far away.
    strays: u8,
    held: Option<Box<Held>>,
}

impl Stream {
    /// Takes a segment of this direction and delivers what became deliverable.
    pub fn segment(
        &mut self,
        segment: &Segment<'_>,
        limits: Limits,
        memory: &mut Memory,
        deliver: &mut dyn FnMut(&mut Memory, Piece<'_>),
    ) {
        if self.ended {
            return;
        }
        let sequence = segment.sequence.wrapping_add(u32::from(segment.flags.syn()));
        if self.next.is_none() && segment.flags.rst() {
            return self.end(End::Reset, memory, deliver);
        }
        let next = *self.next.get_or_insert(sequence);
        let end = sequence.wrapping_add(segment.length);
        // An old number is a stray's; of the others the last one is the true one.
        if segment.flags.fin() && (end == next || after(end, next)) {
            self.finish = Some(end);
        }
        if segment.length > 0 {
            self.payload(segment, sequence, next, limits, memory, deliver);
        } else if segment.lost > 0 || segment.skipped > 0 {
            self.give_up(sequence, loss(segment), memory, deliver);
        }
        if segment.flags.rst() && distance(sequence, self.next.unwrap_or(sequence)) <= RESET_WINDOW
        {
            return self.end(End::Reset, memory, deliver);
        }
        self.finish_if_reached(memory, deliver);
    }

    /// The receiver has everything before `acknowledgement`: what is missing below it was not
    /// captured and will not be sent again.
    pub fn acknowledged(
        &mut self,
        acknowledgement: u32,
        memory: &mut Memory,
        deliver: &mut dyn FnMut(&mut Memory, Piece<'_>),
    ) {
        let Some(next) = self.next else {
            self.next = Some(acknowledgement);
            return;
        };
        // So far ahead it is a forged or broken one, or much was lost: then the segments show it.
        if self.ended || !after(acknowledgement, next) || ahead(acknowledgement, next) > HOLD_WINDOW
        {
            return;
        }
        // The FIN takes a number of its own.
        let until = match self.finish {
            Some(finish) if after(acknowledgement, finish) => finish,
            _ => acknowledgement,
        };
        self.give_up(until, GapCause::Lost, memory, deliver);
        self.finish_if_reached(memory, deliver);
    }

    /// Gives up holes that have been open for longer than the limit.
    pub fn expire(
        &mut self,
        now: Timestamp,
        limits: Limits,
        memory: &mut Memory,
        deliver: &mut dyn FnMut(&mut Memory, Piece<'_>),
    ) {
        while let Some(first) = self.held.as_ref().and_then(|held| held.first()) {
            if now.since(first.time) < limits.wait {
                break;
            }
            let until = first.sequence;
            self.give_up(until, GapCause::Lost, memory, deliver);
        }
        self.finish_if_reached(memory, deliver);
    }

    /// Delivers what is held, gaps and all, and ends.
    pub fn close(&mut self, memory: &mut Memory, deliver: &mut dyn FnMut(&mut Memory, Piece<'_>)) {
        if !self.ended {
            self.end(End::Reset, memory, deliver);
        }
    }

    /// Whether anything of the direction was seen, if only an acknowledgement.
    pub fn started(&self) -> bool {
        self.next.is_some()
    }

    /// Sequence number of the next byte to deliver, once anything was seen.
    pub fn next(&self) -> Option<u32> {
        self.next
    }

    /// Whether the direction has ended.
    pub fn ended(&self) -> bool {
        self.ended
    }

    fn payload(
        &mut self,
        segment: &Segment<'_>,
        sequence: u32,
        next: u32,
        limits: Limits,
        memory: &mut Memory,
        deliver: &mut dyn FnMut(&mut Memory, Piece<'_>),
    ) {
        if ahead(next, sequence) > HOLD_WINDOW {
            if self.strays < MAX_STRAYS {
                return self.stray(segment, memory);
            }
            // What is held lies on the way that turned out wrong.
            self.drop_held(memory);
            self.finish = None;
            self.next = Some(sequence);
            let length = sequence.wrapping_sub(next);
            deliver(memory, Piece::Gap { length, cause: GapCause::Lost });
        }
        if after(sequence, next) {
            let hole = ahead(sequence, next);
            let known = segment.lost.saturating_add(segment.skipped);
            if self.truncated || known >= hole || self.strays >= MAX_STRAYS {
                self.give_up(sequence, loss(segment), memory, deliver);
            } else if hole > HOLD_WINDOW {
                return self.stray(segment, memory);
            } else {
                self.hold(segment, sequence, limits, memory, deliver);
                return;
            }
        }
        self.strays = 0;
        let arrived = Arrived {
            payload: segment.payload,
            length: segment.length,
            sequence,
            acknowledgement: segment.acknowledgement,
            time: segment.time,
            past_budget: segment.past_budget,
        };
        self.deliver(&arrived, memory, deliver);
        self.release(memory, deliver);
    }

    /// Leaves a segment out that lies too far away.
    fn stray(&mut self, segment: &Segment<'_>, memory: &mut Memory) {
        self.strays += 1;
        memory.stray_bytes += u64::from(segment.length);
    }

    /// Delivers the part of a segment that is new. Its first byte is not beyond `next`.
    fn deliver(
        &mut self,
        arrived: &Arrived<'_>,
        memory: &mut Memory,
        deliver: &mut dyn FnMut(&mut Memory, Piece<'_>),
    ) {
        let Some(next) = self.next else { return };
        let Arrived { payload, length, sequence, acknowledgement, time, past_budget } = *arrived;
        // Not by comparison: half a turn away, neither number is beyond the other.
        let seen = next.wrapping_sub(sequence);
        if seen >= length {
            return;
        }
        self.next = Some(sequence.wrapping_add(length));
        let bytes = payload.get(seen as usize..).unwrap_or_default();
        if !bytes.is_empty() {
            deliver(memory, Piece::Data(Chunk { bytes, sequence: next, acknowledgement, time }));
        }
        let missing = length - seen - bytes.len() as u32;
        self.truncated = missing > 0 || past_budget;
        if missing > 0 {
            deliver(memory, Piece::Gap { length: missing, cause: GapCause::Budget });
        }
    }

    /// Delivers held segments that now follow on.
    fn release(&mut self, memory: &mut Memory, deliver: &mut dyn FnMut(&mut Memory, Piece<'_>)) {
        while let (Some(next), Some(held)) = (self.next, &mut self.held) {
            let Some(segment) = held.take_reached(next) else { break };
            if held.is_empty() {
                self.held = None;
            }
            memory.release(segment.size());
            self.deliver(&segment.arrived(), memory, deliver);
        }
    }

    /// Makes gaps of the holes before `until`, delivering what is held between them.
    fn give_up(
        &mut self,
        until: u32,
        cause: GapCause,
        memory: &mut Memory,
        deliver: &mut dyn FnMut(&mut Memory, Piece<'_>),
    ) {
        while let Some(next) = self.next {
            if !after(until, next) {
                break;
            }
            let held = self.held.as_ref().and_then(|held| held.first());
            let edge = match held {
                Some(first) if after(until, first.sequence) => first.sequence,
                _ => until,
            };
            let cause = if self.truncated { GapCause::Budget } else { cause };
            deliver(memory, Piece::Gap { length: ahead(edge, next), cause });
            self.next = Some(edge);
            self.release(memory, deliver);
        }
    }

    fn hold(
        &mut self,
        segment: &Segment<'_>,
        sequence: u32,
        limits: Limits,
        memory: &mut Memory,
        deliver: &mut dyn FnMut(&mut Memory, Piece<'_>),
    ) {
        let held = self.held.get_or_insert_default();
        held.insert(segment, sequence, memory);
        while let Some(held) = &self.held {
            let over = held.bytes() > limits.bytes || held.len() > MAX_HELD || memory.exhausted();
            let Some(first) = held.first().filter(|_| over) else { break };
            let until = first.sequence;
            memory.overflows += 1;
            self.give_up(until, GapCause::Lost, memory, deliver);
        }
    }

    fn drop_held(&mut self, memory: &mut Memory) {
        if let Some(mut held) = self.held.take() {
            while let Some(segment) = held.take_first() {
                memory.release(segment.size());
            }
        }
    }

    fn finish_if_reached(
        &mut self,
        memory: &mut Memory,
        deliver: &mut dyn FnMut(&mut Memory, Piece<'_>),
    ) {
        if let (Some(finish), Some(next)) = (self.finish, self.next)
            && !self.ended
            && !after(finish, next)
        {
            self.end(End::Finished, memory, deliver);
        }
    }

    fn end(
        &mut self,
        end: End,
        memory: &mut Memory,
        deliver: &mut dyn FnMut(&mut Memory, Piece<'_>),
    ) {
        if let Some(last) = self.held.as_ref().and_then(|held| held.last_sequence()) {
            self.give_up(last, GapCause::Lost, memory, deliver);
        }
        self.ended = true;
        deliver(memory, Piece::End(end));
    }
}

/// A segment whose place in the stream is reached.
#[derive(Clone, Copy)]
struct Arrived<'a> {
    payload: &'a [u8],
    length: u32,
    sequence: u32,
    acknowledgement: u32,
    time: Timestamp,
    past_budget: bool,
}

fn loss(segment: &Segment<'_>) -> GapCause {
    if segment.lost > 0 { GapCause::Lost } else { GapCause::Budget }
}

/// Serial number comparison (RFC 9293 section 3.4): whether `a` is beyond `b`.
pub fn after(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}

/// How far `a` and `b` are apart.
fn distance(a: u32, b: u32) -> u32 {
    a.wrapping_sub(b).min(b.wrapping_sub(a))
}

/// How far `a` is beyond `b`; zero when it is not.
pub fn ahead(a: u32, b: u32) -> u32 {
    if after(a, b) { a.wrapping_sub(b) } else { 0 }
}

#[cfg(test)]
mod tests;
