//! A capture with any number of HTTP exchanges, for benchmarks.

use std::{io, net::SocketAddr, path::Path};

use super::{Conversation, PcapWriter};

/// Connections that run side by side.
const CONCURRENT: usize = 64;

/// The first identifier in a path.
const FIRST: usize = 1_000_000;

/// What the numbers of an exchange stand for.
const COLLECTIONS: [&str; 4] = ["orders", "customers", "invoices", "shipments"];

/// Writes a capture of `count` exchanges over keep-alive connections of `per_connection` each,
/// every connection from another client. A request has about 300 bytes with 8 fields, a
/// response a head of about 200 bytes with 6 fields and JSON content of `body_bytes` (at least
/// 64). Exchange `n` has [`method`], [`path`] and [`status`], and its number in the content.
pub fn exchanges(
    path: &Path,
    count: usize,
    per_connection: usize,
    body_bytes: usize,
) -> io::Result<()> {
    let exchange = |connection: &mut Conversation, turn: &Turn| {
        if turn.first {
            connection.handshake();
        }
        let (request, response) = (request(turn.number), response(turn.number, body_bytes));
        connection.client(request.as_bytes()).server(response.as_bytes());
        if turn.last {
            connection.close();
        }
    };
    side_by_side(path, count, per_connection, connection, exchange)
}

/// An exchange on its connection.
pub(super) struct Turn {
    pub number: usize,
    pub first: bool,
    pub last: bool,
}

/// Writes a capture of `count` exchanges on connections that run side by side, which `open` opens
/// by their numbers.
pub(super) fn side_by_side<C: AsMut<Conversation>>(
    path: &Path,
    count: usize,
    per_connection: usize,
    open: impl Fn(usize) -> C,
    exchange: impl Fn(&mut C, &Turn),
) -> io::Result<()> {
    let mut writer = PcapWriter::create(path)?;
    let per_connection = per_connection.max(1);
    let mut time = 1_700_000_000_000_000_000;
    for group in (0..count).step_by(per_connection.saturating_mul(CONCURRENT)) {
        let starts: Vec<usize> = (group..count).step_by(per_connection).take(CONCURRENT).collect();
        let mut connections: Vec<C> =
            starts.iter().map(|start| open(start / per_connection)).collect();
        for turn in 0..per_connection {
            for (slot, start) in starts.iter().enumerate() {
                let number = start + turn;
                if number < count {
                    let last = turn + 1 == per_connection || number + 1 == count;
                    let connection = &mut connections[slot];
                    connection.as_mut().at(time);
                    exchange(connection, &Turn { number, first: turn == 0, last });
                    let conversation = connection.as_mut();
                    time = conversation.now();
                    for packet in conversation.packets.drain(..) {
                        writer.packet(&packet)?;
                    }
                }
            }
        }
    }
    writer.finish().map(drop)
}

/// The request method of exchange `number`.
pub fn method(number: usize) -> &'static str {
    if number % 8 == 7 { "DELETE" } else { "GET" }
}

/// The request path of exchange `number`, which no other exchange has.
pub fn path(number: usize) -> String {
    format!("/api/v1/{}/{}", COLLECTIONS[number % COLLECTIONS.len()], FIRST + number)
}

/// The status code of exchange `number`.
pub fn status(number: usize) -> u16 {
    if number % 100 == 99 { 404 } else { 200 }
}

pub(super) fn connection(number: usize) -> Conversation {
    let [.., high, middle, low] = number.to_be_bytes();
    let client = SocketAddr::from(([10, high, middle, low], 32_768 + (number % 28_000) as u16));
    let mut conversation = Conversation::new(client, SocketAddr::from(([192, 0, 2, 10], 8_080)));
    let start = (number as u32).wrapping_mul(2_654_435_761);
    conversation.client_starts_at(start).server_starts_at(!start);
    conversation
}

pub(super) fn request(number: usize) -> String {
    format!(
        "{} {} HTTP/1.1\r\n\
         Host: api.example.com\r\n\
         User-Agent: shop-client/4.2 (linux; x86_64)\r\n\
         Accept: application/json\r\n\
         Accept-Encoding: identity\r\n\
         Accept-Language: en\r\n\
         Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n\
         X-Request-Id: {:032x}\r\n\
         Connection: keep-alive\r\n\r\n",
        method(number),
        path(number),
        number,
    )
}

pub(super) fn response(number: usize, body_bytes: usize) -> String {
    let reason = if status(number) == 200 { "OK" } else { "Not Found" };
    let mut body = format!("{{\"id\":{},\"name\":\"item\",\"note\":\"", FIRST + number);
    let end = "\"}";
    while body.len() + end.len() < body_bytes {
        body.push('x');
    }
    body.push_str(end);
    format!(
        "HTTP/1.1 {} {reason}\r\n\
         Server: shop/1.9\r\n\
         Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n\
         Content-Type: application/json\r\n\
         Content-Length: {}\r\n\
         X-Request-Id: {number:032x}\r\n\
         Connection: keep-alive\r\n\r\n{body}",
        status(number),
        body.len(),
    )
}

#[cfg(test)]
mod tests {
    use sensor::capture::{Segment, pcap};

    use super::*;

    #[test]
    fn every_exchange_is_there_once() {
        let file = std::env::temp_dir().join(format!("exchanges-{}.pcap", std::process::id()));
        let check = |count, per_connection, connections: usize| {
            exchanges(&file, count, per_connection, 200).expect("the temporary folder is writable");
            let (mut requests, mut responses, mut last) = (Vec::new(), 0, 0);
            let mut sink = |segment: &Segment<'_>| {
                assert!(segment.time.0 >= last, "time goes back");
                last = segment.time.0;
                let text = String::from_utf8(segment.payload.to_vec()).expect("text");
                if text.starts_with("HTTP/1.1 ") {
                    responses += 1;
                    assert!((350..450).contains(&text.len()), "{}", text.len());
                } else if !text.is_empty() {
                    assert!((280..350).contains(&text.len()), "{}", text.len());
                    let line = text.lines().next().expect("a request line").to_owned();
                    requests.push(line);
                }
            };
            let summary = pcap::read(&file, &mut |_| {}, &mut sink).expect("a capture");
            let mut expect: Vec<String> = (0..count)
                .map(|number| format!("{} {} HTTP/1.1", method(number), path(number)))
                .collect();
            requests.sort();
            expect.sort();
            assert_eq!(requests, expect);
            assert_eq!(responses, count);
            assert_eq!(summary.connections as usize, connections);
            assert_eq!(summary.segments as usize, 2 * count + 6 * connections);
            assert_eq!(summary.problem, None);
        };
        check(1_000, 1, 1_000);
        check(1_000, 10, 100);
        check(1_001, 100, 11);
        check(5, 100, 1);
        std::fs::remove_file(&file).expect("it was there");
    }
}
