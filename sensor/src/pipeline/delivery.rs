//! Kafka at the end of a replay: the capture file can wait for it.

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    thread::{self, JoinHandle},
};

use anyhow::{Context as _, Result, bail};

use super::outputs;
use crate::{
    config::Config,
    mask::MaskKey,
    sink::kafka::{KafkaSink, Meter},
    stats::Counters,
};

/// Records of a replay on their way.
pub struct Delivery {
    sender: JoinHandle<()>,
    meter: Arc<Meter>,
    _buffer: Buffer,
}

impl Delivery {
    /// Opens a sink and starts what sends its records.
    pub fn start(config: &Config, key: &MaskKey) -> Result<(KafkaSink, Self)> {
        let name = format!("sensor-replay-{}", std::process::id());
        let buffer = Buffer(std::env::temp_dir().join(name));
        let (sink, sender, meter) = outputs::open_for_replay(config, buffer.0.clone(), key)?;
        let sender = thread::Builder::new()
            .name("kafka".to_owned())
            .spawn(move || sender.run())
            .context("failed to start the thread that sends to Kafka")?;
        Ok((sink, Self { sender, meter, _buffer: buffer }))
    }

    /// Waits until all records have arrived; the sink is dropped by then. Adds what was counted.
    pub fn finish(self, counters: &Counters) -> Result<Counters> {
        // A thread that panicked has said so, and left records behind.
        let _ = self.sender.join();
        match self.meter.waiting() {
            0 => Ok(outputs::count(&self.meter, counters)),
            left => bail!(
                "{left} records did not reach Kafka; run the same again: ids of records stay the \
                 same, so none counts twice"
            ),
        }
    }
}

/// A folder that goes in the end: the capture file has all that is in it.
struct Buffer(PathBuf);

impl Drop for Buffer {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
