//! Endpoint rows: one per (service, role, method, path template), with counts, status codes and
//! latency. Operations that share a path (GraphQL, JSON-RPC) have rows of their own.
//!
//! A route that was never answered with anything but 400, 404, 405 or 501 is no endpoint: it is
//! what a scanner or a typing error asked for. Such routes wait in a small table apart, of which
//! the longest unused are forgotten, and are listed with all their counts as soon as another
//! status shows that they exist. A route that was not answered at all is listed: it may be a
//! call that hangs.

mod host;
mod key;
mod moves;
mod operations;
mod pod;
mod row;
mod stored;

pub use host::Host;
pub(super) use host::is_host;
pub use moves::Moved;
pub use pod::PodView;
pub use row::Row;
pub use stored::Change;

use std::{borrow::Cow, collections::BTreeMap};

use self::{
    key::{Ends, Key},
    operations::Operations,
};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::{
    exchange::{Exchange, Method, Request, Role, Timestamp, Workload},
    inventory::{
        lifecycle::Lifecycle,
        paths::{self, Declared, Paths, PlaceId, Sight},
        risk::Risk,
        template::{Template, template},
    },
};

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
    paths: Paths,
    declared: Declared,
    operations: Operations,
    moved: Moved,
    /// Keys of rows that are gone, for the store.
    gone: Vec<Box<[u8]>>,
    /// The key and template of the exchange at hand, kept for their allocations.
    key: Key,
    template: Template,
}

/// Exchanges that are in no row, and paths that were not learned from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Of endpoints that were new when all rows were taken.
    pub refused: u64,
    /// Responses without a request.
    pub unpaired_responses: u64,
    /// Of routes that were only ever answered with 400, 404, 405 or 501, and wait.
    pub unlisted: u64,
    /// Of such routes that were forgotten.
    pub forgotten: u64,
    /// Paths.
    pub paths: paths::Counters,
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
            paths: Paths::default(),
            declared: Declared::default(),
            operations: Operations::default(),
            moved: Moved::default(),
            gone: Vec::new(),
            key: Key::default(),
            template: Template::default(),
        }
    }

    /// Counts an exchange and gives the template of its path, as far as known; without a request,
    /// that of an earlier one. `learn` is given its row, unless it is in none, or in several: a batch
    /// of operations tells of each that it was called, and not what it takes and gives.
    ///
    /// `shape` is a hash of what the responses of one endpoint have in common and others have not,
    /// such as the names in a JSON object; 0 when unknown. It helps to tell values from literals.
    pub fn record(
        &mut self,
        exchange: &Exchange,
        shape: u32,
        learn: impl FnOnce(&mut Row, &Template),
    ) -> &Template {
        let Some(request) = &exchange.request else {
            self.counters.unpaired_responses += 1;
            return &self.template;
        };
        self.key.begin(exchange, request);
        let place = self.resolve(exchange, request, shape);
        match &exchange.operations[..] {
            [] => self.record_at(exchange, request, place, learn),
            [one] => {
                self.choose_operation(one);
                self.record_at(exchange, request, None, learn);
            }
            several => {
                for name in several {
                    self.choose_operation(name);
                    self.record_at(exchange, request, None, |_, _| ());
                }
            }
        }
        &self.template
    }

    /// Counts an exchange in the row of the key.
    fn record_at(
        &mut self,
        exchange: &Exchange,
        request: &Request,
        place: Option<PlaceId>,
        learn: impl FnOnce(&mut Row, &Template),
    ) {
        if let Some(row) = self.listed.get_mut(&self.key.bytes[..]) {
            row.place = place.or(row.place);
            row.record(exchange, request);
            learn(row, &self.template);
        } else {
            self.record_unlisted(exchange, request, learn);
        }
    }

    /// Sets the operation of the key, or the one that the many of a path share.
    fn choose_operation(&mut self, name: &str) {
        self.key.end_operation(name);
        if !self.listed.contains_key(&self.key.bytes[..]) && self.operations.is_full(&self.key) {
            self.key.end_operation(operations::OTHER);
        }
    }

    /// Prefers these routes, such as `/pets/{petId}`, for paths of a host that they match, and
    /// gives how many were not taken: no route, or too many. Rows that match are joined.
    pub fn declare<'r>(&mut self, host: &str, routes: impl Iterator<Item = &'r str>) -> usize {
        let refused = self.declared.add(host.as_bytes(), routes);
        self.rejoin_declared(host);
        refused
    }

    /// Judges what was learned since templates were last judged, so that they no longer depend on
    /// the order of the exchanges.
    pub fn settle(&mut self) {
        for (key, row) in &mut self.listed {
            let [_, method, ..] = row.key_parts(key);
            let method = str::from_utf8(method).unwrap_or_default();
            if let Some((place, sight)) = row.place.zip(row.take_evidence(method)) {
                // What is due is judged below.
                self.paths.add(place, sight);
            }
        }
        for moves in self.paths.settle() {
            self.move_rows(&moves);
        }
    }

    /// Ids that ended, with the ids that took their place, since the last call.
    pub fn take_moved(&mut self) -> Vec<(String, String)> {
        self.moved.take()
    }

    /// The rows at `now`, in the order of service, route, method and role.
    pub fn rows(&self, now: Timestamp) -> Vec<EndpointRow> {
        let mut rows: Vec<_> = self.listed.iter().map(|(key, row)| row.show(key, now)).collect();
        rows.sort_by(|left, right| left.order().cmp(&right.order()));
        rows
    }

    /// The row of an id with its key, for what the list does not show.
    pub fn find(&self, wanted: &str) -> Option<(&[u8], &Row)> {
        self.listed.iter().find(|(key, _)| row::id(key) == wanted).map(|(key, row)| (&key[..], row))
    }

    /// The row of a key.
    pub fn get(&self, key: &[u8]) -> Option<&Row> {
        self.listed.get(key)
    }

    /// Every listed row with its key, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Row)> {
        self.listed.iter().map(|(key, row)| (&key[..], row))
    }

    /// Every row that is kept, listed or not.
    pub fn iter_all(&self) -> impl Iterator<Item = &Row> {
        [&self.listed, &self.candidates, &self.older_candidates].into_iter().flat_map(Rows::values)
    }

    /// Shows each row's workload to `fill`, which says whether it told it something.
    pub fn fill_workloads(&mut self, mut fill: impl FnMut(&Workload) -> bool) {
        for row in self.listed.values_mut() {
            if row.workload.as_deref().is_some_and(&mut fill) {
                row.mark_changed();
            }
        }
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
        let waiting = self.candidates.values().chain(self.older_candidates.values());
        let unlisted = waiting.map(Row::requests).sum();
        Counters { unlisted, paths: self.paths.counters(), ..self.counters }
    }

    /// Makes the template and the key. An answer that shows that the path exists makes it evidence;
    /// gives where, when the template follows from the path's form.
    fn resolve(&mut self, exchange: &Exchange, request: &Request, shape: u32) -> Option<PlaceId> {
        let (path, out) = (request.path(), &mut self.template);
        if !self.declared.is_empty() && self.declared.template(self.key.host(), path, out) {
            self.key.end(&self.template.route);
            return None;
        }
        let status = exchange.response.as_ref().map(|response| response.status);
        let exists = status.is_none_or(|status| !row::is_miss(status));
        let shape = if status.is_some_and(|status| status < 300) { shape } else { 0 };
        let mut sight =
            exists.then(|| Sight { method: method(&request.method), requests: 1, shape });
        // Most paths are those of a row whose route follows from their form.
        template(path, out);
        self.key.end(&out.route);
        let row = self.listed.get_mut(&self.key.bytes[..]);
        if let Some((row, place)) = row.and_then(|row| row.place.map(|place| (row, place))) {
            let Some(lot) = sight.and_then(|sight| row.evidence(sight)) else { return Some(place) };
            if self.paths.knows(place) {
                let Some(moves) = self.paths.count(place, lot) else { return Some(place) };
                self.move_rows(&moves);
            }
            sight = Some(lot);
        }
        let host = paths::Host { role: exchange.role, name: self.key.host() };
        let resolved = self.paths.template(host, path, sight, &mut self.template);
        if let Some(moves) = resolved.moves {
            self.move_rows(&moves);
        }
        self.key.end(&self.template.route);
        resolved.place
    }

    fn record_unlisted(
        &mut self,
        exchange: &Exchange,
        request: &Request,
        learn: impl FnOnce(&mut Row, &Template),
    ) {
        let key = &self.key.bytes[..];
        let mut row = self
            .candidates
            .remove(key)
            .or_else(|| self.older_candidates.remove(key))
            .unwrap_or_else(|| Row::new(&self.key, exchange, request));
        row.record(exchange, request);
        let may_not_exist = row.may_not_exist();
        if may_not_exist || self.listed.len() < self.max_rows {
            learn(&mut row, &self.template);
        }
        if may_not_exist {
            self.keep_candidate(row);
        } else if self.listed.len() < self.max_rows {
            self.operations.add(&self.key);
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
    /// Stable id: 16 hex digits over (service, role, method, route, operation).
    pub id: String,
    /// The service: the authority asked for, else the server's address.
    pub host: String,
    /// `server`, `client` or `observed`: the side of the captured socket.
    pub role: String,
    /// Request method.
    pub method: String,
    /// Path template, such as `/users/{userId}`.
    pub route: String,
    /// The operation, where several share the path: `query Users` of GraphQL, `eth_call` of
    /// JSON-RPC, or `_OTHER` for those beyond 256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
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
    /// Its names in Kubernetes.
    #[serde(default)]
    pub kubernetes: Option<PodView>,
    /// Kinds of authentication, most used first.
    pub authentication: Vec<String>,
    /// Kinds of sensitive data, those of which one can be sure or nearly so.
    pub sensitive: Vec<String>,
    /// `new`, `active` or `stale`.
    pub lifecycle: Lifecycle,
    /// Who owns it, by the rules of the configuration.
    pub owner: Option<String>,
    /// How specifications know it; `None` without any for the host.
    pub declared: Option<Declaration>,
    /// How much it deserves a look.
    pub risk: Risk,
}

/// How specifications know an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Declaration {
    /// It is declared.
    Declared,
    /// It is not, though others of its host are.
    Shadow,
    /// It is declared deprecated, or no longer declared, and still called.
    Zombie,
}

impl EndpointRow {
    pub(super) fn order(&self) -> (&str, &str, Option<&str>, &str, &str) {
        (&self.host, &self.route, self.operation.as_deref(), &self.method, &self.role)
    }

    /// The route, with its operation where it has one.
    pub fn place(&self) -> Cow<'_, str> {
        match &self.operation {
            Some(operation) => format!("{} {operation}", self.route).into(),
            None => (&*self.route).into(),
        }
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
