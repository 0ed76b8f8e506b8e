//! Files and processes that were looked at.
//!
//! A file without a TLS library is remembered by its number alone, one with it also with the
//! processes that have it mapped: when there are none left, its probe goes.

use std::{
    collections::{BTreeSet, HashMap},
    fs::{self, File},
    hash::RandomState,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use tracing::{debug, info};

use super::{
    Attach, FileId, LibraryReport,
    maps::{self, Mapping},
    process::{Process, fingerprint},
    report,
    scanner::{Again, Scanner, State},
};
use crate::capture::{attribution::process::Stat, keylog::Identity};

/// Files remembered. Beyond it, further ones are not looked into.
const MAX_FILES: usize = 32_768;
/// Files with a TLS library among them.
const MAX_LIBRARIES: usize = 4096;
/// Processes remembered.
const MAX_PROCESSES: usize = 65_536;
/// Files with a TLS library of one process that are remembered as its.
const MAX_PROCESS_LIBRARIES: usize = 16;
/// How long a probe stays when nobody maps its file.
const GRACE: Duration = Duration::from_secs(5);
/// Scans of a file that took too long.
const TRIES: u32 = 3;
/// Bytes of a path that are kept.
const MAX_PATH: usize = 1024;

pub(super) struct Table<A: Attach> {
    scanner: Scanner<A>,
    files: HashMap<FileId, Entry<A::Link>>,
    libraries: usize,
    processes: HashMap<u32, Process>,
    hashing: RandomState,
    /// Number of the look at all processes that is under way or was the last.
    sweep: u64,
    /// Of those, how many are done.
    swept: u64,
    skipped: u64,
    changed: bool,
}

/// A file that was looked at.
pub(super) struct Entry<L> {
    pub path: String,
    /// Where it is probed for whoever comes, if it is.
    pub standard: Option<PathBuf>,
    pub state: State<L>,
    /// Processes that have it mapped.
    pub users: BTreeSet<u32>,
    /// When the last of them was gone, and in which look at all processes.
    unused: Option<(Instant, u64)>,
    /// The last look at all processes in which it was seen.
    seen: u64,
    tries: u32,
    tried: u64,
    identity: Identity,
    /// Kept open where there is a probe, to learn when it is changed.
    file: Option<File>,
}

impl<A: Attach> Table<A> {
    pub fn new(attach: A, cache: Option<PathBuf>, stop: Arc<AtomicBool>) -> Self {
        Self {
            scanner: Scanner::new(attach, cache, stop),
            files: HashMap::new(),
            libraries: 0,
            processes: HashMap::new(),
            hashing: RandomState::new(),
            sweep: 0,
            swept: 0,
            skipped: 0,
            changed: true,
        }
    }

    /// Looks at the mappings of a process. One that has gone meanwhile is none.
    pub fn look(&mut self, pid: u32) {
        let Ok(stat) = Stat::read(pid) else { return self.forget_process(pid) };
        let Ok(mappings) = maps::of_process(pid) else { return };
        // A thread of the kernel, or a process that is ending.
        if mappings.is_empty() {
            return;
        }
        let fingerprint = fingerprint(&self.hashing, &mappings);
        let known = self.processes.get_mut(&pid);
        let mut same = false;
        if let Some(process) = known {
            same = process.started == stat.start && process.mappings == fingerprint;
            (process.looked, process.sweep) = (Instant::now(), self.sweep);
        }
        for mapping in &mappings {
            if self.scanner.is_stopped() {
                return;
            }
            self.see(mapping, pid, same);
        }
        if !same {
            self.remember(pid, stat, fingerprint, &mappings);
        }
    }

    /// Makes sure that a mapped file has been looked into.
    fn see(&mut self, mapping: &Mapping, pid: u32, unchanged: bool) {
        let sweep = self.sweep;
        let Some(entry) = self.files.get_mut(&mapping.id) else { return self.add(mapping, pid) };
        entry.seen = sweep;
        // While a process has it mapped, its number stays its own.
        let known = unchanged || entry.is_still(&mapping.link(pid));
        if known && !entry.wants_another_try(sweep) {
            return;
        }
        let Ok(file) = mapping.open(pid) else { return };
        self.look_again(mapping.id, file);
    }

    fn add(&mut self, mapping: &Mapping, pid: u32) {
        if self.files.len() >= MAX_FILES {
            self.skipped += 1;
            return;
        }
        match mapping.open(pid) {
            Ok(file) => self.insert(mapping.id, file, &mapping.path, None),
            Err(error) if Stat::read(pid).is_ok() => {
                debug!(pid, path = mapping.path, %error, "a mapped file is not looked into");
                self.skipped += 1;
            }
            // It has gone meanwhile.
            Err(_) => {}
        }
    }

    fn insert(&mut self, id: FileId, file: File, path: &str, standard: Option<&Path>) {
        let Ok(metadata) = file.metadata() else { return };
        let identity = Identity::of(&metadata);
        let state = self.scanner.examine(&file, identity, path);
        let mut entry = Entry {
            path: String::new(),
            standard: None,
            state,
            users: BTreeSet::new(),
            unused: Some((Instant::now(), self.sweep)),
            seen: self.sweep,
            tries: 1,
            tried: self.sweep,
            identity,
            file: None,
        };
        if !matches!(entry.state, State::Nothing) {
            self.changed = true;
            if self.libraries >= MAX_LIBRARIES {
                self.skipped += 1;
                entry.state = State::Nothing;
            } else {
                self.libraries += 1;
                path[..path.floor_char_boundary(MAX_PATH)].clone_into(&mut entry.path);
                entry.standard = standard.map(Path::to_owned);
                entry.file = matches!(entry.state, State::Probed(_)).then_some(file);
            }
        }
        self.files.insert(id, entry);
    }

    /// Looks into a known file anew: it was changed, or could not be probed.
    fn look_again(&mut self, id: FileId, file: File) {
        let Some(mut old) = self.files.remove(&id) else { return };
        self.changed = true;
        if !matches!(old.state, State::Nothing) {
            self.libraries -= 1;
        }
        if let (State::Probed(probe), Ok(metadata)) = (&old.state, file.metadata()) {
            // Touched, but the code under the probe is what it was.
            let identity = Identity::of(&metadata);
            let found = self.scanner.functions(&file, identity);
            if found.is_some_and(|offsets| offsets == probe.offsets) {
                old.identity = identity;
                self.libraries += 1;
                self.files.insert(id, old);
                return;
            }
        }
        let Entry { path, standard, users, unused, tries, .. } = old;
        // Before there are new probes: they may be at the same places.
        drop(old.state);
        self.insert(id, file, &path, standard.as_deref());
        if let Some(entry) = self.files.get_mut(&id) {
            (entry.users, entry.unused, entry.tries) = (users, unused, tries + 1);
        }
    }

    fn remember(&mut self, pid: u32, stat: Stat, mappings_are: u64, mappings: &[Mapping]) {
        self.forget_process(pid);
        if self.processes.len() >= MAX_PROCESSES {
            self.processes.retain(|_, process| !process.files.is_empty());
        }
        if self.processes.len() >= MAX_PROCESSES {
            return;
        }
        let mut files = Vec::new();
        for Mapping { id, .. } in mappings {
            let Some(entry) = self.files.get_mut(id) else { continue };
            if !matches!(entry.state, State::Nothing) && files.len() < MAX_PROCESS_LIBRARIES {
                entry.users.insert(pid);
                entry.unused = None;
                files.push(*id);
            }
        }
        let process = Process {
            started: stat.start,
            mappings: mappings_are,
            name: if files.is_empty() { Box::default() } else { stat.comm },
            files,
            looked: Instant::now(),
            sweep: self.sweep,
        };
        self.processes.insert(pid, process);
        self.changed = true;
    }

    /// Probes a library that nobody may have mapped yet.
    pub fn add_standard(&mut self, path: &Path) {
        let Ok(metadata) = fs::metadata(path) else { return };
        let identity = Identity::of(&metadata);
        let known = |entry: &Entry<_>| entry.standard.is_some() && entry.identity == identity;
        if self.files.values().any(known) {
            return;
        }
        let Ok(file) = maps::open_regular(path) else { return };
        let Ok(id) = maps::id_of(&file) else { return };
        match self.files.get_mut(&id) {
            Some(entry) if entry.identity == identity => {
                entry.standard = Some(path.to_owned());
            }
            Some(_) => self.look_again(id, file),
            None => self.insert(id, file, &path.to_string_lossy(), Some(path)),
        }
    }

    /// When a process was looked at last, and whether it has a file with a probe.
    pub fn looked(&self, pid: u32) -> Option<(Instant, bool)> {
        let process = self.processes.get(&pid)?;
        let probed = |id| matches!(self.files.get(id), Some(Entry { state: State::Probed(_), .. }));
        Some((process.looked, process.files.iter().any(probed)))
    }

    /// A process has gone, or runs another program.
    pub fn forget_process(&mut self, pid: u32) {
        let Some(process) = self.processes.remove(&pid) else { return };
        for id in process.files {
            if let Some(entry) = self.files.get_mut(&id) {
                entry.users.remove(&pid);
                if entry.users.is_empty() {
                    entry.unused = Some((Instant::now(), self.sweep));
                }
            }
        }
        self.changed = true;
    }

    /// A look at all processes begins.
    pub fn begin_sweep(&mut self) {
        self.sweep += 1;
    }

    /// It is done: who was not seen has gone.
    pub fn end_sweep(&mut self) {
        self.swept = self.sweep;
        let unseen = self.processes.iter().filter(|(_, process)| process.sweep < self.sweep);
        let unseen: Vec<u32> = unseen.map(|(pid, _)| *pid).collect();
        for pid in unseen {
            self.look(pid);
        }
        let swept = self.swept;
        self.files
            .retain(|_, entry| !matches!(entry.state, State::Nothing) || entry.seen + 1 >= swept);
        self.scanner.save();
        self.changed = true;
    }

    /// Forgets processes that have gone, and takes probes away from files that nobody maps or
    /// that were changed. Returns whether a look at all processes is needed to tell: a process
    /// begins without notice when another one forks.
    pub fn check(&mut self, now: Instant) -> bool {
        let with_files = self.processes.iter().filter(|(_, process)| !process.files.is_empty());
        let gone = with_files.filter(|(pid, process)| {
            !Stat::read(**pid).is_ok_and(|stat| stat.start == process.started)
        });
        let gone: Vec<u32> = gone.map(|(pid, _)| *pid).collect();
        for pid in gone {
            self.forget_process(pid);
        }
        self.renew_changed();
        let swept = self.swept;
        let mut in_doubt = false;
        let mut dropped = 0;
        self.files.retain(|_, entry| {
            let keep = match entry.fate(now, swept) {
                Fate::Stay => true,
                Fate::Doubt => {
                    in_doubt |= matches!(entry.state, State::Probed(_));
                    true
                }
                Fate::Go => false,
            };
            dropped += usize::from(!keep);
            if !keep && matches!(entry.state, State::Probed(_)) {
                info!(path = entry.path, "nobody maps this TLS library: probe taken away");
            }
            keep
        });
        self.libraries -= dropped;
        self.changed |= dropped > 0;
        in_doubt
    }

    /// A probe must not stay where other code has come: the kernel would execute the instruction
    /// that it has kept instead of the one that is there.
    fn renew_changed(&mut self) {
        let changed = |entry: &Entry<A::Link>| {
            let metadata = entry.file.as_ref()?.metadata().ok()?;
            (Identity::of(&metadata) != entry.identity).then_some(())
        };
        let changed = self.files.iter().filter(|(_, entry)| changed(entry).is_some());
        let changed: Vec<_> = changed.map(|(id, _)| *id).collect();
        for id in changed {
            let file = self.files.get(&id).and_then(|entry| entry.file.as_ref()?.try_clone().ok());
            if let Some(file) = file {
                self.look_again(id, file);
            }
        }
    }

    /// Whether there is something new to report.
    pub fn has_changed(&self) -> bool {
        self.changed
    }

    /// What was found, when it has changed.
    pub fn report(&mut self, missed: u64) -> Option<LibraryReport> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let counts = LibraryReport {
            scanned: self.scanner.scanned,
            remembered: self.scanner.remembered,
            skipped: self.skipped,
            probes: self.scanner.probes() as u64,
            refused: self.scanner.refused,
            rescans: self.swept,
            missed,
            ..LibraryReport::default()
        };
        Some(report::make(counts, &self.files, &self.processes))
    }

    /// Writes what is remembered of files.
    pub fn save(&mut self) {
        self.scanner.save();
    }
}

/// What becomes of a file.
enum Fate {
    Stay,
    /// Nobody is known to map it.
    Doubt,
    Go,
}

impl<L> Entry<L> {
    fn fate(&self, now: Instant, swept: u64) -> Fate {
        let Some((since, sweep)) = self.unused else { return Fate::Stay };
        let waits = now.saturating_duration_since(since) < GRACE;
        if waits || matches!(self.state, State::Nothing) || self.is_in_place() {
            Fate::Stay
        } else if swept <= sweep {
            Fate::Doubt
        } else if self.seen >= swept {
            // By a process that there was no room to remember.
            Fate::Stay
        } else {
            Fate::Go
        }
    }

    /// A library that is probed for whoever comes stays while it is what its path leads to.
    fn is_in_place(&self) -> bool {
        let Some(path) = &self.standard else { return false };
        fs::metadata(path).is_ok_and(|now| {
            let now = Identity::of(&now);
            (now.device, now.inode) == (self.identity.device, self.identity.inode)
        })
    }

    /// Whether a link to a mapped file leads to the file that was looked into. A number is given
    /// to another file when its own has been deleted.
    fn is_still(&self, link: &str) -> bool {
        fs::metadata(link).map_or(true, |now| Identity::of(&now) == self.identity)
    }

    fn wants_another_try(&self, sweep: u64) -> bool {
        let State::Dark { again, .. } = &self.state else { return false };
        let worth = match again {
            Again::Never => false,
            Again::Seldom => self.tries < TRIES,
            Again::Always => true,
        };
        worth && self.tried < sweep
    }
}
