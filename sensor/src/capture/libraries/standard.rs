//! TLS libraries in the folders where distributions keep them. They are probed before anybody
//! maps them, so that the first short-lived client is seen too. Only in the sensor's own mount
//! namespace: a probe holds its file system, and a container's must be free to go.

use std::{fs, path::PathBuf};

/// Folders, and folders of folders, that are looked through.
const ROOTS: [&str; 4] = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64"];
/// Beginnings of the names of TLS libraries.
const NAMES: [&str; 3] = ["libssl.so", "libgnutls.so", "libssl-"];
/// Entries of one folder that are looked at.
const MAX_ENTRIES: usize = 65_536;
/// Libraries taken.
const MAX_LIBRARIES: usize = 64;

/// The folders of this system: the roots, and the ones in them that are named after an
/// architecture.
pub(super) fn folders() -> Vec<PathBuf> {
    let roots = ROOTS.map(PathBuf::from);
    let multiarch = roots.iter().filter_map(|root| fs::read_dir(root).ok()).flat_map(|entries| {
        let entries = entries.take(MAX_ENTRIES).flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().contains("-linux-"))
    });
    let multiarch: Vec<_> = multiarch.map(|entry| entry.path()).collect();
    roots.into_iter().chain(multiarch).collect()
}

/// The TLS libraries in these folders.
pub(super) fn libraries(folders: &[PathBuf]) -> Vec<PathBuf> {
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok());
    let entries = entries.flat_map(|entries| entries.take(MAX_ENTRIES).flatten());
    let named = entries.filter(|entry| {
        let name = entry.file_name();
        NAMES.iter().any(|start| name.to_string_lossy().starts_with(start))
    });
    named.map(|entry| entry.path()).take(MAX_LIBRARIES).collect()
}
