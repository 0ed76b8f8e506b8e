//! IP and TCP headers. Where they lie is found with as little as possible, since every packet of
//! the node asks for it; the rest is read when a segment is copied.

use aya_ebpf::programs::SkBuffContext;

const IPPROTO_HOP_BY_HOP: u8 = 0;
const IPPROTO_TCP: u8 = 6;
const IPPROTO_ROUTING: u8 = 43;
const IPPROTO_DESTINATION: u8 = 60;
/// IPv6 extension headers followed before a packet is given up.
const MAX_EXTENSIONS: usize = 4;
/// Headers without options.
const IPV4: u32 = 20;
const IPV6: u32 = 40;
const TCP: u32 = 20;
/// First byte of an IPv4 header without options.
const PLAIN_IPV4: u8 = 0x45;

/// Where the parts of a TCP segment lie.
pub struct Packet {
    pub ipv6: bool,
    /// Offset of the TCP header.
    transport: u32,
    pub tcp_flags: u8,
    /// Offset of the payload.
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

/// What a TCP header says of the place of its payload.
#[derive(Clone, Copy)]
pub struct Numbers {
    pub source_port: u16,
    pub destination_port: u16,
    pub sequence: u32,
    pub acknowledgement: u32,
}

impl Packet {
    #[inline(always)]
    pub fn numbers(&self, context: &SkBuffContext) -> Option<Numbers> {
        let header = context.load::<[u8; 12]>(self.transport as usize).ok()?;
        Some(Numbers {
            source_port: u16::from_be_bytes([header[0], header[1]]),
            destination_port: u16::from_be_bytes([header[2], header[3]]),
            sequence: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
            acknowledgement: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
        })
    }

    /// Source and destination address; of an IPv4 one the first four bytes.
    #[inline(always)]
    pub fn addresses(&self, context: &SkBuffContext) -> Option<([u8; 16], [u8; 16])> {
        if self.ipv6 {
            let [source, destination] = context.load::<[[u8; 16]; 2]>(8).ok()?;
            return Some((source, destination));
        }
        let [from, to] = context.load::<[[u8; 4]; 2]>(12).ok()?;
        let mut source = [0; 16];
        let mut destination = [0; 16];
        source[..4].copy_from_slice(&from);
        destination[..4].copy_from_slice(&to);
        Some((source, destination))
    }
}

#[inline(always)]
pub fn parse(context: &SkBuffContext) -> Parsed {
    // SAFETY: context fields.
    let (data, end) = unsafe { ((*context.skb.skb).data, (*context.skb.skb).data_end) };
    let (data, end) = (data as usize, end as usize);
    if data + (IPV4 + TCP) as usize <= end {
        // SAFETY: the byte lies before `end`, which the verifier checks too.
        let byte = |offset: u32| unsafe { *((data + offset as usize) as *const u8) };
        if byte(0) == PLAIN_IPV4 {
            if byte(9) != IPPROTO_TCP {
                return Parsed::Other;
            }
            return tcp(context, IPV4, byte(IPV4 + 12), byte(IPV4 + 13), false);
        }
    }
    uncommon(context)
}

/// IPv6, IPv4 with options, and headers that do not lie in one piece.
#[inline(always)]
fn uncommon(context: &SkBuffContext) -> Parsed {
    let Ok(first) = context.load::<u8>(0) else { return Parsed::Broken };
    let (protocol, transport, ipv6) = match first >> 4 {
        4 => {
            let Ok(protocol) = context.load::<u8>(9) else { return Parsed::Broken };
            (protocol, u32::from(first & 0x0f) * 4, false)
        }
        6 => {
            let Ok(next) = context.load::<u8>(6) else { return Parsed::Broken };
            let Some((protocol, transport)) = extensions(context, next) else {
                return Parsed::Broken;
            };
            (protocol, transport, true)
        }
        _ => return Parsed::Other,
    };
    if protocol != IPPROTO_TCP {
        return Parsed::Other;
    }
    match context.load::<[u8; 2]>(transport as usize + 12) {
        Ok([offset, flags]) => tcp(context, transport, offset, flags, ipv6),
        Err(_) => Parsed::Broken,
    }
}

/// Steps over IPv6 extension headers.
#[inline(always)]
fn extensions(context: &SkBuffContext, mut next: u8) -> Option<(u8, u32)> {
    let mut offset = IPV6;
    for _ in 0..MAX_EXTENSIONS {
        match next {
            IPPROTO_HOP_BY_HOP | IPPROTO_ROUTING | IPPROTO_DESTINATION => {
                let extension = context.load::<[u8; 2]>(offset as usize).ok()?;
                next = extension[0];
                offset += (u32::from(extension[1]) + 1) * 8;
            }
            _ => break,
        }
    }
    Some((next, offset))
}

/// The payload runs to the end of the packet: the stack has trimmed padding, and the length
/// field of a segment over 64 KiB is zero.
#[inline(always)]
fn tcp(
    context: &SkBuffContext,
    transport: u32,
    data_offset: u8,
    tcp_flags: u8,
    ipv6: bool,
) -> Parsed {
    let payload = transport + u32::from(data_offset >> 4) * 4;
    match context.len().checked_sub(payload) {
        Some(length) => Parsed::Tcp(Packet { ipv6, transport, tcp_flags, payload, length }),
        None => Parsed::Broken,
    }
}
