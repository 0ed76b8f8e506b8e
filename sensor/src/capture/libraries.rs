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
mod process;
mod report;
mod scanner;
mod standard;
mod table;
#[cfg(test)]
mod tests;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashSet, VecDeque},
    fs::File,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::debug;

pub use maps::FileId;
pub use probes::{Attach, AttachError, Probes};
pub use report::{LibraryFile, LibraryReport, LibraryUser, ProcessState};
use table::Table;

use crate::capture::{attribution::process::all, scheduling};

/// Messages that may wait for the watcher. When there are more, all processes are looked at.
const QUEUE: usize = 4096;
/// Looks at processes that may wait.
const MAX_LOOKS: usize = 16_384;
/// When a new process is looked at: libraries are mapped after its start.
const LOOKS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(10), Duration::from_millis(100), Duration::from_secs(1)];
/// How soon a process that speaks TLS is looked at again, without a probe and with one: it may
/// have loaded another library.
const SPEAKS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// How often processes and probed files are checked.
const CHECK: Duration = Duration::from_secs(1);
/// How soon all processes are looked at again when there is reason to.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);
/// Processes that are looked at before messages are.
const SWEEP_BATCH: usize = 16;
/// How often the report is renewed, unless that takes more than a twentieth of the time.
const PUBLISH: Duration = Duration::from_millis(100);
const PUBLISH_SHARE: u32 = 20;
/// Descriptors that the sensor may open, where the system lets it: a probe takes two.
const DESCRIPTORS: u64 = 8192;

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
    stop: Arc<AtomicBool>,
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

    /// A process has TLS on its sockets: it is looked at, if it was not lately. Never waits.
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

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The files that a process has mapped to execute, each once, by their paths.
///
/// # Errors
/// When the process is not there, or its mappings may not be read.
pub fn mapped_files(
    pid: u32,
) -> io::Result<impl ExactSizeIterator<Item = (String, io::Result<File>)>> {
    let mappings = maps::of_process(pid)?;
    Ok(mappings.into_iter().map(move |mapping| {
        let file = mapping.open(pid);
        (mapping.path, file)
    }))
}

/// Finds libraries and attaches probes.
pub struct Watcher<A: Attach> {
    messages: Receiver<Message>,
    report: Shared,
    table: Table<A>,
    settings: Settings,
    missed: Arc<AtomicU64>,
    /// Of those, how many were before the last look at all processes.
    answered: u64,
    looks: BinaryHeap<Reverse<(Instant, u32)>>,
    /// Processes that speak TLS and are to be looked at once more.
    again: HashSet<u32>,
    /// Processes of the look at all that is under way.
    sweep: VecDeque<u32>,
    sweeping: bool,
    /// When the last one began.
    swept: Instant,
    checked: Instant,
    /// When the report is renewed next, if there is anything new.
    publish_at: Instant,
    own_pid: u32,
}

/// A watcher, and the handle to it.
pub fn watch<A: Attach>(probes: A, settings: Settings) -> (Handle, Watcher<A>) {
    let (sender, messages) = sync_channel(QUEUE);
    let report = Shared::default();
    let missed = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let now = Instant::now();
    let watcher = Watcher {
        messages,
        report: Arc::clone(&report),
        table: Table::new(probes, settings.cache.clone(), Arc::clone(&stop)),
        settings,
        missed: Arc::clone(&missed),
        answered: 0,
        looks: BinaryHeap::new(),
        again: HashSet::new(),
        sweep: VecDeque::new(),
        sweeping: false,
        swept: now,
        checked: now,
        publish_at: now,
        own_pid: std::process::id(),
    };
    (Handle { messages: sender, missed, report, stop }, watcher)
}

impl<A: Attach> Watcher<A> {
    /// Works until the handle is dropped.
    pub fn run(mut self) {
        scheduling::step_back();
        raise_descriptor_limit();
        self.begin_sweep();
        while self.take_messages() {
            self.look_at_due();
            self.go_on_sweeping();
            if self.checked.elapsed() >= CHECK {
                self.checked = Instant::now();
                let in_doubt = self.table.check(self.checked);
                if self.has_to_sweep(in_doubt) {
                    self.begin_sweep();
                }
            }
            self.publish();
        }
        self.table.save();
    }

    /// Waits for a message or the next thing to do; false when the handle was dropped.
    fn take_messages(&mut self) -> bool {
        match self.messages.recv_timeout(self.pause()) {
            Ok(message) => self.take(message),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        while let Ok(message) = self.messages.try_recv() {
            self.take(message);
        }
        true
    }

    fn pause(&self) -> Duration {
        if self.sweeping {
            return Duration::ZERO;
        }
        let now = Instant::now();
        let check = (self.checked + CHECK).saturating_duration_since(now);
        let look = self.looks.peek().map(|Reverse((when, _))| when.saturating_duration_since(now));
        let next = look.map_or(check, |look| look.min(check));
        let publish = self.publish_at.saturating_duration_since(now);
        if self.table.has_changed() { next.min(publish) } else { next }
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
            Message::Speaks(pid) => {
                let due = self
                    .table
                    .looked(pid)
                    .map_or(now, |(looked, probed)| looked + SPEAKS[usize::from(probed)]);
                if due <= now || self.again.insert(pid) {
                    self.look_later(due.max(now), pid);
                }
            }
        }
    }

    fn look_later(&mut self, when: Instant, pid: u32) {
        if self.looks.len() < MAX_LOOKS {
            self.looks.push(Reverse((when, pid)));
        } else {
            self.again.remove(&pid);
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn look_at_due(&mut self) {
        let now = Instant::now();
        let mut seen = HashSet::new();
        while let Some(Reverse((when, pid))) = self.looks.peek().copied() {
            if when > now {
                break;
            }
            self.looks.pop();
            self.again.remove(&pid);
            // Several looks that fell due together are one.
            if pid != self.own_pid && seen.insert(pid) {
                self.table.look(pid);
            }
        }
    }

    /// Whether all processes are to be looked at: from time to time, when messages were missed, or
    /// when only that tells whether a library is still used.
    fn has_to_sweep(&self, in_doubt: bool) -> bool {
        let missed = self.missed.load(Ordering::Relaxed) != self.answered;
        let since = self.swept.elapsed();
        let asked = (missed || in_doubt) && since >= SWEEP_PAUSE;
        !self.sweeping && (asked || since >= self.settings.rescan)
    }

    fn begin_sweep(&mut self) {
        debug!("looking at all processes");
        self.swept = Instant::now();
        self.answered = self.missed.load(Ordering::Relaxed);
        self.table.begin_sweep();
        for path in standard::libraries(&self.settings.standard) {
            self.table.add_standard(&path);
        }
        let pids = all(usize::MAX).into_iter();
        self.sweep = pids.filter(|pid| *pid != self.own_pid).collect();
        self.sweeping = true;
    }

    /// A few at a time: what is known to be new comes first.
    fn go_on_sweeping(&mut self) {
        let batch = self.sweep.len().min(SWEEP_BATCH);
        for pid in self.sweep.drain(..batch).collect::<Vec<_>>() {
            self.table.look(pid);
        }
        if self.sweeping && self.sweep.is_empty() {
            self.sweeping = false;
            self.table.end_sweep();
        }
    }

    fn publish(&mut self) {
        let now = Instant::now();
        if now < self.publish_at {
            return;
        }
        let missed = self.missed.load(Ordering::Relaxed);
        if let Some(report) = self.table.report(missed) {
            *self.report.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(report);
            self.publish_at = now + PUBLISH.max(now.elapsed() * PUBLISH_SHARE);
        }
    }
}

/// Makes room for probes. Where the system refuses, those beyond the limit are refused too, and
/// the reason is in the report.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(DESCRIPTORS, |maximum| maximum.min(DESCRIPTORS));
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit { current: Some(wanted), maximum: limit.maximum };
        let _ = setrlimit(Resource::Nofile, raised);
    }
}
