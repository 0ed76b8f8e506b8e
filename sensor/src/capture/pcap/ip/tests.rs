use proptest::prelude::*;

use super::{super::tests::sample, *};

const PAYLOAD: &[u8] = b"payload";

fn tcp_header(options: usize) -> Vec<u8> {
    sample::tcp(&sample::TCP, options, PAYLOAD)
}

fn ipv4(options: usize) -> Vec<u8> {
    sample::ipv4(6, options, &tcp_header(0))
}

fn ipv6() -> Vec<u8> {
    sample::ipv6(6, &tcp_header(0))
}

/// An IPv6 extension header of `length` bytes in front of `next`.
fn extension(next: u8, length: usize, rest: &[u8]) -> Vec<u8> {
    let mut header = vec![0; length];
    header[0] = next;
    header[1] = (length / 8 - 1) as u8;
    [&header, rest].concat()
}

/// Hop-by-hop options, destination options, routing, fragment.
fn ipv6_extended(fragment: [u8; 2]) -> Vec<u8> {
    let rest = [&[6, 0, fragment[0], fragment[1], 0, 0, 0, 1], &tcp_header(0)[..]].concat();
    let rest = extension(44, 24, &rest);
    let rest = extension(43, 16, &rest);
    sample::ipv6(0, &extension(60, 8, &rest))
}

/// RFC 4302 section 2: the length counts words of 32 bits, minus 2.
fn authenticated() -> Vec<u8> {
    [&[6, 4, 0, 0][..], &[1; 20], &tcp_header(0)].concat()
}

fn every_shape() -> Vec<Vec<u8>> {
    vec![
        ipv4(0),
        ipv4(40),
        ipv6(),
        ipv6_extended([0, 0]),
        sample::ipv4(51, 0, &authenticated()),
        sample::ipv6(51, &authenticated()),
        sample::ipv4(6, 0, &tcp_header(12)),
        sample::ipv6(6, &tcp_header(40)),
    ]
}

fn with(mut packet: Vec<u8>, changes: &[(usize, u8)]) -> Vec<u8> {
    for &(at, value) in changes {
        packet[at] = value;
    }
    packet
}

/// Expects the payload as captured, and its length on the wire.
#[track_caller]
fn check(packet: &[u8], wire_length: usize, expect: Result<(&[u8], u32), Skip>) {
    let found = tcp(packet, wire_length);
    if let Ok(tcp) = &found {
        assert_eq!((tcp.source.port(), tcp.destination.port()), (4_000, 80));
        assert_eq!((tcp.sequence, tcp.acknowledgement, tcp.flags.0), (0x0102_0304, 9, 0x18));
        assert_ne!(tcp.source.ip(), tcp.destination.ip());
    }
    assert_eq!(found.map(|tcp| (tcp.payload, tcp.length)), expect);
}

#[test]
fn whole_packets() {
    for packet in every_shape() {
        check(&packet, packet.len(), Ok((PAYLOAD, 7)));
    }
}

#[test]
fn addresses() {
    let ends = |packet: &[u8]| {
        let tcp = tcp(packet, packet.len()).expect("a segment");
        (tcp.source.to_string(), tcp.destination.to_string())
    };
    let expect = ("10.0.0.1:4000".into(), "10.0.0.2:80".into());
    assert_eq!(ends(&ipv4(0)), expect);
    assert_eq!(ends(&ipv4(4)), expect);
    let expect = ("[fd00::1]:4000".into(), "[fd00::2]:80".into());
    assert_eq!(ends(&ipv6()), expect);
    assert_eq!(ends(&ipv6_extended([0, 0])), expect);
}

#[test]
fn padding_is_no_payload() {
    for packet in every_shape() {
        let padded = [&packet[..], &[0; 18]].concat();
        check(&padded, padded.len(), Ok((PAYLOAD, 7)));
    }
}

#[test]
fn a_cut_keeps_the_true_length() {
    for packet in every_shape() {
        for cut in 0..PAYLOAD.len() {
            let captured = &packet[..packet.len() - PAYLOAD.len() + cut];
            check(captured, packet.len(), Ok((&PAYLOAD[..cut], 7)));
        }
    }
    // Into the TCP options, up to the 20 bytes before them.
    let packet = sample::ipv4(6, 0, &tcp_header(12));
    for cut in 40..52 {
        check(&packet[..cut], packet.len(), Ok((&[], 7)));
    }
    // Into the headers.
    let tcp_options = [0, 0, 0, 0, 0, 0, 12, 40];
    for (packet, options) in every_shape().iter().zip(tcp_options) {
        let needed = packet.len() - PAYLOAD.len() - options;
        for cut in 0..needed {
            check(&packet[..cut], packet.len(), Err(Skip::Cut));
        }
    }
}

#[test]
fn a_packet_without_length() {
    let offloaded = with(ipv4(0), &[(2, 0), (3, 0)]);
    check(&offloaded, offloaded.len(), Ok((PAYLOAD, 7)));
    check(&offloaded[..42], offloaded.len(), Ok((&PAYLOAD[..2], 7)));
    // A wire length that is too short is not believed.
    check(&offloaded, 3, Ok((PAYLOAD, 7)));
    let jumbogram = with(ipv6(), &[(4, 0), (5, 0)]);
    check(&jumbogram, jumbogram.len() + 100_000, Ok((PAYLOAD, 100_007)));
    let extended = with(ipv6_extended([0, 0]), &[(4, 0), (5, 0)]);
    check(&extended, extended.len(), Ok((PAYLOAD, 7)));
}

#[test]
fn fragments() {
    let check = |packet: Vec<u8>, expect| check(&packet, packet.len(), expect);
    check(with(ipv4(0), &[(6, 0x20)]), Err(Skip::Fragment));
    check(with(ipv4(0), &[(6, 0x00), (7, 1)]), Err(Skip::Fragment));
    check(with(ipv4(0), &[(6, 0x1f)]), Err(Skip::Fragment));
    check(with(ipv4(8), &[(6, 0x20)]), Err(Skip::Fragment));
    // "Do not fragment", and the reserved bit.
    check(with(ipv4(0), &[(6, 0xc0)]), Ok((PAYLOAD, 7)));
    check(ipv6_extended([0, 1]), Err(Skip::Fragment));
    check(ipv6_extended([0, 8]), Err(Skip::Fragment));
    check(ipv6_extended([0xff, 0xf8]), Err(Skip::Fragment));
    // An atomic fragment (RFC 6946) is whole.
    check(ipv6_extended([0, 0]), Ok((PAYLOAD, 7)));
}

#[test]
fn other_protocols() {
    let check = |packet: Vec<u8>| check(&packet, packet.len(), Err(Skip::NotTcp));
    for protocol in [1, 4, 17, 41, 47, 50, 58, 59, 132] {
        check(sample::ipv4(protocol, 0, &[0; 40]));
        check(sample::ipv6(protocol, &[0; 40]));
    }
    check(sample::ipv6(0, &extension(17, 8, &[0; 20])));
}

#[test]
fn contradictions() {
    let check = |packet: Vec<u8>| check(&packet, packet.len(), Err(Skip::Malformed));
    check(with(ipv4(0), &[(0, 0x55)]));
    check(with(ipv4(0), &[(0, 0x44)]));
    check(vec![0; 40]);
    // Total lengths that end inside the IP header, and inside the TCP header.
    check(with(ipv4(0), &[(2, 0), (3, 19)]));
    check(with(ipv4(0), &[(2, 0), (3, 39)]));
    check(with(ipv4(8), &[(2, 0), (3, 20)]));
    check(with(ipv6(), &[(4, 0), (5, 19)]));
    // TCP headers that end before they began, and behind the packet.
    check(with(ipv4(0), &[(32, 0x40)]));
    check(with(ipv4(0), &[(32, 0xf0)]));
    check(with(ipv6(), &[(52, 0x00)]));
}

proptest! {
    /// The two ways agree wherever the quick one answers.
    #[test]
    fn plain_is_as_any(
        shape in 0_usize..8,
        changes in prop::collection::vec((0_usize..200, any::<u8>()), 0..4),
        cut in 0_usize..200,
        wire_length in 0_usize..300,
    ) {
        let mut packet = every_shape().swap_remove(shape);
        for (at, value) in changes {
            let length = packet.len();
            packet[at % length] = value;
        }
        packet.truncate(packet.len().saturating_sub(cut % 40 * (cut % 2)));
        if let Some(plain) = Headers::plain(&packet) {
            let any = Headers::any(&packet).expect("the quick way takes no other");
            prop_assert_eq!(plain.source, any.source);
            prop_assert_eq!(plain.destination, any.destination);
            prop_assert_eq!((plain.length, plain.stated), (any.length, any.stated));
        }
        if let Ok(tcp) = tcp(&packet, wire_length) {
            prop_assert!(tcp.payload.len() <= tcp.length as usize);
        }
    }
}
