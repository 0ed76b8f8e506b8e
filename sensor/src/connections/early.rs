//! Payload that came with the end of a handshake, when only the listening socket existed. It
//! waits here for the first record of its own connection.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
};

use crate::{
    capture::{Direction, Origin, Segment, TcpFlags},
    exchange::Timestamp,
    memory::Memory,
};

/// Such segments kept at once. One waits for a few milliseconds.
const MAX_KEPT: usize = 4096;
/// Their bytes. Anyone can send to a listening socket, so they get a share of their own.
const MAX_BYTES: usize = 4 << 20;
/// Segments kept for one connection: the first flight of a client.
const MAX_OF_ONE: usize = 16;

/// Both addresses: the local one first.
type Ends = (SocketAddr, SocketAddr);

#[derive(Debug, Default)]
pub(super) struct Early {
    /// By addresses, which a peer chooses: seeded at random.
    kept: HashMap<Ends, Vec<Kept>>,
    /// When each entry of `kept` was made. Some may be gone from there.
    order: VecDeque<(Timestamp, Ends)>,
    count: usize,
    bytes: usize,
}

#[derive(Debug)]
pub(super) struct Kept {
    time: Timestamp,
    sequence: u32,
    acknowledgement: u32,
    flags: TcpFlags,
    length: u32,
    payload: Box<[u8]>,
    origin: Origin,
}

impl Early {
    /// Keeps a segment; returns how many had to go.
    pub fn keep(&mut self, segment: &Segment<'_>, memory: &mut Memory) -> u64 {
        let ends = (segment.local, segment.remote);
        let kept = self.kept.entry(ends).or_default();
        if kept.iter().any(|kept| kept.sequence == segment.sequence) {
            return 0;
        }
        if kept.len() >= MAX_OF_ONE {
            return 1;
        }
        if kept.is_empty() {
            self.order.push_back((segment.time, ends));
        }
        kept.push(Kept {
            time: segment.time,
            sequence: segment.sequence,
            acknowledgement: segment.acknowledgement,
            flags: segment.flags,
            length: segment.length,
            payload: segment.payload.into(),
            origin: Origin { listener: false, ..segment.origin },
        });
        self.count += 1;
        self.bytes += segment.payload.len();
        memory.take(segment.payload.len());
        let mut lost = 0;
        while self.count > MAX_KEPT || self.bytes > MAX_BYTES || self.order.len() > MAX_KEPT {
            let Some((time, ends)) = self.order.pop_front() else { break };
            lost += self.drop(time, ends, memory);
        }
        lost
    }

    /// Takes those that belong to the connection of `segment`, in the order they came.
    pub fn take(&mut self, segment: &Segment<'_>, memory: &mut Memory) -> Vec<Kept> {
        if self.kept.is_empty() {
            return Vec::new();
        }
        let kept = self.kept.remove(&(segment.local, segment.remote)).unwrap_or_default();
        self.forget(&kept, memory);
        kept
    }

    /// Drops what has waited for longer than `limit` nanoseconds; returns how many.
    pub fn expire(&mut self, now: Timestamp, limit: u64, memory: &mut Memory) -> u64 {
        let mut lost = 0;
        while let Some((time, ends)) =
            self.order.pop_front_if(|(time, _)| now.since(*time) >= limit)
        {
            lost += self.drop(time, ends, memory);
        }
        lost
    }

    /// Drops everything; returns how many.
    pub fn clear(&mut self, memory: &mut Memory) -> u64 {
        self.expire(Timestamp(u64::MAX), 0, memory)
    }

    /// Drops an entry unless it was taken since.
    fn drop(&mut self, time: Timestamp, ends: Ends, memory: &mut Memory) -> u64 {
        if self.kept.get(&ends).is_none_or(|kept| kept.first().is_none_or(|kept| kept.time != time))
        {
            return 0;
        }
        let kept = self.kept.remove(&ends).unwrap_or_default();
        self.forget(&kept, memory);
        kept.len() as u64
    }

    fn forget(&mut self, kept: &[Kept], memory: &mut Memory) {
        let bytes = kept.iter().map(|kept| kept.payload.len()).sum();
        self.count -= kept.len();
        self.bytes -= bytes;
        memory.release(bytes);
    }
}

impl Kept {
    /// The segment, as if the socket of `of` had received it.
    pub fn segment(&self, of: &Segment<'_>) -> Segment<'_> {
        Segment {
            connection: of.connection,
            direction: Direction::Inbound,
            time: self.time,
            sequence: self.sequence,
            acknowledgement: self.acknowledgement,
            flags: self.flags,
            length: self.length,
            payload: &self.payload,
            skipped: 0,
            lost: 0,
            first: true,
            past_budget: false,
            local: of.local,
            remote: of.remote,
            origin: self.origin,
        }
    }
}
