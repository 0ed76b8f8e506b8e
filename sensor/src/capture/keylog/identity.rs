//! Under which key the result of a scan is remembered.
//!
//! A build id is written by whoever makes the file, so that it can claim to be another's. Hence it
//! is a key for functions that were found only, together with the file's size, and a remembered
//! function is used after [`super::Found::is_in`] has looked at its code. "Nothing found" is
//! remembered of this very file.

use std::{fs::Metadata, os::unix::fs::MetadataExt as _};

use serde::{Deserialize, Serialize};

/// A file as the file system knows it. Equal before and after a scan: the scan is of this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// Device of the file system.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
    /// Length in bytes.
    pub size: u64,
    /// Last change of the content, in nanoseconds since 1970.
    pub modified: i128,
    /// Last change of content or attributes, in nanoseconds since 1970; nobody can set it back.
    pub changed: i128,
}

/// A key of the cache.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// What the linker called it.
    Build {
        /// GNU build id in hexadecimal, or Go's after `go:`.
        id: String,
        /// Length of the file in bytes.
        size: u64,
    },
    /// Where it lies.
    File(Identity),
}

impl Identity {
    /// Of an open file.
    pub fn of(metadata: &Metadata) -> Self {
        let nanoseconds =
            |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// The key of a file with that build id, or of the file alone.
    pub fn key(self, build_id: Option<&str>) -> Key {
        match build_id {
            Some(id) => Key::Build { id: id.to_owned(), size: self.size },
            None => Key::File(self),
        }
    }
}
