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

/// Sees to it that changes are passed on when it is time.
pub struct Publisher {
    meter: Arc<Meter>,
    endpoint_interval: Duration,
    heartbeat_interval: Duration,
    begun: Instant,
    beaten: Option<Instant>,
    under_way: bool,
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
            under_way: true,
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
        let mut changes = Changes { time: now, ..Changes::default() };
        if !self.under_way && self.begun.elapsed() >= self.endpoint_interval {
            (self.under_way, self.begun) = (true, Instant::now());
            changes.gone = inventory.take_moved().into_iter().map(|(old, _)| old).collect();
        }
        // What is not taken now the inventory keeps: endpoints are never dropped.
        if self.under_way && !self.meter.changes.is_full() {
            changes.endpoints = inventory.take_unsent(PIECE, now);
            self.under_way = changes.endpoints.len() == PIECE;
        }
        let is_empty = changes.gone.is_empty() && changes.endpoints.is_empty();
        (!is_empty).then(|| Box::new(changes))
    }

    /// Begins the last round.
    pub fn begin_last(&mut self) -> Instant {
        (self.under_way, self.begun) = (true, Instant::now());
        Instant::now() + FAREWELL
    }

    /// Whether a round is over.
    pub fn is_idle(&self) -> bool {
        !self.under_way && self.waiting.is_none()
    }
}
