//! Connections of a capture, numbered from 1 in the order of their first packets.

use std::{
    hash::{Hash, Hasher},
    mem,
    net::{IpAddr, SocketAddr},
};

use hashbrown::HashMap;

use crate::{capture::Direction, exchange::ConnectionId};

use super::ip::TcpPacket;

/// Connections that are remembered at most: what two tables of 2^19 buckets hold without
/// growing, about 85 MB.
const LIMIT: usize = 2 * ((1 << 19) / 8 * 7);

/// The numbers of all connections that were active of late.
///
/// Two generations bound the memory: once the young one is full, the old one is forgotten and
/// the young one takes its place. A packet moves its connection to the young generation, so
/// the ones forgotten are those that were idle longest, closed ones among them.
pub struct Flows {
    young: HashMap<Ends, Flow>,
    old: HashMap<Ends, Flow>,
    limit: usize,
    numbered: u64,
    forgotten: u64,
}

impl Default for Flows {
    fn default() -> Self {
        Self::new(LIMIT)
    }
}

impl Flows {
    /// Remembers at most `limit` connections.
    pub fn new(limit: usize) -> Self {
        // Seeded at random against hostile addresses; no result depends on the tables' order.
        let (young, old) = (HashMap::new(), HashMap::new());
        Self { young, old, limit, numbered: 0, forgotten: 0 }
    }

    /// Connections numbered so far.
    pub fn numbered(&self) -> u64 {
        self.numbered
    }

    /// Connections forgotten while open.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// The connection of a segment and its direction, seen from the end that opened it.
    pub fn number(&mut self, tcp: &TcpPacket<'_>) -> (ConnectionId, Direction) {
        let (ends, side) = Ends::of(tcp);
        if let Some(flow) = self.young.get_mut(&ends) {
            if flow.is_replaced_by(side, tcp) {
                self.numbered += 1;
                *flow = Flow::new(self.numbered, side, tcp);
            }
            return flow.note(side, tcp);
        }
        let mut flow = match self.old.remove(&ends) {
            Some(flow) if !flow.is_replaced_by(side, tcp) => flow,
            _ => {
                self.numbered += 1;
                Flow::new(self.numbered, side, tcp)
            }
        };
        let answer = flow.note(side, tcp);
        self.remember(ends, flow);
        answer
    }

    fn remember(&mut self, ends: Ends, flow: Flow) {
        if self.young.len() >= self.limit / 2 {
            self.forgotten += self.old.values().filter(|flow| !flow.closed).count() as u64;
            self.old.clear();
            mem::swap(&mut self.old, &mut self.young);
        }
        self.young.insert(ends, flow);
    }
}

/// Which of the two ends of [`Ends`].
type Side = u8;

/// Both ends of a connection, the same for either direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ends {
    addresses: [u128; 2],
    ports: [u16; 2],
    ipv6: bool,
}

impl Ends {
    /// With the side that sent.
    fn of(tcp: &TcpPacket<'_>) -> (Self, Side) {
        let source = (number(tcp.source), tcp.source.port());
        let destination = (number(tcp.destination), tcp.destination.port());
        let side = Side::from(source > destination);
        let (low, high) = if side == 0 { (source, destination) } else { (destination, source) };
        let ipv6 = tcp.source.is_ipv6();
        (Self { addresses: [low.0, high.0], ports: [low.1, high.1], ipv6 }, side)
    }
}

fn number(end: SocketAddr) -> u128 {
    match end.ip() {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl Hash for Ends {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [low, high] = self.addresses;
        let ports = u64::from(self.ports[0]) << 16 | u64::from(self.ports[1]);
        if self.ipv6 {
            state.write_u128(low);
            state.write_u128(high);
            state.write_u64(ports);
        } else {
            // Addresses of 32 bits.
            state.write_u128(low << 64 | high << 32 | u128::from(ports));
        }
    }
}

/// What is known of a connection.
#[derive(Clone, Copy, Debug)]
struct Flow {
    id: ConnectionId,
    local: Side,
    /// The initial sequence number of each side, once known.
    initial: [Option<u32>; 2],
    /// A FIN or RST was seen.
    closed: bool,
}

impl Flow {
    fn new(number: u64, side: Side, tcp: &TcpPacket<'_>) -> Self {
        let flags = tcp.flags;
        let answers = flags.syn() && flags.ack();
        Self {
            id: ConnectionId(number),
            local: if answers { other(side) } else { side },
            initial: [None; 2],
            closed: false,
        }
        .with_initial(side, tcp)
    }

    /// Takes the first packet for the first of its connection: in a capture whose packets
    /// changed places, the SYN that it overtook is then known as such.
    fn with_initial(mut self, side: Side, tcp: &TcpPacket<'_>) -> Self {
        self.initial[usize::from(side)] =
            Some(tcp.sequence.wrapping_sub(u32::from(!tcp.flags.syn())));
        if tcp.flags.ack() {
            self.initial[usize::from(other(side))] = Some(tcp.acknowledgement.wrapping_sub(1));
        }
        self
    }

    /// Whether a packet opens another connection between the same ends. A SYN with the initial
    /// sequence number known already is a retransmission.
    fn is_replaced_by(&self, side: Side, tcp: &TcpPacket<'_>) -> bool {
        let differs = |side: Side, sequence: u32| {
            self.initial[usize::from(side)].map(|initial| initial != sequence)
        };
        match (tcp.flags.syn(), tcp.flags.ack()) {
            (false, _) => false,
            (true, false) => differs(side, tcp.sequence).unwrap_or(self.closed),
            // Its SYN was not captured.
            (true, true) => {
                let acknowledged = tcp.acknowledgement.wrapping_sub(1);
                differs(side, tcp.sequence) == Some(true)
                    && differs(other(side), acknowledged) == Some(true)
            }
        }
    }

    fn note(&mut self, side: Side, tcp: &TcpPacket<'_>) -> (ConnectionId, Direction) {
        if tcp.flags.syn() {
            self.initial[usize::from(side)].get_or_insert(tcp.sequence);
        }
        self.closed |= tcp.flags.fin() || tcp.flags.rst();
        let direction = if side == self.local { Direction::Outbound } else { Direction::Inbound };
        (self.id, direction)
    }
}

fn other(side: Side) -> Side {
    1 - side
}

#[cfg(test)]
mod tests;
