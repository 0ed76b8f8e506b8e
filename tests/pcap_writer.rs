//! Capture files for tests and benchmarks, written packet by packet.

pub mod conversation;
pub mod endpoints;
pub mod load;
pub mod packet;
pub mod tls;

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

pub use self::{
    conversation::Conversation, endpoints::endpoints, load::exchanges, packet::Packet,
    tls::exchanges_over_tls,
};

/// A classic pcap file with nanosecond times and Ethernet frames.
pub struct PcapWriter<W> {
    output: W,
}

impl PcapWriter<BufWriter<File>> {
    /// Creates or replaces a file.
    pub fn create(path: &Path) -> io::Result<Self> {
        Self::new(BufWriter::with_capacity(1 << 20, File::create(path)?))
    }
}

impl<W: Write> PcapWriter<W> {
    /// Writes the file header.
    pub fn new(mut output: W) -> io::Result<Self> {
        output.write_all(&0xa1b2_3c4d_u32.to_le_bytes())?;
        output.write_all(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
        output.write_all(&262_144_u32.to_le_bytes())?;
        output.write_all(&1_u32.to_le_bytes())?;
        Ok(Self { output })
    }

    /// Writes one packet.
    pub fn packet(&mut self, packet: &Packet) -> io::Result<()> {
        let length = packet.frame.len() as u32;
        let mut header = [0; 16];
        header[..4].copy_from_slice(&((packet.time / 1_000_000_000) as u32).to_le_bytes());
        header[4..8].copy_from_slice(&((packet.time % 1_000_000_000) as u32).to_le_bytes());
        header[8..12].copy_from_slice(&length.to_le_bytes());
        header[12..].copy_from_slice(&length.to_le_bytes());
        self.output.write_all(&header)?;
        self.output.write_all(&packet.frame)
    }

    /// Writes what is buffered and gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }
}

/// A capture of packets in the order given, as the bytes of a file.
pub fn bytes<'a>(packets: impl IntoIterator<Item = &'a Packet>) -> Vec<u8> {
    let mut writer = PcapWriter::new(Vec::new()).expect("a vector takes all");
    for packet in packets {
        writer.packet(packet).expect("a vector takes all");
    }
    writer.output
}

#[cfg(test)]
mod tests {
    use sensor::capture::{Direction, Segment, pcap};

    use super::*;

    type Seen = (u64, Direction, u32, u32, u8, Vec<u8>);

    fn read(packets: &[Packet]) -> (pcap::Summary, Vec<Seen>) {
        let mut seen = Vec::new();
        let file = bytes(packets);
        let mut sink = |segment: &Segment<'_>| {
            let payload = segment.payload.to_vec();
            assert_eq!(payload.len(), segment.length as usize);
            seen.push((
                segment.connection.0,
                segment.direction,
                segment.sequence,
                segment.acknowledgement,
                segment.flags.0,
                payload,
            ));
        };
        let summary = pcap::read_from(Path::new("test"), &file[..], &mut |_| {}, &mut sink)
            .expect("the writer writes captures");
        (summary, seen)
    }

    fn conversation(address: &str) -> Conversation {
        let end = |port: u16| format!("{address}:{port}").parse().expect("an address");
        Conversation::new(end(40_000), end(80))
    }

    #[test]
    fn conversations_read_back() {
        for address in ["127.0.0.1", "[::1]"] {
            let mut conversation = conversation(address);
            conversation.handshake().client(b"question").server(b"answer").close();
            let (summary, seen) = read(&conversation.packets);
            assert_eq!((summary.segments, summary.packets, summary.connections), (8, 8, 1));
            let from = |wanted: Direction| {
                let payloads =
                    seen.iter().filter(|seen| seen.1 == wanted).map(|seen| seen.5.clone());
                payloads.collect::<Vec<_>>().concat()
            };
            assert_eq!(from(Direction::Outbound), b"question");
            assert_eq!(from(Direction::Inbound), b"answer");
            let flags: Vec<u8> = seen.iter().map(|seen| seen.4).collect();
            assert_eq!(flags, [0x02, 0x12, 0x10, 0x18, 0x18, 0x11, 0x11, 0x10]);
        }
    }

    #[test]
    fn numbers_follow_the_bytes() {
        let mut conversation = conversation("10.0.0.1");
        conversation.client_starts_at(u32::MAX).server_starts_at(7);
        conversation.handshake().client(b"abc").server(b"de");
        let (_, seen) = read(&conversation.packets);
        let numbers: Vec<_> = seen.iter().map(|seen| (seen.2, seen.3)).collect();
        assert_eq!(numbers, [(u32::MAX, 0), (7, 0), (0, 8), (0, 8), (8, 3)]);
    }

    #[test]
    fn losses_and_disorder() {
        let mut conversation = conversation("10.0.0.1");
        conversation.client(b"a").unseen(|conversation| {
            conversation.client(b"b");
        });
        conversation.client(b"c").client(b"d").swap_last_two().repeat_last();
        let (_, seen) = read(&conversation.packets);
        let payloads: Vec<_> = seen.iter().map(|seen| seen.5.as_slice()).collect();
        assert_eq!(payloads, [b"a", b"d", b"c", b"c"]);
        let first = seen[0].2;
        let offsets: Vec<_> = seen.iter().map(|seen| seen.2.wrapping_sub(first)).collect();
        assert_eq!(offsets, [0, 3, 2, 2]);
    }

    #[test]
    fn long_data_is_segmented() {
        let mut conversation = conversation("10.0.0.1");
        conversation.server(&[b'x'; 4_000]);
        let (_, seen) = read(&conversation.packets);
        let lengths: Vec<_> = seen.iter().map(|seen| seen.5.len()).collect();
        assert_eq!(lengths, [1_460, 1_460, 1_080]);
    }
}
