use std::fmt::Write as _;

use super::*;
use crate::exchange::Method;

const LIMITS: Limits =
    Limits { head_bytes: 4096, coded_bytes: 1024, decoded_bytes: 1024, keep_text: true };

/// Reads `text` in pieces of `piece` bytes and tells what happened, one line an event.
fn read(side: Side, text: &[u8], piece: usize, limits: &Limits) -> Vec<String> {
    let mut memory = Memory::new(1 << 20);
    let mut reader = Reader::new(side, 0);
    let mut events = Vec::new();
    for (index, bytes) in text.chunks(piece).enumerate() {
        let sequence = (index * piece) as u32;
        let mut chunk =
            Chunk { bytes, sequence, acknowledgement: 0, time: Timestamp(u64::from(sequence)) };
        loop {
            let step = reader.read(&mut chunk, limits, &mut memory);
            let more = matches!(step, Step::More);
            event(&mut reader, step, limits, &mut memory, &mut events);
            if more || chunk.bytes.is_empty() {
                break;
            }
        }
        assert_eq!(reader.position(), sequence + bytes.len() as u32);
    }
    if let Some(step) = reader.end(End::Finished, limits, &mut memory) {
        event(&mut reader, step, limits, &mut memory, &mut events);
    }
    reader.abandon(&mut memory);
    assert_eq!(memory.used(), 0);
    events
}

fn event(
    reader: &mut Reader,
    step: Step,
    limits: &Limits,
    memory: &mut Memory,
    events: &mut Vec<String>,
) {
    match step {
        Step::More => {}
        Step::Head(message) => {
            let MessageHead { start_line, head, facts, problems, origin: _ } = message;
            let mut line = match &start_line {
                StartLine::Request { method, target, version } => {
                    let target = head.slice(*target).escape_ascii();
                    format!("{method} {target} {}", version.as_str())
                }
                StartLine::Status { status, version } => format!("{status} {}", version.as_str()),
            };
            for (name, value) in head.fields().take(8) {
                let _ = write!(line, " {}={}", name.escape_ascii(), value.escape_ascii());
            }
            for name in problems.names() {
                let _ = write!(line, " !{name}");
            }
            events.push(line);
            let framing = match (facts.transfer, facts.content_length) {
                (Transfer::Chunked, _) => Framing::Chunked,
                (Transfer::Other, _) => Framing::Close,
                (_, Some(_)) => Framing::Length,
                _ => Framing::None,
            };
            let done =
                reader.begin_content(framing, &facts, ContentKind::default(), limits, memory);
            events.extend(done.map(|collected| content(&collected)));
        }
        Step::Done(collected) => events.push(content(&collected)),
        Step::Broken(malformed) => events.push(format!("{malformed:?}")),
    }
}

fn content(collected: &Collected) -> String {
    let problems = collected.problems.names().map(|name| format!(" !{name}"));
    let aborted = if collected.aborted { " aborted" } else { "" };
    format!("content {}{aborted}{}", collected.content.length, problems.collect::<String>())
}

/// The same comes out however the text is cut.
#[track_caller]
fn check(side: Side, text: &str, expect: &[&str]) {
    for size in 1..=text.len() {
        assert_eq!(read(side, text.as_bytes(), size, &LIMITS), expect, "pieces of {size}");
    }
}

/// For broken input: it is skipped by segments, so that only the whole is checked.
#[track_caller]
fn check_whole(side: Side, text: &str, expect: &[&str]) {
    assert_eq!(read(side, text.as_bytes(), text.len(), &LIMITS), expect);
}

#[test]
fn request_lines() {
    let check = |line: &str, expect: &str| {
        let text = format!("{line}\r\nHost: h\r\n\r\n");
        check(Side::Request, &text, &[&format!("{expect} Host=h"), "content 0"]);
    };
    check("GET / HTTP/1.1", "GET / 1.1");
    check("GET /a?b=c#d HTTP/1.0", "GET /a?b=c#d 1.0");
    check("GET http://h:80/a HTTP/1.1", "GET http://h:80/a 1.1");
    check("OPTIONS * HTTP/1.1", "OPTIONS * 1.1");
    check("CONNECT h:443 HTTP/1.1", "CONNECT h:443 1.1");
    check("M-SEARCH * HTTP/1.1", "M-SEARCH * 1.1");
    check("PROPFIND /dav HTTP/1.1", "PROPFIND /dav 1.1");
}

#[test]
fn broken_request_lines_that_servers_take() {
    let check = |line: &str, expect: &str| {
        let text = format!("{line}\r\nHost: h\r\n\r\n");
        check(Side::Request, &text, &[expect, "content 0"]);
    };
    check("GET /a b c HTTP/1.1", "GET /a b c 1.1 Host=h !invalid_request_line");
    check("GET  /a  HTTP/1.1", "GET /a 1.1 Host=h !invalid_field");
    check("GET /\u{e9} HTTP/1.1", "GET /\\xc3\\xa9 1.1 Host=h");
}

#[test]
fn http_09_is_its_first_line() {
    let expect = ["GET /old 0.9 !http_09", "content 0"];
    check(Side::Request, "GET /old\r\n", &expect);
    check(Side::Request, "GET /old\n", &expect);
    check(Side::Request, "\r\n\r\nGET /old\r\n", &expect);
    check_whole(
        Side::Request,
        "GET /old\r\nHost: h\r\n\r\n",
        &["GET /old 0.9 !http_09", "content 0", "Head"],
    );
}

#[test]
fn blank_lines_before_a_message() {
    check(Side::Request, "\r\n\n\r\nGET / HTTP/1.0\r\n\r\n", &["GET / 1.0", "content 0"]);
    check(Side::Response, "\r\nHTTP/1.1 204 No\r\n\r\n", &["204 1.1", "content 0"]);
}

#[test]
fn bare_line_feeds() {
    check(Side::Request, "GET / HTTP/1.0\nA: b\n\n", &["GET / 1.0 A=b", "content 0"]);
    check(Side::Request, "GET / HTTP/1.0\r\nA: b\n\r\n", &["GET / 1.0 A=b", "content 0"]);
}

#[test]
fn hosts() {
    let check = |head: &str, expect: &str| check(Side::Request, head, &[expect, "content 0"]);
    check("GET / HTTP/1.1\r\n\r\n", "GET / 1.1 !invalid_host");
    check("GET / HTTP/1.1\r\nhOST: a\r\nHost: b\r\n\r\n", "GET / 1.1 hOST=a Host=b !invalid_host");
    check("GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / 1.1 Host=");
}

#[test]
fn folded_lines() {
    check(
        Side::Request,
        "GET / HTTP/1.0\r\nA: b\r\n  c\r\n\td\r\nE: f\r\n\r\n",
        &["GET / 1.0 A=b    c   d E=f !obsolete_folding", "content 0"],
    );
    check(
        Side::Response,
        "HTTP/1.1 204 No\r\nA: b\r\n c\r\nB\x01D: x\r\n\r\n",
        &["204 1.1 A=b   c !obsolete_folding !invalid_field", "content 0"],
    );
}

#[test]
fn invalid_fields_are_left_out() {
    let expect = ["GET / 1.0 A=b C=d !invalid_field", "content 0"];
    check(Side::Request, "GET / HTTP/1.0\r\nA: b\r\nno colon\r\nC: d\r\n\r\n", &expect);
    check(Side::Request, "GET / HTTP/1.0\r\nA: b\r\nX Y: z\r\nC: d\r\n\r\n", &expect);
    check(Side::Request, "GET / HTTP/1.0\r\nA: b\r\nX\0Y: z\r\nC: d\r\n\r\n", &expect);
    check(
        Side::Request,
        "GET / HTTP/1.0\r\nA: b\0c\rd\r\n\r\n",
        &["GET / 1.0 A=b c d !invalid_field", "content 0"],
    );
}

#[test]
fn status_lines() {
    let check = |line: &str, expect: &str| {
        check(Side::Response, &format!("{line}\r\n\r\n"), &[expect, "content 0"]);
    };
    check("HTTP/1.1 200 OK", "200 1.1");
    check("HTTP/1.0 404 Not Found", "404 1.0");
    check("HTTP/1.1 200", "200 1.1");
    check("HTTP/1.1 599 \u{e9}", "599 1.1");
}

#[test]
fn framing_fields() {
    let request = |fields: &str, expect: &[&str]| {
        check(Side::Request, &format!("PUT / HTTP/1.0\r\n{fields}\r\n\r\n"), expect);
    };
    request("Content-Length: 0", &["PUT / 1.0 Content-Length=0", "content 0"]);
    request("Content-Length: 5, 5", &["PUT / 1.0 Content-Length=5, 5", "content 0 aborted"]);
    request(
        "Content-Length: 5\r\nContent-Length: 5",
        &["PUT / 1.0 Content-Length=5 Content-Length=5", "content 0 aborted"],
    );
    request(
        "Content-Length: 5\r\nContent-Length: 6",
        &[
            "PUT / 1.0 Content-Length=5 Content-Length=6 !invalid_content_length",
            "content 0 aborted",
        ],
    );
    for invalid in ["5, 6", "+5", "-1", "0x5", "five", "99999999999999999999"] {
        let expect = format!("PUT / 1.0 Content-Length={invalid} !invalid_content_length");
        request(&format!("Content-Length: {invalid}"), &[&expect, "content 0"]);
    }
    request(
        "Content-Length: 18446744073709551615",
        &["PUT / 1.0 Content-Length=18446744073709551615", "content 0 aborted"],
    );
    request(
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        &[
            "PUT / 1.0 Transfer-Encoding=chunked Content-Length=5 !conflicting_framing",
            "content 0 aborted",
        ],
    );
    request(
        "Transfer-Encoding: chunked, gzip",
        &["PUT / 1.0 Transfer-Encoding=chunked, gzip !invalid_transfer_encoding", "content 0"],
    );
    request(
        "Transfer-Encoding: gzip, Chunked",
        &["PUT / 1.0 Transfer-Encoding=gzip, Chunked", "content 0 aborted"],
    );
}

#[test]
fn chunked_content() {
    let check = |coded: &str, expect: &[&str]| {
        let head = "PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
        let first = "PUT / 1.0 Transfer-Encoding=chunked";
        check(Side::Request, &format!("{head}{coded}"), &[&[first], expect].concat());
    };
    check("5\r\nhello\r\n0\r\n\r\n", &["content 5"]);
    check("5;a=\"b;c\"\r\nhello\r\n0\r\nT: r\r\nU: s\r\n\r\n", &["content 5"]);
    check("1\r\nx\r\n0\r\n\r\nGET / HTTP/1.0\r\n\r\n", &["content 1", "GET / 1.0", "content 0"]);
    check("zz\r\n", &["content 3 !invalid_chunk"]);
    check("ffffffffffffffffff\r\n", &["content 3 !invalid_chunk"]);
}

#[test]
fn what_is_no_message_is_skipped_to_one() {
    for junk in ["\0\0\0", "get / HTTP/1.1\r\n\r\n", "GE\x01T / HTTP/1.1\r\n\r\n", "a b c"] {
        check_whole(Side::Request, junk, &["Head"]);
    }
    check_whole(Side::Request, "GET / HTTP/7.7\r\n\r\n", &["Head"]);
    check_whole(Side::Response, "HTTP/1.1 abc\r\n\r\n", &["Head"]);
    check_whole(Side::Response, "220 mail\r\n", &["Head"]);

    let mut reader = Reader::new(Side::Request, 0);
    let mut memory = Memory::new(1024);
    let mut feed = |bytes: &[u8]| {
        let mut chunk = Chunk { bytes, sequence: 0, acknowledgement: 0, time: Timestamp(0) };
        let step = reader.read(&mut chunk, &LIMITS, &mut memory);
        (
            format!("{step:?}").split('(').next().unwrap_or_default().to_owned(),
            reader.take_strayed(),
        )
    };
    assert_eq!(feed(b"\0\0"), ("Broken".to_owned(), true));
    assert_eq!(feed(b"more GET / HTTP/1.1"), ("More".to_owned(), false));
    // Too little to tell it from content.
    assert_eq!(feed(b"GET"), ("More".to_owned(), false));
    assert_eq!(feed(b"GET / HTTP/1.1\r\n\r\n"), ("Head".to_owned(), false));
}

#[test]
fn heads_have_a_cap() {
    let limits = Limits { head_bytes: 64, ..LIMITS };
    let head = |length: usize| {
        let fixed = "GET / HTTP/1.0\r\nA: \r\n\r\n".len();
        format!("GET / HTTP/1.0\r\nA: {}\r\n\r\n", "x".repeat(length - fixed))
    };
    for size in [1, 7, 63, 64, 65, 1000] {
        assert_eq!(read(Side::Request, head(64).as_bytes(), size, &limits).len(), 2, "{size}");
        let over = read(Side::Request, head(65).as_bytes(), size, &limits);
        assert_eq!(over, ["HeadTooLarge"], "{size}");
    }
    let endless = format!("GET /{}", "a".repeat(1 << 20));
    assert_eq!(read(Side::Request, endless.as_bytes(), 1460, &limits), ["HeadTooLarge"]);
}

#[test]
fn many_fields() {
    let check = |count: usize, kept: usize, problems: Problems| {
        let mut text = "GET / HTTP/1.0\r\n".to_owned();
        text.extend((0..count).map(|index| format!("F{index}: {index}\r\n")));
        text += "Content-Length: 3\r\n\r\nabc";
        let limits = Limits { head_bytes: 1 << 20, ..LIMITS };
        let mut memory = Memory::new(1 << 20);
        let mut reader = Reader::new(Side::Request, 0);
        let mut chunk =
            Chunk { bytes: text.as_bytes(), sequence: 0, acknowledgement: 0, time: Timestamp(0) };
        let Step::Head(message) = reader.read(&mut chunk, &limits, &mut memory) else {
            panic!("{count} fields are no head");
        };
        assert_eq!(message.head.fields.len(), kept);
        assert_eq!(message.problems, problems);
        // The fields left out are heeded all the same.
        assert_eq!(message.facts.content_length, Some(3));
        assert_eq!(chunk.bytes, b"abc");
    };
    check(10, 11, Problems::empty());
    check(63, 64, Problems::empty());
    check(64, 65, Problems::empty());
    check(2047, 2048, Problems::empty());
    check(2048, 2048, Problems::TOO_MANY_FIELDS);
    check(20_000, 2048, Problems::TOO_MANY_FIELDS);
}

/// Each of these took time that grew with the square of its length.
#[test]
fn hostile_heads_cost_linear_time() {
    let limits = Limits { head_bytes: 1 << 20, ..LIMITS };
    let line = "x".repeat(500_000);
    let texts = [
        format!("GET /{line} HTTP/1.0\r\n{}\r\n", "a:\n".repeat(160_000)),
        format!("GET /{line} HTTP/1.0\r\n{}\r\n", "a:\n b\n".repeat(80_000)),
        format!("GET /{line}\x01 HTTP/1.0\r\n{}\r\n", "\x01\n".repeat(200_000)),
        format!("GET /{line} HTTP/1.0\r\n{}", "a:".repeat(200_000)),
    ];
    let start = std::time::Instant::now();
    for text in &texts {
        for size in [16, 1460, text.len()] {
            read(Side::Request, text.as_bytes(), size, &limits);
        }
    }
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn a_buffer_refused_is_a_head_too_large() {
    let mut memory = Memory::new(8);
    let mut reader = Reader::new(Side::Request, 0);
    let mut chunk =
        Chunk { bytes: b"GET /0123456789", sequence: 0, acknowledgement: 0, time: Timestamp(0) };
    let step = reader.read(&mut chunk, &LIMITS, &mut memory);
    assert!(matches!(step, Step::Broken(Malformed::HeadTooLarge)), "{step:?}");
    assert_eq!((memory.used(), memory.refused), (0, 1));
}

#[test]
fn gaps_in_content() {
    let mut memory = Memory::new(1024);
    let mut check = |length: u32, done: bool, strayed: bool, content: u64| {
        let mut reader = Reader::new(Side::Request, 0);
        let bytes = b"PUT / HTTP/1.0\r\nContent-Length: 10\r\n\r\nab";
        let mut chunk = Chunk { bytes, sequence: 0, acknowledgement: 0, time: Timestamp(0) };
        let Step::Head(message) = reader.read(&mut chunk, &LIMITS, &mut memory) else { panic!() };
        let StartLine::Request { method: Method::Put, .. } = message.start_line else { panic!() };
        reader.begin_content(
            Framing::Length,
            &message.facts,
            ContentKind::default(),
            &LIMITS,
            &mut memory,
        );
        reader.read(&mut chunk, &LIMITS, &mut memory);
        let step = reader.gap(length, GapCause::Lost, &LIMITS, &mut memory);
        assert_eq!(matches!(step, Step::Done(_)), done, "{step:?}");
        assert_eq!(reader.take_strayed(), strayed);
        assert_eq!(reader.position(), (bytes.len() as u32).wrapping_add(length));
        let step = match step {
            Step::Done(_) => step,
            _ => reader.end(End::Finished, &LIMITS, &mut memory).unwrap(),
        };
        let Step::Done(collected) = step else { panic!("{step:?}") };
        assert_eq!(collected.content.length, content);
        assert!(collected.gap);
    };
    check(5, false, false, 7);
    check(8, true, false, 10);
    // The gap runs past the end: other messages may have been in it.
    check(9, true, true, 10);
    check(u32::MAX, true, true, 10);
}
