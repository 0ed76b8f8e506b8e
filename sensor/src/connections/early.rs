//! Payload that came with the end of a handshake, when only the listening socket existed. It
//! waits here for the first record of its own connection.

use std::{collections::VecDeque, net::SocketAddr};

use crate::{
    capture::{Direction, Origin, Segment, TcpFlags},
    exchange::{ConnectionId, Timestamp},
    memory::Memory,
};

/// Such segments kept at once. One waits for a few milliseconds.
const MAX_KEPT: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Early {
    kept: VecDeque<Kept>,
}

#[derive(Debug)]
pub(super) struct Kept {
    time: Timestamp,
    sequence: u32,
    acknowledgement: u32,
    flags: TcpFlags,
    length: u32,
    payload: Box<[u8]>,
    local: SocketAddr,
    remote: SocketAddr,
    origin: Origin,
}

impl Early {
    /// Keeps a segment; returns how many had to go.
    pub fn keep(&mut self, segment: &Segment<'_>, memory: &mut Memory) -> u64 {
        let repeated = self.kept.iter().any(|kept| {
            kept.belongs_to(segment.local, segment.remote) && kept.sequence == segment.sequence
        });
        if repeated {
            return 0;
        }
        let full = self.kept.len() >= MAX_KEPT;
        if full && let Some(oldest) = self.kept.pop_front() {
            memory.release(oldest.payload.len());
        }
        memory.take(segment.payload.len());
        self.kept.push_back(Kept {
            time: segment.time,
            sequence: segment.sequence,
            acknowledgement: segment.acknowledgement,
            flags: segment.flags,
            length: segment.length,
            payload: segment.payload.into(),
            local: segment.local,
            remote: segment.remote,
            origin: Origin { listener: false, ..segment.origin },
        });
        u64::from(full)
    }

    /// Takes the first one that belongs to the connection of `segment`.
    pub fn take(&mut self, segment: &Segment<'_>, memory: &mut Memory) -> Option<Kept> {
        if self.kept.is_empty() {
            return None;
        }
        let at =
            self.kept.iter().position(|kept| kept.belongs_to(segment.local, segment.remote))?;
        let kept = self.kept.remove(at)?;
        memory.release(kept.payload.len());
        Some(kept)
    }

    /// Drops what has waited for longer than `limit` nanoseconds; returns how many.
    pub fn expire(&mut self, now: Timestamp, limit: u64, memory: &mut Memory) -> u64 {
        let mut dropped = 0;
        while self.kept.front().is_some_and(|kept| now.since(kept.time) >= limit) {
            if let Some(kept) = self.kept.pop_front() {
                memory.release(kept.payload.len());
                dropped += 1;
            }
        }
        dropped
    }
}

impl Kept {
    fn belongs_to(&self, local: SocketAddr, remote: SocketAddr) -> bool {
        self.local == local && self.remote == remote
    }

    pub fn segment(&self, connection: ConnectionId) -> Segment<'_> {
        Segment {
            connection,
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
            local: self.local,
            remote: self.remote,
            origin: self.origin,
        }
    }
}
