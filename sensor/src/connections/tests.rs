//! Whole conversations as segments, with losses at every place.

use std::net::SocketAddr;

use super::*;
use crate::{
    capture::TcpFlags,
    exchange::{Missing, Role},
};

mod loss;

pub(super) const SYN: u8 = 0x02;
const FIN: u8 = 0x01;
const RST: u8 = 0x04;
pub(super) const ACK: u8 = 0x10;
const SECOND: u64 = 1_000_000_000;

pub(super) fn settings(source: Source) -> Settings {
    Settings {
        max_connections: 16,
        stream: stream::Limits { bytes: 1 << 16, wait: SECOND },
        memory: 1 << 20,
        http: http1::Limits {
            head_bytes: 8192,
            coded_bytes: 4096,
            decoded_bytes: 4096,
            keep_text: true,
        },
        idle: Duration::from_mins(1),
        source,
        tls: None,
    }
}

/// A segment as owned data. `local` is the client in half of the tests.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub direction: Direction,
    pub sequence: u32,
    pub acknowledgement: u32,
    pub flags: u8,
    pub length: u32,
    pub payload: Vec<u8>,
    pub skipped: u32,
    pub lost: u32,
    pub origin: Origin,
}

/// Writes both sides of a connection, with the right numbers.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub sent: Vec<Sent>,
    client: Direction,
    next: [u32; 2],
}

impl Wire {
    pub fn new(client: Direction) -> Self {
        Self { sent: Vec::new(), client, next: [u32::MAX - 50, 77] }
    }

    pub fn handshake(mut self) -> Self {
        self.send(0, SYN, b"", 0);
        self.send(1, SYN | ACK, b"", 0);
        self
    }

    pub fn request(&mut self, payload: &[u8]) {
        self.send(0, ACK, payload, payload.len());
    }

    pub fn response(&mut self, payload: &[u8]) {
        self.send(1, ACK, payload, payload.len());
    }

    /// Side 0 is the client. Payload beyond `payload` up to `length` was not copied.
    fn send(&mut self, side: usize, flags: u8, payload: &[u8], length: usize) {
        self.sent.push(Sent {
            direction: if side == 0 { self.client } else { self.client.opposite() },
            sequence: self.next[side],
            acknowledgement: self.next[1 - side],
            flags,
            length: length as u32,
            payload: payload.to_vec(),
            skipped: 0,
            lost: 0,
            origin: Origin::default(),
        });
        let taken = length as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.next[side] = self.next[side].wrapping_add(taken);
    }
}

pub(super) fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], port))
}

pub(super) fn segment(sent: &Sent, id: u64, time: u64) -> Segment<'_> {
    Segment {
        connection: ConnectionId(id),
        direction: sent.direction,
        time: Timestamp(time),
        sequence: sent.sequence,
        acknowledgement: sent.acknowledgement,
        flags: TcpFlags(sent.flags),
        length: sent.length,
        payload: &sent.payload,
        skipped: sent.skipped,
        lost: sent.lost,
        first: false,
        past_budget: false,
        local: address(id as u16),
        remote: SocketAddr::from(([10, 0, 0, 2], 80)),
        origin: sent.origin,
    }
}

/// Feeds one connection and ends it.
pub(super) fn run(source: Source, sent: &[Sent]) -> Vec<Exchange> {
    let mut connections = Connections::new(settings(source));
    let mut exchanges = Vec::new();
    let mut emit = |exchange, _: &Owner| exchanges.push(exchange);
    for (time, sent) in sent.iter().enumerate() {
        connections.segment(&segment(sent, 1, time as u64), &mut emit);
    }
    connections.close_all(&mut emit);
    assert_eq!(connections.memory().used(), 0);
    assert!(connections.is_empty());
    exchanges
}

pub(super) fn line(exchange: &Exchange) -> String {
    let request = exchange.request.as_ref().map_or("?".into(), |request| {
        format!("{} {}", request.method, request.target().escape_ascii())
    });
    let status = exchange.response.as_ref().map_or(0, |response| response.status);
    let missing: String = exchange.missing.names().map(|name| format!(" ?{name}")).collect();
    format!("{request} {status}{missing}")
}

fn lines(exchanges: &[Exchange]) -> Vec<String> {
    exchanges.iter().map(line).collect()
}

const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn either_end_may_be_the_client() {
    for (direction, role) in
        [(Direction::Outbound, Role::Client), (Direction::Inbound, Role::Server)]
    {
        let mut wire = Wire::new(direction).handshake();
        wire.request(GET);
        wire.response(OK);
        let exchanges = run(Source::Node, &wire.sent);
        assert_eq!(lines(&exchanges), ["GET /a 200"]);
        assert_eq!(exchanges[0].role, role);
        let client = if role == Role::Client { 1 } else { 80 };
        assert_eq!(exchanges[0].client.port(), client);
        assert_eq!(run(Source::Wire, &wire.sent)[0].role, Role::Observed);
    }
}

/// The ends may come in any order, by FIN or RST, and nothing is said twice.
#[test]
fn ends_in_every_order() {
    let close = b"HTTP/1.0 200 OK\r\n\r\nuntil the end";
    for (ends, expect) in [
        (&[(0, FIN), (1, FIN)][..], "GET /a 200"),
        (&[(1, FIN), (0, FIN)], "GET /a 200"),
        (&[(1, FIN), (0, RST)], "GET /a 200"),
        (&[(1, FIN), (1, RST), (0, FIN)], "GET /a 200"),
        (&[(0, RST)], "GET /a 200 ?response_aborted"),
        (&[(1, RST), (0, RST)], "GET /a 200 ?response_aborted"),
        (&[(0, FIN), (1, RST)], "GET /a 200 ?response_aborted"),
        (&[], "GET /a 200 ?response_aborted"),
    ] {
        let mut wire = Wire::new(Direction::Inbound).handshake();
        wire.request(GET);
        wire.response(close);
        for (side, flags) in ends {
            wire.send(*side, flags | ACK, b"", 0);
        }
        wire.send(0, ACK, b"", 0);
        assert_eq!(lines(&run(Source::Wire, &wire.sent)), [expect], "{ends:?}");
    }
}

#[test]
fn joined_in_the_middle() {
    let mut wire = Wire::new(Direction::Inbound);
    wire.response(b"the end of a response that began before");
    for _ in 0..3 {
        wire.request(GET);
        wire.response(OK);
    }
    assert_eq!(lines(&run(Source::Node, &wire.sent)), ["GET /a 200"; 3]);

    let mut wire = Wire::new(Direction::Inbound);
    wire.response(OK);
    wire.request(GET);
    wire.response(OK);
    assert_eq!(lines(&run(Source::Node, &wire.sent)), ["? 200 ?request", "GET /a 200"]);
}

#[test]
fn what_the_budget_left_out() {
    let bodies: [&[u8]; 2] =
        [b"Content-Length: 5000\r\n\r\nab", b"Transfer-Encoding: chunked\r\n\r\n1388\r\nab"];
    for (which, body) in bodies.into_iter().enumerate() {
        for client in [Direction::Inbound, Direction::Outbound] {
            let post = [b"POST /p HTTP/1.1\r\nHost: h\r\n", body].concat();
            let answer = [b"HTTP/1.1 200 OK\r\n", body].concat();
            let rest = if which == 0 { 4998 } else { 5005 };
            let mut wire = Wire::new(client).handshake();
            for _ in 0..2 {
                // Half is cut from the segment itself, half comes in segments not copied.
                for (side, head) in [(0, &post), (1, &answer)] {
                    wire.send(side, ACK, head, head.len() + 2000);
                    wire.next[side] = wire.next[side].wrapping_add(rest - 2000);
                }
            }
            wire.request(GET);
            wire.response(OK);
            // The record after left-out bytes tells of them.
            let mut seen = [0, 0];
            for sent in &mut wire.sent {
                let seen = &mut seen[sent.direction as usize];
                if std::mem::replace(seen, sent.length) > 1000 {
                    sent.skipped = rest - 2000;
                }
            }
            let cut = "POST /p 200 ?request_truncated ?response_truncated";
            assert_eq!(
                lines(&run(Source::Node, &wire.sent)),
                [cut, cut, "GET /a 200"],
                "{client:?}"
            );
        }
    }
}

#[test]
fn twins_are_dropped_and_remembered() {
    for late in [false, true] {
        let mut connections = Connections::new(settings(Source::Node));
        let mut exchanges = Vec::new();
        let mut emit = |exchange, owner: &Owner| exchanges.push((exchange, *owner));
        let (mut server, mut client) =
            (Wire::new(Direction::Inbound).handshake(), Wire::new(Direction::Outbound).handshake());
        for wire in [&mut server, &mut client] {
            wire.request(GET);
            wire.response(OK);
            // A request that is under way when the connection is dropped.
            wire.request(
                b"POST /a HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nab",
            );
        }
        let marked = server.sent.iter_mut().skip(if late { 4 } else { 2 });
        marked.for_each(|sent| sent.origin.twin = 8);
        client.sent.iter_mut().for_each(|sent| sent.origin.pid = 99);
        let upto = if late { 0 } else { 4 };
        for sent in &client.sent[..upto] {
            connections.segment(&segment(sent, 8, 1), &mut emit);
        }
        for sent in &server.sent {
            connections.segment(&segment(sent, 7, 2), &mut emit);
        }
        for sent in &client.sent[upto..] {
            connections.segment(&segment(sent, 8, 3), &mut emit);
        }
        assert_eq!(connections.len(), 1);
        assert_eq!(connections.counts().twins, u64::from(!late));
        connections.close_all(&mut emit);
        assert_eq!(connections.memory().used(), 0);
        let of_server = exchanges.iter().filter(|(exchange, _)| exchange.connection.0 == 7);
        let caller = of_server.clone().last().unwrap().1.caller.unwrap();
        assert_eq!((caller.0, caller.1.pid), (ConnectionId(8), if late { 0 } else { 99 }));
        assert_eq!(of_server.count(), 2);
    }
}

#[test]
fn payload_seen_at_the_listener_joins_its_connection() {
    let mut connections = Connections::new(settings(Source::Node));
    let mut exchanges = Vec::new();
    let mut emit = |exchange, _: &Owner| exchanges.push(exchange);
    let mut wire = Wire::new(Direction::Inbound).handshake();
    let (front, back) = GET.split_at(9);
    wire.request(front);
    wire.request(back);
    wire.response(OK);
    for sent in &wire.sent[2..4] {
        let listener = Origin { listener: true, ..Origin::default() };
        for _retransmission in 0..2 {
            let early = Segment {
                connection: ConnectionId(4),
                origin: listener,
                first: true,
                ..segment(sent, 5, 1)
            };
            connections.segment(&early, &mut emit);
        }
    }
    assert!(connections.memory().used() > 0);
    connections.segment(&segment(&wire.sent[4], 5, 2), &mut emit);
    assert_eq!(connections.memory().used(), 0);
    assert_eq!(connections.len(), 1);
    connections.close_all(&mut emit);
    assert_eq!(lines(&exchanges), ["GET /a 200"]);
    assert_eq!(exchanges[0].connection.0, 5);
}

#[test]
fn payload_at_the_listener_is_bounded_and_counted() {
    let mut connections = Connections::new(settings(Source::Node));
    let mut wire = Wire::new(Direction::Inbound);
    wire.request(&[b'x'; 1460]);
    wire.sent[0].origin.listener = true;
    for peer in 0..60_000_u64 {
        let early = Segment { remote: address(peer as u16), ..segment(&wire.sent[0], 4, peer) };
        connections.segment(&early, &mut |_, _| ());
    }
    assert!(connections.memory().used() <= 4 << 20);
    let kept = connections.memory().used() as u64 / 1460;
    assert_eq!(connections.counts().early_lost, 60_000 - kept);
    connections.sweep(Timestamp(10 * SECOND), &mut |_, _| ());
    assert_eq!((connections.memory().used(), connections.counts().early_lost), (0, 60_000));
}

#[test]
fn the_quietest_connections_are_evicted() {
    let mut connections = Connections::new(settings(Source::Node));
    let mut exchanges = Vec::new();
    let mut emit = |exchange, _: &Owner| exchanges.push(exchange);
    let mut wire = Wire::new(Direction::Inbound).handshake();
    wire.request(GET);
    for id in 1..=40_u64 {
        for sent in &wire.sent {
            connections.segment(&segment(sent, id, id), &mut emit);
        }
        assert!(connections.len() <= 16);
    }
    assert_eq!(connections.counts().evicted, 24);
    connections.close_all(&mut emit);
    assert_eq!(connections.memory().used(), 0);
    let order: Vec<u64> = exchanges.iter().map(|exchange| exchange.connection.0).collect();
    assert_eq!(order, (1..=40).collect::<Vec<u64>>());
    assert!(exchanges.iter().all(|exchange| exchange.missing.contains(Missing::RESPONSE)));
}

#[test]
fn idle_connections_are_swept() {
    let mut connections = Connections::new(settings(Source::Node));
    let mut exchanges = Vec::new();
    let mut emit = |exchange, _: &Owner| exchanges.push(exchange);
    let mut wire = Wire::new(Direction::Inbound).handshake();
    wire.request(GET);
    wire.response(OK);
    wire.request(GET);
    for (id, upto) in [(1, 4), (2, 5)] {
        for sent in &wire.sent[..upto] {
            connections.segment(&segment(sent, id, 0), &mut emit);
        }
    }
    for (seconds, left) in [(59, 2), (60, 1), (719, 1), (720, 0)] {
        connections.sweep(Timestamp(seconds * SECOND), &mut emit);
        assert_eq!(connections.len(), left, "after {seconds} s");
    }
    assert_eq!(lines(&exchanges), ["GET /a 200", "GET /a 200", "GET /a 0 ?response"]);
    let forever = Settings { idle: Duration::MAX, ..settings(Source::Node) };
    let mut connections = Connections::new(forever);
    connections.segment(&segment(&wire.sent[2], 1, 0), &mut |_, _| ());
    connections.sweep(Timestamp(u64::MAX - 1), &mut |_, _| ());
    assert_eq!(connections.len(), 1);
    connections.close_all(&mut |_, _| ());
}

/// A TLS connection counted anew for what the server sent after the client's FIN.
#[test]
fn a_half_closed_foreign_connection_is_one_connection() {
    let mut connections = Connections::new(settings(Source::Node));
    let mut wire = Wire::new(Direction::Inbound).handshake();
    for _ in 0..20 {
        wire.request(b"\x17\x03\x03\0\x05hello");
    }
    wire.send(0, FIN | ACK, b"", 0);
    wire.response(b"\x15\x03\x03\0\x02ab");
    wire.send(1, FIN | ACK, b"", 0);
    for sent in &wire.sent {
        connections.segment(&segment(sent, 1, 0), &mut |_, _| ());
    }
    let counts = connections.counts();
    assert_eq!((counts.opened, counts.not_http, connections.len()), (1, 1, 0));
    assert_eq!(connections.take_settled().collect::<Vec<_>>(), [ConnectionId(1)]);
}

/// Bytes kept for decoding and early segments stayed booked after an Upgrade.
#[test]
fn leaving_http_gives_memory_back() {
    let mut connections = Connections::new(settings(Source::Wire));
    let mut exchanges = Vec::new();
    let mut emit = |exchange, _: &Owner| exchanges.push(exchange);
    let mut wire = Wire::new(Direction::Inbound).handshake();
    wire.request(
        b"POST /u HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nab",
    );
    wire.next[0] = wire.next[0].wrapping_add(5);
    wire.request(b"behind a hole");
    wire.next[0] = wire.next[0].wrapping_sub(18);
    wire.response(b"HTTP/1.1 101 Switch\r\n\r\n");
    for sent in &wire.sent {
        connections.segment(&segment(sent, 1, 0), &mut emit);
    }
    assert_eq!(connections.memory().used(), 0);
    connections.close_all(&mut emit);
    assert_eq!(lines(&exchanges), ["POST /u 101 ?request_aborted"]);
}

#[test]
fn an_idle_connection_is_small() {
    let conversation = size_of::<pairing::Conversation>();
    let connection = size_of::<(ConnectionId, Connection)>();
    assert!(connection + conversation < 700, "{connection} + {conversation}");
}
