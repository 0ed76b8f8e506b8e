//! Endpoints that changed and heartbeats, for sinks that take them: in pieces, so that the
//! analysis never pauses for long.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::records::{Changes, Outbox};
use crate::{
    analysis::Analysis, config::Config, exchange::Timestamp, inventory::Inventory,
    sink::kafka::Meter, stats::Status,
};

/// Endpoints described at once: about a millisecond's work.
const PIECE: usize = 16;
/// How long the last round may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// How far the passing on of all that changed is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    Due,
    UnderWay,
    Over,
}

/// Sees to it that changes are passed on when it is time.
pub struct Publisher {
    meter: Arc<Meter>,
    endpoint_interval: Duration,
    heartbeat_interval: Duration,
    begun: Instant,
    beaten: Option<Instant>,
    round: Round,
    /// Changes that found no room.
    waiting: Option<Box<Changes>>,
}

impl Publisher {
    /// All endpoints are passed on first: those that were restored may have changed unseen.
    pub fn new(config: &Config, meter: Arc<Meter>) -> Self {
        Self {
            meter,
            endpoint_interval: config.kafka.endpoint_interval,
            heartbeat_interval: config.kafka.heartbeat_interval,
            begun: Instant::now(),
            beaten: None,
            round: Round::Due,
            waiting: None,
        }
    }

    /// Whether a heartbeat is due.
    pub fn is_heartbeat_due(&self) -> bool {
        self.beaten.is_none_or(|last| last.elapsed() >= self.heartbeat_interval)
    }

    /// Passes a heartbeat on; one that finds no room is left out, for counts only grow.
    pub fn heartbeat(&mut self, status: Status, now: Timestamp, outbox: &mut Outbox) {
        self.beaten = Some(Instant::now());
        let status = Some(status);
        let _ = outbox.changes(Box::new(Changes { time: now, status, ..Changes::default() }));
    }

    /// Passes on the next piece, if it is time, or keeps it when there is no room.
    pub fn tick(&mut self, analysis: &mut Analysis<Outbox>, now: Timestamp) {
        if let Some(changes) = self.next(analysis.inventory(), now) {
            self.waiting = analysis.records().changes(changes);
        }
    }

    fn next(&mut self, inventory: &mut Inventory, now: Timestamp) -> Option<Box<Changes>> {
        if let Some(waiting) = self.waiting.take() {
            return Some(waiting);
        }
        if self.round == Round::Over && self.begun.elapsed() >= self.endpoint_interval {
            self.round = Round::Due;
        }
        // What is not taken now the inventory keeps: endpoints are never dropped.
        if self.round == Round::Over || self.meter.changes.is_full() {
            return None;
        }
        let mut changes = Changes { time: now, ..Changes::default() };
        if self.round == Round::Due {
            (self.round, self.begun) = (Round::UnderWay, Instant::now());
            inventory.begin_round();
            changes.gone = inventory.take_moved().into_iter().map(|(old, _)| old).collect();
        }
        changes.endpoints = inventory.take_unsent(PIECE, now);
        if changes.endpoints.len() < PIECE {
            self.round = Round::Over;
        }
        let is_empty = changes.gone.is_empty() && changes.endpoints.is_empty();
        (!is_empty).then(|| Box::new(changes))
    }

    /// Begins the last round.
    pub fn begin_last(&mut self) -> Instant {
        self.round = Round::Due;
        Instant::now() + FAREWELL
    }

    /// Whether a round is over.
    pub fn is_idle(&self) -> bool {
        self.round == Round::Over && self.waiting.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::sample,
        inventory::{Limits, rules::Rules},
        sink::spool,
    };

    const NOW: Timestamp = Timestamp(sample::START);

    fn publisher() -> (Publisher, Inventory) {
        let limits = Limits { endpoints: 100, fields: 1000, learn_rate: 1000 };
        let changes = Arc::new(spool::Meter::new(1 << 20));
        let meter = Meter { changes, ..Meter::default() };
        let inventory = Inventory::new(limits, 7, Rules::default()).unwrap();
        (Publisher::new(&Config::default(), Arc::new(meter)), inventory)
    }

    fn call(inventory: &mut Inventory, path: &str) {
        call_of(inventory, "shop.example", path);
    }

    fn call_of(inventory: &mut Inventory, host: &str, path: &str) {
        let text = format!("GET {path} HTTP/1.1\nHost: {host}\n\n");
        inventory.record(&mut sample::exchange(&text, 200));
    }

    /// Calls between the pieces change rows that were passed on; those wait for the next round.
    #[test]
    fn a_round_ends_under_load() {
        let (mut publisher, mut inventory) = publisher();
        let hosts: Vec<String> = ('a'..='z').map(|name| format!("{name}.example")).collect();
        let mut passed = 0;
        for _ in 0..10 {
            for host in &hosts {
                call_of(&mut inventory, host, "/of");
            }
            let changes = publisher.next(&mut inventory, NOW);
            passed += changes.map_or(0, |changes| changes.endpoints.len());
        }
        assert!(publisher.is_idle());
        assert_eq!(passed, hosts.len());
    }

    #[test]
    fn the_last_round_passes_on_which_endpoints_are_no_more() {
        let (mut publisher, mut inventory) = publisher();
        call(&mut inventory, "/users/alice");
        let first = publisher.next(&mut inventory, NOW).unwrap();
        let old = first.endpoints[0].endpoint.id.clone();
        for name in ["bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy"] {
            call(&mut inventory, &format!("/users/{name}"));
        }
        publisher.begin_last();
        let last = publisher.next(&mut inventory, NOW).unwrap();
        assert!(last.gone.contains(&old), "{:?}", last.gone);
        assert!(last.endpoints.iter().all(|one| one.endpoint.id != old));
    }
}
