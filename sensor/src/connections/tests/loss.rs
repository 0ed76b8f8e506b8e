//! Every subset of lost segments of a dialogue: what is paired is paired rightly.

use super::*;

const EXCHANGES: usize = 6;

/// How a loss shows.
#[derive(Clone, Copy, Debug)]
enum Shown {
    /// The next record of the direction tells how much was lost before it, and nothing else.
    Hint,
    /// By the acknowledgements only.
    Acknowledgement,
    /// Both, as on a node.
    Both,
}

/// One exchange of a dialogue by its number, which is in its path, its status, the fields and
/// the content of either message.
fn request(number: usize) -> Vec<u8> {
    match number % 3 {
        0 => format!("GET /{number} HTTP/1.1\r\nHost: h\r\nX-Id: {number}\r\n\r\n"),
        1 => format!("POST /{number} HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nb{number}b{number}"),
        _ => format!("PUT /{number} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{number}\r\n0\r\n\r\n"),
    }
    .into_bytes()
}

fn response(number: usize) -> Vec<u8> {
    match number % 3 {
        0 => format!("HTTP/1.1 20{number} OK\r\nContent-Length: 1\r\n\r\n{number}"),
        1 => format!(
            "HTTP/1.1 20{number} OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{number}\r\n0\r\n\r\n"
        ),
        _ => format!(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 20{number} OK\r\nContent-Length: 0\r\n\r\n"
        ),
    }
    .into_bytes()
}

fn number_of(exchange: &Exchange) -> (Option<usize>, Option<usize>) {
    let request = exchange
        .request
        .as_ref()
        .map(|request| std::str::from_utf8(request.target()).unwrap()[1..].parse().unwrap());
    let response = exchange.response.as_ref().map(|response| usize::from(response.status) - 200);
    (request, response)
}

/// Takes the segments in `lost` (by bit) out, and tells of it in the way of `shown`.
fn lose(wire: &Wire, lost: u32, shown: Shown) -> Vec<Sent> {
    let mut pending = [0, 0];
    let mut kept = Vec::new();
    let payloads = wire.sent.iter().filter(|sent| sent.length > 0).count() as u32;
    let mut index = payloads;
    for sent in &wire.sent {
        let mut sent = sent.clone();
        let bytes = &mut pending[sent.direction as usize];
        if sent.length > 0 {
            index -= 1;
            if lost >> index & 1 == 1 {
                *bytes += sent.length;
                continue;
            }
        }
        let told = std::mem::take(bytes);
        if matches!(shown, Shown::Hint | Shown::Both) {
            sent.lost = told;
        }
        if matches!(shown, Shown::Hint) {
            // Numbers that tell nothing new: no acknowledgement at all.
            sent.flags &= !ACK;
        }
        kept.push(sent);
    }
    kept
}

/// Runs every subset of losses; `exact` says that what is whole must be paired.
fn check(wire: &Wire, segments: u32, shown: Shown, source: Source, exact: bool) {
    let wrong = check_subsets(wire, segments, shown, source, exact);
    assert!(wrong.is_empty(), "{} wrong pairs, {}", wrong.len(), wrong[0].1);
}

/// The subsets that give a wrong pair, each with its exchanges.
fn check_subsets(
    wire: &Wire,
    segments: u32,
    shown: Shown,
    source: Source,
    exact: bool,
) -> Vec<(u32, String)> {
    let mut wrong = Vec::new();
    for lost in 0..1_u32 << segments {
        let kept = lose(wire, lost, shown);
        let exchanges = run(source, &kept);
        let seen: Vec<_> = exchanges.iter().map(line).collect();
        let width = segments as usize;
        let told = || format!("lost {lost:0width$b}, {shown:?}, {source:?}: {seen:?}");
        let mut requests = [0; EXCHANGES];
        let mut paired = [false; EXCHANGES];
        for exchange in &exchanges {
            let (request, response) = number_of(exchange);
            if let (Some(request), Some(response)) = (request, response) {
                if request != response {
                    wrong.push((lost, told()));
                }
                paired[request] = true;
            }
            if let Some(request) = request {
                requests[request] += 1;
            }
        }
        assert!(requests.iter().all(|count| *count <= 1), "said twice, {}", told());
        if !exact {
            continue;
        }
        for (number, paired) in paired.into_iter().enumerate() {
            let bit = |turn: usize| lost >> (segments as usize - 1 - turn) & 1 == 1;
            let whole = !bit(2 * number) && !bit(2 * number + 1);
            assert!(paired || !whole, "{number} is whole but not paired, {}", told());
        }
    }
    wrong
}

const SOURCES: [(Source, Direction); 3] = [
    (Source::Node, Direction::Inbound),
    (Source::Node, Direction::Outbound),
    (Source::Wire, Direction::Outbound),
];

fn keep_alive(client: Direction) -> Wire {
    let mut wire = Wire::new(client).handshake();
    for number in 0..EXCHANGES {
        wire.request(&request(number));
        wire.response(&response(number));
    }
    wire
}

#[test]
fn keep_alive_with_the_kernels_hints() {
    for (source, client) in SOURCES {
        check(&keep_alive(client), 12, Shown::Both, source, true);
        check(&keep_alive(client), 12, Shown::Hint, source, false);
    }
}

#[test]
fn keep_alive_with_acknowledgements_alone() {
    check(&keep_alive(Direction::Outbound), 12, Shown::Acknowledgement, Source::Wire, true);
    check(&keep_alive(Direction::Inbound), 12, Shown::Acknowledgement, Source::Wire, true);
    // A node believes its own acknowledgements only: less is paired, nothing wrongly.
    check(&keep_alive(Direction::Inbound), 12, Shown::Acknowledgement, Source::Node, false);
    check(&keep_alive(Direction::Outbound), 12, Shown::Acknowledgement, Source::Node, false);
}

#[test]
fn keep_alive_in_two_segments_each() {
    for (source, client) in SOURCES {
        let mut wire = Wire::new(client).handshake();
        for number in 0..3 {
            let (request, response) = (request(number), response(number));
            let (front, back) = request.split_at(request.len() / 2);
            wire.request(front);
            wire.request(back);
            let (front, back) = response.split_at(response.len() - 3);
            wire.response(front);
            wire.response(back);
        }
        check(&wire, 12, Shown::Both, source, false);
        check(&wire, 12, Shown::Acknowledgement, source, false);
    }
}

/// Whether two requests of one batch were seen, so that the client shows that it pipelines, or
/// no response was lost, so that the order tells.
fn pipelining_shows(batch: usize, lost: u32) -> bool {
    let turns: Vec<bool> = (0..12).rev().map(|bit| lost >> bit & 1 == 0).collect();
    let mut batches = turns.chunks(2 * batch);
    let all_answers = batches.clone().all(|turns| turns[batch..].iter().all(|seen| *seen));
    all_answers || batches.all(|turns| turns[..batch].iter().filter(|seen| **seen).count() >= 2)
}

/// Sent together in batches: never wrong, however much is lost, unless what was lost is all
/// that could show it.
#[test]
fn pipelined() {
    for batch in [6, 3, 2] {
        for (source, client) in SOURCES {
            let mut wire = Wire::new(client).handshake();
            for first in (0..EXCHANGES).step_by(batch) {
                for number in first..first + batch {
                    wire.request(&request(number));
                }
                for number in first..first + batch {
                    wire.response(&response(number));
                }
            }
            for shown in [Shown::Both, Shown::Acknowledgement] {
                let wrong = check_subsets(&wire, 12, shown, source, false);
                for (lost, told) in wrong {
                    assert!(batch < 6 && !pipelining_shows(batch, lost), "wrong pair, {told}");
                }
            }
        }
    }
}

/// Each request is sent in the middle of the response before.
#[test]
fn pipelined_in_the_middle() {
    for (source, client) in SOURCES {
        let mut wire = Wire::new(client).handshake();
        wire.request(&request(0));
        for number in 0..4 {
            let response = response(number);
            let (front, back) = response.split_at(response.len() / 2);
            wire.response(front);
            if number < 3 {
                wire.request(&request(number + 1));
            }
            wire.response(back);
        }
        check(&wire, 12, Shown::Both, source, false);
        check(&wire, 12, Shown::Acknowledgement, source, false);
    }
}
