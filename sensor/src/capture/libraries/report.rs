//! What the watcher found, for people.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{
    maps::FileId,
    process::Process,
    scanner::{Again, State},
    table::Entry,
};

/// Processes that are named with a file.
const MAX_USERS: usize = 16;

/// What was found on the node.
#[derive(Clone, Debug, Default)]
pub struct LibraryReport {
    /// Files with a TLS library.
    pub files: Vec<LibraryFile>,
    /// Processes that were looked at, with their files' places in `files`.
    pub processes: HashMap<u32, Vec<usize>>,
    /// Files scanned.
    pub scanned: u64,
    /// Files whose result was remembered.
    pub remembered: u64,
    /// Files not looked into because there were too many, or because they could not be opened.
    pub skipped: u64,
    /// Probes in place.
    pub probes: u64,
    /// Probes that the kernel refused, each time that they were tried.
    pub refused: u64,
    /// Looks at all processes.
    pub rescans: u64,
    /// Program starts that the watcher was not told of in time. All processes were looked at
    /// instead.
    pub missed: u64,
}

/// A file with a TLS library.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LibraryFile {
    /// Path in the mount namespace of the process in which it was found first.
    pub path: String,
    /// Device of its file system as `/proc/PID/maps` shows it: `major:minor`, hexadecimal.
    pub device: String,
    /// Inode number.
    pub inode: u64,
    /// The TLS library, or several.
    pub library: String,
    /// Whether its secrets are read.
    pub probed: bool,
    /// Where the probes are in the file.
    pub offsets: Vec<u64>,
    /// Why it is not read, or not all of it.
    pub reason: Option<String>,
    /// Processes that have it mapped, as of the last look.
    pub processes: u64,
    /// The first of them by number.
    pub users: Vec<LibraryUser>,
}

/// A process that has a library mapped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LibraryUser {
    /// Process id.
    pub pid: u32,
    /// The kernel's name of the process.
    pub name: String,
}

/// What is known of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProcessState {
    /// Secrets of these libraries are read.
    Probed(String),
    /// None is, and why.
    NotProbed(String),
    /// It was not looked at, or has gone.
    Unknown,
}

impl LibraryReport {
    /// What is known of a process.
    pub fn process(&self, pid: u32) -> ProcessState {
        let Some(places) = self.processes.get(&pid) else { return ProcessState::Unknown };
        let files = || places.iter().filter_map(|place| self.files.get(*place));
        let mut probed: Vec<_> =
            files().filter(|file| file.probed).map(|file| file.library.as_str()).collect();
        probed.sort_unstable();
        probed.dedup();
        if !probed.is_empty() {
            return ProcessState::Probed(probed.join(", "));
        }
        let reason =
            files().find_map(|file| Some(format!("{}: {}", file.library, file.reason.as_deref()?)));
        ProcessState::NotProbed(reason.unwrap_or_else(|| "no TLS library found".to_owned()))
    }
}

/// Adds files and processes to the counts.
pub(super) fn make<L>(
    counts: LibraryReport,
    files: &HashMap<FileId, Entry<L>>,
    processes: &HashMap<u32, Process>,
) -> LibraryReport {
    let mut report = counts;
    let mut places = HashMap::new();
    for (id, entry) in files {
        if let Some(file) = file(*id, entry, processes) {
            places.insert(*id, report.files.len());
            report.files.push(file);
        }
    }
    for (pid, process) in processes {
        let files = process.files.iter().filter_map(|id| places.get(id).copied());
        report.processes.insert(*pid, files.collect());
    }
    report
}

fn file<L>(id: FileId, entry: &Entry<L>, processes: &HashMap<u32, Process>) -> Option<LibraryFile> {
    let (library, offsets, reason) = match &entry.state {
        State::Nothing => return None,
        State::Probed(probe) => {
            (probe.libraries.clone(), probe.offsets.clone(), probe.refusal.clone())
        }
        State::Dark { library, reason, again } => {
            let name = library.map_or("unknown", |library| library.name());
            let tried =
                if *again == Again::Always { "; tried again from time to time" } else { "" };
            (name.to_owned(), Vec::new(), Some(format!("{reason}{tried}")))
        }
    };
    let user = |pid: &u32| {
        let name = processes.get(pid).map(|process| process.name.to_string());
        LibraryUser { pid: *pid, name: name.unwrap_or_default() }
    };
    let (major, minor) = id.device;
    Some(LibraryFile {
        path: entry.path.clone(),
        device: format!("{major:x}:{minor:x}"),
        inode: id.inode,
        library,
        probed: matches!(entry.state, State::Probed(_)),
        offsets,
        reason,
        processes: entry.users.len() as u64,
        users: entry.users.iter().take(MAX_USERS).map(user).collect(),
    })
}
