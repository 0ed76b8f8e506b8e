//! Exact bytes: what no well-behaved program sends on demand.

use std::fmt::Write as _;

use tests::harness::{Event, Sensor, Turn, converse, listen_on, require_live};

const GET: &str = "GET /items/1 HTTP/1.1\r\nHost: a\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const NONE: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

struct Dialogue {
    name: &'static str,
    turns: Vec<Turn>,
    /// Summaries of the exchanges, in order.
    expect: Vec<&'static str>,
}

fn dialogue<const N: usize, const M: usize>(
    name: &'static str,
    turns: [Turn; N],
    expect: [&'static str; M],
) -> Dialogue {
    Dialogue { name, turns: turns.into(), expect: expect.into() }
}

fn client(bytes: impl Into<Vec<u8>>) -> Turn {
    Turn::client(bytes)
}

fn server(bytes: impl Into<Vec<u8>>) -> Turn {
    Turn::server(bytes)
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn dialogues() -> Vec<Dialogue> {
    vec![
        dialogue("plain", [client(GET), server(OK)], ["GET /items/{itemId} 200"]),
        dialogue(
            "pipelined, answered in one segment",
            [
                client(format!(
                    "{GET}GET /b HTTP/1.1\r\nHost: a\r\n\r\nHEAD /c HTTP/1.1\r\nHost: a\r\n\r\n"
                )),
                server(format!("{OK}{NONE}HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")),
                client(GET),
                server(NONE),
            ],
            ["GET /items/{itemId} 200", "GET /b 404", "HEAD /c 200", "GET /items/{itemId} 404"],
        ),
        dialogue(
            "in pieces",
            [
                client("GE"),
                client("T /items/1 HTT"),
                client("P/1.1\r\nHost: a\r\n\r"),
                client("\n"),
                server("HTT"),
                server("P/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n1"),
                server("0\r\n0123456789"),
                server("abcdef\r\n0\r\nA: b\r"),
                server("\n\r\n"),
                client(GET),
                server(OK),
            ],
            ["GET /items/{itemId} 201", "GET /items/{itemId} 200"],
        ),
        dialogue(
            "HTTP/1.0 until close",
            [
                client("GET /a HTTP/1.0\r\n\r\n"),
                server("HTTP/1.0 200 OK\r\n\r\nany length"),
                server(" at all"),
                Turn::ServerEnds,
                Turn::ClientEnds,
            ],
            ["GET /a 200"],
        ),
        dialogue(
            "interim responses",
            [
                client(
                    "PUT /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
                ),
                server("HTTP/1.1 100 Continue\r\n\r\n"),
                client("body"),
                server("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
                server(OK),
                client(GET),
                server(NONE),
            ],
            ["PUT /a 200", "GET /items/{itemId} 404"],
        ),
        dialogue(
            "an upgrade ends the talk in HTTP",
            [
                client(
                    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                ),
                server(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                ),
                client(*b"\x81\x85\x01\x02\x03\x04GET /"),
                server(*b"\x81\x05HTTP/"),
                client(GET),
                server(OK),
            ],
            ["GET /chat 101"],
        ),
        dialogue(
            "an upgrade refused is a response",
            [
                client(
                    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
                ),
                server(OK),
                client(GET),
                server(NONE),
            ],
            ["GET /chat 200", "GET /items/{itemId} 404"],
        ),
        dialogue(
            "a tunnel",
            [
                client("CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n"),
                server("HTTP/1.1 200 Connection established\r\n\r\n"),
                client(GET),
                server(OK),
            ],
            ["CONNECT b:443 200"],
        ),
        dialogue(
            "a tunnel refused",
            [
                client("CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n"),
                server("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"),
                client(GET),
                server(OK),
            ],
            ["CONNECT b:443 403", "GET /items/{itemId} 200"],
        ),
        dialogue(
            "no response",
            [client(GET), Turn::ClientEnds, Turn::ServerEnds],
            ["GET /items/{itemId} - missing response"],
        ),
        dialogue(
            "half a response",
            [
                client(GET),
                server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
                Turn::ServerEnds,
            ],
            ["GET /items/{itemId} 200 missing response_aborted"],
        ),
        dialogue(
            "half a request",
            [
                client("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"),
                Turn::ClientEnds,
                server("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
            ],
            ["POST /a 400 missing request_aborted"],
        ),
        dialogue(
            "both framings",
            [
                client(
                    "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                ),
                server(OK),
            ],
            ["POST /a 200 odd request conflicting_framing"],
        ),
        dialogue(
            "lengths that differ",
            [
                client(GET),
                server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
                Turn::ServerEnds,
            ],
            ["GET /items/{itemId} 200 odd response invalid_content_length"],
        ),
        dialogue(
            "no host",
            [client("GET /a HTTP/1.1\r\n\r\n"), server(NONE)],
            ["GET /a 404 odd request invalid_host"],
        ),
        dialogue(
            "a folded field and one that is none",
            [client("GET /a HTTP/1.1\r\nHost: a\r\nB: c\r\n d\r\n\r\n"), server(OK)],
            ["GET /a 200 odd request obsolete_folding"],
        ),
        dialogue(
            "a chunk size that is none",
            [
                client(GET),
                server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc"),
                Turn::ServerEnds,
            ],
            ["GET /items/{itemId} 200 odd response invalid_chunk"],
        ),
        dialogue(
            "a request line without version",
            [client("GET /a\r\n"), server("<p>old</p>"), Turn::ServerEnds],
            ["GET /a 0 odd request http_09 odd response http_09"],
        ),
        dialogue(
            "many fields",
            [
                client(format!("GET /a HTTP/1.1\r\nHost: a\r\n{}\r\n", "X-Y: z\r\n".repeat(100))),
                server(OK),
            ],
            ["GET /a 200"],
        ),
        dialogue(
            "a header block over the cap, and the next exchange",
            [
                client(format!("GET /a HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(100_000))),
                server("HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n\r\n"),
                client(GET),
                server(OK),
            ],
            ["- - 431 missing request", "GET /items/{itemId} 200"],
        ),
        dialogue(
            "a response of which nothing was asked",
            [server("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"), Turn::ServerEnds],
            ["- - 408 missing request"],
        ),
        dialogue(
            "noise after an exchange",
            [client(GET), server(OK), client("\0\u{1}\u{2} noise\r\n\r\n"), server(NONE)],
            ["GET /items/{itemId} 200", "- - 404 missing request"],
        ),
    ]
}

#[test]
fn every_dialogue_is_understood() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let dialogues = dialogues();
    let mut ports = Vec::new();
    for dialogue in &dialogues {
        for address in ["127.0.0.1", "::1"] {
            let listener = listen_on(address);
            converse(&listener, &dialogue.turns);
            ports.push((dialogue, listener.local_addr().unwrap()));
        }
    }
    for (dialogue, address) in &ports {
        sensor.wait_events(address.port(), dialogue.expect.len());
    }
    sensor.stop();
    let mut wrong = String::new();
    for (dialogue, address) in &ports {
        let events = sensor.events(address.port());
        let found: Vec<_> = events.iter().map(Event::summary).collect();
        if found != dialogue.expect {
            let Dialogue { name, expect, .. } = dialogue;
            let ip = address.ip();
            let _ = writeln!(wrong, "{name} ({ip}):\n  {expect:?} expected\n  {found:?} found");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
