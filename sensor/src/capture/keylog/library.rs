//! The TLS libraries that are known, each with what gives it away.
//!
//! A library whose key log can be read by labels is one file with one [`Profile`] and one line in
//! [`LABELLED`]. Go and rustls need more than that and have scans of their own. The rest is here,
//! so that an operator reads why a process stays dark.

use serde::{Deserialize, Serialize};

use super::{boringssl, gnutls, openssl};

/// A TLS library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Library {
    /// OpenSSL 1.1.1 and later.
    OpenSsl,
    /// BoringSSL and AWS-LC.
    BoringSsl,
    /// GnuTLS.
    GnuTls,
    /// Go's `crypto/tls`.
    Go,
    /// rustls.
    Rustls,
    /// The key log's labels without another sign of the library.
    Unnamed,
    /// Java: JSSE, compiled as it runs.
    Java,
    /// Network Security Services.
    Nss,
    /// Mbed TLS.
    MbedTls,
    /// wolfSSL.
    WolfSsl,
    /// `LibreSSL`.
    LibreSsl,
    /// s2n-tls.
    S2n,
}

impl Library {
    /// The library's own name.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenSsl => "OpenSSL",
            Self::BoringSsl => "BoringSSL",
            Self::GnuTls => "GnuTLS",
            Self::Go => "Go",
            Self::Rustls => "rustls",
            Self::Unnamed => "unnamed",
            Self::Java => "Java",
            Self::Nss => "NSS",
            Self::MbedTls => "Mbed TLS",
            Self::WolfSsl => "wolfSSL",
            Self::LibreSsl => "LibreSSL",
            Self::S2n => "s2n-tls",
        }
    }
}

/// How a symbol is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// By its name.
    Exact(&'static str),
    /// By a part of its mangled name.
    Part(&'static str),
}

/// What gives a library away.
#[derive(Clone, Copy, Debug)]
pub(super) struct Profile {
    pub(super) library: Library,
    /// The function that logs key material.
    pub(super) function: &'static [Name],
    /// Constants with their final zero, or parts of constants.
    pub(super) constants: &'static [&'static str],
    /// Functions that a file of the library defines.
    pub(super) exports: &'static [&'static str],
    /// Why it is not read, if it never is.
    pub(super) dark: Option<&'static str>,
}

/// Libraries that hand a label to the function.
pub(super) const LABELLED: &[Profile] = &[openssl::PROFILE, boringssl::PROFILE, gnutls::PROFILE];

/// Libraries that are never read.
pub(super) const DARK: &[Profile] = &[
    dark(Library::Java, &[], &["JNI_CreateJavaVM"], "Java compiles its TLS as it runs"),
    // Its function is called alike, but handed a PK11SymKey instead of the secret.
    dark(
        Library::Nss,
        &[],
        &["SSL_ImportFD"],
        "NSS hands a key object to its key log, not the secret",
    ),
    // Names of cipher suites as this library alone writes them.
    dark(
        Library::MbedTls,
        &["TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256\0"],
        &["mbedtls_ssl_handshake"],
        "Mbed TLS has no key-log function of its own",
    ),
    dark(
        Library::WolfSsl,
        &["TLS13-AES128-GCM-SHA256\0"],
        &["wolfSSL_connect"],
        "wolfSSL has no key-log function unless it is built with one",
    ),
    dark(
        Library::LibreSsl,
        &["LibreSSL 2", "LibreSSL 3", "LibreSSL 4"],
        &[],
        "LibreSSL has no key log",
    ),
    dark(Library::S2n, &[], &["s2n_negotiate"], "s2n-tls writes its key log inline"),
];

const fn dark(
    library: Library,
    constants: &'static [&'static str],
    exports: &'static [&'static str],
    reason: &'static str,
) -> Profile {
    Profile { library, function: &[], constants, exports, dark: Some(reason) }
}
