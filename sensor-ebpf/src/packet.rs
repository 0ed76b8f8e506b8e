//! IP and TCP headers, read through a helper so that no packet layout must be linear.

use aya_ebpf::programs::SkBuffContext;

const IPPROTO_HOP_BY_HOP: u8 = 0;
const IPPROTO_TCP: u8 = 6;
const IPPROTO_ROUTING: u8 = 43;
const IPPROTO_DESTINATION: u8 = 60;
/// IPv6 extension headers followed before a packet is given up.
const MAX_EXTENSIONS: usize = 4;

/// What is read of a TCP segment.
pub struct Packet {
    pub source: [u8; 16],
    pub destination: [u8; 16],
    pub ipv6: bool,
    pub source_port: u16,
    pub destination_port: u16,
    pub sequence: u32,
    pub acknowledgement: u32,
    pub tcp_flags: u8,
    /// Offset of the payload in the packet.
    pub payload: u32,
    /// Bytes of payload.
    pub length: u32,
}

pub enum Parsed {
    Tcp(Packet),
    /// Not TCP.
    Other,
    /// TCP, or an IP header, that could not be read.
    Broken,
}

#[inline(always)]
pub fn parse(context: &SkBuffContext) -> Parsed {
    let Ok(first) = context.load::<u8>(0) else { return Parsed::Broken };
    match first >> 4 {
        4 => ipv4(context),
        6 => ipv6(context),
        _ => Parsed::Other,
    }
}

#[inline(always)]
fn ipv4(context: &SkBuffContext) -> Parsed {
    let Ok(header) = context.load::<[u8; 20]>(0) else { return Parsed::Broken };
    if header[9] != IPPROTO_TCP {
        return Parsed::Other;
    }
    let mut source = [0; 16];
    let mut destination = [0; 16];
    source[..4].copy_from_slice(&header[12..16]);
    destination[..4].copy_from_slice(&header[16..20]);
    tcp(context, u32::from(header[0] & 0x0f) * 4, source, destination, false)
}

#[inline(always)]
fn ipv6(context: &SkBuffContext) -> Parsed {
    let Ok(header) = context.load::<[u8; 40]>(0) else { return Parsed::Broken };
    let mut next = header[6];
    let mut offset = 40;
    for _ in 0..MAX_EXTENSIONS {
        match next {
            IPPROTO_HOP_BY_HOP | IPPROTO_ROUTING | IPPROTO_DESTINATION => {
                let Ok(extension) = context.load::<[u8; 2]>(offset as usize) else {
                    return Parsed::Broken;
                };
                next = extension[0];
                offset += (u32::from(extension[1]) + 1) * 8;
            }
            _ => break,
        }
    }
    if next != IPPROTO_TCP {
        return Parsed::Other;
    }
    let mut source = [0; 16];
    let mut destination = [0; 16];
    source.copy_from_slice(&header[8..24]);
    destination.copy_from_slice(&header[24..40]);
    tcp(context, offset, source, destination, true)
}

/// The payload runs to the end of the packet: the stack has trimmed padding, and the length
/// field of a segment over 64 KiB is zero.
#[inline(always)]
fn tcp(
    context: &SkBuffContext,
    offset: u32,
    source: [u8; 16],
    destination: [u8; 16],
    ipv6: bool,
) -> Parsed {
    let Ok(header) = context.load::<[u8; 20]>(offset as usize) else { return Parsed::Broken };
    let payload = offset + u32::from(header[12] >> 4) * 4;
    let Some(length) = context.len().checked_sub(payload) else { return Parsed::Broken };
    Parsed::Tcp(Packet {
        source,
        destination,
        ipv6,
        source_port: u16::from_be_bytes([header[0], header[1]]),
        destination_port: u16::from_be_bytes([header[2], header[3]]),
        sequence: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
        acknowledgement: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
        tcp_flags: header[13],
        payload,
        length,
    })
}
