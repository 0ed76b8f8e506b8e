//! The only stage that touches the machine: it turns captured packets into [`Segment`]s.
//!
//! Live capture ([`live`]) and capture files ([`pcap`]) give the same record, so that all
//! stages to the right run the same way on both.

pub mod attribution;
pub mod keylog;
pub mod kubernetes;
pub mod libraries;
pub mod live;
pub mod pcap;
pub mod probe;
pub mod protection;
pub mod scheduling;

use std::net::SocketAddr;

use crate::exchange::{ConnectionId, Timestamp};

/// One TCP segment of one connection, as much of it as was copied.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// The connection.
    pub connection: ConnectionId,
    /// Which way it travelled, seen from `local`.
    pub direction: Direction,
    /// When it was seen.
    pub time: Timestamp,
    /// TCP sequence number of the first payload byte (of the SYN itself when `flags.syn()`).
    pub sequence: u32,
    /// TCP acknowledgement number, valid when `flags.ack()`.
    pub acknowledgement: u32,
    /// TCP flags.
    pub flags: TcpFlags,
    /// Payload bytes on the wire.
    pub length: u32,
    /// The first of those bytes, as many as were copied.
    pub payload: &'a [u8],
    /// Payload bytes of this direction that were left out on purpose since its last record.
    pub skipped: u32,
    /// Payload bytes of this direction that were lost since its last record.
    pub lost: u32,
    /// This is known to be the first payload of its direction.
    pub first: bool,
    /// The turn's byte budget was used up before it: what is missing around it was left out.
    pub past_budget: bool,
    /// The end on this node; in a capture file, the sender of the connection's first packet.
    pub local: SocketAddr,
    /// The other end.
    pub remote: SocketAddr,
    /// What the kernel knew of the socket's owner. All zero in a capture file.
    pub origin: Origin,
}

/// Hints on the owner of the socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Cgroup v2 id of the socket, or 0.
    pub cgroup: u64,
    /// Process that was sending when the segment left, or 0.
    pub pid: u32,
    /// The local client's socket that is muted in favour of this one, or 0.
    pub twin: u64,
    /// The connection has no socket of its own yet: `connection` names the listening socket,
    /// and only the addresses tell which connection it is.
    pub listener: bool,
}

/// Direction of a segment, seen from [`Segment::local`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Received by `local`.
    Inbound,
    /// Sent by `local`.
    Outbound,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Inbound => Self::Outbound,
            Self::Outbound => Self::Inbound,
        }
    }
}

/// The flag byte of a TCP header (RFC 9293 section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// FIN: no more data from the sender.
    pub fn fin(self) -> bool {
        self.0 & 0x01 != 0
    }
    /// SYN: synchronise sequence numbers.
    pub fn syn(self) -> bool {
        self.0 & 0x02 != 0
    }
    /// RST: reset the connection.
    pub fn rst(self) -> bool {
        self.0 & 0x04 != 0
    }
    /// PSH: push.
    pub fn psh(self) -> bool {
        self.0 & 0x08 != 0
    }
    /// ACK: the acknowledgement number is valid.
    pub fn ack(self) -> bool {
        self.0 & 0x10 != 0
    }
}
