//! The TLS libraries of the node: found in every process, and probed once an inode.
//!
//! A [`Watcher`] works on a thread of its own, off the data path and behind others. It looks at
//! the executable mappings of processes (all at the start and from time to time, new ones when
//! they start), scans each file once and attaches a probe where the scan found a key-log
//! function. When nobody maps a probed file any more, its probe goes: it holds a reference on the
//! file system.

mod cache;
mod maps;
mod probes;
mod report;
mod standard;
mod table;
#[cfg(test)]
mod tests;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashSet},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::{Duration, Instant},
};

use tracing::debug;

pub use maps::FileId;
pub use probes::{Attach, AttachError, Probes};
pub use report::{LibraryFile, LibraryReport, ProcessState};
use table::Table;

use crate::capture::scheduling;

/// Messages that may wait for the watcher. When there are more, all processes are looked at.
const QUEUE: usize = 4096;
/// Looks at new processes that may wait.
const MAX_LOOKS: usize = 16_384;
/// When a new process is looked at: libraries are mapped after its start.
const LOOKS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(10), Duration::from_millis(100), Duration::from_secs(1)];
/// How often processes are checked for their end, and results written.
const CHECK: Duration = Duration::from_secs(1);

/// How the watcher works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How often all processes are looked at.
    pub rescan: Duration,
    /// Where results of scans are kept.
    pub cache: Option<PathBuf>,
    /// Folders whose TLS libraries are probed before anybody uses them.
    pub standard: Vec<PathBuf>,
}

impl Settings {
    /// With the folders that distributions keep libraries in.
    pub fn new(rescan: Duration, cache: Option<PathBuf>) -> Self {
        Self { rescan, cache, standard: standard::folders() }
    }
}

/// Tells the watcher what was seen, and knows what it found. Dropping it ends the watcher.
pub struct Handle {
    messages: SyncSender<Message>,
    missed: Arc<AtomicU64>,
    report: Shared,
}

type Shared = Arc<Mutex<Arc<LibraryReport>>>;

#[derive(Clone, Copy, Debug)]
enum Message {
    /// A process started a program.
    Started(u32),
    /// A process has TLS on its sockets.
    Speaks(u32),
}

impl Handle {
    /// A process started a program. Never waits.
    pub fn started(&self, pid: u32) {
        self.send(Message::Started(pid));
    }

    /// A process has TLS on its sockets: it is looked at, if it was not. Never waits.
    pub fn speaks_tls(&self, pid: u32) {
        self.send(Message::Speaks(pid));
    }

    /// What was found so far.
    pub fn report(&self) -> Arc<LibraryReport> {
        Arc::clone(&self.report.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn send(&self, message: Message) {
        if self.messages.try_send(message).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The files that a process has mapped to execute, opened, by their paths.
///
/// # Errors
/// When the process is not there, or its mappings may not be read.
pub fn mapped_files(pid: u32) -> std::io::Result<Vec<(String, std::fs::File)>> {
    let mappings = maps::of_process(pid)?;
    let opened = mappings.into_iter().filter_map(|m| Some((m.path.clone(), m.open(pid).ok()?)));
    Ok(opened.collect())
}

/// Finds libraries and attaches probes.
pub struct Watcher<A: Attach> {
    messages: Receiver<Message>,
    missed: Arc<AtomicU64>,
    answered: u64,
    report: Shared,
    table: Table<A>,
    settings: Settings,
    looks: BinaryHeap<Reverse<(Instant, u32)>>,
    own_pid: u32,
}

/// A watcher, and the handle to it.
pub fn watch<A: Attach>(probes: A, settings: Settings) -> (Handle, Watcher<A>) {
    let (sender, messages) = sync_channel(QUEUE);
    let report = Shared::default();
    let missed = Arc::new(AtomicU64::new(0));
    let handle =
        Handle { messages: sender, missed: Arc::clone(&missed), report: Arc::clone(&report) };
    let watcher = Watcher {
        messages,
        missed,
        answered: 0,
        report,
        table: Table::new(probes, settings.cache.clone()),
        settings,
        looks: BinaryHeap::new(),
        own_pid: std::process::id(),
    };
    (handle, watcher)
}

impl<A: Attach> Watcher<A> {
    /// Works until the handle is dropped.
    pub fn run(mut self) {
        scheduling::step_back();
        for path in standard::libraries(&self.settings.standard) {
            self.table.add_standard(&path);
        }
        self.rescan();
        let mut scanned = Instant::now();
        let mut checked = Instant::now();
        loop {
            self.publish();
            match self.messages.recv_timeout(self.pause(checked)) {
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            while let Ok(message) = self.messages.try_recv() {
                self.take(message);
            }
            self.look_at_due();
            if checked.elapsed() >= CHECK {
                checked = Instant::now();
                self.table.check(checked);
            }
            if scanned.elapsed() >= self.settings.rescan || self.has_missed() {
                scanned = Instant::now();
                self.rescan();
            }
        }
        self.table.check(Instant::now());
    }

    fn take(&mut self, message: Message) {
        let now = Instant::now();
        match message {
            Message::Started(pid) => {
                self.table.forget_process(pid);
                for after in LOOKS {
                    self.look_later(now + after, pid);
                }
            }
            Message::Speaks(pid) if !self.table.is_probed(pid) => self.look_later(now, pid),
            Message::Speaks(_) => {}
        }
    }

    fn look_later(&mut self, when: Instant, pid: u32) {
        if self.looks.len() < MAX_LOOKS {
            self.looks.push(Reverse((when, pid)));
        } else {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether messages were missed since the last look at all processes.
    fn has_missed(&mut self) -> bool {
        let missed = self.missed.load(Ordering::Relaxed);
        std::mem::replace(&mut self.answered, missed) != missed
    }

    fn look_at_due(&mut self) {
        let now = Instant::now();
        let mut seen = HashSet::new();
        while let Some(Reverse((when, pid))) = self.looks.peek().copied() {
            if when > now {
                break;
            }
            self.looks.pop();
            // Several looks that fell due together are one.
            if pid != self.own_pid && seen.insert(pid) {
                self.table.look(pid);
            }
        }
    }

    fn rescan(&mut self) {
        debug!("looking at all processes");
        let Ok(entries) = std::fs::read_dir("/proc") else { return };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        for pid in names.filter_map(|name| name.parse::<u32>().ok()) {
            if pid != self.own_pid {
                self.table.look(pid);
            }
        }
        self.table.count_rescan();
    }

    fn pause(&self, checked: Instant) -> Duration {
        let now = Instant::now();
        let check = (checked + CHECK).saturating_duration_since(now);
        let look = self.looks.peek().map(|Reverse((when, _))| when.saturating_duration_since(now));
        look.map_or(check, |look| look.min(check))
    }

    fn publish(&mut self) {
        let missed = self.missed.load(Ordering::Relaxed);
        if let Some(report) = self.table.report(missed) {
            *self.report.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(report);
        }
    }
}
