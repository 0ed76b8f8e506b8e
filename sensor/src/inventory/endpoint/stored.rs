//! Rows as the store keeps them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sketches_ddsketch::DDSketch;

use super::{Endpoints, Key, Row, row::Rate};
use crate::{
    exchange::{Timestamp, Workload},
    inventory::learned::Learned,
};

/// Row keys as the store keeps them begin so; others are not rows.
const PREFIX: &[u8] = b"row\0";

/// A pair of the store to be written, or a key to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key.
    pub key: Box<[u8]>,
    /// The value; `None` removes the pair.
    pub value: Option<Box<[u8]>>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    ends: [u32; 5],
    requests: u64,
    errors: u64,
    unanswered: u64,
    statuses: Vec<(u16, u64)>,
    rate: (f64, Timestamp),
    latency: DDSketch,
    first_seen: Timestamp,
    last_seen: Timestamp,
    /// Comm, executable, container and pod; a process id does not survive.
    workload: Option<[Option<Box<str>>; 4]>,
    learned: Option<Box<Learned>>,
}

impl Endpoints {
    /// At most `limit` rows that have changed since they were last taken, and all that are gone.
    /// Fewer than `limit` when these are all.
    pub fn take_changes(&mut self, limit: usize) -> Vec<Change> {
        let gone = self.gone.drain(..);
        let gone = gone.map(|key| Change { key: stored_key(&key), value: None });
        let mut changes: Vec<Change> = gone.collect();
        let rows = self.listed.iter_mut().filter(|(_, row)| row.changed).take(limit);
        for (key, row) in rows {
            row.changed = false;
            // Cannot fail: nothing in it refuses to be written.
            let bytes = postcard::to_stdvec(&row.stored()).unwrap_or_default();
            changes.push(Change { key: stored_key(key), value: Some(bytes.into()) });
        }
        changes
    }

    /// Keys of at most `limit` rows that have changed since they were last taken here; fewer than
    /// `limit` when these are all.
    pub fn take_unsent(&mut self, limit: usize) -> Vec<Box<[u8]>> {
        let rows = self.listed.iter_mut().filter(|(_, row)| row.unsent).take(limit);
        let taken = rows.map(|(key, row)| {
            row.unsent = false;
            key.clone()
        });
        taken.collect()
    }

    /// All rows are to be taken again.
    pub fn mark_changed(&mut self) {
        self.listed.values_mut().for_each(|row| row.changed = true);
    }

    /// Takes a row back, if it is one.
    pub fn restore(&mut self, key: &[u8], bytes: &[u8]) -> Option<&Row> {
        let key = key.strip_prefix(PREFIX)?;
        let stored = postcard::from_bytes::<Stored>(bytes).ok()?;
        let row = Row::restored(stored);
        let is_row = row.ends.is_sorted() && row.ends[4] < key.len();
        if !is_row || self.listed.len() >= self.max_rows {
            return None;
        }
        self.operations.add(&Key::of(row.key_parts(key)));
        Some(self.listed.entry_ref(key).insert(row).into_mut())
    }
}

fn stored_key(key: &[u8]) -> Box<[u8]> {
    [PREFIX, key].concat().into()
}

impl Row {
    fn stored(&self) -> Stored {
        let texts = |workload: &Workload| {
            let Workload { comm, executable, container, pod, .. } = workload;
            [comm, executable, container, pod].map(Clone::clone)
        };
        Stored {
            ends: self.ends.map(|end| end as u32),
            requests: self.requests,
            errors: self.errors,
            unanswered: self.unanswered,
            statuses: self.statuses.clone(),
            rate: (self.rate.weight, self.rate.last),
            latency: self.latency.clone(),
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            workload: self.workload.as_deref().map(texts),
            learned: self.learned.clone(),
        }
    }

    fn restored(stored: Stored) -> Self {
        let workload = |[comm, executable, container, pod]: [Option<Box<str>>; 4]| {
            Arc::new(Workload { comm, executable, container, pod, ..Workload::default() })
        };
        Self {
            ends: stored.ends.map(|end| end as usize),
            requests: stored.requests,
            errors: stored.errors,
            unanswered: stored.unanswered,
            statuses: stored.statuses,
            rate: Rate { weight: stored.rate.0, last: stored.rate.1 },
            latency: stored.latency,
            first_seen: stored.first_seen,
            last_seen: stored.last_seen,
            workload: stored.workload.map(workload),
            learned: stored.learned,
            changed: false,
            // Others may have changed since it was sent.
            unsent: true,
            place: None,
            untold: 0,
            shape: 0,
        }
    }
}
