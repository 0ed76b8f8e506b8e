//! Link layers: where the IP packet starts in a captured frame.

use super::Skip;

/// A link type (<https://www.tcpdump.org/linktypes.html>), as far as it is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// 1
    Ethernet,
    /// 12, 14, 101, 228 and 229: IP without a link layer.
    RawIp,
    /// 113: Linux "any" device.
    Cooked,
    /// 276: Linux "any" device, version 2.
    Cooked2,
    /// 0 and 108: BSD loopback, with the address family in either byte order.
    Loopback,
    /// Any other.
    Unknown(u16),
}

impl Link {
    /// The link type of a number in a capture file.
    pub fn of(number: u16) -> Self {
        match number {
            0 | 108 => Self::Loopback,
            1 => Self::Ethernet,
            12 | 14 | 101 | 228 | 229 => Self::RawIp,
            113 => Self::Cooked,
            276 => Self::Cooked2,
            other => Self::Unknown(other),
        }
    }
}

/// The IP packet in a frame, with whatever the link layer put behind it.
pub fn network(link: Link, frame: &[u8]) -> Result<&[u8], Skip> {
    match link {
        Link::Ethernet => typed(frame, 12, 14),
        Link::RawIp => Ok(frame),
        Link::Cooked => typed(frame, 14, 16),
        Link::Cooked2 => typed(frame, 0, 20),
        Link::Loopback => loopback(frame),
        Link::Unknown(number) => Err(Skip::UnknownLink(number)),
    }
}

/// A header of `length` bytes with the `EtherType` at `at`, then any number of VLAN tags.
fn typed(frame: &[u8], at: usize, length: usize) -> Result<&[u8], Skip> {
    const IPV4: [u8; 2] = [0x08, 0x00];
    const IPV6: [u8; 2] = [0x86, 0xdd];
    // 802.1Q, 802.1ad, and the tag types from before 802.1ad.
    const VLAN: [[u8; 2]; 4] = [[0x81, 0x00], [0x88, 0xa8], [0x91, 0x00], [0x92, 0x00]];
    let mut ether_type = *frame.get(at..).and_then(<[u8]>::first_chunk).ok_or(Skip::Cut)?;
    let mut rest = frame.get(length..).ok_or(Skip::Cut)?;
    while VLAN.contains(&ether_type) {
        let (tag, behind) = rest.split_first_chunk::<4>().ok_or(Skip::Cut)?;
        ether_type = [tag[2], tag[3]];
        rest = behind;
    }
    if ether_type == IPV4 || ether_type == IPV6 { Ok(rest) } else { Err(Skip::NotTcp) }
}

/// The capturing system's address family in its own byte order (0) or the network's (108).
fn loopback(frame: &[u8]) -> Result<&[u8], Skip> {
    // IPv4; IPv6 on Linux, NetBSD and OpenBSD, FreeBSD, macOS.
    const FAMILIES: [u32; 5] = [2, 10, 24, 28, 30];
    let (family, rest) = frame.split_first_chunk().ok_or(Skip::Cut)?;
    let family = u32::from_le_bytes(*family);
    if FAMILIES.contains(&family) || FAMILIES.contains(&family.swap_bytes()) {
        Ok(rest)
    } else {
        Err(Skip::NotTcp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frame is a head, then the letters `ip`.
    #[track_caller]
    fn check(number: u16, head: &[u8], expect: Result<(), Skip>) {
        let frame = [head, b"ip"].concat();
        assert_eq!(network(Link::of(number), &frame), expect.map(|()| b"ip".as_slice()));
    }

    #[test]
    fn ethernet() {
        let check = |types: &[u8], expect| check(1, &[&[7; 12], types].concat(), expect);
        check(&[0x08, 0x00], Ok(()));
        check(&[0x86, 0xdd], Ok(()));
        check(&[0x08, 0x06], Err(Skip::NotTcp));
        check(&[0x00, 0x26], Err(Skip::NotTcp));
        check(&[0x81, 0x00, 0x20, 0x07, 0x08, 0x00], Ok(()));
        check(&[0x88, 0xa8, 0, 1, 0x81, 0x00, 0, 2, 0x86, 0xdd], Ok(()));
        check(&[0x91, 0x00, 0, 1, 0x92, 0x00, 0, 2, 0x81, 0x00, 0, 3, 0x08, 0x00], Ok(()));
        check(&[0x81, 0x00, 0, 1, 0x08, 0x06], Err(Skip::NotTcp));
        check(&[0x81, 0x00], Err(Skip::Cut));
    }

    #[test]
    fn other_links() {
        for number in [12, 14, 101, 228, 229] {
            check(number, &[], Ok(()));
        }
        for family in [2, 10, 24, 28, 30] {
            check(0, &[family, 0, 0, 0], Ok(()));
            check(0, &[0, 0, 0, family], Ok(()));
            check(108, &[0, 0, 0, family], Ok(()));
        }
        check(0, &[7, 0, 0, 0], Err(Skip::NotTcp));
        check(113, &[&[0; 14][..], &[0x08, 0x00]].concat(), Ok(()));
        check(113, &[&[0; 14][..], &[0x81, 0x00, 0, 1, 0x86, 0xdd]].concat(), Ok(()));
        check(113, &[&[0; 14][..], &[0x00, 0x04]].concat(), Err(Skip::NotTcp));
        check(276, &[&[0x86, 0xdd][..], &[0; 18]].concat(), Ok(()));
        check(276, &[&[0x81, 0x00][..], &[0; 18], &[0, 1, 0x08, 0x00]].concat(), Ok(()));
        check(127, &[], Err(Skip::UnknownLink(127)));
    }

    #[test]
    fn frames_shorter_than_their_header() {
        let check = |number, length: usize| {
            let frame = vec![0x08; length];
            assert_eq!(network(Link::of(number), &frame), Err(Skip::Cut), "{number} {length}");
        };
        for (number, header) in [(0, 4), (1, 14), (108, 4), (113, 16), (276, 20)] {
            (0..header).for_each(|length| check(number, length));
        }
    }
}
