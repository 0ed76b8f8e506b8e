//! Kafka at the end of a replay: the capture file can wait for it.

use std::{
    fs::{self, DirBuilder, File},
    io::Read,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
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
        let buffer = Buffer::new(&std::env::temp_dir())?;
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
        match self.meter.waiting() + self.meter.of_spools(|spool| &spool.failed) {
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

impl Buffer {
    /// Makes one in a folder that others may write to: under a name that nobody can foresee, and
    /// only where nothing is.
    fn new(parent: &Path) -> Result<Self> {
        let name = format!("sensor-replay-{:032x}", u128::from_ne_bytes(random()?));
        let folder = parent.join(name);
        let made = DirBuilder::new().mode(0o700).create(&folder);
        made.with_context(|| format!("failed to create the buffer {}", folder.display()))?;
        Ok(Self(folder))
    }
}

fn random() -> Result<[u8; 16]> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("failed to read a random name from /dev/urandom")?;
    Ok(bytes)
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_buffer_is_private_under_a_name_of_its_own_and_goes() {
        let buffers = [0; 2].map(|_| Buffer::new(&std::env::temp_dir()).unwrap());
        let paths = buffers.each_ref().map(|buffer| buffer.0.clone());
        assert_ne!(paths[0], paths[1]);
        let mode = fs::metadata(&paths[0]).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        drop(buffers);
        assert!(!paths[0].exists());
    }
}
