//! What the stable socket contexts (`bpf_sock`, `bpf_tcp_sock`) tell of a segment's place in
//! its connection. They are the verifier's own views, the same on every kernel.

use aya_ebpf::{
    bindings::bpf_tcp_sock,
    helpers::{bpf_tcp_sock, generated::bpf_get_current_pid_tgid},
    programs::SkBuffContext,
};

use crate::{
    maps::{HAS_CURRENT_PID, SELF_PID},
    packet::{Numbers, Packet},
    segment::Direction,
};

const TCP_ESTABLISHED: u32 = 1;
const TCP_SYN_RECV: u32 = 3;
const TCP_CLOSE_WAIT: u32 = 8;
const TCP_LISTEN: u32 = 10;

/// Where a payload stands in its direction.
pub enum Place {
    /// The first payload.
    First,
    /// A later one.
    Later,
    /// Sent again, or after the end: not a reason to begin following the connection.
    Past,
    /// With the end of the handshake: the connection has no socket of its own yet.
    Listener,
}

#[inline(always)]
pub fn place(context: &SkBuffContext, packet: &Packet, direction: Direction) -> Place {
    // SAFETY: a context field; the verifier checks the access.
    let socket = unsafe { (*context.skb.skb).__bindgen_anon_2.sk };
    if socket.is_null() {
        return Place::Past;
    }
    // SAFETY: not null, a stable context field.
    let state = unsafe { (*socket).state };
    if state == TCP_LISTEN {
        return Place::Listener;
    }
    // SAFETY: the helper takes a socket that is not null.
    let tcp = unsafe { bpf_tcp_sock(socket) };
    if tcp.is_null() {
        return Place::Past;
    }
    // SAFETY: not null; every field is part of the stable view.
    let tcp: &bpf_tcp_sock = unsafe { &*tcp };
    let Some(Numbers { sequence, .. }) = packet.numbers(context) else { return Place::Past };
    match direction {
        Direction::Inbound if before(sequence, tcp.rcv_nxt) => Place::Past,
        Direction::Inbound if tcp.bytes_received == 0 && sequence == tcp.rcv_nxt => Place::First,
        Direction::Inbound => Place::Later,
        Direction::Outbound
            if state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT && state != TCP_SYN_RECV =>
        {
            Place::Past
        }
        // The SYN counts as one acknowledged byte on the side that opened.
        Direction::Outbound if tcp.bytes_acked <= 1 && sequence == tcp.snd_una => Place::First,
        Direction::Outbound => Place::Later,
    }
}

/// The process that sends this segment, or 0. Known only when nothing was in flight: the
/// segment then leaves within the send call itself, not when an acknowledgement came.
#[inline(always)]
pub fn sender(context: &SkBuffContext) -> u32 {
    if HAS_CURRENT_PID.load() == 0 {
        return 0;
    }
    // SAFETY: a context field; the verifier checks the access.
    let socket = unsafe { (*context.skb.skb).__bindgen_anon_2.sk };
    if socket.is_null() {
        return 0;
    }
    // SAFETY: the helper takes a socket that is not null.
    let tcp = unsafe { bpf_tcp_sock(socket) };
    // SAFETY: checked for null first; a field of the stable view.
    if tcp.is_null() || unsafe { (*tcp).packets_out } != 0 {
        return 0;
    }
    // SAFETY: takes nothing.
    (unsafe { bpf_get_current_pid_tgid() } >> 32) as u32
}

/// Whether a FIN or RST with this sequence number is the next thing that the socket expects.
#[inline(always)]
pub fn in_order(context: &SkBuffContext, sequence: u32) -> bool {
    // SAFETY: a context field; the verifier checks the access.
    let socket = unsafe { (*context.skb.skb).__bindgen_anon_2.sk };
    if socket.is_null() {
        return false;
    }
    // SAFETY: the helper takes a socket that is not null.
    let tcp = unsafe { bpf_tcp_sock(socket) };
    // SAFETY: checked for null first; a field of the stable view.
    !tcp.is_null() && unsafe { (*tcp).rcv_nxt } == sequence
}

#[inline(always)]
pub fn is_self(pid: u32) -> bool {
    pid != 0 && pid == SELF_PID.load()
}

/// Serial number comparison (RFC 9293 section 3.4).
#[inline(always)]
fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}
