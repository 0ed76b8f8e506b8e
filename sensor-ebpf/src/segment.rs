//! One TCP segment of one socket: followed or not, by the connection's verdict.

use aya_ebpf::{
    EbpfContext,
    helpers::{
        bpf_get_socket_cookie, bpf_skb_load_bytes,
        generated::{bpf_ktime_get_boot_ns, bpf_skb_cgroup_id},
    },
    programs::SkBuffContext,
};
use aya_log_ebpf::debug;
use sensor_ebpf::{Connection, Half, SegmentHeader, Verdict, flags, state};

use crate::{
    emit::{self, MAX_COPY, Outcome},
    maps::{CONNECTIONS, HEADER_BYTES, READ_TLS, TURN_BYTES, count},
    packet::{self, Packet, Parsed},
    sniff::{self, Protocol},
    socket::{self, Place},
    twin,
};

const TCP_FIN: u8 = 0x01;
const TCP_RST: u8 = 0x04;
const TCP_PSH: u8 = 0x08;

/// Bytes copied of the end of a pushed segment past the budget: a request's head, mostly.
const TAIL_BYTES: u32 = 1024;

/// Bytes copied of a connection whose TLS handshake was not seen: the header of a record.
const TLS_RECORD_HEADER: u32 = 8;

/// Turns that are looked at before a connection counts as not HTTP. More than one, since the
/// sensor may start in the middle of a body.
const SNIFF_TURNS: u8 = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Inbound,
    Outbound,
}

/// What of a segment goes into its record.
#[derive(Default)]
struct Plan {
    /// Payload bytes before the ones that are reported.
    from: u32,
    copied: u32,
    skipped: u32,
    lost: u32,
    twin: u64,
    pid: u32,
    flags: u8,
}

#[inline(always)]
pub fn see(context: &SkBuffContext, direction: Direction) {
    let packet = match packet::parse(context) {
        Parsed::Tcp(packet) => packet,
        Parsed::Other => return,
        Parsed::Broken => return count(|counters| counters.header_errors += 1),
    };
    let ends = packet.tcp_flags & (TCP_FIN | TCP_RST) != 0;
    if packet.length == 0 && !ends {
        return;
    }
    // SAFETY: the helper takes the program's context.
    let cookie = unsafe { bpf_get_socket_cookie(context.as_ptr()) };
    if cookie == 0 {
        return;
    }
    let Some(followed) = find(context, cookie, &packet, direction) else { return };
    // SAFETY: a live map value, or null. The other direction may write it at the same time on
    // another CPU; each field is one aligned word, and a lost update costs at most a budget's
    // accuracy.
    let plan = match unsafe { followed.as_mut() } {
        Some(connection) => follow(context, connection, cookie, &packet, direction),
        None => listener(context, &packet, cookie),
    };
    if let Some(plan) = plan {
        let outcome = match header(context, &packet, cookie, direction, &plan) {
            Some(header) => emit::emit(context, &header, packet.payload + plan.from),
            None => Outcome::CopyFailed,
        };
        settle(context, followed, &packet, direction, &plan, outcome);
    }
    // SAFETY: as above.
    if ends && let Some(connection) = unsafe { followed.as_mut() } {
        end(context, connection, cookie, &packet, direction);
    }
}

/// What is known of the socket; it is remembered from its first payload on. Null for payload
/// that arrives before the connection has a socket of its own (deferred accept, a lost
/// acknowledgement, TCP Fast Open): an enum's unused half would be a register that the verifier
/// finds unwritten.
#[inline(always)]
fn find(
    context: &SkBuffContext,
    cookie: u64,
    packet: &Packet,
    direction: Direction,
) -> Option<*mut Connection> {
    if let Some(connection) = CONNECTIONS.get_ptr_mut(&cookie) {
        return Some(connection);
    }
    if packet.length == 0 {
        return None;
    }
    match socket::place(context, packet, direction) {
        Place::Past => return None,
        Place::Listener => return Some(core::ptr::null_mut()),
        Place::First | Place::Later => {}
    }
    if CONNECTIONS.insert(&cookie, &Connection::default(), 0).is_err() {
        count(|counters| counters.map_full_connections += 1);
        return None;
    }
    count(|counters| counters.connections += 1);
    CONNECTIONS.get_ptr_mut(&cookie)
}

#[inline(always)]
fn follow(
    context: &SkBuffContext,
    connection: &mut Connection,
    cookie: u64,
    packet: &Packet,
    direction: Direction,
) -> Option<Plan> {
    let unread = connection.verdict == Verdict::Tls as u8 && READ_TLS.load() == 0;
    if connection.verdict == Verdict::Mute as u8 || unread {
        return None;
    }
    let turned = packet.length != 0 && turn(connection, direction);
    let mut flags = 0;
    if turned && connection.state & started(direction) == 0 {
        connection.state |= started(direction);
        if matches!(socket::place(context, packet, direction), Place::First) {
            flags |= flags::FIRST;
        }
    }
    if connection.verdict == Verdict::Sniff as u8
        && (packet.length == 0 || !sniff(context, connection, cookie, packet, direction, turned))
    {
        return None;
    }
    if direction == Direction::Outbound && connection.pid == 0 && packet.length != 0 {
        connection.pid = socket::sender(context);
        if socket::is_self(connection.pid) {
            connection.verdict = Verdict::Mute as u8;
            return None;
        }
    }
    let mut plan = Plan { twin: connection.twin, pid: connection.pid, flags, ..Plan::default() };
    let tls = connection.verdict == Verdict::Tls as u8;
    let budget = if connection.verdict == Verdict::Headers as u8 {
        HEADER_BYTES.load()
    } else if connection.verdict == Verdict::Mute as u8 {
        TLS_RECORD_HEADER
    } else {
        TURN_BYTES.load()
    };
    let half = half(connection, direction);
    let mut left = at_most(budget.saturating_sub(half.copied), MAX_COPY);
    // A message can begin without a turn: pipelined behind a long one, or after a request whose
    // body was still on its way when the response left. It has a budget of its own.
    if left == 0 && !tls && begins_message(context, packet) {
        half.copied = 0;
        left = at_most(budget, MAX_COPY);
    }
    plan.copied = at_most(packet.length, left);
    if left == 0 && packet.length != 0 {
        // Past the budget only the end of what was pushed is copied: it tells how far the
        // message went, and a sender that did not wait has begun the next one there. The rest
        // adds up in `skipped`. The end of ciphertext would tell nothing.
        let pushed = packet.tcp_flags & (TCP_PSH | TCP_FIN | TCP_RST) != 0;
        plan.copied = if pushed && !tls { at_most(packet.length, TAIL_BYTES) } else { 0 };
        plan.from = packet.length - plan.copied;
        plan.flags |= flags::PAST_BUDGET;
        half.skipped = half.skipped.wrapping_add(plan.from);
        count(|counters| counters.skipped_bytes += u64::from(plan.from));
        if !pushed {
            return None;
        }
    }
    plan.skipped = half.skipped;
    plan.lost = half.lost;
    Some(plan)
}

/// The reader joins the segment to its connection by the addresses.
#[inline(always)]
fn listener(context: &SkBuffContext, packet: &Packet, cookie: u64) -> Option<Plan> {
    count(|counters| counters.listener_segments += 1);
    let Some(word) = first_bytes(context, packet, 8) else {
        count(|counters| counters.copy_failed_segments += 1);
        return None;
    };
    let protocol = sniff::sensor_protocol(word, at_most(packet.length, 8));
    let hello = protocol == Protocol::ClientHello && READ_TLS.load() != 0;
    match protocol {
        Protocol::Request | Protocol::Undecided => Some(early(context, packet, cookie)),
        _ if hello => Some(early(context, packet, cookie)),
        _ => None,
    }
}

#[inline(always)]
fn early(context: &SkBuffContext, packet: &Packet, cookie: u64) -> Plan {
    Plan {
        copied: at_most(packet.length, at_most(TURN_BYTES.load(), MAX_COPY)),
        twin: twin::of_listener(context, cookie, packet),
        flags: flags::FIRST | flags::LISTENER,
        ..Plan::default()
    }
}

/// Books what became of the record.
#[inline(always)]
fn settle(
    context: &SkBuffContext,
    followed: *mut Connection,
    packet: &Packet,
    direction: Direction,
    plan: &Plan,
    outcome: Outcome,
) {
    let lost = !matches!(outcome, Outcome::Done(_));
    // SAFETY: a live map value, or null; see `see`.
    if let Some(connection) = unsafe { followed.as_mut() } {
        let half = half(connection, direction);
        if lost {
            half.lost = half.lost.wrapping_add(packet.length - plan.from);
        } else {
            half.copied = half.copied.wrapping_add(plan.copied);
            half.skipped = 0;
            half.lost = 0;
        }
    }
    match outcome {
        Outcome::Done(waiting) => count(|counters| {
            counters.segments += 1;
            counters.bytes += u64::from(plan.copied);
            counters.skipped_bytes += u64::from(packet.length - plan.from - plan.copied);
            if waiting > counters.ring_high_water {
                counters.ring_high_water = waiting;
            }
        }),
        Outcome::RingFull => lost_to_ring(context, packet),
        Outcome::CopyFailed => count(|counters| counters.copy_failed_segments += 1),
    }
}

/// Notes whose turn it is; true when it changed.
#[inline(always)]
fn turn(connection: &mut Connection, direction: Direction) -> bool {
    let outbound = if direction == Direction::Outbound { state::TURN_OUTBOUND } else { 0 };
    if connection.state & state::STARTED != 0 && connection.state & state::TURN_OUTBOUND == outbound
    {
        return false;
    }
    connection.state = connection.state & !state::TURN_OUTBOUND | state::STARTED | outbound;
    connection.prefix_length = 0;
    connection.prefix = 0;
    half(connection, direction).copied = 0;
    true
}

/// Looks at the first bytes of a segment; true when it is to be copied. Not only where a turn
/// begins: the segment that begins it may arrive second.
#[inline(always)]
fn sniff(
    context: &SkBuffContext,
    connection: &mut Connection,
    cookie: u64,
    packet: &Packet,
    direction: Direction,
    turned: bool,
) -> bool {
    // What TCP will drop, or take later, decides nothing: it is only looked at for itself. But
    // where it left from is proved by its numbers, whatever becomes of it: with Fast Open a
    // response may overtake the end of the handshake.
    if direction == Direction::Inbound && !socket::expects(context, packet) {
        return match begins(context, packet) {
            Some(protocol @ (Protocol::Request | Protocol::Response)) => {
                !twin::arrived(context, connection, cookie, packet, protocol)
            }
            _ => false,
        };
    }
    let have = u32::from(connection.prefix_length & 7);
    let Some(chunk) = first_bytes(context, packet, 8 - have) else {
        count(|counters| counters.copy_failed_segments += 1);
        return false;
    };
    let word = connection.prefix | chunk << (have * 8);
    let total = have + at_most(packet.length, 8 - have);
    let protocol = sniff::sensor_protocol(word, total);
    connection.prefix_length = 0;
    connection.prefix = 0;
    match protocol {
        Protocol::Undecided => {
            connection.prefix = word;
            connection.prefix_length = total as u8;
            true
        }
        Protocol::Request | Protocol::Response => {
            if twin::resolve(context, connection, cookie, packet, direction, protocol) {
                return false;
            }
            connection.verdict = Verdict::Copy as u8;
            count(|counters| counters.http_connections += 1);
            debug!(context, "http on socket {}", cookie);
            true
        }
        Protocol::ClientHello | Protocol::ServerHello => {
            if twin::resolve(context, connection, cookie, packet, direction, protocol) {
                return false;
            }
            connection.verdict = Verdict::Tls as u8;
            count(|counters| counters.tls_connections += 1);
            READ_TLS.load() != 0
        }
        // It cannot be read any more. One record says so, and of whom.
        Protocol::TlsRecord => {
            connection.verdict = Verdict::Mute as u8;
            count(|counters| counters.tls_connections += 1);
            READ_TLS.load() != 0
        }
        Protocol::Http2 => {
            connection.verdict = Verdict::Mute as u8;
            count(|counters| counters.http2_connections += 1);
            false
        }
        Protocol::Other => {
            connection.sniffed = connection.sniffed.wrapping_add(u8::from(turned));
            if connection.sniffed >= SNIFF_TURNS {
                connection.verdict = Verdict::Mute as u8;
                count(|counters| counters.other_connections += 1);
            }
            false
        }
    }
}

/// At most `want` (1 to 8) first bytes of the payload, little endian, the rest zero.
#[inline(always)]
fn first_bytes(context: &SkBuffContext, packet: &Packet, want: u32) -> Option<u64> {
    let mut word = 0_u64;
    let length = emit::bounded::<8>(at_most(packet.length, want));
    // SAFETY: 1 to 8 bytes are written into eight.
    let failed = unsafe {
        bpf_skb_load_bytes(context.as_ptr(), packet.payload, (&raw mut word).cast(), length)
    };
    (failed == 0).then_some(word)
}

/// Whether a segment's first bytes begin a request or a response.
#[inline(always)]
fn begins_message(context: &SkBuffContext, packet: &Packet) -> bool {
    matches!(begins(context, packet), Some(Protocol::Request | Protocol::Response))
}

/// What a segment's first bytes begin; `None` when it has none.
#[inline(always)]
fn begins(context: &SkBuffContext, packet: &Packet) -> Option<Protocol> {
    if packet.length == 0 {
        return None;
    }
    let word = first_bytes(context, packet, 8)?;
    Some(sniff::sensor_protocol(word, at_most(packet.length, 8)))
}

#[inline(always)]
fn lost_to_ring(context: &SkBuffContext, packet: &Packet) {
    let request = matches!(begins(context, packet), Some(Protocol::Request));
    count(|counters| {
        counters.ring_full_segments += 1;
        counters.ring_full_bytes += u64::from(packet.length);
        counters.ring_full_requests += u64::from(request);
    });
}

#[inline(always)]
fn header(
    context: &SkBuffContext,
    packet: &Packet,
    cookie: u64,
    direction: Direction,
    plan: &Plan,
) -> Option<SegmentHeader> {
    let numbers = packet.numbers(context)?;
    let (source, destination) = packet.addresses(context)?;
    let outbound = direction == Direction::Outbound;
    let (local, remote, local_port, remote_port) = if outbound {
        (source, destination, numbers.source_port, numbers.destination_port)
    } else {
        (destination, source, numbers.destination_port, numbers.source_port)
    };
    Some(SegmentHeader {
        cookie,
        // SAFETY: the helper takes the program's context.
        cgroup: unsafe { bpf_skb_cgroup_id(context.skb.skb) },
        // SAFETY: takes nothing.
        time: unsafe { bpf_ktime_get_boot_ns() },
        twin: plan.twin,
        sequence: numbers.sequence.wrapping_add(plan.from),
        acknowledgement: numbers.acknowledgement,
        length: packet.length - plan.from,
        copied: plan.copied,
        skipped: plan.skipped,
        lost: plan.lost,
        pid: plan.pid,
        local_port,
        remote_port,
        local,
        remote,
        flags: plan.flags
            | if outbound { flags::OUTBOUND } else { 0 }
            | if packet.ipv6 { flags::IPV6 } else { 0 },
        tcp_flags: packet.tcp_flags,
        padding: [0; 6],
    })
}

/// Forgets a connection once nothing can follow: both ends closed with no hole before the FIN
/// received, or a reset that the socket accepts. Otherwise the map's own ageing forgets it.
#[inline(always)]
fn end(
    context: &SkBuffContext,
    connection: &mut Connection,
    cookie: u64,
    packet: &Packet,
    direction: Direction,
) {
    let reset = packet.tcp_flags & TCP_RST != 0;
    let valid = direction == Direction::Outbound
        || packet
            .numbers(context)
            .is_some_and(|numbers| socket::in_order(context, numbers.sequence));
    if !valid {
        return;
    }
    connection.state |= match direction {
        Direction::Outbound => state::OUTBOUND_END,
        Direction::Inbound => state::INBOUND_END,
    };
    const BOTH: u8 = state::OUTBOUND_END | state::INBOUND_END;
    if reset || connection.state & BOTH == BOTH {
        let _ = CONNECTIONS.remove(&cookie);
    }
}

#[inline(always)]
fn half(connection: &mut Connection, direction: Direction) -> &mut Half {
    match direction {
        Direction::Inbound => &mut connection.inbound,
        Direction::Outbound => &mut connection.outbound,
    }
}

/// The state bit that says a first payload of this direction was looked at.
#[inline(always)]
fn started(direction: Direction) -> u8 {
    match direction {
        Direction::Inbound => state::INBOUND_STARTED,
        Direction::Outbound => state::OUTBOUND_STARTED,
    }
}

/// `min`, in a form that stays one comparison for the verifier.
#[inline(always)]
fn at_most(value: u32, limit: u32) -> u32 {
    if value < limit { value } else { limit }
}
