//! The counts behind one row.

use std::sync::Arc;

use sketches_ddsketch::{Config, DDSketch};

use super::{EndpointRow, Key, Latency, process_name};
use crate::{
    exchange::{Exchange, Request, Timestamp, Workload},
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

/// Answers that do not show that a route exists.
const MISSES: [u16; 4] = [400, 404, 405, 501];

pub(super) struct Row {
    ends: [usize; 4],
    requests: u64,
    errors: u64,
    unanswered: u64,
    /// A handful for nearly all endpoints, so a search from the front is the fastest map.
    statuses: Vec<(u16, u64)>,
    rate: Rate,
    latency: DDSketch,
    first_seen: Timestamp,
    last_seen: Timestamp,
    workload: Option<Arc<Workload>>,
}

impl Row {
    pub(super) fn new(key: &Key, exchange: &Exchange, request: &Request) -> Self {
        Self {
            ends: key.ends,
            requests: 0,
            errors: 0,
            unanswered: 0,
            statuses: Vec::new(),
            rate: Rate { weight: 0.0, last: request.start },
            latency: DDSketch::new(Config::new(ACCURACY, MAX_BINS, MIN_LATENCY)),
            first_seen: request.start,
            last_seen: request.start,
            workload: exchange.workload.clone(),
        }
    }

    pub(super) fn record(&mut self, exchange: &Exchange, request: &Request) {
        self.requests += 1;
        self.rate.record(request.start);
        self.first_seen = self.first_seen.min(request.start);
        self.last_seen = self.last_seen.max(request.start);
        match &exchange.response {
            Some(response) => {
                self.errors += u64::from(response.status >= 400);
                self.count_status(response.status);
                self.latency.add(response.end.since(request.start) as f64 / 1e6);
            }
            None => self.unanswered += 1,
        }
        self.note_workload(exchange.workload.as_ref());
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests
    }

    /// Whether all answers so far are such that a route that does not exist gets them.
    pub(super) fn may_not_exist(&self) -> bool {
        !self.statuses.is_empty() && self.statuses.iter().all(|(status, _)| MISSES.contains(status))
    }

    pub(super) fn show(&self, key: &[u8], now: Timestamp) -> EndpointRow {
        let [role, method, host, route] = self.parts(key);
        let workload = self.workload.as_deref();
        let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        EndpointRow {
            id: HexDigits::<16>::new(&blake3::hash(key).as_bytes()[..8]).as_str().to_owned(),
            host,
            role,
            method,
            route,
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
        }
    }

    fn parts(&self, key: &[u8]) -> [String; 4] {
        let mut start = 0;
        self.ends.map(|end| {
            let part = key.get(start..end).unwrap_or_default();
            start = end + 1;
            String::from_utf8_lossy(part).into_owned()
        })
    }

    fn latency(&self) -> Option<Latency> {
        let quantile = |part| self.latency.quantile(part).ok().flatten();
        Some(Latency { p50: quantile(0.5)?, p95: quantile(0.95)?, p99: quantile(0.99)? })
    }

    fn count_status(&mut self, status: u16) {
        match self.statuses.iter_mut().find(|(known, _)| *known == status) {
            Some((_, count)) => *count += 1,
            None => self.statuses.push((status, 1)),
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

/// Events a second, each weighing less as it ages.
struct Rate {
    /// Sum of exp(-age / `RATE_TIME`) over the events, at `last`.
    weight: f64,
    last: Timestamp,
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
