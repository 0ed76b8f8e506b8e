//! IPv4, IPv6 and TCP headers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use etherparse::{IpNumber, Ipv6Header, LaxIpSlice, err};

use crate::capture::TcpFlags;

use super::Skip;

/// A TCP segment with its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpPacket<'a> {
    pub source: SocketAddr,
    pub destination: SocketAddr,
    pub sequence: u32,
    pub acknowledgement: u32,
    pub flags: TcpFlags,
    /// Payload bytes on the wire, by the IP header.
    pub length: u32,
    /// Those that were captured.
    pub payload: &'a [u8],
}

/// Bytes of a TCP header without options (RFC 9293 section 3.1).
const MINIMUM: usize = 20;

/// Takes an IP packet apart. `wire_length` is its length before any cut, padding included; it
/// counts only where the IP header has no length (segmentation offload captured before the
/// network card filled it in, and jumbograms).
#[inline]
pub fn tcp(packet: &[u8], wire_length: usize) -> Result<TcpPacket<'_>, Skip> {
    let ip = match Headers::plain(packet) {
        Some(ip) => ip,
        None => Headers::any(packet)?,
    };
    let length = if ip.stated == 0 { wire_length.max(packet.len()) } else { ip.stated };
    let room = length.checked_sub(ip.length + MINIMUM).ok_or(Skip::Malformed)?;
    let segment = packet.get(ip.length..packet.len().min(length)).ok_or(Skip::Cut)?;
    let header = segment.first_chunk::<MINIMUM>().ok_or(Skip::Cut)?;
    let half = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let word = |at: usize| u32::from(half(at)) << 16 | u32::from(half(at + 2));
    let header_length = usize::from(header[12] >> 4) * 4;
    let options = header_length.checked_sub(MINIMUM).ok_or(Skip::Malformed)?;
    let length = room.checked_sub(options).ok_or(Skip::Malformed)?;
    Ok(TcpPacket {
        source: SocketAddr::new(ip.source, half(0)),
        destination: SocketAddr::new(ip.destination, half(2)),
        sequence: word(4),
        acknowledgement: word(8),
        flags: TcpFlags(header[13]),
        length: u32::try_from(length).map_err(|_| Skip::Malformed)?,
        // Options may be cut off, and with them the whole payload.
        payload: segment.get(header_length..).unwrap_or_default(),
    })
}

/// All that lies before the TCP header.
struct Headers {
    source: IpAddr,
    destination: IpAddr,
    /// Bytes before the TCP header.
    length: usize,
    /// Bytes of the whole packet by the IP header; zero when it does not say.
    stated: usize,
}

impl Headers {
    /// IPv4 without options and IPv6 without extensions (RFC 791 section 3.1, RFC 8200
    /// section 3), as nearly all packets are: 8 ns where the general way takes 28.
    #[inline]
    fn plain(packet: &[u8]) -> Option<Self> {
        if let Some(&[0x45, _, a, b, _, _, flags, offset, _, TCP, _, _, ref addresses @ ..]) =
            packet.first_chunk::<20>()
            // Neither "more fragments" nor an offset.
            && flags & 0x3f | offset == 0
        {
            let [source, destination] = halves::<4>(addresses)?;
            return Some(Self {
                source: Ipv4Addr::from(source).into(),
                destination: Ipv4Addr::from(destination).into(),
                length: 20,
                stated: u16::from_be_bytes([a, b]).into(),
            });
        }
        if let Some(&[version, _, _, _, a, b, TCP, _, ref addresses @ ..]) =
            packet.first_chunk::<40>()
            && version >> 4 == 6
        {
            let [source, destination] = halves::<16>(addresses)?;
            return Some(Self {
                source: Ipv6Addr::from(source).into(),
                destination: Ipv6Addr::from(destination).into(),
                length: Ipv6Header::LEN,
                stated: ipv6_length(u16::from_be_bytes([a, b])),
            });
        }
        None
    }

    /// Any packet, with options and extension headers.
    #[cold]
    fn any(packet: &[u8]) -> Result<Self, Skip> {
        let (ip, stopped) = LaxIpSlice::from_slice(packet).map_err(|error| match error {
            err::ip::LaxHeaderSliceError::Len(_) => Skip::Cut,
            err::ip::LaxHeaderSliceError::Content(_) => Skip::Malformed,
        })?;
        if ip.is_fragmenting_payload() {
            return Err(Skip::Fragment);
        }
        if let Some((error, _)) = stopped {
            return Err(match error {
                err::ipv6_exts::HeaderSliceError::Len(_) => Skip::Cut,
                err::ipv6_exts::HeaderSliceError::Content(_) => Skip::Malformed,
            });
        }
        let payload = ip.payload();
        if payload.ip_number != IpNumber::TCP {
            return Err(Skip::NotTcp);
        }
        Ok(Self {
            source: ip.source_addr(),
            destination: ip.destination_addr(),
            length: payload.payload.as_ptr().addr() - packet.as_ptr().addr(),
            stated: match &ip {
                LaxIpSlice::Ipv4(ip) => ip.header().total_len().into(),
                LaxIpSlice::Ipv6(ip) => ipv6_length(ip.header().payload_length()),
            },
        })
    }
}

const TCP: u8 = IpNumber::TCP.0;

fn ipv6_length(payload: u16) -> usize {
    if payload == 0 { 0 } else { Ipv6Header::LEN + usize::from(payload) }
}

fn halves<const N: usize>(bytes: &[u8]) -> Option<[[u8; N]; 2]> {
    let (first, second) = bytes.split_first_chunk()?;
    Some([*first, *second.first_chunk()?])
}

#[cfg(test)]
mod tests;
