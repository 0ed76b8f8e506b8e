//! Key material: what libraries log of a session, and bytes that are wiped when dropped.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// The longest secret of any kind: a SHA-512 digest.
const MAX_LENGTH: usize = 64;

/// What a secret is for, by its label in the NSS key log format
/// (draft-ietf-tls-keylogfile).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// `CLIENT_RANDOM`: the master secret of TLS 1.2 and before, 48 bytes.
    Master,
    /// `CLIENT_EARLY_TRAFFIC_SECRET`
    ClientEarly,
    /// `CLIENT_HANDSHAKE_TRAFFIC_SECRET`
    ClientHandshake,
    /// `SERVER_HANDSHAKE_TRAFFIC_SECRET`
    ServerHandshake,
    /// `CLIENT_TRAFFIC_SECRET_0`
    ClientApplication,
    /// `SERVER_TRAFFIC_SECRET_0`
    ServerApplication,
}

impl Label {
    pub(super) const COUNT: usize = 6;

    /// The label of a name; `None` for names whose secrets open no record (exporter secrets,
    /// ECH) and for unknown ones.
    pub fn parse(name: &[u8]) -> Option<Self> {
        match name {
            b"CLIENT_RANDOM" => Some(Self::Master),
            b"CLIENT_EARLY_TRAFFIC_SECRET" => Some(Self::ClientEarly),
            b"CLIENT_HANDSHAKE_TRAFFIC_SECRET" => Some(Self::ClientHandshake),
            b"SERVER_HANDSHAKE_TRAFFIC_SECRET" => Some(Self::ServerHandshake),
            b"CLIENT_TRAFFIC_SECRET_0" => Some(Self::ClientApplication),
            b"SERVER_TRAFFIC_SECRET_0" => Some(Self::ServerApplication),
            _ => None,
        }
    }

    /// Whether a secret of this label may have so many bytes.
    pub fn fits(self, length: usize) -> bool {
        match self {
            Self::Master => length == 48,
            _ => length == 32 || length == 48,
        }
    }
}

/// A secret as a library logged it.
pub struct Secret {
    pub(super) label: Label,
    pub(super) client_random: Option<[u8; 32]>,
    pub(super) bytes: SecretBytes,
}

impl Secret {
    /// A secret of a label, with the client random where the library gave it. `None` when
    /// the bytes cannot be a secret of that label: the wrong number, or all the same.
    pub fn new(label: Label, client_random: Option<[u8; 32]>, bytes: &[u8]) -> Option<Self> {
        let varied = bytes.iter().any(|byte| Some(byte) != bytes.first());
        if !label.fits(bytes.len()) || !varied {
            return None;
        }
        Some(Self { label, client_random, bytes: SecretBytes::new(bytes)? })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Secret").field("label", &self.label).finish_non_exhaustive()
    }
}

/// Up to 64 secret bytes, wiped when dropped and never printed. On the heap, so that a move leaves
/// no copy behind.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(super) struct SecretBytes {
    bytes: Box<[u8]>,
}

impl SecretBytes {
    /// `None` when there are too many.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut secret = Self::zeroed(bytes.len())?;
        secret.as_mut().copy_from_slice(bytes);
        Some(secret)
    }

    /// So many zero bytes, to be filled in place.
    pub fn zeroed(length: usize) -> Option<Self> {
        (length <= MAX_LENGTH).then(|| Self { bytes: vec![0; length].into_boxed_slice() })
    }
}

impl AsRef<[u8]> for SecretBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsMut<[u8]> for SecretBytes {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretBytes(..)")
    }
}
