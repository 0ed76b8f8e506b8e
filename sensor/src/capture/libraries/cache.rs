//! What scans found, kept across restarts, so that a large executable is read once.
//!
//! Nothing in it is believed unchecked: a function is only used when its code is in the file.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tracing::warn;

use super::maps;
use crate::capture::keylog::{self, Found, Identity, Key, Nothing};

/// Results kept; beyond it the cache begins anew.
const MAX_ENTRIES: usize = 8192;
/// Bytes of the file. A larger one is neither written nor read.
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
        if text.len() as u64 > MAX_BYTES {
            return Err(io::Error::other("it has grown too large"));
        }
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
    match stored(path) {
        Ok(stored) if stored.version == VERSION => {
            stored.entries.into_iter().take(MAX_ENTRIES).collect()
        }
        // Of another version: made anew.
        Ok(_) => HashMap::new(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => HashMap::new(),
        Err(error) => {
            warn!(path = %path.display(), %error, "tls.cache is not used and made anew");
            HashMap::new()
        }
    }
}

fn stored(path: &Path) -> io::Result<Stored> {
    let file = maps::open_regular(path)?;
    let metadata = file.metadata()?;
    // Whoever writes to it chooses where probes go.
    let own = metadata.uid() == rustix::process::geteuid().as_raw();
    if !own || metadata.mode() & 0o022 != 0 {
        return Err(io::Error::other("others than this user may have written it"));
    }
    if metadata.len() > MAX_BYTES {
        return Err(io::Error::other("it is too large"));
    }
    let mut text = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

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

    #[test]
    fn a_cache_that_others_can_write_is_not_believed() {
        let folder = std::env::temp_dir().join(format!("foreign-cache-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("cache.json");
        let identity = Identity::of(&fs::metadata(&folder).unwrap());
        let mut cache = Cache::open(Some(path.clone()));
        cache.put(identity, None, &Err(Nothing::NoTls));
        cache.save();
        for (mode, believed) in [(0o600, true), (0o644, true), (0o620, false), (0o602, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(!read(&path).is_empty(), believed, "{mode:o}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_build_id_that_lies_does_not_bring_a_probe_to_other_code() {
        let folder = std::env::temp_dir().join(format!("lying-build-id-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("libssl.so.3");
        let mut bytes = fs::read(super::super::tests::openssl()).unwrap();
        fs::write(&path, &bytes).unwrap();
        let file = File::open(&path).unwrap();
        let explanation = keylog::explain(&file, keylog::Budget::default());
        let found = explanation.outcome.clone().unwrap();
        let identity = Identity::of(&file.metadata().unwrap());
        let mut cache = Cache::open(None);
        cache.put(identity, explanation.build_id.as_deref(), &explanation.outcome);
        // Another file of the same build id and size is believed while the code is the same.
        let twin = folder.join("twin.so");
        for (offset, used) in [(0x0f, true), (found[0].offset as usize, false)] {
            bytes[offset] ^= 1;
            fs::write(&twin, &bytes).unwrap();
            bytes[offset] ^= 1;
            let file = File::open(&twin).unwrap();
            let identity = Identity::of(&file.metadata().unwrap());
            assert_eq!(cache.get(&file, identity).is_some(), used, "{offset:#x}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
