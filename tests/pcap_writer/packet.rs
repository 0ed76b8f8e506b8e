//! TCP packets in Ethernet frames.

use std::net::{IpAddr, SocketAddr};

/// A captured frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Nanoseconds since the Unix epoch.
    pub time: u64,
    /// The Ethernet frame.
    pub frame: Vec<u8>,
}

/// What a TCP segment says.
#[derive(Clone, Copy, Debug)]
pub struct Tcp<'a> {
    /// Who sends; of the same family as `destination`.
    pub source: SocketAddr,
    /// Who receives.
    pub destination: SocketAddr,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgement number.
    pub acknowledgement: u32,
    /// The flag byte.
    pub flags: u8,
    /// At most 65,000 bytes.
    pub payload: &'a [u8],
}

/// FIN
pub const FIN: u8 = 0x01;
/// SYN
pub const SYN: u8 = 0x02;
/// RST
pub const RST: u8 = 0x04;
/// PSH
pub const PSH: u8 = 0x08;
/// ACK
pub const ACK: u8 = 0x10;

impl Tcp<'_> {
    /// The segment in an IPv4 or IPv6 packet in an Ethernet frame, with right checksums.
    pub fn frame(&self) -> Vec<u8> {
        let mut frame = Vec::with_capacity(14 + 40 + 20 + self.payload.len());
        frame.extend_from_slice(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);
        let length = (20 + self.payload.len()) as u16;
        // RFC 9293 section 3.1: the addresses, the protocol and the length are summed too.
        let pseudo = self.network(&mut frame, length) + 6 + u32::from(length);
        let start = frame.len();
        self.transport(&mut frame);
        let sum = checksum(pseudo, &frame[start..]);
        frame[start + 16..start + 18].copy_from_slice(&sum);
        frame
    }

    /// Gives the sum over the addresses.
    fn network(&self, frame: &mut Vec<u8>, length: u16) -> u32 {
        match (self.source.ip(), self.destination.ip()) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let addresses = [source.octets(), destination.octets()].concat();
                let total = (length + 20).to_be_bytes();
                frame.extend_from_slice(&[0x08, 0x00]);
                let start = frame.len();
                frame.extend_from_slice(&[0x45, 0, total[0], total[1], 0, 0, 0x40, 0, 64, 6, 0, 0]);
                frame.extend_from_slice(&addresses);
                let sum = checksum(0, &frame[start..]);
                frame[start + 10..start + 12].copy_from_slice(&sum);
                words(&addresses)
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let addresses = [source.octets(), destination.octets()].concat();
                let payload = length.to_be_bytes();
                frame
                    .extend_from_slice(&[0x86, 0xdd, 0x60, 0, 0, 0, payload[0], payload[1], 6, 64]);
                frame.extend_from_slice(&addresses);
                words(&addresses)
            }
            _ => panic!("{} and {} are of two families", self.source, self.destination),
        }
    }

    fn transport(&self, frame: &mut Vec<u8>) {
        frame.extend_from_slice(&self.source.port().to_be_bytes());
        frame.extend_from_slice(&self.destination.port().to_be_bytes());
        frame.extend_from_slice(&self.sequence.to_be_bytes());
        frame.extend_from_slice(&self.acknowledgement.to_be_bytes());
        frame.extend_from_slice(&[0x50, self.flags, 0xff, 0xff, 0, 0, 0, 0]);
        frame.extend_from_slice(self.payload);
    }
}

/// The internet checksum (RFC 1071).
fn checksum(start: u32, bytes: &[u8]) -> [u8; 2] {
    let mut sum = start + words(bytes);
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!(sum as u16)).to_be_bytes()
}

fn words(bytes: &[u8]) -> u32 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
    bytes.chunks(2).map(word).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums() {
        let check = |bytes: &[u8], expect: [u8; 2]| assert_eq!(checksum(0, bytes), expect);
        // The example of RFC 1071 section 3, whose sum is ddf2, and an odd length.
        check(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7], [0x22, 0x0d]);
        check(&[0x00, 0x01, 0xf2], [0x0d, 0xfe]);
    }

    /// A receiver sums everything, the checksum included, to all ones.
    #[test]
    fn receivers_agree() {
        for (source, destination, header) in
            [("10.0.0.1:1", "10.0.0.2:2", 34), ("[fd00::1]:1", "[fd00::2]:2", 54)]
        {
            let tcp = Tcp {
                source: source.parse().expect("an address"),
                destination: destination.parse().expect("an address"),
                sequence: 0xdead_beef,
                acknowledgement: 0xcafe_f00d,
                flags: PSH | ACK,
                payload: b"odd",
            };
            let frame = tcp.frame();
            let addresses = if header == 34 { 26 } else { 22 };
            let pseudo = words(&frame[addresses..header]) + 6 + 23;
            assert_eq!(checksum(pseudo, &frame[header..]), [0, 0]);
            if header == 34 {
                assert_eq!(checksum(0, &frame[14..header]), [0, 0]);
            }
        }
    }
}
