//! Requests that wait for a response: how many, how long, and what they answer to.

use super::*;

#[test]
fn too_many_waiting_requests_are_counted() {
    let mut probe = Probe::new();
    for _ in 0..1000 {
        probe.turn(GET_A, &mut <[u8]>::len);
    }
    assert_eq!((probe.seen.len(), probe.counts.queue_overflows), (744, 744));
    assert_eq!(probe.close().len(), 1000);
}

#[test]
fn pipelined_requests_after_a_loss_are_given_up_when_it_is_quiet() {
    let mut probe = Probe::new();
    let get_c = Client(b"GET /c HTTP/1.1\r\nHost: h\r\n\r\n");
    let lost = Turn::Gap(Side::Response, 41, GapCause::Lost);
    for turn in [GET_A, GET_B, lost, OK_2, Turn::Settle, get_c, OK_3] {
        probe.turn(turn, &mut <[u8]>::len);
    }
    assert_eq!(
        probe.close(),
        [
            "? -> 200 length:2 ?request ?pairing",
            "GET /a -> ? ?response",
            "GET /b -> ? ?response",
            "GET /c -> 201 length:3",
        ]
    );
}

#[test]
fn joined_later() {
    let mut probe = Probe::new();
    probe.conversation = Conversation::new(true, [CLIENT_AT, SERVER_AT], [0, 0]);
    for turn in [OK_2, GET_A, OK_2, GET_B, OK_3] {
        probe.turn(turn, &mut <[u8]>::len);
    }
    assert_eq!(
        probe.close(),
        ["? -> 200 length:2 ?request", "GET /a -> 200 length:2", "GET /b -> 201 length:3",]
    );
}

#[test]
fn an_overflow_of_the_queue_shifts_no_pair() {
    let mut probe = Probe::new();
    for number in 0..300 {
        probe.bytes(Side::Request, format!("GET /{number} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
    }
    for number in 0..300 {
        let head = format!("HTTP/1.1 200 OK\r\nETag: {number}\r\nContent-Length: 0\r\n\r\n");
        probe.bytes(Side::Response, head.as_bytes());
    }
    assert_eq!(probe.counts.queue_overflows, 44);
    let seen = probe.close();
    let paired = seen.iter().filter(|line| !line.contains('?')).count();
    assert_eq!((seen.len(), paired), (600, 0), "{seen:#?}");
}

#[test]
fn waiting_requests_are_booked_and_bounded() {
    let mut probe = Probe::new();
    let head = format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "x".repeat(4000));
    for count in 1..600 {
        probe.bytes(Side::Request, head.as_bytes());
        let used = probe.memory.used();
        assert!(used <= 1 << 20 && (count > 200 || used >= 4000 * count), "{count}: {used}");
    }
    probe.with(|conversation, _, context| conversation.abandon(context.memory));
    assert_eq!(probe.memory.used(), 0);
}

#[test]
fn a_refused_expectation_leaves_the_next_request_whole() {
    let mut probe = Probe::new();
    let (first, again) = ("Expect: 100-continue\r\n", "");
    let post = |extra| format!("POST / HTTP/1.1\r\nHost: h\r\n{extra}Content-Length: 90\r\n\r\n");
    probe.bytes(Side::Request, post(first).as_bytes());
    probe.bytes(Side::Response, b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
    probe.bytes(Side::Request, post(again).as_bytes());
    probe.bytes(Side::Request, &[b'x'; 90]);
    probe.bytes(Side::Response, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let seen = probe.close();
    assert!(seen.len() == 2 && seen[0].contains("417") && seen[1].contains("200"), "{seen:?}");
    assert!(seen[1].contains("length:90") && !seen[1].contains('?'), "{seen:?}");
}
