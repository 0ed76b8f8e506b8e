//! The function that a TLS library calls to log its key material, found in the library's file.
//!
//! [`scan`] looks at the bytes of an ELF file and touches nothing else. It names a function only
//! with certainty: what points to it must agree, what contradicts it refuses it. What it cannot
//! rule out is a file made to mislead it, with the labels, references and a function of its own
//! that fits. A probe there reads registers and the bytes that they point to, and what it
//! copies opens no record of any connection, so nothing comes of it.
//!
//! - OpenSSL, BoringSSL, GnuTLS: by cross-reference of the labels ([`labels`]), against the
//!   symbols where there are some ([`symbols`]).
//! - Go: by the name in the table of functions that its runtime needs ([`go`]).
//! - rustls: by its symbols ([`rustls`]).
//!
//! The label is the one of the NSS key log format
//! (<https://datatracker.ietf.org/doc/draft-ietf-tls-keylogfile/>).

mod aarch64;
mod boringssl;
mod code;
mod elf;
mod explain;
mod frames;
mod gnutls;
mod go;
mod identity;
mod labels;
mod library;
mod openssl;
mod rustls;
mod source;
mod symbols;
#[cfg(test)]
mod tests;
mod x86;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use elf::Machine;
pub use explain::{Candidate, Explanation, GoTable, LabelUse, Reference, Sign, build_id, explain};
pub use identity::{Identity, Key};
pub use library::Library;
pub use source::{Budget, Bytes, Source, Spent};

/// Finds the functions in a file; most have one library, some two.
pub fn scan(file: &dyn Source, budget: Budget) -> Result<Vec<Found>, Nothing> {
    explain(file, budget).outcome
}

/// The secret in the memory of [`Arguments::Window`]; `None` when there is none.
pub fn secret_in_window(window: &[u8]) -> Option<&[u8]> {
    rustls::secret_in(window)
}

/// A function to probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Whose function it is.
    pub library: Library,
    /// Where a uprobe goes, in the file.
    pub offset: u64,
    /// Where the linker put it, as a debugger shows it.
    pub address: u64,
    /// Where its arguments are at entry.
    pub arguments: Arguments,
    /// What speaks for it.
    pub evidence: Evidence,
    /// The first bytes of the function in hexadecimal, for [`Found::is_in`].
    pub code: String,
}

/// Where the arguments are when the function is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Arguments {
    /// One secret with its label.
    Secret {
        /// Pointer to the label.
        label: Register,
        /// Length of the label; where none, it ends with a zero byte.
        label_length: Option<Register>,
        /// Pointer to the secret.
        secret: Register,
        /// Length of the secret: 32, 48 or, rarely, 64 bytes. Only the low 32 bits are set.
        secret_length: Register,
        /// Pointer to the client random and its length (32), where it is given.
        client_random: Option<(Register, Register)>,
    },
    /// Memory that holds a secret somewhere: no label, no length.
    Window {
        /// Pointer to the memory.
        pointer: Register,
        /// Bytes of it.
        length: u16,
    },
}

/// A general register, by its number in the instruction set's encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are the registers' own names")]
pub enum Register {
    Rbx,
    Rcx,
    Rdx,
    Rsi,
    Rdi,
    R8,
    R9,
    R10,
    X1,
    X2,
    X3,
    X4,
    X6,
    X7,
}

/// What speaks for a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Labels that agree on it, each once.
    pub labels: Vec<String>,
    /// Instructions that load one of them and lead to it.
    pub references: usize,
    /// Names that symbols or Go's table give it.
    pub symbols: Vec<String>,
    /// How its start is known.
    pub boundary: String,
    /// Version of the toolchain, for Go.
    pub version: Option<String>,
}

/// Why there is no function to probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Nothing {
    /// No sign of a TLS library.
    NoTls,
    /// A TLS library, but no function.
    NoFunction {
        /// Which, as far as it is known.
        library: Option<Library>,
        /// What was looked for in vain.
        reasons: Vec<String>,
    },
    /// The file is malformed or contradicts itself.
    Refused {
        /// In which way.
        why: String,
    },
    /// The scan would have taken too much.
    OverBudget {
        /// `bytes`, `instructions` or `time`.
        limit: String,
    },
}

impl fmt::Display for Nothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTls => write!(f, "no TLS library"),
            Self::NoFunction { reasons, .. } if reasons.is_empty() => {
                write!(f, "no key-log function found")
            }
            Self::NoFunction { reasons, .. } => write!(f, "{}", reasons.join("; ")),
            Self::Refused { why } => write!(f, "refused: {why}"),
            Self::OverBudget { limit } => write!(f, "the scan took too much: {limit}"),
        }
    }
}

impl Arguments {
    /// `f(session, label, secret, length)` in the C calling convention.
    fn labelled(machine: Machine) -> Self {
        let (label, secret, secret_length) = match machine {
            Machine::X86_64 => (Register::Rsi, Register::Rdx, Register::Rcx),
            Machine::Aarch64 => (Register::X1, Register::X2, Register::X3),
        };
        Self::Secret { label, label_length: None, secret, secret_length, client_random: None }
    }
}

impl Found {
    /// Whether the function's first bytes are those in `file`: a remembered result is of this
    /// file, whatever its build id claims.
    pub fn is_in(&self, file: &dyn Source) -> bool {
        let mut bytes = vec![0; self.code.len() / 2];
        let read = file.read_at(self.offset, &mut bytes);
        !bytes.is_empty()
            && read.is_ok_and(|count| count == bytes.len())
            && hexadecimal(&bytes) == self.code
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
