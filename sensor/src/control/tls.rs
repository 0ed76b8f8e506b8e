//! The answer of `sensor tls` and of `/tls`.

use serde::{Deserialize, Serialize};

use crate::{capture::libraries::LibraryFile, coverage::TlsProgram};

/// What is read of the node's TLS, and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TlsStatus {
    /// Whether TLS is read at all.
    pub enabled: bool,
    /// Encrypted connections seen.
    pub connections: u64,
    /// Of those, read.
    pub read: u64,
    /// Of those, not read. The rest has not come so far, or ended before it did.
    pub dark: u64,
    /// Session secrets that libraries handed over.
    pub secrets: u64,
    /// Of those, opened a record.
    pub secrets_used: u64,
    /// Probes in place.
    pub probes: u64,
    /// Probes that the kernel refused.
    pub probes_refused: u64,
    /// Files scanned for a key-log function.
    pub files_scanned: u64,
    /// Files whose result was remembered.
    pub files_remembered: u64,
    /// Files that could not be looked into.
    pub files_skipped: u64,
    /// Programs that speak TLS, the darkest first.
    pub programs: Vec<TlsProgram>,
    /// Files with a TLS library.
    pub libraries: Vec<LibraryFile>,
}
