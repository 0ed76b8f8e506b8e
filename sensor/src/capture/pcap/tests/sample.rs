//! Packets and capture files, byte by byte.

/// The fields of a TCP header that vary.
#[derive(Clone, Copy)]
pub struct Tcp {
    pub ports: [u16; 2],
    pub sequence: u32,
    pub acknowledgement: u32,
    pub flags: u8,
}

/// From port 4000 to 80, PSH and ACK.
pub const TCP: Tcp =
    Tcp { ports: [4_000, 80], sequence: 0x0102_0304, acknowledgement: 9, flags: 0x18 };

/// A TCP segment; `options` is their length in bytes.
pub fn tcp(tcp: &Tcp, options: usize, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(tcp.ports[0].to_be_bytes());
    bytes.extend(tcp.ports[1].to_be_bytes());
    bytes.extend(tcp.sequence.to_be_bytes());
    bytes.extend(tcp.acknowledgement.to_be_bytes());
    bytes.extend([((20 + options) / 4) as u8 * 16, tcp.flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.resize(20 + options, 1);
    bytes.extend(payload);
    bytes
}

/// An IPv4 packet from 10.0.0.1 to 10.0.0.2; `options` is their length in bytes.
pub fn ipv4(protocol: u8, options: usize, payload: &[u8]) -> Vec<u8> {
    let length = ((20 + options + payload.len()) as u16).to_be_bytes();
    let version = 0x40 | ((20 + options) / 4) as u8;
    let mut bytes = vec![version, 0, length[0], length[1], 0, 0, 0x40, 0, 64, protocol, 0, 0];
    bytes.extend([10, 0, 0, 1, 10, 0, 0, 2]);
    bytes.resize(20 + options, 1);
    bytes.extend(payload);
    bytes
}

/// An IPv6 packet from `fd00::1` to `fd00::2`.
pub fn ipv6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u16).to_be_bytes();
    let mut bytes = vec![0x60, 0, 0, 0, length[0], length[1], next_header, 64];
    for last in [1, 2] {
        bytes.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    }
    bytes.extend(payload);
    bytes
}

/// A TCP segment in IPv4 in Ethernet.
pub fn frame(payload: &[u8]) -> Vec<u8> {
    [&[2; 12][..], &[0x08, 0x00], &ipv4(6, 0, &tcp(&TCP, 0, payload))].concat()
}

/// Byte order and resolution of a classic pcap file.
#[derive(Clone, Copy, Debug)]
pub struct Classic {
    pub big_endian: bool,
    pub nanoseconds: bool,
    pub link: u32,
}

impl Classic {
    /// A file of packets: seconds, fraction, captured bytes, length on the wire.
    pub fn file(self, packets: &[(u32, u32, &[u8], u32)]) -> Vec<u8> {
        let magic = if self.nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
        let mut bytes = self.words(&[magic]);
        bytes.extend(if self.big_endian { [0, 2, 0, 4] } else { [2, 0, 4, 0] });
        bytes.extend(self.words(&[0, 0, 262_144, self.link]));
        for &(seconds, fraction, data, wire_length) in packets {
            bytes.extend(self.words(&[seconds, fraction, data.len() as u32, wire_length]));
            bytes.extend(data);
        }
        bytes
    }

    fn words(self, words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|&word| order(self.big_endian, word)).collect()
    }
}

/// A pcapng file in the making.
#[derive(Clone, Default)]
pub struct Ng {
    pub bytes: Vec<u8>,
    big_endian: bool,
}

impl Ng {
    /// Starts a section.
    pub fn section(mut self, big_endian: bool) -> Self {
        self.big_endian = big_endian;
        let version: [u8; 4] = if big_endian { [0, 1, 0, 0] } else { [1, 0, 0, 0] };
        let body = [&order(big_endian, 0x1a2b_3c4d)[..], &version, &[0xff; 8]].concat();
        self.block(0x0a0d_0d0a, &body)
    }

    /// Describes an interface; options as (code, value).
    pub fn interface(self, link: u16, snap_length: u32, options: &[(u16, &[u8])]) -> Self {
        let mut body = self.half(link).to_vec();
        body.extend([0, 0]);
        body.extend(order(self.big_endian, snap_length));
        body.extend(self.options(options));
        self.block(1, &body)
    }

    /// An enhanced packet block.
    pub fn packet(self, interface: u32, ticks: u64, data: &[u8], options: &[(u16, &[u8])]) -> Self {
        let length = data.len() as u32;
        let words = [interface, (ticks >> 32) as u32, ticks as u32, length, length];
        let mut body: Vec<u8> =
            words.iter().flat_map(|&word| order(self.big_endian, word)).collect();
        body.extend(padded(data));
        body.extend(self.options(options));
        self.block(6, &body)
    }

    /// A simple packet block.
    pub fn simple_packet(self, wire_length: u32, data: &[u8]) -> Self {
        let body = [&order(self.big_endian, wire_length)[..], &padded(data)].concat();
        self.block(3, &body)
    }

    /// An obsolete packet block.
    pub fn obsolete_packet(self, interface: u16, ticks: u64, data: &[u8]) -> Self {
        let mut body = self.half(interface).to_vec();
        body.extend([0xff, 0xff]);
        let length = data.len() as u32;
        for word in [(ticks >> 32) as u32, ticks as u32, length, length + 1] {
            body.extend(order(self.big_endian, word));
        }
        body.extend(padded(data));
        self.block(2, &body)
    }

    /// Any block.
    pub fn block(mut self, kind: u32, body: &[u8]) -> Self {
        let length = order(self.big_endian, body.len() as u32 + 12);
        let kind = order(self.big_endian, kind);
        self.bytes.extend([&kind[..], &length, body, &length].concat());
        self
    }

    fn options(&self, options: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (code, value) in options {
            bytes.extend(self.half(*code));
            bytes.extend(self.half(value.len() as u16));
            bytes.extend(padded(value));
        }
        if !options.is_empty() {
            bytes.extend([0; 4]);
        }
        bytes
    }

    fn half(&self, value: u16) -> [u8; 2] {
        if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }
}

fn order(big_endian: bool, word: u32) -> [u8; 4] {
    if big_endian { word.to_be_bytes() } else { word.to_le_bytes() }
}

fn padded(data: &[u8]) -> Vec<u8> {
    let mut bytes = data.to_vec();
    bytes.resize(data.len().next_multiple_of(4), 0xee);
    bytes
}
