//! The sink that the configuration asks for.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result};

use crate::{
    config::{self, Config, Exchanges},
    mask::MaskKey,
    sink::{
        Sink,
        file::{FileSettings, RotatingFile},
        kafka::{self, KafkaSink, Meter, Patience, Sender, Settings},
        spool::WhenFull,
        stdout::stdout,
    },
    stats::Counters,
};

/// The buffer of a replay.
const REPLAY_SPOOL: u64 = 256 << 20;

/// A sink, and what works behind it.
#[derive(Default)]
pub struct Output {
    /// `None` where only the endpoint list is kept.
    pub sink: Option<Box<dyn Sink + Send>>,
    /// What sends its records to Kafka, on a thread of its own.
    pub kafka: Option<(Sender, Arc<Meter>)>,
}

impl Output {
    /// Opens what the configuration asks for.
    pub fn open(config: &Config, key: &MaskKey) -> Result<Self> {
        let output = &config.output;
        Ok(match output.exchanges {
            Exchanges::None => Self::default(),
            Exchanges::Stdout => {
                Self::of(Box::new(stdout().context("failed to open standard output")?))
            }
            Exchanges::File => Self::of(Box::new(file(&output.file)?)),
            Exchanges::Kafka => {
                let patience = Patience::Within(config.kafka.flush_timeout);
                let folder = config.spool.path.clone();
                let settings = settings(config, folder, WhenFull::DropOldest, patience);
                let (sink, sender, meter) = kafka::open(settings, key.clone())?;
                Self { sink: Some(Box::new(sink)), kafka: Some((sender, meter)) }
            }
        })
    }

    fn of(sink: Box<dyn Sink + Send>) -> Self {
        Self { sink: Some(sink), kafka: None }
    }
}

/// Kafka for a capture file, which can wait: nothing is dropped, and the spool is a buffer in
/// `folder`.
pub fn open_for_replay(
    config: &Config,
    folder: PathBuf,
    key: &MaskKey,
) -> Result<(KafkaSink, Sender, Arc<Meter>)> {
    let patience = Patience::WhileSomeArrive(config.kafka.flush_timeout);
    let settings = settings(config, folder, WhenFull::Wait, patience);
    let settings = Settings { spool_bytes: settings.spool_bytes.min(REPLAY_SPOOL), ..settings };
    Ok(kafka::open(settings, key.clone())?)
}

/// Adds what the sink has counted.
pub fn count(meter: &Meter, counters: &Counters) -> Counters {
    let load =
        |count: &std::sync::atomic::AtomicU64| count.load(std::sync::atomic::Ordering::Relaxed);
    Counters {
        kafka_acknowledged: meter.of_spools(|spool| &spool.acknowledged),
        kafka_errors: load(&meter.errors),
        kafka_in_flight: load(&meter.in_flight),
        kafka_too_large: load(&meter.too_large),
        spool_bytes: meter.of_spools(|spool| &spool.bytes),
        spool_records: meter.waiting(),
        spool_dropped: meter.of_spools(|spool| &spool.dropped),
        endpoints_cut: load(&meter.cut),
        ..counters.clone()
    }
}

fn settings(config: &Config, folder: PathBuf, when_full: WhenFull, patience: Patience) -> Settings {
    let config::Kafka { brokers, prefix, properties, .. } = config.kafka.clone();
    let replication = Some(config.kafka.replication).filter(|&count| count > 0);
    Settings {
        brokers,
        prefix,
        create_topics: config.kafka.create_topics,
        partitions: config.kafka.partitions,
        replication,
        retention: config.kafka.retention,
        max_record_bytes: config.kafka.max_record_bytes,
        properties,
        node: config.node.name.clone(),
        folder,
        spool_bytes: config.spool.max_bytes,
        sync: config.spool.sync,
        when_full,
        patience,
    }
}

fn file(output: &config::OutputFile) -> Result<RotatingFile> {
    let config::OutputFile { path, max_bytes, keep } = output.clone();
    let failed = format!("failed to open output.file.path {}", path.display());
    RotatingFile::open(FileSettings { path, max_bytes, keep }).context(failed)
}
