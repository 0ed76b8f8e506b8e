//! One copy an exchange: when both ends of a connection live on this node, the client's end is
//! muted and the server's is kept.
//!
//! The first message of each direction is noted as it leaves a socket, by its sequence and
//! acknowledgement numbers, and looked up where one arrives. Both numbers start at random and
//! pass address translation unchanged, so equal pairs are one and the same segment.

use aya_ebpf::programs::SkBuffContext;

use crate::{
    maps::{self, CONNECTIONS, DEPARTED},
    packet::Packet,
    segment::Direction,
    sniff::Protocol,
};
use sensor_ebpf::{Connection, Verdict, state};

/// Notes the first message that leaves `connection`, and looks up the first that arrives. True
/// when the connection is the client's end of a followed one, which is now muted.
#[inline(always)]
pub fn resolve(
    context: &SkBuffContext,
    connection: &mut Connection,
    cookie: u64,
    packet: &Packet,
    direction: Direction,
    protocol: Protocol,
) -> bool {
    match direction {
        Direction::Outbound => {
            if connection.state & state::OUTBOUND_KEYED == 0
                && connection.twin == 0
                && let Some(key) = key(context, packet)
            {
                connection.state |= state::OUTBOUND_KEYED;
                let _ = DEPARTED.insert(&key, &cookie, 0);
            }
            false
        }
        Direction::Inbound => {
            if connection.state & state::INBOUND_KEYED != 0 {
                return false;
            }
            connection.state |= state::INBOUND_KEYED;
            arrived(context, connection, cookie, packet, protocol)
        }
    }
}

/// Looks up where a message that arrives left from. True as above.
#[inline(always)]
pub fn arrived(
    context: &SkBuffContext,
    connection: &mut Connection,
    cookie: u64,
    packet: &Packet,
    protocol: Protocol,
) -> bool {
    let Some(key) = key(context, packet) else { return false };
    let Some(other) = departed(key, cookie) else { return false };
    match protocol {
        Protocol::Response | Protocol::ServerHello => {
            connection.verdict = Verdict::Mute as u8;
            maps::count(|counters| counters.twins += 1);
            true
        }
        _ => {
            mute(other);
            connection.twin = other;
            false
        }
    }
}

/// The client whose request arrived at a listening socket, now muted, or 0.
#[inline(always)]
pub fn of_listener(context: &SkBuffContext, listener: u64, packet: &Packet) -> u64 {
    let Some(key) = key(context, packet) else { return 0 };
    let Some(client) = departed(key, listener) else { return 0 };
    mute(client);
    client
}

#[inline(always)]
fn key(context: &SkBuffContext, packet: &Packet) -> Option<u64> {
    let numbers = packet.numbers(context)?;
    Some(u64::from(numbers.sequence) << 32 | u64::from(numbers.acknowledgement))
}

/// The other socket that a segment left from, taken out of the table.
#[inline(always)]
fn departed(key: u64, cookie: u64) -> Option<u64> {
    // SAFETY: a u64 is read in one go, and its key is what was looked up.
    let other = (unsafe { DEPARTED.get(&key) }).copied()?;
    let _ = DEPARTED.remove(&key);
    (other != cookie).then_some(other)
}

#[inline(always)]
fn mute(client: u64) {
    if let Some(connection) = CONNECTIONS.get_ptr_mut(&client) {
        // SAFETY: a live map value; one byte is written.
        unsafe { (*connection).verdict = Verdict::Mute as u8 };
        // SAFETY: as above; one word is read.
        let lost = unsafe { (*connection).outbound.lost } != 0;
        maps::count(|counters| {
            counters.twins += 1;
            counters.ring_full_twin_requests += u64::from(lost);
        });
    }
}
