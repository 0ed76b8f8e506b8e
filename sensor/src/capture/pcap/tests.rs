//! Whole files.

mod broken;
mod formats;
pub mod sample;

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use super::*;

/// What a segment said: time, payload, true length.
type Seen = (u64, Vec<u8>, u32);

/// Reads a file that must be a capture.
#[track_caller]
fn segments(file: &[u8]) -> (Summary, Vec<Seen>) {
    try_segments(file).expect("a capture")
}

fn try_segments(source: impl Read) -> Result<(Summary, Vec<Seen>), Error> {
    let mut seen = Vec::new();
    let mut sink = |segment: &Segment<'_>| {
        seen.push((segment.time.0, segment.payload.to_vec(), segment.length));
    };
    let summary = read_from(Path::new("a.pcap"), source, &mut |_| {}, &mut sink)?;
    let Summary { segments, not_tcp, fragments, cut, malformed, unknown_link, .. } = summary;
    let counted = segments + not_tcp + fragments + cut + malformed + unknown_link;
    assert_eq!(summary.packets, counted, "every packet counts once");
    assert_eq!(summary.segments, seen.len() as u64);
    assert!(summary.connections <= summary.segments);
    Ok((summary, seen))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("a vector takes all");
    encoder.finish().expect("a vector takes all")
}

/// Three packets, one of them ARP.
fn classic() -> Vec<u8> {
    let arp = [&[2; 12][..], &[0x08, 0x06], &[0; 28]].concat();
    let (first, last) = (sample::frame(b"first"), sample::frame(b"last"));
    sample::Classic { big_endian: false, nanoseconds: true, link: 1 }.file(&[
        (1, 5, &first, first.len() as u32),
        (1, 6, &arp, arp.len() as u32),
        (2, 7, &last, last.len() as u32),
    ])
}

/// Two sections of both byte orders with every kind of packet block.
fn ng() -> Vec<u8> {
    sample::Ng::default()
        .section(false)
        .block(4, &[0; 20])
        .interface(1, 0, &[(2, b"eth0"), (9, &[9]), (9_999, b"odd")])
        .interface(101, 0, &[])
        .packet(0, 5, &sample::frame(b"one"), &[(1, b"a comment"), (2, &[0, 0, 0, 1])])
        .packet(1, 6, &sample::ipv4(6, 0, &sample::tcp(&sample::TCP, 0, b"three")), &[])
        .block(0xbad, &[0; 8])
        .simple_packet(sample::frame(b"five!").len() as u32, &sample::frame(b"five!"))
        .section(true)
        .interface(1, 0, &[(9, &[0x80]), (14, &10_i64.to_be_bytes())])
        .block(5, &[0; 12])
        .obsolete_packet(0, 7, &sample::frame(b"seven"))
        .packet(0, 8, &sample::frame(b"eight"), &[])
        .bytes
}
