//! The classic pcap format (draft-ietf-opsawg-pcap): a file header, then packets.

use std::io::Read;

use pcap_parser::{
    LegacyPcapBlock, PcapError, PcapHeader,
    nom::{self, IResult, Needed},
    parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified, parse_pcap_header,
};

use crate::exchange::Timestamp;

use super::{
    Packet,
    link::Link,
    window::{LONGEST, Window},
};

const FILE_HEADER: usize = 24;

/// Magic numbers as they lie in the file: micro- and nanoseconds in both byte orders, and the
/// variant with longer packet headers that some Linux distributions wrote.
const MAGICS: [[u8; 4]; 5] = [
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0x4d, 0x3c, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
    [0x34, 0xcd, 0xb2, 0xa1],
];

/// Whether a file that starts so is in this format.
pub fn recognises(start: &[u8]) -> bool {
    MAGICS.iter().any(|magic| start.starts_with(magic))
}

/// Reads all packets; the error is what stopped it before the end of the file.
pub fn read<R: Read>(
    window: &mut Window<'_, R>,
    on_packet: &mut impl FnMut(&Packet<'_>),
) -> Result<(), String> {
    let Ok((_, header)) = parse_pcap_header(window.peek(FILE_HEADER)) else {
        return Err("the file ends inside its header".into());
    };
    window.consume(FILE_HEADER);
    // The upper half holds frame check sequence flags.
    let link = Link::of(header.network.0 as u16);
    let nanoseconds_per_tick = if header.is_nanosecond_precision() { 1 } else { 1_000 };
    let parse = packet_parser(&header);
    loop {
        let bytes = window.peek(1);
        let available = bytes.len();
        if available == 0 {
            return Ok(());
        }
        match parse(bytes) {
            Ok((rest, block)) => {
                let length = available - rest.len();
                let seconds = u64::from(block.ts_sec) * 1_000_000_000;
                let fraction = u64::from(block.ts_usec) * nanoseconds_per_tick;
                on_packet(&Packet {
                    link,
                    time: Timestamp(seconds + fraction),
                    data: block.data,
                    wire_length: block.origlen,
                });
                window.consume(length);
            }
            Err(nom::Err::Incomplete(Needed::Size(more))) => {
                refill(window, available.saturating_add(more.get()))?;
            }
            Err(_) => return Err(format!("no packet at byte {}", window.offset())),
        }
    }
}

type PacketParser = fn(&[u8]) -> IResult<&[u8], LegacyPcapBlock<'_>, PcapError<&[u8]>>;

fn packet_parser(header: &PcapHeader) -> PacketParser {
    if header.is_modified_format() {
        parse_pcap_frame_modified
    } else if header.is_bigendian() {
        parse_pcap_frame_be
    } else {
        parse_pcap_frame
    }
}

/// Brings `length` bytes into memory for the packet at the window's start.
fn refill<R: Read>(window: &mut Window<'_, R>, length: usize) -> Result<(), String> {
    let offset = window.offset();
    if length > LONGEST {
        return Err(format!("a packet of about {length} bytes at byte {offset}, which is corrupt"));
    }
    if window.peek(length).len() < length {
        return Err(format!("the file ends inside the packet at byte {offset}"));
    }
    Ok(())
}
