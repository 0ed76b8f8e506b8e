//! Endpoint rows: one per (service, role, method, path template), with counts, status codes and
//! latency.
//!
//! A route that was never answered with anything but 400, 404, 405 or 501 is no endpoint: it is
//! what a scanner or a typing error asked for. Such routes wait in a small table apart, of which
//! the longest unused are forgotten, and are listed with all their counts as soon as another
//! status shows that they exist. A route that was not answered at all is listed: it may be a
//! call that hangs.

mod host;
mod row;

pub use host::Host;

use std::{collections::BTreeMap, io::Write as _};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::{
    exchange::{Exchange, Method, Request, Role, Timestamp, Workload},
    inventory::template::Template,
};
use row::Row;

/// Routes that wait for a status that shows that they exist.
const MAX_CANDIDATES: usize = 1024;

/// Longest method that makes a row of its own; longer ones share one.
const MAX_METHOD: usize = 32;

/// What a method over the bound, or one that is no token, is listed as (the OpenTelemetry HTTP
/// conventions name it so).
const OTHER_METHOD: &str = "_OTHER";

type Rows = HashMap<Box<[u8]>, Row, foldhash::fast::RandomState>;

/// The endpoints seen.
pub struct Endpoints {
    listed: Rows,
    /// Routes that may not exist, those used lately.
    candidates: Rows,
    /// The others; forgotten when `candidates` takes their place.
    older_candidates: Rows,
    max_rows: usize,
    counters: Counters,
    /// The key of the exchange at hand, kept for its allocation.
    key: Key,
}

/// Exchanges that are in no row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Of endpoints that were new when all rows were taken.
    pub refused: u64,
    /// Responses without a request.
    pub unpaired_responses: u64,
    /// Of routes that were only ever answered with 400, 404, 405 or 501, and forgotten.
    pub forgotten: u64,
}

impl Endpoints {
    /// An empty list of at most `max_rows` endpoints, 1 to 9 KiB each.
    pub fn new(max_rows: usize) -> Self {
        Self {
            listed: Rows::default(),
            candidates: Rows::default(),
            older_candidates: Rows::default(),
            max_rows,
            counters: Counters::default(),
            key: Key::default(),
        }
    }

    /// Counts an exchange; `template` is that of its request's path.
    pub fn record(&mut self, exchange: &Exchange, template: &Template) {
        let Some(request) = &exchange.request else {
            self.counters.unpaired_responses += 1;
            return;
        };
        self.key.set(exchange, request, &template.route);
        match self.listed.get_mut(&self.key.bytes[..]) {
            Some(row) => row.record(exchange, request),
            None => self.record_unlisted(exchange, request),
        }
    }

    /// The rows at `now`, in the order of service, route, method and role.
    pub fn rows(&self, now: Timestamp) -> Vec<EndpointRow> {
        let mut rows: Vec<_> = self.listed.iter().map(|(key, row)| row.show(key, now)).collect();
        rows.sort_by(|left, right| left.order().cmp(&right.order()));
        rows
    }

    /// How many endpoints are listed.
    pub fn len(&self) -> usize {
        self.listed.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// What is in no row.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    fn record_unlisted(&mut self, exchange: &Exchange, request: &Request) {
        let key = &self.key.bytes[..];
        let mut row = self
            .candidates
            .remove(key)
            .or_else(|| self.older_candidates.remove(key))
            .unwrap_or_else(|| Row::new(&self.key, exchange, request));
        row.record(exchange, request);
        if row.may_not_exist() {
            self.keep_candidate(row);
        } else if self.listed.len() < self.max_rows {
            self.listed.insert(key.into(), row);
        } else {
            self.counters.refused += row.requests();
        }
    }

    /// Two halves: when the newer is full it becomes the older, which is forgotten.
    fn keep_candidate(&mut self, row: Row) {
        if self.candidates.len() >= MAX_CANDIDATES / 2 {
            std::mem::swap(&mut self.candidates, &mut self.older_candidates);
            let forgotten = self.candidates.drain().map(|(_, row)| row.requests());
            self.counters.forgotten += forgotten.sum::<u64>();
        }
        self.candidates.insert(self.key.bytes[..].into(), row);
    }
}

/// What makes an endpoint, as bytes: role, method, service and route, each ended by a NUL that
/// none of them contains.
#[derive(Default)]
struct Key {
    bytes: Vec<u8>,
    /// Ends of role, method, service and route in `bytes`.
    ends: [usize; 4],
}

impl Key {
    fn set(&mut self, exchange: &Exchange, request: &Request, route: &str) {
        self.bytes.clear();
        self.push(0, role(exchange.role).as_bytes());
        self.push(1, method(&request.method).as_bytes());
        if let Some(host) = host::find(request) {
            let start = self.bytes.len();
            self.push(2, host);
            self.bytes[start..].make_ascii_lowercase();
        } else {
            // Writing to a vector cannot fail.
            let _ = write!(self.bytes, "{}", exchange.server);
            self.push(2, b"");
        }
        self.push(3, route.as_bytes());
    }

    fn push(&mut self, part: usize, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.ends[part] = self.bytes.len();
        self.bytes.push(0);
    }
}

/// The name of a role in rows and events.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Server => "server",
        Role::Client => "client",
        Role::Observed => "observed",
    }
}

/// The name of a method in rows and events: as sent, when it is a token of at most 32 bytes,
/// else `_OTHER`.
pub fn method(method: &Method) -> &str {
    match method {
        Method::Other(token) if token.len() > MAX_METHOD || !is_token(token.as_bytes()) => {
            OTHER_METHOD
        }
        method => method.as_str(),
    }
}

/// The name of a process: of its executable, else what the kernel calls it.
pub fn process_name(workload: &Workload) -> Option<&str> {
    let executable = workload.executable.as_deref();
    let name = executable.and_then(|path| path.rsplit('/').next()).filter(|name| !name.is_empty());
    name.or(workload.comm.as_deref())
}

/// Whether these bytes are a token (RFC 9110 section 5.6.2).
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| TOKEN[usize::from(byte)])
}

/// The bytes of a token. A table, for every field name of every message is looked up in it.
static TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let punctuation = b"!#$%&'*+-.^_`|~";
    let mut index = 0;
    while index < punctuation.len() {
        table[punctuation[index] as usize] = true;
        index += 1;
    }
    table
};

/// A row of the endpoint list, as the control socket and `--output json` give it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EndpointRow {
    /// Stable id: 16 hex digits over (service, role, method, route).
    pub id: String,
    /// The service: the authority asked for, else the server's address.
    pub host: String,
    /// `server`, `client` or `observed`: the side of the captured socket.
    pub role: String,
    /// Request method.
    pub method: String,
    /// Path template, such as `/users/{userId}`.
    pub route: String,
    /// Requests seen.
    pub requests: u64,
    /// Of those, answered with a status of 400 or above.
    pub errors: u64,
    /// Of those, without a response.
    pub unanswered: u64,
    /// Responses by status code.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests a second, decayed over about half a minute.
    pub rate: f64,
    /// Time from the first request byte to the last response byte, in milliseconds.
    pub latency_ms: Option<Latency>,
    /// First and last seen, RFC 3339.
    pub first_seen: String,
    /// See `first_seen`.
    pub last_seen: String,
    /// The process that serves (role `server`) or calls (role `client`): name of the executable.
    pub process: Option<String>,
    /// Its process id.
    pub pid: Option<u32>,
    /// Its container id.
    pub container: Option<String>,
    /// Its Kubernetes pod uid.
    pub pod: Option<String>,
}

impl EndpointRow {
    fn order(&self) -> (&str, &str, &str, &str) {
        (&self.host, &self.route, &self.method, &self.role)
    }
}

/// Quantiles in milliseconds, within 1% of the true value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Latency {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
}

#[cfg(test)]
mod tests;
