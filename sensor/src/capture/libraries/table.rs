//! Files and processes that were looked at, and the probes in place.

use std::{
    collections::{BTreeSet, HashMap},
    fs::{self, File},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tracing::{debug, info, warn};

use super::{
    Attach, AttachError, FileId, LibraryFile, LibraryReport,
    cache::{Cache, Outcome},
    maps::{self, Mapping},
};
use crate::capture::keylog::{self, Budget, Identity, Library, Nothing};

/// Files remembered. Beyond it, files that nobody maps are forgotten, then no further are taken.
const MAX_FILES: usize = 65_536;
/// Processes remembered.
const MAX_PROCESSES: usize = 65_536;
/// How long a probe stays when nobody maps its file.
const GRACE: Duration = Duration::from_secs(5);

pub(super) struct Table<A: Attach> {
    probes: A,
    cache: Cache,
    files: HashMap<FileId, Entry<A::Link>>,
    processes: HashMap<u32, Process>,
    counts: LibraryReport,
    changed: bool,
    warned: bool,
}

/// A file that was looked at.
struct Entry<L> {
    path: String,
    /// Where it is probed for whoever comes, if it is.
    standard: Option<PathBuf>,
    state: State<L>,
    users: BTreeSet<u32>,
    unused: Option<Instant>,
}

enum State<L> {
    /// No TLS library.
    Nothing,
    /// One that is not read, and why.
    Dark(Option<Library>, String),
    /// Probes are in place.
    Probed(Library, Vec<L>),
}

/// A process that was looked at. Its start time tells it from a later one of the same number.
struct Process {
    started: u64,
    files: Vec<FileId>,
}

impl<A: Attach> Table<A> {
    pub fn new(probes: A, cache: Option<PathBuf>) -> Self {
        Self {
            probes,
            cache: Cache::open(cache),
            files: HashMap::new(),
            processes: HashMap::new(),
            counts: LibraryReport::default(),
            changed: true,
            warned: false,
        }
    }

    /// Looks at the mappings of a process. One that has gone meanwhile is none.
    pub fn look(&mut self, pid: u32) {
        let Some(started) = start_time(pid) else { return self.forget_process(pid) };
        let Ok(mappings) = maps::of_process(pid) else { return };
        // A thread of the kernel, or a process that is ending.
        if mappings.is_empty() {
            return;
        }
        for mapping in &mappings {
            if !self.files.contains_key(&mapping.id) {
                self.add(mapping, pid);
            }
        }
        let files: Vec<_> = mappings.into_iter().map(|mapping| mapping.id).collect();
        if self.processes.get(&pid).is_some_and(|p| p.started == started && p.files == files) {
            return;
        }
        self.forget_process(pid);
        if self.processes.len() >= MAX_PROCESSES {
            return;
        }
        for id in &files {
            if let Some(entry) = self.files.get_mut(id) {
                entry.users.insert(pid);
                entry.unused = None;
            }
        }
        self.processes.insert(pid, Process { started, files });
        self.changed = true;
    }

    /// Probes a library that nobody may have mapped yet.
    pub fn add_standard(&mut self, path: &Path) {
        let Ok(file) = File::open(path) else { return };
        let Ok(id) = maps::of_file(&file) else { return };
        if self.files.contains_key(&id) {
            return;
        }
        let text = path.to_string_lossy().into_owned();
        let state = self.examine(&file, &text);
        let standard = Some(path.to_owned());
        self.insert(
            id,
            Entry { path: text, standard, state, users: BTreeSet::new(), unused: None },
        );
    }

    /// Whether a process has a file with a probe.
    pub fn is_probed(&self, pid: u32) -> bool {
        let files = self.processes.get(&pid).map(|process| &process.files);
        files
            .into_iter()
            .flatten()
            .any(|id| matches!(self.files.get(id), Some(Entry { state: State::Probed(..), .. })))
    }

    /// A process has gone, or runs another program.
    pub fn forget_process(&mut self, pid: u32) {
        let Some(process) = self.processes.remove(&pid) else { return };
        for id in process.files {
            if let Some(entry) = self.files.get_mut(&id) {
                entry.users.remove(&pid);
                if entry.users.is_empty() {
                    entry.unused = Some(Instant::now());
                }
            }
        }
        self.changed = true;
    }

    /// Forgets processes that have gone, and takes probes away from files that nobody maps.
    pub fn check(&mut self, now: Instant) {
        let gone: Vec<u32> = self
            .processes
            .iter()
            .filter(|(pid, process)| start_time(**pid) != Some(process.started))
            .map(|(pid, _)| *pid)
            .collect();
        for pid in gone {
            self.forget_process(pid);
        }
        let before = self.files.len();
        let mut detached = 0;
        self.files.retain(|id, entry| {
            let old = entry.unused.is_some_and(|since| now.duration_since(since) >= GRACE);
            let keep = !old || entry.is_in_place(*id);
            if !keep && let State::Probed(library, links) = &entry.state {
                info!(path = entry.path, ?library, "nobody maps this library: probe taken away");
                detached += links.len() as u64;
            }
            keep
        });
        self.counts.probes -= detached;
        self.changed |= self.files.len() != before;
        self.cache.save();
    }

    pub fn count_rescan(&mut self) {
        self.counts.rescans += 1;
        self.changed = true;
    }

    /// What was found, when it has changed.
    pub fn report(&mut self, missed: u64) -> Option<LibraryReport> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let mut report = LibraryReport { missed, ..self.counts.clone() };
        let mut places = HashMap::new();
        for (id, entry) in &self.files {
            if let Some(file) = entry.report() {
                places.insert(*id, report.files.len());
                report.files.push(file);
            }
        }
        for (pid, process) in &self.processes {
            let files = process.files.iter().filter_map(|id| places.get(id).copied());
            report.processes.insert(*pid, files.collect());
        }
        Some(report)
    }

    fn add(&mut self, mapping: &Mapping, pid: u32) {
        if self.files.len() >= MAX_FILES {
            self.files.retain(|_, entry| !entry.users.is_empty() || entry.standard.is_some());
            if self.files.len() >= MAX_FILES {
                self.counts.skipped += 1;
                return;
            }
        }
        let Ok(file) = mapping.open(pid) else {
            self.counts.skipped += 1;
            return;
        };
        let state = self.examine(&file, &mapping.path);
        let entry = Entry {
            path: mapping.path.clone(),
            standard: None,
            state,
            users: BTreeSet::new(),
            unused: Some(Instant::now()),
        };
        self.insert(mapping.id, entry);
    }

    fn insert(&mut self, id: FileId, entry: Entry<A::Link>) {
        self.files.insert(id, entry);
        self.changed = true;
    }

    fn examine(&mut self, file: &File, path: &str) -> State<A::Link> {
        match self.outcome(file) {
            Ok(found) => self.attach(file, path, &found),
            Err(Nothing::NoTls) => State::Nothing,
            Err(nothing) => {
                debug!(path, %nothing, "TLS library not read");
                let library = match &nothing {
                    Nothing::NoFunction { library, .. } => *library,
                    _ => None,
                };
                State::Dark(library, nothing.to_string())
            }
        }
    }

    /// The result of a scan, from memory where it is known.
    fn outcome(&mut self, file: &File) -> Outcome {
        let Ok(metadata) = file.metadata() else { return Err(Nothing::NoTls) };
        if !metadata.is_file() {
            return Err(Nothing::NoTls);
        }
        let identity = Identity::of(&metadata);
        if let Some(outcome) = self.cache.get(file, identity) {
            self.counts.remembered += 1;
            return outcome;
        }
        self.counts.scanned += 1;
        let explanation = keylog::explain(file, Budget::default());
        let unchanged = file.metadata().is_ok_and(|after| Identity::of(&after) == identity);
        if !unchanged {
            let why = "the file changed while it was read".to_owned();
            return Err(Nothing::Refused { why });
        }
        let outcome = explanation.outcome;
        // It may fare better on a quieter machine.
        if !matches!(outcome, Err(Nothing::OverBudget { .. })) {
            self.cache.put(identity, explanation.build_id.as_deref(), &outcome);
        }
        outcome
    }

    fn attach(&mut self, file: &File, path: &str, found: &[keylog::Found]) -> State<A::Link> {
        let mut links = Vec::new();
        let mut refusal = None;
        for function in found {
            match self.probes.attach(file, function) {
                Ok(link) => links.push(link),
                Err(error) => {
                    self.counts.refused += 1;
                    let error = AttachError::full(&error);
                    if !std::mem::replace(&mut self.warned, true) {
                        warn!(path, error, "a TLS library cannot be probed: it stays dark");
                    }
                    refusal = Some(error);
                }
            }
        }
        let library = found.first().map(|found| found.library);
        match (library, refusal) {
            (Some(library), _) if !links.is_empty() => {
                info!(path, ?library, probes = links.len(), "TLS library probed");
                self.counts.probes += links.len() as u64;
                State::Probed(library, links)
            }
            (library, refusal) => State::Dark(library, refusal.unwrap_or_default()),
        }
    }
}

impl<L> Entry<L> {
    /// A library that is probed for whoever comes stays while it is what its path leads to.
    fn is_in_place(&self, id: FileId) -> bool {
        let Some(path) = &self.standard else { return false };
        File::open(path).and_then(|file| maps::of_file(&file)).is_ok_and(|now| now == id)
    }

    fn report(&self) -> Option<LibraryFile> {
        let name = |library: &Option<Library>| {
            library.map_or_else(|| "unknown".to_owned(), |library| library.name().to_owned())
        };
        let (library, reason) = match &self.state {
            State::Nothing => return None,
            State::Dark(library, reason) => (name(library), Some(reason.clone())),
            State::Probed(library, _) => (name(&Some(*library)), None),
        };
        Some(LibraryFile {
            path: self.path.clone(),
            library,
            probed: reason.is_none(),
            reason,
            processes: self.users.len() as u64,
        })
    }
}

/// Start time of a process in clock ticks since boot (field 22 of `/proc/PID/stat`).
fn start_time(pid: u32) -> Option<u64> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let text = String::from_utf8_lossy(&text);
    // The name is in parentheses and may hold anything.
    let (_, rest) = text.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(19)?.parse().ok()
}
