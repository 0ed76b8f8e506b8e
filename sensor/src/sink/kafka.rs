//! Records to Kafka, through a spool.
//!
//! Three parts: [`KafkaSink`] appends records to the spool on the thread that makes them,
//! [`Sender`] reads behind it on a thread of its own and hands them to librdkafka, [`Meter`] says
//! how it goes. Nothing left of here ever waits for a broker.
//!
//! Two spools: exchanges, of which the oldest are dropped when theirs is full, and everything
//! else, of which nothing is ever dropped.

mod client;
mod problem;
mod sender;
mod topics;

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    Lost, Sink,
    spool::{self, SpoolError, Topic, WhenFull, Writer},
};
use crate::{
    event::{EndpointEvent, ExchangeEvent, HeartbeatEvent, SCHEMA_VERSION},
    mask::MaskKey,
};
pub use client::ClientError;
pub use sender::Sender;

/// Share of the spool that is not for exchanges.
const CHANGES_SHARE: u64 = 4;

/// How records get to Kafka. Not to be shown: it may hold passwords.
#[derive(Clone)]
pub struct Settings {
    /// Addresses of brokers, with commas.
    pub brokers: String,
    /// What topic names begin with.
    pub prefix: String,
    /// Whether missing topics are created.
    pub create_topics: bool,
    /// Partitions of a topic that is created.
    pub partitions: u32,
    /// Its replicas; `None` leaves it to the brokers.
    pub replication: Option<u32>,
    /// How long it keeps records.
    pub retention: Duration,
    /// Longest record in bytes.
    pub max_record_bytes: usize,
    /// Settings of librdkafka, over those of the sensor.
    pub properties: BTreeMap<String, String>,
    /// Name of this node.
    pub node: String,
    /// Where the spool lies.
    pub folder: PathBuf,
    /// Its size in bytes.
    pub spool_bytes: u64,
    /// How often what waits for brokers is forced to the disk.
    pub sync: Duration,
    /// Whether a full spool drops exchanges or lets the caller wait.
    pub when_full: WhenFull,
    /// How long the end waits for brokers.
    pub patience: Patience,
}

/// How long records may take to arrive once no more are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// So long in all.
    Within(Duration),
    /// As long as some arrive in every such time.
    WhileSomeArrive(Duration),
}

/// Why there is no sink.
#[derive(Debug, thiserror::Error)]
pub enum KafkaError {
    /// The spool cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// librdkafka refuses the settings.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// What can be read of the sink from any thread.
#[derive(Debug, Default)]
pub struct Meter {
    /// The spool of exchanges.
    pub exchanges: Arc<spool::Meter>,
    /// The spool of endpoints and heartbeats.
    pub changes: Arc<spool::Meter>,
    /// Records longer than the configuration or the brokers allow.
    pub too_large: AtomicU64,
    /// Endpoint records that were cut to the size of a record.
    pub cut: AtomicU64,
    /// Errors that brokers or the way to them gave.
    pub errors: AtomicU64,
    /// Records handed to librdkafka and not acknowledged.
    pub in_flight: AtomicU64,
    /// Brokers took records when last asked to.
    pub connected: AtomicBool,
}

impl Meter {
    /// A number of both spools together.
    pub fn of_spools(&self, count: fn(&spool::Meter) -> &AtomicU64) -> u64 {
        let load = |meter: &spool::Meter| count(meter).load(Ordering::Relaxed);
        load(&self.exchanges) + load(&self.changes)
    }

    /// Records in the spools that no broker has.
    pub fn waiting(&self) -> u64 {
        let gone = self.of_spools(|spool| &spool.acknowledged)
            + self.of_spools(|spool| &spool.dropped)
            + self.of_spools(|spool| &spool.failed);
        self.of_spools(|spool| &spool.appended).saturating_sub(gone)
    }
}

/// The end that takes records.
#[derive(Debug)]
pub struct KafkaSink {
    exchanges: Writer,
    changes: Writer,
    key: MaskKey,
    node: String,
    max_record_bytes: usize,
    meter: Arc<Meter>,
}

/// Opens the spools and checks the settings. Brokers need not be there.
pub fn open(
    settings: Settings,
    key: MaskKey,
) -> Result<(KafkaSink, Sender, Arc<Meter>), KafkaError> {
    let client = client::Client::new(&settings)?;
    let spool = |name: &str, max_bytes, when_full| {
        spool::open(spool::Settings {
            folder: settings.folder.join(name),
            max_bytes,
            when_full,
            sync: settings.sync,
        })
    };
    let changes_bytes = settings.spool_bytes / CHANGES_SHARE;
    let exchanges_bytes = settings.spool_bytes - changes_bytes;
    let (exchanges, read_exchanges, exchanges_meter) =
        spool("exchanges", exchanges_bytes, settings.when_full)?;
    let (changes, read_changes, changes_meter) = spool("changes", changes_bytes, WhenFull::Grow)?;
    let meter =
        Arc::new(Meter { exchanges: exchanges_meter, changes: changes_meter, ..Meter::default() });
    let sink = KafkaSink {
        exchanges,
        changes,
        key,
        node: settings.node.clone(),
        max_record_bytes: settings.max_record_bytes,
        meter: Arc::clone(&meter),
    };
    let sender = Sender::new(settings, client, [read_exchanges, read_changes], Arc::clone(&meter));
    Ok((sink, sender, meter))
}

impl KafkaSink {
    fn refuse(&self) {
        self.meter.too_large.fetch_add(1, Ordering::Relaxed);
    }
}

impl Sink for KafkaSink {
    fn exchange(&mut self, event: &ExchangeEvent<'_>) -> io::Result<()> {
        let key = event.partition_key(&self.key);
        let limit = self.max_record_bytes;
        let write = |out: &mut Vec<u8>| {
            let start = out.len();
            event.append_json(out).map_err(drop)?;
            if out.len() - start > limit { Err(()) } else { Ok(()) }
        };
        let key = key.as_str().as_bytes();
        let version = SCHEMA_VERSION as u8;
        if self.exchanges.append(Topic::Exchanges, version, key, Some(write)).is_err() {
            self.refuse();
        }
        Ok(())
    }

    fn endpoint(&mut self, event: &EndpointEvent<'_>) {
        let mut record = Vec::new();
        let Ok(cut) = event.append_json(&mut record, self.max_record_bytes) else {
            return self.refuse();
        };
        self.meter.cut.fetch_add(u64::from(cut), Ordering::Relaxed);
        let write = |out: &mut Vec<u8>| {
            out.extend_from_slice(&record);
            Ok::<(), ()>(())
        };
        let key = event.key();
        let version = SCHEMA_VERSION as u8;
        // The closure does not fail.
        let _ = self.changes.append(Topic::Endpoints, version, key.as_bytes(), Some(write));
    }

    fn endpoint_gone(&mut self, id: &str) {
        let key = EndpointEvent::key_of(id, &self.node);
        let none = None::<fn(&mut Vec<u8>) -> Result<(), ()>>;
        let version = SCHEMA_VERSION as u8;
        let _ = self.changes.append(Topic::Endpoints, version, key.as_bytes(), none);
    }

    fn heartbeat(&mut self, event: &HeartbeatEvent<'_>) {
        // Counts only grow, so the next one says what this one would have.
        if self.meter.changes.is_full() {
            return;
        }
        let key = self.node.clone();
        let write = |out: &mut Vec<u8>| event.append_json(out);
        let version = SCHEMA_VERSION as u8;
        if self.changes.append(Topic::Sensor, version, key.as_bytes(), Some(write)).is_err() {
            self.refuse();
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.exchanges.flush();
        self.changes.flush();
        Ok(())
    }

    /// Those that no spool could take.
    fn lost(&self) -> Lost {
        Lost { full: 0, unwritable: self.meter.of_spools(|spool| &spool.failed) }
    }
}

#[cfg(test)]
mod tests;
