//! The ABI between the kernel programs and the sensor: what crosses the ring buffer and the
//! maps. Layouts are fixed, padded by hand and size-asserted; both sides compile this file.
#![no_std]

/// Names of the programs, maps and globals in the object.
pub mod names {
    /// Program on segments that a socket of this node receives.
    pub const INGRESS: &str = "sensor_ingress";
    /// Program on segments that a socket of this node sends.
    pub const EGRESS: &str = "sensor_egress";
    /// Program on the entry of a TLS library's key-log function, C calling convention.
    pub const SECRET: &str = "sensor_secret";
    /// The same for Go's `crypto/tls`.
    pub const SECRET_GO: &str = "sensor_secret_go";
    /// The same for a function that is handed memory with a secret somewhere in it.
    pub const SECRET_WINDOW: &str = "sensor_secret_window";
    /// Program on the start of each program.
    pub const EXEC: &str = "sensor_exec";
    /// Ring buffer of [`Notice`](super::Notice)s.
    pub const NOTICES: &str = "NOTICES";
    /// Ring buffer of [`SegmentHeader`](super::SegmentHeader)s, each followed by payload.
    pub const SEGMENTS: &str = "SEGMENTS";
    /// LRU hash of socket cookie to [`Connection`](super::Connection).
    pub const CONNECTIONS: &str = "CONNECTIONS";
    /// Per-CPU array with one [`Counters`](super::Counters).
    pub const COUNTERS: &str = "COUNTERS";
    /// `u32` global: payload bytes copied each turn of a connection with verdict copy.
    pub const TURN_BYTES: &str = "TURN_BYTES";
    /// `u32` global: payload bytes copied each turn with verdict headers.
    pub const HEADER_BYTES: &str = "HEADER_BYTES";
    /// `u32` global: 1 when TLS connections are copied, so that they can be read.
    pub const READ_TLS: &str = "READ_TLS";
    /// `u32` global: bytes waiting in the ring from which on the reader is woken.
    pub const WAKE_BYTES: &str = "WAKE_BYTES";
    /// `u32` global: process id of the sensor, whose own sockets are left alone.
    pub const SELF_PID: &str = "SELF_PID";
    /// `u32` global: 1 when the kernel lets these programs ask for the current process
    /// (Linux 6.10, commit eb166e522c77).
    pub const HAS_CURRENT_PID: &str = "HAS_CURRENT_PID";
}

/// What is done with the segments of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Verdict {
    /// Not known yet: the first bytes of each turn are looked at, nothing is copied.
    Sniff = 0,
    /// HTTP: copied up to `TURN_BYTES` each turn.
    Copy = 1,
    /// Copied up to `HEADER_BYTES` each turn.
    Headers = 2,
    /// TLS: copied up to `TURN_BYTES` each turn when `READ_TLS` is 1, else only counted.
    Tls = 3,
    /// Nothing is copied: not HTTP, or the client's end of a connection whose server's end is
    /// copied.
    Mute = 4,
}

impl Verdict {
    /// All verdicts, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Sniff, Self::Copy, Self::Headers, Self::Tls, Self::Mute];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sniff => "sniff",
            Self::Copy => "copy",
            Self::Headers => "headers",
            Self::Tls => "tls",
            Self::Mute => "mute",
        }
    }
}

/// The record before each copied payload in the ring buffer. Numbers are in host byte order.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct SegmentHeader {
    /// Socket cookie; of the listening socket when `flags` has [`flags::LISTENER`].
    pub cookie: u64,
    /// Cgroup v2 id of the socket.
    pub cgroup: u64,
    /// `CLOCK_BOOTTIME` in nanoseconds.
    pub time: u64,
    /// Cookie of the local client's socket that was muted in favour of this one, or 0.
    pub twin: u64,
    /// TCP sequence number.
    pub sequence: u32,
    /// TCP acknowledgement number.
    pub acknowledgement: u32,
    /// TCP payload bytes of the segment.
    pub length: u32,
    /// Payload bytes that follow this header.
    pub copied: u32,
    /// Payload bytes of this direction left out by the budget since its last record.
    pub skipped: u32,
    /// Payload bytes of this direction lost since its last record.
    pub lost: u32,
    /// Process that sends on this socket, or 0.
    pub pid: u32,
    /// TCP port of the socket.
    pub local_port: u16,
    /// TCP port of its peer.
    pub remote_port: u16,
    /// Address of the socket: 16 bytes, or the first 4 when `flags` lacks [`flags::IPV6`].
    pub local: [u8; 16],
    /// Address of its peer.
    pub remote: [u8; 16],
    /// See [`flags`].
    pub flags: u8,
    /// The flag byte of the TCP header.
    pub tcp_flags: u8,
    /// Keeps the size a multiple of eight.
    pub padding: [u8; 6],
}

/// Bits of [`SegmentHeader::flags`].
pub mod flags {
    /// The socket sends the segment (else it receives it).
    pub const OUTBOUND: u8 = 1;
    /// Addresses are IPv6.
    pub const IPV6: u8 = 2;
    /// The first payload of its direction.
    pub const FIRST: u8 = 4;
    /// Payload that came with the end of the handshake, when only the listening socket exists.
    pub const LISTENER: u8 = 8;
    /// The budget was used up before the segment: what is missing around it was left out.
    pub const PAST_BUDGET: u8 = 16;
}

/// What the kernel side knows of a connection, by socket cookie.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Connection {
    /// Cookie of the muted twin, or 0.
    pub twin: u64,
    /// First bytes of the turn, while they do not tell the protocol yet (little endian).
    pub prefix: u64,
    /// Received bytes.
    pub inbound: Half,
    /// Sent bytes.
    pub outbound: Half,
    /// Process that sends on this socket, or 0.
    pub pid: u32,
    /// A [`Verdict`].
    pub verdict: u8,
    /// Bytes in `prefix`.
    pub prefix_length: u8,
    /// Turns that did not look like a known protocol.
    pub sniffed: u8,
    /// See [`state`].
    pub state: u8,
}

/// One direction of a [`Connection`]. All in bytes of payload.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Half {
    /// Copied this turn.
    pub copied: u32,
    /// See [`SegmentHeader::skipped`].
    pub skipped: u32,
    /// See [`SegmentHeader::lost`].
    pub lost: u32,
}

/// Bits of [`Connection::state`].
pub mod state {
    /// The last payload was sent by the socket (else received).
    pub const TURN_OUTBOUND: u8 = 1;
    /// The first message sent is known to the twin table.
    pub const OUTBOUND_KEYED: u8 = 2;
    /// The first message received was looked up in the twin table.
    pub const INBOUND_KEYED: u8 = 4;
    /// FIN was sent.
    pub const OUTBOUND_END: u8 = 8;
    /// FIN was received in order.
    pub const INBOUND_END: u8 = 16;
    /// A payload was seen (else there is no turn yet).
    pub const STARTED: u8 = 32;
    /// The first payload received was looked at.
    pub const INBOUND_STARTED: u8 = 64;
    /// The first payload sent was looked at.
    pub const OUTBOUND_STARTED: u8 = 128;
}

/// Counters of the kernel side, one set a CPU.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Counters {
    /// Segments copied to the ring buffer.
    pub segments: u64,
    /// Payload bytes copied.
    pub bytes: u64,
    /// Payload bytes of copied connections left out by the budget.
    pub skipped_bytes: u64,
    /// Segments lost because the ring buffer was full.
    pub ring_full_segments: u64,
    /// Payload bytes in them.
    pub ring_full_bytes: u64,
    /// Of those segments, the ones that began with an HTTP request line.
    pub ring_full_requests: u64,
    /// Of those requests, the ones that a client's end sent whose server's end was then found:
    /// that end carries them too, so they were not lost with these.
    pub ring_full_twin_requests: u64,
    /// Segments whose payload could not be read from the packet.
    pub copy_failed_segments: u64,
    /// Connections not followed because the map refused the entry.
    pub map_full_connections: u64,
    /// Packets with TCP headers that could not be read.
    pub header_errors: u64,
    /// Connections with payload.
    pub connections: u64,
    /// Connections that turned out to be HTTP/1.
    pub http_connections: u64,
    /// Connections that turned out to be HTTP/2 with prior knowledge (not read).
    pub http2_connections: u64,
    /// Connections that turned out to be TLS (not read).
    pub tls_connections: u64,
    /// Connections muted because they are neither.
    pub other_connections: u64,
    /// Client ends muted in favour of the server's end.
    pub twins: u64,
    /// Payload segments seen on a listening socket.
    pub listener_segments: u64,
    /// Calls of key-log functions that were reported.
    pub secrets: u64,
    /// Calls of key-log functions, and program starts, lost because their ring buffer was full.
    pub notices_lost: u64,
    /// Calls of probed functions whose arguments are no secret.
    pub secrets_refused: u64,
    /// The most bytes that ever waited in the ring buffer; the largest of all CPUs counts.
    pub ring_high_water: u64,
}

/// What the programs outside the sockets report. Secrets are key material: whoever holds a
/// notice wipes it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Notice {
    /// `CLOCK_BOOTTIME` in nanoseconds.
    pub time: u64,
    /// Process id.
    pub pid: u32,
    /// A [`NoticeKind`].
    pub kind: u32,
    /// Bytes of `label`.
    pub label_length: u32,
    /// Bytes of `client_random`, 0 when the library does not say it.
    pub random_length: u32,
    /// Bytes of `secret`.
    pub secret_length: u32,
    /// Keeps the size a multiple of eight.
    pub padding: u32,
    /// The label of the NSS key log format.
    pub label: [u8; 40],
    /// The random of the `ClientHello`.
    pub client_random: [u8; 32],
    /// The secret, or the memory that holds it.
    pub secret: [u8; WINDOW_BYTES],
}

/// Bytes of [`Notice::secret`].
pub const WINDOW_BYTES: usize = 72;

/// What a [`Notice`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum NoticeKind {
    /// A key-log function was called.
    Secret = 0,
    /// A process started a program.
    Exec = 1,
    /// A function was called that is handed memory with a secret somewhere in it.
    Window = 2,
}

const _: () = assert!(size_of::<Notice>() == 176);
const _: () = assert!(size_of::<SegmentHeader>() == 104);
const _: () = assert!(size_of::<Connection>() == 48);
const _: () = assert!(size_of::<Counters>() == 168);

#[cfg(feature = "user")]
mod user {
    // SAFETY: repr(C), every byte is a named field, all bit patterns are valid.
    unsafe impl aya::Pod for super::Connection {}
    // SAFETY: as above.
    unsafe impl aya::Pod for super::Counters {}
}
