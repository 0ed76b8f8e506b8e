//! IPv4, IPv6 and TCP headers.

use std::net::{IpAddr, SocketAddr};

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

/// Takes an IP packet apart. `wire_length` is its length before any cut, padding included; it
/// counts only where the IP header has no length (segmentation offload captured before the
/// network card filled it in, and jumbograms).
pub fn tcp(packet: &[u8], wire_length: usize) -> Result<TcpPacket<'_>, Skip> {
    let (ip, stopped) = LaxIpSlice::from_slice(packet).map_err(|error| match error {
        err::ip::LaxHeaderSliceError::Len(_) => Skip::Cut,
        err::ip::LaxHeaderSliceError::Content(_) => Skip::Malformed,
    })?;
    if stopped.is_some() {
        return Err(Skip::Cut);
    }
    if ip.is_fragmenting_payload() {
        return Err(Skip::Fragment);
    }
    let payload = ip.payload();
    if payload.ip_number != IpNumber::TCP {
        return Err(Skip::NotTcp);
    }
    let stated = match &ip {
        LaxIpSlice::Ipv4(ip) => usize::from(ip.header().total_len()),
        LaxIpSlice::Ipv6(ip) => match ip.header().payload_length() {
            0 => 0,
            length => usize::from(length) + Ipv6Header::LEN,
        },
    };
    let headers = payload.payload.as_ptr() as usize - packet.as_ptr() as usize;
    let length = if stated == 0 { wire_length.max(packet.len()) } else { stated };
    let length = length.checked_sub(headers).ok_or(Skip::Malformed)?;
    segment(ip.source_addr(), ip.destination_addr(), payload.payload, length)
}

fn segment(
    source: IpAddr,
    destination: IpAddr,
    bytes: &[u8],
    length: usize,
) -> Result<TcpPacket<'_>, Skip> {
    let Some(header) = bytes.first_chunk::<20>() else { return Err(Skip::Cut) };
    let header_length = usize::from(header[12] >> 4) * 4;
    if header_length < header.len() {
        return Err(Skip::Malformed);
    }
    let word = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    Ok(TcpPacket {
        source: SocketAddr::new(source, u16::from_be_bytes([header[0], header[1]])),
        destination: SocketAddr::new(destination, u16::from_be_bytes([header[2], header[3]])),
        sequence: word(4),
        acknowledgement: word(8),
        flags: TcpFlags(header[13]),
        length: length.checked_sub(header_length).ok_or(Skip::Malformed)? as u32,
        // Options may be cut off, and with them the whole payload.
        payload: bytes.get(header_length..).unwrap_or_default(),
    })
}
