//! Exchanges for tests, from messages as text.

use std::sync::Arc;

use bytes::Bytes;

use crate::exchange::{
    Body, ConnectionId, Content, Exchange, FieldSpan, Framing, Head, Method, Missing, Problems,
    Request, Response, Role, Span, Timestamp, Version, Workload,
};

/// 2024-05-31T12:00:00Z.
pub(crate) const START: u64 = 1_717_156_800_000_000_000;

/// A request of `text` (lines end in LF) answered with `status`, 4 ms later, for a millisecond.
pub(crate) fn exchange(request: &str, status: u16) -> Exchange {
    let mut exchange = unanswered(request);
    exchange.response = Some(response(&format!("HTTP/1.1 {status} Status\n"), status));
    exchange.missing = Missing::empty();
    exchange
}

/// A request without a response.
pub(crate) fn unanswered(text: &str) -> Exchange {
    let mut missing = Missing::empty();
    missing.insert(Missing::RESPONSE);
    Exchange {
        id: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef,
        connection: ConnectionId(7),
        client: "192.0.2.1:50000".parse().unwrap(),
        server: "198.51.100.2:8080".parse().unwrap(),
        role: Role::Server,
        request: Some(request(text)),
        response: None,
        workload: Some(Arc::new(Workload {
            pid: Some(4711),
            comm: Some("nginx".into()),
            executable: Some("/usr/sbin/nginx".into()),
            ..Workload::default()
        })),
        caller: None,
        tls: None,
        operations: Vec::new(),
        missing,
    }
}

/// A request that starts at [`START`] and takes a millisecond.
pub(crate) fn request(text: &str) -> Request {
    let line = text.lines().next().unwrap_or_default();
    let mut words = line.split(' ');
    let method = words.next().unwrap_or_default();
    let target = words.next().unwrap_or_default();
    let start = method.len() as u32 + 1;
    Request {
        head: head(text),
        method: Method::from(method),
        target: Span { start, end: start + target.len() as u32 },
        version: Version::Http11,
        start: Timestamp(START),
        end: Timestamp(START + 1_000_000),
        content: Content::default(),
        body: Body::default(),
        problems: Problems::empty(),
    }
}

/// A response with a content of 17 bytes.
pub(crate) fn response(text: &str, status: u16) -> Response {
    Response {
        head: head(text),
        status,
        version: Version::Http11,
        start: Timestamp(START + 4_000_000),
        end: Timestamp(START + 5_000_000),
        body: Body::default(),
        content: Content {
            framing: Framing::Length,
            length: 17,
            captured: 17,
            ..Content::default()
        },
        problems: Problems::empty(),
    }
}

fn head(text: &str) -> Head {
    let mut fields = Vec::new();
    let mut start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if let Some(colon) = line.find(':').filter(|_| index > 0) {
            let value = line[colon + 1..].trim();
            let value_start = start + line.len() - line[colon + 1..].trim_start().len();
            fields.push(FieldSpan {
                name: span(start, colon),
                value: span(value_start, value.len()),
            });
        }
        start += line.len();
    }
    Head { raw: Bytes::copy_from_slice(text.as_bytes()), fields }
}

fn span(start: usize, length: usize) -> Span {
    Span { start: start as u32, end: (start + length) as u32 }
}
