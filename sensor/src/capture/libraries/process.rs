//! A process as the watcher remembers it.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Instant,
};

use super::maps::{FileId, Mapping};

/// A process that was looked at.
#[derive(Debug)]
pub(super) struct Process {
    /// Tells it from a later one of the same number.
    pub started: u64,
    /// Tells whether its mappings have changed.
    pub mappings: u64,
    /// Its files with a TLS library.
    pub files: Vec<FileId>,
    /// The kernel's name of it, where it has such files.
    pub name: Box<str>,
    /// When it was looked at last.
    pub looked: Instant,
    /// The last look at all processes in which it was seen.
    pub sweep: u64,
}

/// A number that differs where the mappings do.
pub(super) fn fingerprint(state: &RandomState, mappings: &[Mapping]) -> u64 {
    let parts: Vec<_> = mappings.iter().map(|mapping| (mapping.id, &mapping.range)).collect();
    state.hash_one(parts)
}
