//! TLS libraries in the folders where distributions keep them. They are probed before anybody
//! maps them, so that the first short-lived client is seen too. Only in the sensor's own mount
//! namespace: a probe holds its file system, and a container's must be free to go.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Folders, and folders of folders, that are looked through.
const ROOTS: [&str; 6] =
    ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64", "/lib", "/lib64"];
/// Beginnings of the names of TLS libraries.
const NAMES: [&str; 4] = ["libssl.so", "libssl-", "libgnutls.so", "libgnutls-"];
/// Entries of one folder that are looked at.
const MAX_ENTRIES: usize = 65_536;
/// Libraries taken.
const MAX_LIBRARIES: usize = 64;

/// The folders of this system, each once: the roots, and the ones in them that are named after an
/// architecture.
pub(super) fn folders() -> Vec<PathBuf> {
    let resolved = |path: &Path| fs::canonicalize(path).ok();
    let roots: BTreeSet<_> = ROOTS.iter().filter_map(|root| resolved(Path::new(root))).collect();
    let entries = roots.iter().flat_map(|root| entries(root));
    let multiarch = entries.filter(|path| name(path).contains("-linux-"));
    let multiarch: Vec<_> = multiarch.filter_map(|path| resolved(&path)).collect();
    roots.into_iter().chain(multiarch).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The TLS libraries in these folders, each once.
pub(super) fn libraries(folders: &[PathBuf]) -> BTreeSet<PathBuf> {
    folders
        .iter()
        .flat_map(|folder| entries(folder))
        .filter(|path| NAMES.iter().any(|start| name(path).starts_with(start)))
        .filter_map(|path| fs::canonicalize(path).ok())
        .take(MAX_LIBRARIES)
        .collect()
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().take(MAX_ENTRIES);
    entries.flatten().map(|entry| entry.path())
}

fn name(path: &Path) -> std::borrow::Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}
