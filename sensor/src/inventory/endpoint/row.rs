//! The counts behind one row.

use std::sync::Arc;

use sketches_ddsketch::{Config, DDSketch};

use super::{EndpointRow, Ends, Key, Latency, PodView, process_name};
use crate::{
    exchange::{Exchange, Request, Timestamp, Workload},
    inventory::{
        learned::Learned,
        lifecycle::{Lifecycle, Periods},
        paths::{PlaceId, Sight},
        risk::Risk,
    },
    mask::HexDigits,
};

/// Relative error of the latency quantiles.
const ACCURACY: f64 = 0.01;

/// At 1% these span nine decades, a microsecond to a quarter of an hour, in at most 8 KiB. What
/// is below joins the lowest bin.
const MAX_BINS: u32 = 1024;

/// Below this many milliseconds a latency counts as zero.
const MIN_LATENCY: f64 = 1e-6;

/// Time constant of the rate in seconds.
const RATE_TIME: f64 = 30.0;

/// Requests of a row of which the evidence is told one by one, and of how many at once after that.
const TOLD_EACH: u64 = 32;
const TOLD_AT_ONCE: u32 = 16;

/// Answers that do not show that a route exists.
const MISSES: [u16; 4] = [400, 404, 405, 501];

/// What is known of an endpoint.
pub struct Row {
    pub(super) ends: Ends,
    pub(super) requests: u64,
    pub(super) errors: u64,
    pub(super) unanswered: u64,
    /// A handful for nearly all endpoints, so a search from the front is the fastest map.
    pub(super) statuses: Vec<(u16, u64)>,
    pub(super) rate: Rate,
    pub(super) latency: DDSketch,
    pub(super) first_seen: Timestamp,
    pub(super) last_seen: Timestamp,
    pub(super) workload: Option<Arc<Workload>>,
    pub(super) learned: Option<Box<Learned>>,
    /// Since the store was last told.
    pub(super) changed: bool,
    /// Since its record was last sent.
    pub(super) unsent: bool,
    /// Where its path is evidence, when its route follows from the form of its path.
    pub(super) place: Option<PlaceId>,
    /// Requests that the evidence has not been told of, and the shape that it was last told.
    pub(super) untold: u32,
    pub(super) shape: u32,
}

impl Row {
    /// What is learned of the endpoint.
    pub fn learned_mut(&mut self) -> &mut Learned {
        self.learned.get_or_insert_default()
    }

    pub(super) fn mark_changed(&mut self) {
        self.changed = true;
        self.unsent = true;
    }

    pub(in crate::inventory) fn learned(&self) -> Option<&Learned> {
        self.learned.as_deref()
    }

    pub(super) fn new(key: &Key, exchange: &Exchange, request: &Request) -> Self {
        Self {
            ends: key.ends,
            requests: 0,
            errors: 0,
            unanswered: 0,
            statuses: Vec::new(),
            rate: Rate { weight: 0.0, last: request.start },
            latency: new_sketch(),
            first_seen: request.start,
            last_seen: request.start,
            workload: exchange.workload.clone(),
            learned: None,
            changed: true,
            unsent: true,
            place: None,
            untold: 0,
            shape: 0,
        }
    }

    pub(super) fn record(&mut self, exchange: &Exchange, request: &Request) {
        self.mark_changed();
        self.requests += 1;
        self.rate.record(request.start);
        self.first_seen = self.first_seen.min(request.start);
        self.last_seen = self.last_seen.max(request.start);
        match &exchange.response {
            Some(response) => {
                self.errors += u64::from(response.status >= 400);
                self.add_status(response.status, 1);
                self.latency.add(response.end.since(request.start) as f64 / 1e6);
            }
            None => self.unanswered += 1,
        }
        self.note_workload(exchange.workload.as_ref());
    }

    /// Adds what another row holds: the two are one endpoint.
    pub(super) fn merge(&mut self, other: Self) {
        self.mark_changed();
        self.requests += other.requests;
        self.errors += other.errors;
        self.unanswered += other.unanswered;
        for (status, count) in other.statuses {
            self.add_status(status, count);
        }
        self.rate.merge(&other.rate);
        // Cannot fail: all sketches have one configuration.
        let _ = self.latency.merge(&other.latency);
        if other.workload.is_some() && (self.workload.is_none() || other.last_seen > self.last_seen)
        {
            self.workload = other.workload;
        }
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        match (&mut self.learned, other.learned) {
            (Some(own), Some(theirs)) => own.merge(&theirs),
            (own, theirs) => *own = own.take().or(theirs),
        }
    }

    /// Takes `requests` of the row's requests out, which turned out to be another endpoint's.
    ///
    /// The number is known; of statuses, errors and rate the same share is taken, times are those
    /// of the whole; latencies and what was learned stay behind: whose they were is not kept.
    pub(super) fn split(&mut self, requests: u64) -> Self {
        self.mark_changed();
        let whole = self.requests.max(1);
        let requests = requests.min(self.requests);
        let take = |count: &mut u64| {
            let part =
                (u128::from(*count) * u128::from(requests)).div_ceil(u128::from(whole)) as u64;
            *count -= part;
            part
        };
        let statuses = self.statuses.iter_mut().map(|(status, count)| (*status, take(count)));
        let statuses = statuses.filter(|(_, count)| *count > 0).collect();
        let errors = take(&mut self.errors);
        let unanswered = take(&mut self.unanswered);
        self.requests -= requests;
        Self {
            ends: self.ends,
            requests,
            errors,
            unanswered,
            statuses,
            rate: self.rate.split(requests as f64 / whole as f64),
            latency: new_sketch(),
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            workload: self.workload.clone(),
            learned: None,
            changed: true,
            unsent: true,
            place: None,
            untold: 0,
            shape: 0,
        }
    }

    /// Adds a sight of the row's path to what the evidence is to be told, and gives what to tell it
    /// now: each of the first, then many at once, for the tree is far from the row in memory.
    pub(super) fn evidence<'m>(&mut self, sight: Sight<'m>) -> Option<Sight<'m>> {
        self.untold += sight.requests;
        let has_shape = sight.shape != 0 && sight.shape != self.shape;
        let is_news = self.requests < TOLD_EACH || has_shape;
        if has_shape {
            self.shape = sight.shape;
        }
        if is_news || self.untold >= TOLD_AT_ONCE {
            let requests = std::mem::take(&mut self.untold);
            return Some(Sight { requests, ..sight });
        }
        None
    }

    /// What the evidence was not told yet.
    pub(super) fn take_evidence<'m>(&mut self, method: &'m str) -> Option<Sight<'m>> {
        let requests = std::mem::take(&mut self.untold);
        (requests > 0).then_some(Sight { method, requests, shape: self.shape })
    }

    /// Gives the row the key under which it is kept now.
    pub(super) fn rename(&mut self, key: &Key) {
        self.mark_changed();
        self.ends = key.ends;
        self.place = None;
    }

    pub(in crate::inventory) fn requests(&self) -> u64 {
        self.requests
    }

    /// Whether all answers so far are such that a route that does not exist gets them.
    pub(super) fn may_not_exist(&self) -> bool {
        !self.statuses.is_empty() && self.statuses.iter().all(|(status, _)| is_miss(*status))
    }

    pub(in crate::inventory) fn show(&self, key: &[u8], now: Timestamp) -> EndpointRow {
        let [role, method, host, route, operation] =
            self.key_parts(key).map(|part| String::from_utf8_lossy(part).into_owned());
        let workload = self.workload.as_deref();
        let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        EndpointRow {
            id: id(key),
            host,
            role,
            method,
            route,
            operation: Some(operation).filter(|name| !name.is_empty()),
            requests: self.requests,
            errors: self.errors,
            unanswered: self.unanswered,
            statuses: self.statuses.iter().copied().collect(),
            rate: self.rate.at(now, self.first_seen),
            latency_ms: self.latency(),
            first_seen: rfc3339(self.first_seen),
            last_seen: rfc3339(self.last_seen),
            process: workload.and_then(process_name).map(str::to_owned),
            pid: workload.and_then(|workload| workload.pid),
            container: workload.and_then(|workload| text(&workload.container)),
            pod: workload.and_then(|workload| text(&workload.pod)),
            kubernetes: workload
                .and_then(|workload| workload.kubernetes.get())
                .map(|known| PodView::of(known)),
            authentication: self.learned().map(Learned::authentication_kinds).unwrap_or_default(),
            sensitive: Vec::new(),
            lifecycle: Lifecycle::of(self.first_seen, self.last_seen, now, Periods::default()),
            owner: None,
            declared: None,
            risk: Risk::default(),
        }
    }

    /// Role, method, service, route and operation of the row's key.
    pub(super) fn key_parts<'k>(&self, key: &'k [u8]) -> [&'k [u8]; 5] {
        let mut start = 0;
        self.ends.map(|end| {
            let part = key.get(start..end).unwrap_or_default();
            start = end + 1;
            part
        })
    }

    fn latency(&self) -> Option<Latency> {
        let quantile = |part| self.latency.quantile(part).ok().flatten();
        Some(Latency { p50: quantile(0.5)?, p95: quantile(0.95)?, p99: quantile(0.99)? })
    }

    fn add_status(&mut self, status: u16, more: u64) {
        match self.statuses.iter_mut().find(|(known, _)| *known == status) {
            Some((_, count)) => *count += more,
            None => self.statuses.push((status, more)),
        }
    }

    /// The workload last seen stays: processes restart, and their endpoint is the same.
    fn note_workload(&mut self, seen: Option<&Arc<Workload>>) {
        let Some(seen) = seen else { return };
        if self.workload.as_ref().is_none_or(|known| !Arc::ptr_eq(known, seen)) {
            self.workload = Some(Arc::clone(seen));
        }
    }
}

/// Whether a route that does not exist is answered so.
pub(super) fn is_miss(status: u16) -> bool {
    MISSES.contains(&status)
}

/// The id of the endpoint of a key.
pub(super) fn id(key: &[u8]) -> String {
    HexDigits::<16>::new(&blake3::hash(key).as_bytes()[..8]).as_str().to_owned()
}

fn new_sketch() -> DDSketch {
    DDSketch::new(Config::new(ACCURACY, MAX_BINS, MIN_LATENCY))
}

/// Events a second, each weighing less as it ages.
pub(super) struct Rate {
    /// Sum of exp(-age / `RATE_TIME`) over the events, at `last`.
    pub weight: f64,
    pub last: Timestamp,
}

impl Rate {
    fn record(&mut self, time: Timestamp) {
        let passed = time.since(self.last);
        if passed > 0 {
            self.weight *= decay(passed);
            self.last = time;
        }
        self.weight += 1.0;
    }

    fn merge(&mut self, other: &Self) {
        let last = self.last.max(other.last);
        let weight = |rate: &Self| rate.weight * decay(last.since(rate.last));
        *self = Self { weight: weight(self) + weight(other), last };
    }

    fn split(&mut self, share: f64) -> Self {
        let weight = self.weight * share;
        self.weight -= weight;
        Self { weight, last: self.last }
    }

    /// The rate at `now`, without bias since the first event: the sum is divided by what a rate
    /// of one would have gathered since then, at least a second ago.
    fn at(&self, now: Timestamp, first: Timestamp) -> f64 {
        let age = now.since(first).max(1_000_000_000);
        self.weight * decay(now.since(self.last)) / (RATE_TIME * (1.0 - decay(age)))
    }
}

fn decay(nanoseconds: u64) -> f64 {
    (-(nanoseconds as f64) / 1e9 / RATE_TIME).exp()
}

fn rfc3339(time: Timestamp) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time.0)).unwrap_or_default().to_string()
}
