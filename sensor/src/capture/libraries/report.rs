//! What the watcher found, for people.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

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
    /// Probes that the kernel refused.
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
    /// The TLS library.
    pub library: String,
    /// Whether its secrets are read.
    pub probed: bool,
    /// Why not, where they are not.
    pub reason: Option<String>,
    /// Processes that have it mapped, as of the last look.
    pub processes: u64,
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
