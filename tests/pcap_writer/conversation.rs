//! One TCP connection as a capture sees it.

use std::net::SocketAddr;

use super::packet::{ACK, FIN, PSH, Packet, RST, SYN, Tcp};

/// Payload bytes of a full segment.
const SEGMENT: usize = 1_460;

/// Nanoseconds between two packets.
const STEP: u64 = 10_000;

/// Builds the packets of a connection with the right numbers.
///
/// ```ignore
/// let mut conversation = Conversation::new(client, server);
/// conversation.handshake().client(b"GET / HTTP/1.1\r\n\r\n").server(b"...").close();
/// std::fs::write(path, pcap_writer::bytes(&conversation.packets))?;
/// ```
#[derive(Clone, Debug)]
pub struct Conversation {
    /// The packets so far, free to be changed.
    pub packets: Vec<Packet>,
    client: SocketAddr,
    server: SocketAddr,
    client_next: u32,
    server_next: u32,
    time: u64,
    unseen: bool,
}

impl AsMut<Self> for Conversation {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

impl Conversation {
    /// Nothing is sent yet.
    pub fn new(client: SocketAddr, server: SocketAddr) -> Self {
        Self {
            packets: Vec::new(),
            client,
            server,
            client_next: 1_000,
            server_next: 5_000,
            time: 1_700_000_000_000_000_000,
            unseen: false,
        }
    }

    /// Sets the client's next sequence number.
    pub fn client_starts_at(&mut self, sequence: u32) -> &mut Self {
        self.client_next = sequence;
        self
    }

    /// Sets the server's next sequence number.
    pub fn server_starts_at(&mut self, sequence: u32) -> &mut Self {
        self.server_next = sequence;
        self
    }

    /// Sets the time of the next packet, in nanoseconds since the Unix epoch.
    pub fn at(&mut self, time: u64) -> &mut Self {
        self.time = time;
        self
    }

    /// The time of the next packet.
    pub fn now(&self) -> u64 {
        self.time
    }

    /// SYN, SYN+ACK, ACK.
    pub fn handshake(&mut self) -> &mut Self {
        self.from_client(SYN, &[]).from_server(SYN | ACK, &[]).from_client(ACK, &[])
    }

    /// The client sends data, in as many segments as it takes.
    pub fn client(&mut self, data: &[u8]) -> &mut Self {
        for segment in data.chunks(SEGMENT) {
            self.from_client(PSH | ACK, segment);
        }
        self
    }

    /// The server sends data, in as many segments as it takes.
    pub fn server(&mut self, data: &[u8]) -> &mut Self {
        for segment in data.chunks(SEGMENT) {
            self.from_server(PSH | ACK, segment);
        }
        self
    }

    /// Both ends close: FIN from the client, FIN from the server, ACK.
    pub fn close(&mut self) -> &mut Self {
        self.from_client(FIN | ACK, &[]).from_server(FIN | ACK, &[]).from_client(ACK, &[])
    }

    /// The client resets.
    pub fn reset(&mut self) -> &mut Self {
        self.from_client(RST | ACK, &[])
    }

    /// The client sends one segment with these flags.
    pub fn from_client(&mut self, flags: u8, payload: &[u8]) -> &mut Self {
        self.send(Tcp {
            source: self.client,
            destination: self.server,
            sequence: self.client_next,
            acknowledgement: if flags & ACK == 0 { 0 } else { self.server_next },
            flags,
            payload,
        });
        self.client_next = self.client_next.wrapping_add(taken(flags, payload));
        self
    }

    /// The server sends one segment with these flags.
    pub fn from_server(&mut self, flags: u8, payload: &[u8]) -> &mut Self {
        self.send(Tcp {
            source: self.server,
            destination: self.client,
            sequence: self.server_next,
            acknowledgement: if flags & ACK == 0 { 0 } else { self.client_next },
            flags,
            payload,
        });
        self.server_next = self.server_next.wrapping_add(taken(flags, payload));
        self
    }

    /// What is sent inside is received by the other end but missing in the capture.
    pub fn unseen(&mut self, send: impl FnOnce(&mut Self)) -> &mut Self {
        self.unseen = true;
        send(self);
        self.unseen = false;
        self
    }

    /// The last packet is sent again.
    pub fn repeat_last(&mut self) -> &mut Self {
        let mut packet = self.packets.last().expect("a packet to repeat").clone();
        packet.time = self.tick();
        self.packets.push(packet);
        self
    }

    /// The last two packets were captured in the wrong order.
    pub fn swap_last_two(&mut self) -> &mut Self {
        let [.., before, last] = &mut self.packets[..] else { panic!("two packets to swap") };
        std::mem::swap(&mut before.frame, &mut last.frame);
        self
    }

    fn send(&mut self, tcp: Tcp<'_>) {
        let time = self.tick();
        if !self.unseen {
            self.packets.push(Packet { time, frame: tcp.frame() });
        }
    }

    fn tick(&mut self) -> u64 {
        let time = self.time;
        self.time += STEP;
        time
    }
}

/// Sequence numbers that a segment takes up.
fn taken(flags: u8, payload: &[u8]) -> u32 {
    payload.len() as u32 + u32::from(flags & SYN != 0) + u32::from(flags & FIN != 0)
}
