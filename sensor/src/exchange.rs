//! The central type: one HTTP request with its response, who spoke, and what is missing.
//!
//! Everything left of this module produces exchanges and everything right of it consumes
//! them. Raw values live here (the later stages need them to learn), which is why nothing in
//! this module can be serialised: sinks accept only the masked records of [`crate::event`].

mod flags;

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;

pub use flags::{Missing, Problems};

/// Nanoseconds since the Unix epoch.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Nanoseconds from `earlier` to `self`; zero when the clock went backwards.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A TCP connection as the capture numbers it: the socket cookie live, a flow number in replay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// Which side of the exchange the captured socket is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A process of this node answered.
    Server,
    /// A process of this node asked, and the server is elsewhere (or not captured).
    Client,
    /// Seen on the wire: a replayed capture has no node.
    Observed,
}

/// An HTTP request with its response.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Unique over nodes and restarts; the same for the same capture file.
    pub id: u128,
    /// The connection that carried it.
    pub connection: ConnectionId,
    /// Who asked.
    pub client: SocketAddr,
    /// Who answered.
    pub server: SocketAddr,
    /// Which side the captured socket is on.
    pub role: Role,
    /// `None` when the response was seen without its request.
    pub request: Option<Request>,
    /// `None` when no response was seen.
    pub response: Option<Response>,
    /// The process behind the captured socket, where known.
    pub workload: Option<Arc<Workload>>,
    /// The process that called, when it runs on this node too.
    pub caller: Option<Arc<Workload>>,
    /// What the TLS handshake told; `None` for an exchange in clear.
    pub tls: Option<Arc<Tls>>,
    /// The operations called, where several share the path (GraphQL, JSON-RPC), by name.
    pub operations: Vec<Box<str>>,
    /// Why a part is absent or incomplete. Empty when everything was seen.
    pub missing: Missing,
}

impl Exchange {
    /// Drops what was only kept to learn from.
    pub fn drop_bodies(&mut self) {
        if let Some(request) = &mut self.request {
            request.body = Body::default();
        }
        if let Some(response) = &mut self.response {
            response.body = Body::default();
        }
    }
}

/// What a TLS handshake told of its connection. What is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// The version, as in `1.3`.
    pub version: Option<&'static str>,
    /// The name of the cipher suite (IANA).
    pub cipher: Option<&'static str>,
    /// The application protocol chosen (ALPN).
    pub protocol: Option<Box<str>>,
    /// The host name that the client asked for (SNI), lower case.
    pub server_name: Option<Box<str>>,
    /// An earlier session was resumed.
    pub resumed: bool,
    /// The client showed a certificate (mutual TLS).
    pub client_certificate: bool,
}

/// A request as sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// Start line and fields.
    pub head: Head,
    /// The method.
    pub method: Method,
    /// Where the request target lies in `head.raw`.
    pub target: Span,
    /// The protocol version of the start line.
    pub version: Version,
    /// When the first byte was seen.
    pub start: Timestamp,
    /// When the last byte was seen.
    pub end: Timestamp,
    /// Facts on the content.
    pub content: Content,
    /// The content itself, as far as it is text that the inventory learns from. Gone before
    /// records are made.
    pub body: Body,
    /// What is odd about it.
    pub problems: Problems,
}

/// A final (not 1xx) response as sent.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status line and fields.
    pub head: Head,
    /// The status code, 100 to 999. Zero for an HTTP/0.9 response, which has none.
    pub status: u16,
    /// The protocol version of the status line.
    pub version: Version,
    /// When the first byte was seen.
    pub start: Timestamp,
    /// When the last byte was seen.
    pub end: Timestamp,
    /// Facts on the content.
    pub content: Content,
    /// The content itself, as far as it is text that the inventory learns from. Gone before
    /// records are made.
    pub body: Body,
    /// What is odd about it.
    pub problems: Problems,
}

/// A range of [`Head::raw`], in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// One field line of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSpan {
    /// The field name as sent.
    pub name: Span,
    /// The field value without surrounding white space.
    pub value: Span,
}

/// A start line and its field lines, as sent (obsolete line folding replaced by spaces).
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The bytes that the spans point into.
    pub raw: Bytes,
    /// The field lines in the order sent.
    pub fields: Vec<FieldSpan>,
}

impl Head {
    /// The bytes of a span.
    pub fn slice(&self, span: Span) -> &[u8] {
        self.raw.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// All fields as (name, value), in the order sent.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|field| (self.slice(field.name), self.slice(field.value)))
    }

    /// The first value of a field, by name in any case.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.fields()
            .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }
}

impl Request {
    /// The request target as sent: `/path?query`, `http://host/path`, `host:port` or `*`.
    pub fn target(&self) -> &[u8] {
        self.head.slice(self.target)
    }

    /// The path of the target: no scheme, authority, query or fragment. `*` and the authority
    /// of a CONNECT stand for themselves.
    pub fn path(&self) -> &[u8] {
        let target = self.origin_form();
        let end = target.iter().position(|&byte| byte == b'?' || byte == b'#');
        &target[..end.unwrap_or(target.len())]
    }

    /// The query of the target without its `?`, where it has one.
    pub fn query(&self) -> Option<&[u8]> {
        let target = self.origin_form();
        let start = target.iter().position(|&byte| byte == b'?')? + 1;
        let query = &target[start..];
        let end = query.iter().position(|&byte| byte == b'#');
        Some(&query[..end.unwrap_or(query.len())])
    }

    /// The authority asked for: of the target when it is absolute (RFC 9112 section 3.2.2),
    /// else of the Host field.
    pub fn authority(&self) -> Option<&[u8]> {
        if self.method == Method::Connect {
            return Some(self.target());
        }
        match split_absolute(self.target()) {
            Some((authority, _)) => Some(authority),
            None => self.head.get("host"),
        }
    }

    fn origin_form(&self) -> &[u8] {
        match split_absolute(self.target()) {
            Some((_, b"")) => b"/",
            Some((_, rest)) => rest,
            None => self.target(),
        }
    }
}

/// RFC 3986 section 3.1.
fn is_scheme_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)
}

/// Splits `scheme://authority/rest` into authority (without user information) and rest.
fn split_absolute(target: &[u8]) -> Option<(&[u8], &[u8])> {
    if target.first().is_none_or(|&byte| byte == b'/' || byte == b'*') {
        return None;
    }
    let scheme = target.windows(3).position(|window| window == b"://")?;
    if scheme == 0 || !target[..scheme].iter().all(|&byte| is_scheme_byte(byte)) {
        return None;
    }
    let rest = &target[scheme + 3..];
    let end = rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let host = authority.iter().rposition(|&byte| byte == b'@').map_or(0, |at| at + 1);
    Some((&authority[host..], rest))
}

/// A request method: the registered ones that APIs use, and any other token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
    /// CONNECT
    Connect,
    /// OPTIONS
    Options,
    /// TRACE
    Trace,
    /// PATCH
    Patch,
    /// Any other token, as sent.
    Other(Box<str>),
}

impl Method {
    /// The method as on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Patch => "PATCH",
            Self::Other(token) => token,
        }
    }
}

impl From<&str> for Method {
    fn from(token: &str) -> Self {
        match token {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "DELETE" => Self::Delete,
            "CONNECT" => Self::Connect,
            "OPTIONS" => Self::Options,
            "TRACE" => Self::Trace,
            "PATCH" => Self::Patch,
            other => Self::Other(other.into()),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The HTTP version of a start line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Version {
    /// HTTP/0.9: a request line without version, a response without head.
    Http09,
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    #[default]
    Http11,
}

impl Version {
    /// The value of OpenTelemetry's `network.protocol.version`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http09 => "0.9",
            Self::Http10 => "1.0",
            Self::Http11 => "1.1",
        }
    }
}

/// Facts on the content (body) of a message. Lengths are in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// How the end of the content is known.
    pub framing: Framing,
    /// Content bytes on the wire after transfer decoding, gaps of known size included.
    pub length: u64,
    /// Of those, the bytes that were captured.
    pub captured: u64,
    /// Length after content decoding, when there is a coding and it was decoded (up to the cap).
    pub decoded: Option<u64>,
    /// What became of the content coding.
    pub decoding: Decoding,
}

/// Content after decoding, from its first byte on.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// The bytes; empty when none were kept.
    pub bytes: Vec<u8>,
    /// Whether that is all of the content.
    pub whole: bool,
}

/// Without the bytes: they are nobody's business in a log.
impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, whole } = self;
        formatter.debug_struct("Body").field("length", &bytes.len()).field("whole", whole).finish()
    }
}

/// How a message's end is known (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// No content.
    #[default]
    None,
    /// Content-Length.
    Length,
    /// Transfer-Encoding: chunked.
    Chunked,
    /// The end of the connection.
    Close,
}

/// What became of a content coding (RFC 9110 section 8.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decoding {
    /// No coding was named, or there was no content.
    #[default]
    Identity,
    /// Decoded to the end.
    Complete,
    /// Decoded up to the cap on decoded bytes.
    Capped,
    /// Decoded up to where the captured bytes end.
    Partial,
    /// The bytes are not what the coding says.
    Broken,
    /// A coding that is not supported.
    Unsupported,
}

/// The process behind a socket. What is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workload {
    /// Process id in the node's PID namespace.
    pub pid: Option<u32>,
    /// The kernel's name of the process.
    pub comm: Option<Box<str>>,
    /// Path of the executable in the process's own mount namespace.
    pub executable: Option<Box<str>>,
    /// Cgroup path below the cgroup root.
    pub cgroup: Option<Box<str>>,
    /// Container id (64 hex digits).
    pub container: Option<Box<str>>,
    /// Kubernetes pod uid.
    pub pod: Option<Box<str>>,
    /// What Kubernetes says of the container. Set once it is known, which may be later: whoever
    /// shares this workload knows it from then on.
    pub kubernetes: OnceLock<Arc<Kubernetes>>,
}

/// A container in its pod, as the API server describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kubernetes {
    /// The pod's namespace.
    pub namespace: Box<str>,
    /// The pod's name.
    pub pod: Box<str>,
    /// The container's name in the pod; `None` for the pod's own sandbox.
    pub container: Option<Box<str>>,
    /// What made the pod: kind and name, such as `Deployment` and `shop`.
    pub owner: Option<(Box<str>, Box<str>)>,
    /// The pod's labels, as many as are kept.
    pub labels: BTreeMap<Box<str>, Box<str>>,
}
