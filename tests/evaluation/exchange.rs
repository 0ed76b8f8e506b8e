//! An exchange as the pipeline gives it, from its parts.

use bytes::Bytes;
use sensor::exchange::{
    Body, ConnectionId, Content, Exchange, FieldSpan, Framing, Head, Missing, Problems, Request,
    Response, Role, Span, Timestamp, Version,
};

/// What is said in an exchange.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// Upper case.
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// Fields of the request besides Host and those on its content.
    pub fields: Vec<(String, String)>,
    /// Media type and bytes of the request's content.
    pub content: Option<(String, Vec<u8>)>,
    /// Status of the response.
    pub status: u16,
    /// Media type and length of the response's content.
    pub answer: Option<(String, u64)>,
    /// Who asks, as a number.
    pub client: u8,
}

/// Makes the exchange of number `number` with `host`.
pub fn make(message: &Message, host: &str, number: u64, time: Timestamp) -> Exchange {
    let (request, target) = request_head(message, host);
    let sent = message.content.as_ref().map_or(0, |(_, bytes)| bytes.len() as u64);
    let received = message.answer.as_ref().map_or(0, |(_, length)| *length);
    let end = Timestamp(time.0 + 3_000_000);
    Exchange {
        id: u128::from(number),
        connection: ConnectionId(number / 8),
        client: ([10, 0, 1, message.client], 40_000).into(),
        server: ([10, 0, 0, 1], 8080).into(),
        role: Role::Server,
        request: Some(Request {
            head: request,
            method: message.method.as_str().into(),
            target,
            version: Version::Http11,
            start: time,
            end: time,
            content: content(sent),
            body: Body::default(),
            problems: Problems::empty(),
        }),
        response: Some(Response {
            head: response_head(message),
            status: message.status,
            version: Version::Http11,
            start: end,
            end,
            content: content(received),
            body: Body::default(),
            problems: Problems::empty(),
        }),
        workload: None,
        caller: None,
        operations: Vec::new(),
        tls: None,
        missing: Missing::empty(),
    }
}

fn content(length: u64) -> Content {
    let framing = if length == 0 { Framing::None } else { Framing::Length };
    Content { framing, length, captured: length, ..Content::default() }
}

fn request_head(message: &Message, host: &str) -> (Head, Span) {
    let mut head = Writer::default();
    head.raw.extend_from_slice(message.method.as_bytes());
    head.raw.push(b' ');
    let target = head.push(&message.target);
    head.raw.extend_from_slice(b" HTTP/1.1\r\n");
    head.field("host", host);
    for (name, value) in &message.fields {
        head.field(name, value);
    }
    if let Some((media_type, bytes)) = &message.content {
        head.field("content-type", media_type);
        head.field("content-length", &bytes.len().to_string());
    }
    (head.end(), target)
}

fn response_head(message: &Message) -> Head {
    let mut head = Writer::default();
    head.push(&format!("HTTP/1.1 {} Status\r\n", message.status));
    if let Some((media_type, length)) = &message.answer {
        head.field("content-type", media_type);
        head.field("content-length", &length.to_string());
    }
    head.end()
}

#[derive(Default)]
struct Writer {
    raw: Vec<u8>,
    fields: Vec<FieldSpan>,
}

impl Writer {
    fn push(&mut self, text: &str) -> Span {
        let start = self.raw.len() as u32;
        self.raw.extend_from_slice(text.as_bytes());
        Span { start, end: self.raw.len() as u32 }
    }

    fn field(&mut self, name: &str, value: &str) {
        let name = self.push(name);
        self.push(": ");
        let value = self.push(value);
        self.push("\r\n");
        self.fields.push(FieldSpan { name, value });
    }

    fn end(mut self) -> Head {
        self.push("\r\n");
        Head { raw: Bytes::from(self.raw), fields: self.fields }
    }
}
