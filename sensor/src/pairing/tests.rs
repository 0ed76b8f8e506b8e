mod waiting;

use super::*;
use crate::{
    exchange::{Body, Content, Decoding, Framing, Problems, Timestamp},
    stream::End,
};

const LIMITS: Limits =
    Limits { head_bytes: 4096, coded_bytes: 1024, decoded_bytes: 1024, keep_text: true };

/// Where the sequence numbers begin.
const CLIENT_AT: u32 = u32::MAX - 100;
const SERVER_AT: u32 = 5_000;

/// What happens on a connection.
#[derive(Clone, Copy, Debug)]
enum Turn<'a> {
    Client(&'a [u8]),
    Server(&'a [u8]),
    Gap(Side, u32, GapCause),
    End(Side, End),
    Settle,
}
use Turn::{Client, Server};

/// A conversation and the exchanges that came of it, each in one line.
struct Probe {
    conversation: Conversation,
    memory: Memory,
    counts: Counts,
    seen: Vec<String>,
    /// The text of requests and responses, with an ellipsis where it is not whole.
    bodies: Vec<[String; 2]>,
    next: [u32; 2],
    time: u64,
}

impl Probe {
    fn new() -> Self {
        Self {
            conversation: Conversation::new(false, [CLIENT_AT, SERVER_AT], [0, 0]),
            memory: Memory::new(1 << 20),
            counts: Counts::default(),
            seen: Vec::new(),
            bodies: Vec::new(),
            next: [CLIENT_AT, SERVER_AT],
            time: 1,
        }
    }

    fn with(&mut self, work: impl FnOnce(&mut Conversation, &Parties, &mut Context<'_>)) {
        let parties = Parties {
            connection: ConnectionId(1),
            client: SocketAddr::from(([10, 0, 0, 1], 1)),
            server: SocketAddr::from(([10, 0, 0, 2], 80)),
            role: Role::Observed,
        };
        let Self { conversation, memory, counts, seen, bodies, .. } = self;
        let emit = &mut |exchange: Exchange| {
            seen.push(summary(&exchange));
            bodies.push(texts(&exchange));
        };
        work(conversation, &parties, &mut Context { limits: &LIMITS, memory, counts, emit });
    }

    fn bytes(&mut self, side: Side, bytes: &[u8]) {
        let from = side as usize;
        let chunk = Chunk {
            bytes,
            sequence: self.next[from],
            acknowledgement: self.next[1 - from],
            time: Timestamp(self.time),
        };
        self.time += 1;
        self.next[from] = self.next[from].wrapping_add(bytes.len() as u32);
        self.with(|conversation, parties, context| {
            conversation.piece(side, Piece::Data(chunk), parties, context);
        });
    }

    fn turn(&mut self, turn: Turn<'_>, cut: &mut impl FnMut(&[u8]) -> usize) {
        let (side, mut bytes) = match turn {
            Client(bytes) => (Side::Request, bytes),
            Server(bytes) => (Side::Response, bytes),
            Turn::Gap(side, length, cause) => {
                let next = &mut self.next[side as usize];
                *next = next.wrapping_add(length);
                return self.with(|conversation, parties, context| {
                    conversation.piece(side, Piece::Gap { length, cause }, parties, context);
                });
            }
            Turn::End(side, end) => {
                return self.with(|conversation, parties, context| {
                    conversation.piece(side, Piece::End(end), parties, context);
                });
            }
            Turn::Settle => return self.with(Conversation::settle),
        };
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(cut(bytes).clamp(1, bytes.len()));
            self.bytes(side, piece);
            bytes = rest;
        }
    }

    fn close(mut self) -> Vec<String> {
        self.with(Conversation::close);
        assert_eq!(self.memory.used(), 0);
        self.seen
    }
}

fn summary(exchange: &Exchange) -> String {
    let part = |content: &Content, problems: Problems| {
        let mut text = match content.framing {
            Framing::None => String::new(),
            framing => format!(" {framing:?}:{}", content.length).to_lowercase(),
        };
        if content.decoding != Decoding::Identity {
            text += &format!(" {:?}:{:?}", content.decoding, content.decoded);
        }
        text + &problems.names().map(|name| format!(" !{name}")).collect::<String>()
    };
    let request = exchange.request.as_ref().map_or("?".to_owned(), |request| {
        let target = request.target().escape_ascii();
        format!("{} {target}{}", request.method, part(&request.content, request.problems))
    });
    let response = exchange.response.as_ref().map_or("?".to_owned(), |response| {
        format!("{}{}", response.status, part(&response.content, response.problems))
    });
    let missing: String = exchange.missing.names().map(|name| format!(" ?{name}")).collect();
    format!("{request} -> {response}{missing}")
}

fn texts(exchange: &Exchange) -> [String; 2] {
    let text = |body: &Body| {
        format!("{}{}", body.bytes.escape_ascii(), if body.whole { "" } else { "..." })
    };
    let request = exchange.request.as_ref().map(|request| text(&request.body));
    let response = exchange.response.as_ref().map(|response| text(&response.body));
    [request.unwrap_or_default(), response.unwrap_or_default()]
}

fn run(turns: &[Turn<'_>], mut cut: impl FnMut(&[u8]) -> usize) -> Vec<String> {
    let mut probe = Probe::new();
    for turn in turns {
        probe.turn(*turn, &mut cut);
    }
    probe.close()
}

/// The same exchanges come out however the turns are cut into segments.
#[track_caller]
fn check(turns: &[Turn<'_>], expect: &[&str]) {
    check_whole(turns, expect);
    assert_eq!(run(turns, |_| 1), expect, "byte by byte");
    let longest = turns.iter().map(|turn| match turn {
        Client(bytes) | Server(bytes) => bytes.len(),
        _ => 0,
    });
    for at in 1..longest.max().unwrap_or(0) {
        let cut = |bytes: &[u8]| if bytes.len() > at { bytes.len() - at } else { bytes.len() };
        assert_eq!(run(turns, cut), expect, "cut {at} bytes before the end");
    }
    for seed in 1..200_u32 {
        let mut state = seed;
        let cut = |_: &[u8]| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as usize % 40 + 1
        };
        assert_eq!(run(turns, cut), expect, "seed {seed}");
    }
}

/// For input in which messages are looked for at the beginnings of segments.
#[track_caller]
fn check_whole(turns: &[Turn<'_>], expect: &[&str]) {
    assert_eq!(run(turns, <[u8]>::len), expect);
}

const GET_A: Turn<'static> = Client(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
const GET_B: Turn<'static> = Client(b"GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
const OK_2: Turn<'static> = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
const OK_3: Turn<'static> = Server(b"HTTP/1.1 201 OK\r\nContent-Length: 3\r\n\r\nyes");

#[test]
fn keep_alive() {
    check(&[GET_A, OK_2, GET_B, OK_3], &["GET /a -> 200 length:2", "GET /b -> 201 length:3"]);
}

#[test]
fn pipelined() {
    let both = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nGET GET /c HTTP/1.1\r\nHost: h\r\n\r\n";
    let answers = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 204 No\r\n\r\nHTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    check(
        &[Client(both), Server(answers)],
        &["GET /a -> 200 length:2", "POST /b length:4 -> 204", "GET /c -> 404 chunked:1"],
    );
}

#[test]
fn requests_of_every_form() {
    for (line, expect) in [
        ("GET http://h/a?b HTTP/1.1", "GET http://h/a?b"),
        ("OPTIONS * HTTP/1.1", "OPTIONS *"),
        ("M-SEARCH * HTTP/1.1", "M-SEARCH *"),
    ] {
        let request = format!("{line}\r\nHost: h\r\n\r\n");
        check(
            &[Client(request.as_bytes()), OK_2, GET_B, OK_3],
            &[&format!("{expect} -> 200 length:2"), "GET /b -> 201 length:3"],
        );
    }
}

#[test]
fn responses_without_content() {
    let length = "Content-Length: 9\r\n\r\n";
    for (method, status) in
        [("HEAD", "200 OK"), ("HEAD", "404 No"), ("GET", "204 No"), ("GET", "304 Not Modified")]
    {
        let request = format!("{method} /a HTTP/1.1\r\nHost: h\r\n\r\n");
        let response = format!("HTTP/1.1 {status}\r\n{length}");
        let expect = format!("{method} /a -> {}", &status[..3]);
        check(
            &[Client(request.as_bytes()), Server(response.as_bytes()), GET_B, OK_3],
            &[&expect, "GET /b -> 201 length:3"],
        );
    }
}

#[test]
fn chunked_both_ways() {
    let request = Client(
        b"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: r\r\n\r\n",
    );
    let response = Server(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n00\r\n\r\n",
    );
    check(
        &[request, response, GET_B, OK_3],
        &["POST /a chunked:3 -> 200 chunked:10", "GET /b -> 201 length:3"],
    );
}

#[test]
fn until_the_connection_ends() {
    let response = Server(b"HTTP/1.0 200 OK\r\n\r\nHTTP/1.1 is the content");
    let finished = Turn::End(Side::Response, End::Finished);
    let reset = Turn::End(Side::Response, End::Reset);
    check(&[GET_A, response, finished], &["GET /a -> 200 close:23"]);
    check(&[GET_A, response, reset], &["GET /a -> 200 close:23 ?response_aborted"]);
    // The request's side may close first.
    let half = Turn::End(Side::Request, End::Finished);
    check(&[GET_A, half, response, finished], &["GET /a -> 200 close:23"]);
}

#[test]
fn interim_responses() {
    let head =
        Client(b"POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    let go_on = Server(b"HTTP/1.1 100 Continue\r\n\r\n");
    let hints = Server(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    let expect = ["POST /a length:4 -> 200 length:2", "GET /b -> 201 length:3"];
    check(&[head, go_on, Client(b"body"), hints, OK_2, GET_B, OK_3], &expect);
    check(&[head, Client(b"body"), go_on, hints, OK_2, GET_B, OK_3], &expect);
}

#[test]
fn an_early_response_waits_for_its_request() {
    let head = Client(b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nfour");
    let refused = Server(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    check(
        &[head, refused, Client(b"more"), GET_B, OK_3],
        &["POST /a length:8 -> 413 length:0", "GET /b -> 201 length:3"],
    );
    check(
        &[head, refused, Turn::End(Side::Request, End::Reset)],
        &["POST /a length:4 -> 413 length:0 ?request_aborted"],
    );
    check(&[head, refused], &["POST /a length:0 -> 413 length:0 ?request_aborted"]);
}

#[test]
fn connect_and_upgrade_leave_http() {
    let noise = [Client(b"\x16\x03GET /x HTTP/1.1\r\n\r\n"), Server(b"HTTP/1.1 500 No\r\n\r\n")];
    let connect = Client(b"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n");
    let open = Server(b"HTTP/1.1 200 Open\r\nContent-Length: 7\r\n\r\n");
    check(&[connect, open, noise[0], noise[1]], &["CONNECT h:443 -> 200"]);
    let upgrade = Client(b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n");
    let switch = Server(b"HTTP/1.1 101 Switch\r\nUpgrade: websocket\r\n\r\n");
    check(&[upgrade, switch, noise[0], noise[1]], &["GET /ws -> 101"]);
    // Refused, both go on.
    check(
        &[connect, Server(b"HTTP/1.1 407 No\r\nContent-Length: 1\r\n\r\nx"), GET_B, OK_3],
        &["CONNECT h:443 -> 407 length:1", "GET /b -> 201 length:3"],
    );
    check(&[upgrade, OK_2, GET_B, OK_3], &["GET /ws -> 200 length:2", "GET /b -> 201 length:3"]);
    // What was pipelined behind it is not forgotten.
    check(&[upgrade, GET_B, switch], &["GET /ws -> 101", "GET /b -> ? ?response"]);
}

#[test]
fn http_09() {
    let request = Client(b"GET /old\r\n");
    let end = Turn::End(Side::Response, End::Finished);
    check(&[request, Server(b"<html>"), end], &["GET /old !http_09 -> 0 close:6 !http_09"]);
    check(&[GET_A, Server(b"<html>"), end], &["GET /a -> 0 close:6 !http_09"]);
    check(&[request, OK_2], &["GET /old !http_09 -> 200 length:2"]);
}

#[test]
fn conflicting_framing() {
    let request = Client(
        b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    );
    let twice =
        Client(b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc");
    let differ =
        Client(b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc");
    let b = "GET /b -> 201 length:3";
    check(
        &[request, OK_2, GET_B, OK_3],
        &["POST /a chunked:0 !conflicting_framing -> 200 length:2", b],
    );
    check(&[twice, OK_2, GET_B, OK_3], &["POST /a length:3 -> 200 length:2", b]);
    check(
        &[differ, OK_2, GET_B, OK_3],
        &["POST /a length:3 !invalid_content_length -> 200 length:2", b],
    );
}

#[test]
fn a_broken_chunk_ends_with_the_next_message() {
    let response = Server(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n");
    check_whole(
        &[GET_A, response, GET_B, OK_3],
        &["GET /a -> 200 chunked:5 !invalid_chunk", "GET /b -> 201 length:3"],
    );
}

#[test]
fn coded_content() {
    // "hello" by gzip.
    let coded: &[u8] = &[
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10,
        0x36, 5, 0, 0, 0,
    ];
    let response =
        [b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n", coded]
            .concat();
    check(
        &[GET_A, Server(&response), GET_B, OK_3],
        &["GET /a -> 200 length:25 Complete:Some(5)", "GET /b -> 201 length:3"],
    );
    // Abandoned in the middle: what was kept for decoding is given back.
    let half = &response[..response.len() - 9];
    check(
        &[GET_A, Server(half), Turn::End(Side::Response, End::Reset)],
        &["GET /a -> 200 length:16 Partial:Some(5) ?response_aborted ?response_undecoded"],
    );
    check(&[GET_A, Server(half)], &["GET /a -> 200 ?response_aborted"]);
}

#[test]
fn text_is_kept_until_it_is_handed_out() {
    fn check(request: &[u8], response: &[u8], expected: [&str; 2]) {
        let mut probe = Probe::new();
        for turn in [Client(request), Server(response)] {
            probe.turn(turn, &mut |_| 7);
        }
        probe.with(Conversation::close);
        assert_eq!(probe.memory.used(), 0);
        assert_eq!(probe.bodies, [expected.map(str::to_owned)]);
    }
    let post = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"a\": 12}";
    let chunks = b"HTTP/1.1 200 OK\r\nContent-Type: application/problem+JSON; a=b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n2\r\n2]\r\n0\r\n\r\n";
    check(post, chunks, ["{\\\"a\\\": 12}", "[12]"]);
    let image = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\nabcd";
    check(post, image, ["{\\\"a\\\": 12}", "..."]);
    // "hello" by gzip, without a type.
    let coded = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\x07\0\x86\xa6\x10\x36\x05\0\0\0";
    check(post, coded, ["{\\\"a\\\": 12}", "hello"]);
    let cut = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nab";
    check(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n", cut, ["...", "..."]);
}

#[test]
fn a_gap_ends_the_text() {
    let mut probe = Probe::new();
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 9\r\n\r\nabc";
    for turn in
        [GET_A, Server(head), Turn::Gap(Side::Response, 3, GapCause::Lost), Server(b"xyz"), GET_B]
    {
        probe.turn(turn, &mut <[u8]>::len);
    }
    assert_eq!(probe.bodies, [["...", "abc..."].map(str::to_owned)]);
    probe.with(Conversation::close);
    assert_eq!(probe.memory.used(), 0);
}

#[test]
fn without_counterpart() {
    check(&[OK_2, GET_B, OK_3], &["? -> 200 length:2 ?request", "GET /b -> 201 length:3"]);
    check(&[GET_A, OK_2, GET_B], &["GET /a -> 200 length:2", "GET /b -> ? ?response"]);
}

#[test]
fn budgets_leave_the_pairing_alone() {
    let budget = |side, length| Turn::Gap(side, length, GapCause::Budget);
    let post = Client(b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 90\r\n\r\nabc");
    let long = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\nabc");
    let b = "GET /b -> 201 length:3";
    check(
        &[post, budget(Side::Request, 87), OK_2, GET_B, OK_3],
        &["POST /a length:90 -> 200 length:2 ?request_truncated", b],
    );
    check(
        &[GET_A, long, budget(Side::Response, 77), GET_B, OK_3],
        &["GET /a -> 200 length:80 ?response_truncated", b],
    );
    let chunked = Server(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nabc");
    check_whole(
        &[GET_A, chunked, budget(Side::Response, 84), GET_B, OK_3],
        &["GET /a -> 200 chunked:87 ?response_truncated", b],
    );
    let upload =
        Client(b"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nabc");
    check_whole(
        &[upload, budget(Side::Request, 84), OK_2, GET_B, OK_3],
        &["POST /a chunked:87 -> 200 length:2 ?request_truncated", b],
    );
    // The client's end is captured: nothing tells yet that more of the request was sent.
    let mut probe = Probe::new();
    probe.turn(upload, &mut <[u8]>::len);
    probe.next[0] = probe.next[0].wrapping_add(84);
    probe.turn(OK_2, &mut <[u8]>::len);
    probe.next[0] = probe.next[0].wrapping_sub(84);
    probe.turn(budget(Side::Request, 84), &mut <[u8]>::len);
    probe.turn(GET_B, &mut <[u8]>::len);
    probe.turn(OK_3, &mut <[u8]>::len);
    assert_eq!(probe.close(), ["POST /a chunked:87 -> 200 length:2 ?request_truncated", b,]);
}

#[test]
fn a_gap_past_the_end_of_content_may_hide_messages() {
    let cut = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
    let gap = Turn::Gap(Side::Response, 50, GapCause::Lost);
    // The second of three responses is in the gap.
    let get_c = Client(b"GET /c HTTP/1.1\r\nHost: h\r\n\r\n");
    let mut probe = Probe::new();
    probe.turn(GET_A, &mut <[u8]>::len);
    probe.turn(cut, &mut <[u8]>::len);
    // The next request is seen before the gap is known.
    probe.next[1] += 2;
    probe.turn(GET_B, &mut <[u8]>::len);
    probe.next[1] += 48;
    probe.turn(get_c, &mut <[u8]>::len);
    probe.next[1] -= 50;
    probe.turn(gap, &mut <[u8]>::len);
    probe.turn(OK_3, &mut <[u8]>::len);
    assert_eq!(
        probe.close(),
        ["GET /a -> 200 length:4 ?response_gap", "GET /b -> ? ?response", "GET /c -> 201 length:3",]
    );
}

#[test]
fn an_unseen_head_request_swallows_no_response() {
    let mut probe = Probe::new();
    probe.turn(Turn::Gap(Side::Request, 30, GapCause::Lost), &mut <[u8]>::len);
    let head_only = [
        Server(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"),
        Server(b"HTTP/1.1 200 OK\r\n\r\n"),
        Server(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ];
    for answer in head_only {
        probe.turn(answer, &mut <[u8]>::len);
        probe.turn(GET_B, &mut <[u8]>::len);
        probe.turn(OK_3, &mut <[u8]>::len);
    }
    let seen = probe.close();
    assert_eq!(seen.len(), 6);
    for pair in seen.chunks(2) {
        assert!(pair[0].starts_with("? -> 200"), "{seen:?}");
        assert_eq!(pair[1], "GET /b -> 201 length:3");
    }
}
