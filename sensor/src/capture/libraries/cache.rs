//! What scans found, kept across restarts, so that a large executable is read once.
//!
//! Nothing in it is believed unchecked: a function is only used when its code is in the file.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::capture::keylog::{self, Found, Identity, Key, Nothing};

/// Results kept; beyond it the cache begins anew.
const MAX_ENTRIES: usize = 4096;
/// Bytes of the file that are read.
const MAX_BYTES: u64 = 16 << 20;
/// Grows when a scan finds more than it did.
const VERSION: u32 = 1;

/// What a scan found.
pub(super) type Outcome = Result<Vec<Found>, Nothing>;

/// Results by file.
#[derive(Debug)]
pub(super) struct Cache {
    path: Option<PathBuf>,
    entries: HashMap<Key, Outcome>,
    changed: bool,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    entries: Vec<(Key, Outcome)>,
}

impl Cache {
    /// What the file holds; empty when there is none or it is damaged.
    pub fn open(path: Option<PathBuf>) -> Self {
        let entries = path.as_deref().map(read).unwrap_or_default();
        Self { path, entries, changed: false }
    }

    /// The remembered result for an open file.
    pub fn get(&self, file: &File, identity: Identity) -> Option<Outcome> {
        if let Some(outcome) = self.entries.get(&Key::File(identity)) {
            let valid = outcome.as_ref().map_or(true, |found| all_in(found, file));
            return valid.then(|| outcome.clone());
        }
        let key = identity.key(Some(&keylog::build_id(file)?));
        let found = self.entries.get(&key)?.as_ref().ok()?;
        // A build id is what the file says of itself.
        all_in(found, file).then(|| Ok(found.clone()))
    }

    /// Remembers a result.
    pub fn put(&mut self, identity: Identity, build_id: Option<&str>, outcome: &Outcome) {
        if self.entries.len() >= MAX_ENTRIES {
            self.entries.clear();
        }
        let key = match outcome {
            Ok(_) => identity.key(build_id),
            Err(_) => Key::File(identity),
        };
        self.entries.insert(key, outcome.clone());
        self.changed = true;
    }

    /// Writes what has changed. A failure is said once; the results stay in memory.
    pub fn save(&mut self) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        let Some(path) = &self.path else { return };
        if let Err(error) = self.write(path) {
            warn!(path = %path.display(), %error, "tls.cache cannot be written: libraries are scanned anew after a restart");
            self.path = None;
        }
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let entries: Vec<_> = self.entries.iter().map(|(k, o)| (k.clone(), o.clone())).collect();
        let text = serde_json::to_vec(&Stored { version: VERSION, entries })?;
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let fresh = path.with_extension("new");
        let _ = fs::remove_file(&fresh);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(&text)?;
        fs::rename(&fresh, path)
    }
}

fn all_in(found: &[Found], file: &File) -> bool {
    found.iter().all(|found| found.is_in(file))
}

fn read(path: &Path) -> HashMap<Key, Outcome> {
    use io::Read as _;
    let mut text = Vec::new();
    let result = File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut text));
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return HashMap::new(),
        Err(error) => {
            warn!(path = %path.display(), %error, "tls.cache cannot be read");
            return HashMap::new();
        }
        Ok(_) => {}
    }
    match serde_json::from_slice::<Stored>(&text) {
        Ok(stored) if stored.version == VERSION => {
            stored.entries.into_iter().take(MAX_ENTRIES).collect()
        }
        // Of another version: made anew.
        Ok(_) => HashMap::new(),
        Err(error) => {
            warn!(path = %path.display(), %error, "tls.cache is damaged and made anew");
            HashMap::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::keylog::{Arguments, Evidence, Library, Register};

    /// What a scan might have found at the start of a file.
    fn found(code: &str) -> Found {
        Found {
            library: Library::OpenSsl,
            offset: 0,
            address: 0,
            arguments: Arguments::Window { pointer: Register::Rsi, length: 72 },
            evidence: Evidence::default(),
            code: code.to_owned(),
        }
    }

    #[test]
    fn results_survive_a_restart_and_are_only_used_for_the_code_that_they_are_of() {
        let folder = std::env::temp_dir().join(format!("library-cache-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let library = folder.join("library");
        fs::write(&library, [1, 2, 3, 4]).unwrap();
        let file = File::open(&library).unwrap();
        let identity = Identity::of(&file.metadata().unwrap());
        let path = folder.join("sub/cache.json");
        let mut cache = Cache::open(Some(path.clone()));
        assert!(cache.get(&file, identity).is_none());
        for (code, used) in [("01020304", true), ("01020305", false)] {
            cache.put(identity, None, &Ok(vec![found(code)]));
            cache.save();
            let again = Cache::open(Some(path.clone()));
            assert_eq!(again.get(&file, identity).is_some(), used, "{code}");
        }
        cache.put(identity, None, &Err(Nothing::NoTls));
        cache.save();
        assert_eq!(Cache::open(Some(path.clone())).get(&file, identity), Some(Err(Nothing::NoTls)));
        fs::write(&path, "{").unwrap();
        assert!(Cache::open(Some(path)).get(&file, identity).is_none());
        fs::remove_dir_all(&folder).unwrap();
    }
}
