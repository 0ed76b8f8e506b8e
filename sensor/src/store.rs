//! What survives a restart: the inventory, in one file of an embedded database.
//!
//! The file holds key and value pairs that the inventory makes and reads back; this module knows
//! nothing of their content but its version. What is written lasts from [`Transaction::commit`]
//! on, so a crash leaves the file as one of them left it. A file that cannot be used is set aside
//! under another name, with a word to the operator, and never written again.

use std::{
    fs::File,
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use redb::{
    Database, DatabaseError, ReadableDatabase as _, ReadableTable as _, TableDefinition,
    WriteTransaction,
};

use crate::inventory::Change;

/// Version of what the pairs hold. A file of a lower one that cannot be read any more is set
/// aside like one of a higher one.
pub const VERSION: u64 = 2;

/// Memory that the database may use for its pages.
const CACHE: usize = 4 << 20;

/// Files set aside that are told apart.
const MAX_ASIDE: u32 = 100;

const PAIRS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("inventory");
const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
const VERSION_KEY: &str = "version";

/// An open file.
pub struct Store {
    database: Database,
    path: PathBuf,
}

/// Changes on their way into the file, which keeps them itself: their number is not bounded by
/// memory.
pub struct Transaction<'s> {
    store: &'s Store,
    transaction: WriteTransaction,
}

/// A file that could not be used, and where it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Its new name.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// Why the inventory is not kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("the store {} is in use by another process; give this one its own by store.path", .0.display())]
    InUse(PathBuf),
    /// The file or its directory cannot be used.
    #[error("failed to {action} the store {}: {error}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The database refuses.
    #[error("failed to {action} the store {}: {error}", path.display())]
    Database {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        error: Box<redb::Error>,
    },
}

/// What is wrong with a file.
enum Fault {
    /// It is of no use to this sensor, and goes out of the way.
    Unusable(String),
    /// It may be well: the operator has to look.
    Error(StoreError),
}

impl Store {
    /// Opens a file, making it and its directory when there is none, and says what was set aside.
    pub fn open(path: &Path) -> Result<(Self, Option<SetAside>), StoreError> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(io_error("make the directory of", path))?;
        }
        match Self::try_open(path) {
            Ok(store) => Ok((store, None)),
            Err(Fault::Error(error)) => Err(error),
            Err(Fault::Unusable(reason)) => {
                let aside = set_aside(path, reason)?;
                match Self::try_open(path) {
                    Ok(store) => Ok((store, Some(aside))),
                    Err(Fault::Error(error)) => Err(error),
                    Err(Fault::Unusable(reason)) => Err(StoreError::Io {
                        action: "begin",
                        path: path.to_owned(),
                        error: io::Error::other(reason),
                    }),
                }
            }
        }
    }

    /// Hands every pair to `take`, in the order of keys.
    pub fn load(&self, mut take: impl FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        let failed = |error: redb::Error| self.error("read", error);
        let transaction = self.database.begin_read().map_err(|e| failed(e.into()))?;
        let table = transaction.open_table(PAIRS).map_err(|e| failed(e.into()))?;
        for pair in table.iter().map_err(|e| failed(e.into()))? {
            let (key, value) = pair.map_err(|e| failed(e.into()))?;
            take(key.value(), value.value());
        }
        Ok(())
    }

    /// Begins to write: all of it happens at [`Transaction::commit`], or nothing.
    pub fn begin(&self) -> Result<Transaction<'_>, StoreError> {
        let transaction = self.database.begin_write();
        let transaction = transaction.map_err(|error| self.error("write", error.into()))?;
        Ok(Transaction { store: self, transaction })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn try_open(path: &Path) -> Result<Self, Fault> {
        // Names of fields and counts are nobody else's business.
        File::options()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| Fault::Error(io_error("open", path)(error)))?;
        let database = Database::builder().set_cache_size(CACHE).create(path);
        let database = database.map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => Fault::Error(StoreError::InUse(path.to_owned())),
            other => fault(other.into(), path),
        })?;
        let store = Self { database, path: path.to_owned() };
        store.check_version()?;
        Ok(store)
    }

    /// Reads the version, or writes it into a new file.
    fn check_version(&self) -> Result<(), Fault> {
        let failed = |error: redb::Error| fault(error, &self.path);
        let transaction = self.database.begin_write().map_err(|e| failed(e.into()))?;
        {
            let mut meta = transaction.open_table(META).map_err(|e| failed(e.into()))?;
            transaction.open_table(PAIRS).map_err(|e| failed(e.into()))?;
            let version = meta.get(VERSION_KEY).map_err(|e| failed(e.into()))?;
            let version = version.map(|version| version.value());
            match version {
                Some(VERSION) => {}
                Some(other) => {
                    return Err(Fault::Unusable(format!(
                        "it is of version {other}, this sensor writes version {VERSION}"
                    )));
                }
                None => {
                    meta.insert(VERSION_KEY, VERSION).map_err(|e| failed(e.into()))?;
                }
            }
        }
        transaction.commit().map_err(|e| failed(e.into()))
    }

    fn error(&self, action: &'static str, error: redb::Error) -> StoreError {
        StoreError::Database { action, path: self.path.clone(), error: Box::new(error) }
    }
}

impl Transaction<'_> {
    /// Adds changes.
    pub fn add(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let failed = |error: redb::Error| self.store.error("write", error);
        let mut table = self.transaction.open_table(PAIRS).map_err(|e| failed(e.into()))?;
        for Change { key, value } in changes {
            let done = match value {
                Some(value) => table.insert(&key[..], &value[..]).map(drop),
                None => table.remove(&key[..]).map(drop),
            };
            done.map_err(|e| failed(e.into()))?;
        }
        Ok(())
    }

    /// Makes them last.
    pub fn commit(self) -> Result<(), StoreError> {
        let Self { store, transaction } = self;
        transaction.commit().map_err(|error| store.error("write", error.into()))
    }
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |error| StoreError::Io { action, path: path.to_owned(), error }
}

/// A disk that is full or fails says nothing of the file, which may be well.
fn fault(error: redb::Error, path: &Path) -> Fault {
    const OF_THE_FILE: [io::ErrorKind; 2] =
        [io::ErrorKind::InvalidData, io::ErrorKind::UnexpectedEof];
    match error {
        redb::Error::Io(error) if !OF_THE_FILE.contains(&error.kind()) => {
            Fault::Error(io_error("open", path)(error))
        }
        redb::Error::PreviousIo => Fault::Error(StoreError::Database {
            action: "open",
            path: path.to_owned(),
            error: Box::new(error),
        }),
        other => Fault::Unusable(other.to_string()),
    }
}

/// Gives a file the first free name of `<name>.aside-1`, `-2`, ...
fn set_aside(path: &Path, reason: String) -> Result<SetAside, StoreError> {
    let name = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".aside-{number}"));
        PathBuf::from(name)
    };
    let free = (1..MAX_ASIDE).map(name).find(|name| !name.exists());
    // The last one is as old as any.
    let free = free.unwrap_or_else(|| name(MAX_ASIDE));
    std::fs::rename(path, &free).map_err(io_error("set aside", path))?;
    Ok(SetAside { path: free, reason })
}

#[cfg(test)]
mod tests;
