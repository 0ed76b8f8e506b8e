//! Records on disk between the sensor and the brokers, in order.
//!
//! Every record goes through here, whether brokers are there or not: one path, of which a kill at
//! any point leaves whole records behind. What is acknowledged soon is removed before the kernel
//! has written it to the disk, so a spool whose brokers keep up costs memory copies and hardly
//! any disk traffic.
//!
//! One [`Writer`] appends, one [`Reader`] reads behind it and says what was acknowledged. A
//! folder belongs to one process.

mod frame;
mod reader;
mod segment;
mod writer;

use std::{
    collections::VecDeque,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

pub use self::{
    frame::{Frame, Topic},
    reader::Reader,
    writer::Writer,
};
use segment::{Position, PositionFile, Segment};

/// How a spool is kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where its files lie.
    pub folder: PathBuf,
    /// Bytes that they may take together.
    pub max_bytes: u64,
    /// What happens to a record when they do.
    pub when_full: WhenFull,
    /// How often records that wait for brokers are forced to the disk.
    pub sync: Duration,
}

/// What a full spool does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Drops the oldest records and counts them.
    DropOldest,
    /// Lets the caller wait for room.
    Wait,
    /// Takes more. The caller asks [`Meter::is_full`] first and keeps what it has.
    Grow,
}

/// What can be read of a spool from any thread.
#[derive(Debug, Default)]
pub struct Meter {
    /// Bytes in its files.
    pub bytes: AtomicU64,
    /// Records taken over at the start and appended since.
    pub appended: AtomicU64,
    /// Records acknowledged.
    pub acknowledged: AtomicU64,
    /// Records dropped because the spool was full.
    pub dropped: AtomicU64,
    /// Records that could not be written, or not be read any more.
    pub failed: AtomicU64,
    /// Files cut or set aside at the start.
    pub mended: AtomicU64,
    full: AtomicBool,
}

/// Why there is no spool.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The folder cannot be used.
    #[error("failed to open the spool {}: {error}; set spool.path to a folder that the sensor may write to", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Somebody else uses it.
    #[error("the spool {} is in use by another sensor; set spool.path to a folder of its own", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
}

/// Opens a spool, with the records that an earlier process left.
pub fn open(settings: Settings) -> Result<(Writer, Reader, Arc<Meter>), SpoolError> {
    let folder = settings.folder.clone();
    let lock = lock(&folder)?;
    start(settings, lock).map_err(|error| SpoolError::Folder { folder, error })
}

fn start(settings: Settings, lock: File) -> io::Result<(Writer, Reader, Arc<Meter>)> {
    let found = segment::recover(&settings.folder)?;
    let (position_file, position) = PositionFile::open(&settings.folder)?;
    let meter = Arc::new(Meter::default());
    let state = State {
        segments: found.segments.into(),
        read: Position::default(),
        read_records: 0,
        closed: None,
        folder: settings.folder.clone(),
        meter: Arc::clone(&meter),
    };
    meter.mended.store(found.torn + found.set_aside, Ordering::Relaxed);
    state.update_bytes();
    let shared =
        Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), _lock: lock });
    let reader = Reader::new(Arc::clone(&shared), position_file, position)?;
    let writer = Writer::new(shared, settings, found.last);
    Ok((writer, reader, meter))
}

fn lock(folder: &Path) -> Result<File, SpoolError> {
    let failed = |error| SpoolError::Folder { folder: folder.to_owned(), error };
    fs::create_dir_all(folder).map_err(failed)?;
    let file = File::create(folder.join("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SpoolError::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

impl Meter {
    /// Whether the spool has reached its size.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }
}

/// What writer and reader share.
#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Held as long as either end.
    _lock: File,
}

#[derive(Debug)]
struct State {
    /// Oldest first; the last may be the one that is written to.
    segments: VecDeque<Segment>,
    /// Up to where the reader has read.
    read: Position,
    /// Records before that place in its segment.
    read_records: u64,
    /// Since when nothing more will be written.
    closed: Option<Instant>,
    folder: PathBuf,
    meter: Arc<Meter>,
}

impl Shared {
    /// No code panics while it holds the lock; if it did, the state would still be whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.length).sum()
    }

    fn update_bytes(&self) {
        self.meter.bytes.store(self.bytes(), Ordering::Relaxed);
    }

    /// Removes the oldest file. A failure leaves a file that is sent again after a restart.
    fn remove_oldest(&mut self) -> Option<Segment> {
        let segment = self.segments.pop_front()?;
        let _ = fs::remove_file(segment::path(&self.folder, segment.number));
        self.update_bytes();
        Some(segment)
    }
}

#[cfg(test)]
mod tests;
