//! The end of a spool that appends.

use std::{
    fs::File,
    io::{self, ErrorKind, Write},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use tracing::{info, warn};

use super::{
    Settings, Shared, State, Topic, WhenFull, frame,
    segment::{self, Segment},
};

/// Bytes gathered before they are written.
const BUFFER: usize = 256 * 1024;
/// Bytes kept in memory while they cannot be written.
const MAX_BUFFER: usize = 4 << 20;
/// Largest file: small enough to be gone before the kernel writes it out.
const MAX_SEGMENT: u64 = 16 << 20;
/// The fewest files that a full spool has, so that dropping the oldest drops little.
const MIN_SEGMENTS: u64 = 8;
/// How long a caller that waits for room sleeps at once.
const WAIT: Duration = Duration::from_millis(100);

/// Appends records. What was appended is in the files after [`Writer::flush`].
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    settings: Settings,
    segment_bytes: u64,
    /// The file written to, which is the last of the shared segments.
    file: Option<File>,
    /// The greatest number of a file so far.
    last: u64,
    buffer: Vec<u8>,
    /// Records in the buffer.
    buffered: u64,
    failing: bool,
    synced: Instant,
    /// What had been appended when records were last forced to the disk.
    sync_mark: u64,
    /// Records have waited for brokers since then.
    behind: bool,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, settings: Settings, last: u64) -> Self {
        Self {
            shared,
            segment_bytes: (settings.max_bytes / MIN_SEGMENTS).clamp(64 * 1024, MAX_SEGMENT),
            settings,
            file: None,
            last,
            buffer: Vec::with_capacity(BUFFER + 64 * 1024),
            buffered: 0,
            failing: false,
            synced: Instant::now(),
            sync_mark: 0,
            behind: false,
        }
    }

    /// Appends a record; `payload` writes its JSON, none says that the key is no more. An error
    /// of `payload` appends nothing.
    pub fn append<E>(
        &mut self,
        topic: Topic,
        schema_version: u8,
        key: &[u8],
        payload: Option<impl FnOnce(&mut Vec<u8>) -> Result<(), E>>,
    ) -> Result<(), E> {
        frame::append(&mut self.buffer, topic, schema_version, key, payload)?;
        self.buffered += 1;
        if self.buffer.len() >= BUFFER {
            self.write();
        }
        Ok(())
    }

    /// Writes what was gathered to the file, and from time to time what still waits for brokers
    /// through to the disk. To be called several times a second.
    pub fn flush(&mut self) {
        self.write();
        if self.synced.elapsed() >= self.settings.sync {
            self.sync();
        }
    }

    fn write(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        let mut result = self.make_room().and_then(|()| self.try_write());
        while let Err(error) = &result {
            if !self.may_drop_for(error) {
                break;
            }
            self.drop_oldest();
            result = self.try_write();
        }
        if result.is_err() && self.buffer.len() >= MAX_BUFFER {
            self.shared.state().meter.failed.fetch_add(self.buffered, Ordering::Relaxed);
            self.clear();
        }
        self.report(&result);
    }

    /// Writes the buffer as a whole, or nothing of it.
    fn try_write(&mut self) -> io::Result<()> {
        let length = self.current_length();
        let mut file = match self.file.take() {
            Some(file) if length + self.buffer.len() as u64 <= self.segment_bytes => file,
            Some(full) if self.behind => {
                // As in `sync`.
                let _ = full.sync_data();
                self.create()?
            }
            _ => self.create()?,
        };
        let length = self.current_length();
        let written = file.write_all(&self.buffer);
        if written.is_err() && file.set_len(length).is_err() {
            // A torn frame at its end: nothing may follow it.
            return written;
        }
        self.file = Some(file);
        written?;
        let mut state = self.shared.state();
        if let Some(segment) = state.segments.back_mut() {
            segment.length += self.buffer.len() as u64;
            segment.records += self.buffered;
        }
        state.meter.appended.fetch_add(self.buffered, Ordering::Relaxed);
        state.update_bytes();
        let is_full = state.bytes() >= self.settings.max_bytes;
        state.meter.full.store(is_full, Ordering::Relaxed);
        drop(state);
        self.shared.changed.notify_all();
        self.clear();
        Ok(())
    }

    fn create(&mut self) -> io::Result<File> {
        let number = self.last + 1;
        let file = segment::create(&self.settings.folder, number)?;
        self.last = number;
        let segment = Segment { number, length: frame::HEADER as u64, records: 0 };
        self.shared.state().segments.push_back(segment);
        Ok(file)
    }

    /// Length of the file written to.
    fn current_length(&self) -> u64 {
        self.shared.state().segments.back().map_or(0, |segment| segment.length)
    }

    /// Sees to it that the buffer fits into the size of the spool.
    fn make_room(&mut self) -> io::Result<()> {
        let wanted = self.buffer.len() as u64;
        loop {
            let state = self.shared.state();
            let is_full = state.bytes() + wanted > self.settings.max_bytes;
            state.meter.full.store(is_full, Ordering::Relaxed);
            if !is_full || state.segments.is_empty() {
                return Ok(());
            }
            match self.settings.when_full {
                WhenFull::Grow => return Ok(()),
                // A reader that is gone makes no room.
                WhenFull::Wait if Arc::strong_count(&self.shared) == 1 => {
                    return Err(ErrorKind::StorageFull.into());
                }
                WhenFull::Wait => drop(self.shared.changed.wait_timeout(state, WAIT)),
                WhenFull::DropOldest => {
                    drop(state);
                    self.drop_oldest();
                }
            }
        }
    }

    fn may_drop_for(&self, error: &io::Error) -> bool {
        let is_full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
        is_full
            && self.settings.when_full == WhenFull::DropOldest
            // Else there is nothing to gain, and the disk is filled by others.
            && self.shared.state().segments.front().is_some_and(|oldest| oldest.records > 0)
    }

    /// Drops the oldest file, and counts what the reader has not read of it. What it has read is
    /// on its way and counts when it does not arrive.
    fn drop_oldest(&mut self) {
        let mut state = self.shared.state();
        let unread = state.unread_of_oldest();
        let Some(segment) = state.remove_oldest() else { return };
        if segment.number == self.last {
            self.file = None;
        }
        let before = state.meter.dropped.fetch_add(unread, Ordering::Relaxed);
        drop(state);
        if before == 0 && unread > 0 {
            warn!(
                folder = %self.settings.folder.display(),
                "the spool is full and the oldest exchanges are dropped: raise spool.max_bytes, \
                 or see why the brokers do not take them"
            );
        }
    }

    fn clear(&mut self) {
        self.buffer.clear();
        self.buffered = 0;
    }

    /// Forces records that have waited since the last time to the disk. Those of which brokers
    /// have acknowledged all since then are theirs to keep.
    fn sync(&mut self) {
        self.synced = Instant::now();
        let state = self.shared.state();
        let settled = state.meter.acknowledged.load(Ordering::Relaxed)
            + state.meter.dropped.load(Ordering::Relaxed)
            + state.meter.failed.load(Ordering::Relaxed);
        self.behind = settled < self.sync_mark;
        self.sync_mark = state.meter.appended.load(Ordering::Relaxed);
        drop(state);
        if self.behind
            && let Some(file) = &self.file
        {
            // A disk that cannot is said by the next write.
            let _ = file.sync_data();
        }
    }

    /// Says once that records cannot be written, and once that they can again.
    fn report(&mut self, result: &io::Result<()>) {
        let folder = self.settings.folder.display();
        match result {
            Err(error) if !self.failing => {
                warn!(%folder, %error, "the spool cannot be written; records wait in memory");
            }
            Ok(()) if self.failing => info!(%folder, "the spool is written again"),
            _ => {}
        }
        self.failing = result.is_err();
        if self.failing {
            self.shared.state().meter.full.store(true, Ordering::Relaxed);
        }
    }
}

impl State {
    fn unread_of_oldest(&self) -> u64 {
        let Some(segment) = self.segments.front() else { return 0 };
        match segment.number.cmp(&self.read.segment) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => segment.records.saturating_sub(self.read_records),
            std::cmp::Ordering::Greater => segment.records,
        }
    }
}

/// Nothing more comes: the reader ends when it has read all.
impl Drop for Writer {
    fn drop(&mut self) {
        self.write();
        let lost = self.buffered;
        let mut state = self.shared.state();
        state.meter.failed.fetch_add(lost, Ordering::Relaxed);
        state.closed = Some(Instant::now());
        drop(state);
        self.shared.changed.notify_all();
    }
}
