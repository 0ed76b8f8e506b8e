//! Values leave the analysis as facts: type, length and a keyed hash.
//!
//! The hash is what makes equality joins possible without the value: the same value gives the
//! same hash wherever it stood, on every node that has the same key. Without the key, values
//! that can be guessed (phone numbers, identifiers) cannot be tried one by one.

use std::{
    fmt, fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::{Serialize, Serializer};

/// The key of the hash.
#[derive(Clone)]
pub struct MaskKey([u8; 32]);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("failed to read the mask key {}: {source}", path.display())]
    Read {
        /// The key file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds something else.
    #[error(
        "the mask key {} is neither 32 bytes nor 64 hex digits; \
         make one with `head -c 32 /dev/urandom > {}`",
        path.display(), path.display()
    )]
    Format {
        /// The key file.
        path: PathBuf,
    },
    /// The system gives no random bytes.
    #[error("failed to read a random mask key from /dev/urandom: {0}; name a key file instead")]
    Random(io::Error),
}

impl MaskKey {
    /// The key in a file: 32 bytes, or 64 hex digits and at most a line end.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let mut bytes = Vec::new();
        // The longest valid file has 66 bytes; one more shows that there is more.
        fs::File::open(path)
            .and_then(|file| file.take(67).read_to_end(&mut bytes))
            .map_err(|source| KeyError::Read { path: path.into(), source })?;
        Self::parse(&bytes).ok_or_else(|| KeyError::Format { path: path.into() })
    }

    /// A key of this process alone: hashes cannot be compared with those of another run.
    pub fn random() -> Result<Self, KeyError> {
        let mut key = [0; 32];
        fs::File::open("/dev/urandom")
            .and_then(|mut source| source.read_exact(&mut key))
            .map_err(KeyError::Random)?;
        Ok(Self(key))
    }

    /// A key as bytes, for tests that compare hashes.
    #[cfg(test)]
    pub(crate) fn from_bytes(key: [u8; 32]) -> Self {
        Self(key)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        if let Ok(key) = bytes.try_into() {
            return Some(Self(key));
        }
        let digits = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let digits = digits.strip_suffix(b"\r").unwrap_or(digits);
        let mut key = [0; 32];
        if digits.len() != 2 * key.len() {
            return None;
        }
        HEXLOWER_PERMISSIVE.decode_mut(digits, &mut key).ok()?;
        Some(Self(key))
    }

    /// The keyed BLAKE3 hash of a value.
    pub fn hash(&self, value: &[u8]) -> MaskedHash {
        let mut hash = [0; 16];
        hash.copy_from_slice(&blake3::keyed_hash(&self.0, value).as_bytes()[..16]);
        MaskedHash(hash)
    }

    /// A number that follows from the key, for hashes that never leave the process.
    pub fn seed(&self) -> u64 {
        let hash = blake3::keyed_hash(&self.0, b"seed of the inventory");
        hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    /// The facts on a value of a known kind.
    pub fn mask(&self, kind: &'static str, value: &[u8]) -> Masked {
        Masked { kind, length: value.len(), hash: self.hash(value) }
    }
}

/// Shows that there is a key, never which.
impl fmt::Debug for MaskKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MaskKey")
    }
}

/// The hash of a value: 128 bits, shown as 32 hex digits.
///
/// Joins run over billions of values, among which 64 bits collide by chance (an even chance at
/// five billion); 128 bits do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MaskedHash([u8; 16]);

impl MaskedHash {
    /// The hex digits, lower case.
    pub fn digits(self) -> HexDigits<32> {
        HexDigits::new(&self.0)
    }
}

impl fmt::Display for MaskedHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.digits().as_str())
    }
}

impl Serialize for MaskedHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.digits().serialize(serializer)
    }
}

/// What may be known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Masked {
    /// What it looks like, such as `integer` or `uuid`.
    pub kind: &'static str,
    /// Its length in bytes.
    pub length: usize,
    /// Its keyed hash.
    pub hash: MaskedHash,
}

/// Bytes as lower-case hex digits, `DIGITS` of them, without an allocation.
#[derive(Clone, Copy)]
pub struct HexDigits<const DIGITS: usize>([u8; DIGITS]);

impl<const DIGITS: usize> HexDigits<DIGITS> {
    /// The digits of `bytes`, which are half as many.
    pub fn new(bytes: &[u8]) -> Self {
        let mut digits = [b'0'; DIGITS];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
            pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
            pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
        }
        Self(digits)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl<const DIGITS: usize> Serialize for HexDigits<DIGITS> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[test]
    fn a_key_is_32_bytes_or_64_hex_digits() {
        let raw: Vec<u8> = (0..32).collect();
        let check = |bytes: &[u8], expect: bool| {
            let key = MaskKey::parse(bytes);
            assert_eq!(key.is_some_and(|key| key.0[..] == raw), expect, "{bytes:?}");
        };
        check(&raw, true);
        check(DIGITS.as_bytes(), true);
        check(DIGITS.to_uppercase().as_bytes(), true);
        check(format!("{DIGITS}\n").as_bytes(), true);
        check(format!("{DIGITS}\r\n").as_bytes(), true);
        check(format!("{DIGITS}\n\n").as_bytes(), false);
        check(format!("{DIGITS}0").as_bytes(), false);
        check(DIGITS.replace('f', "g").as_bytes(), false);
        check(&raw[..31], false);
        check(b"", false);
    }

    #[test]
    fn a_key_file_that_is_none_is_named_with_what_to_do() {
        let path = std::env::temp_dir().join(format!("sensor-mask-{}", std::process::id()));
        let missing = MaskKey::from_file(&path).unwrap_err().to_string();
        assert!(missing.contains(path.to_str().unwrap()), "{missing}");
        for (content, valid) in [("too short\n", false), (DIGITS, true), (&DIGITS.repeat(9), false)]
        {
            fs::write(&path, content).unwrap();
            assert_eq!(MaskKey::from_file(&path).is_ok(), valid, "{content}");
        }
        fs::remove_file(&path).unwrap();
        let format = KeyError::Format { path }.to_string();
        assert!(format.contains("head -c 32 /dev/urandom"), "{format}");
    }

    #[test]
    fn equal_values_have_equal_hashes_under_one_key_only() {
        let key = MaskKey::parse(DIGITS.as_bytes()).unwrap();
        assert_eq!(key.hash(b"4711"), key.clone().hash(b"4711"));
        assert_ne!(key.hash(b"4711"), key.hash(b"4712"));
        let other = MaskKey::random().unwrap();
        assert_ne!(key.hash(b"4711"), other.hash(b"4711"));
        assert_ne!(MaskKey::random().unwrap().hash(b""), other.hash(b""));
        // The first half of BLAKE3's keyed hash: pinned, for a change would break every join.
        assert_eq!(key.hash(b"4711").to_string(), "73a20858cd097a82dc8cdaea8aa09734");
    }

    #[test]
    fn a_key_is_never_shown() {
        let key = MaskKey::parse(DIGITS.as_bytes()).unwrap();
        assert_eq!(format!("{key:?}"), "MaskKey");
    }
}
