//! Opening records: one direction's keys, and the proof that a record was made with them.

#[cfg(test)]
mod seal;

use aes::{Aes128, Aes256};
use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};
use ccm::{
    Ccm,
    aead::{AeadInOut, KeyInit as _},
    consts::{U8, U12, U16},
};
use zeroize::Zeroizing;

use super::{
    cbc::Cbc,
    schedule::{DirectionKeys, expand_labels},
    suite::{Cipher, Suite, Version},
};

/// Bytes of a record's header.
pub(super) const HEADER: usize = 5;
/// Bytes of an AEAD's nonce.
const NONCE: usize = 12;
const CONTENT_TYPE_APPLICATION: u8 = 23;

/// The keys of one direction at one time.
pub(super) struct Opener {
    key: Key,
    version: Version,
    cipher: Cipher,
    /// The static part of the nonce: 12 bytes, or 4 of them where the record carries the rest.
    iv: Zeroizing<[u8; NONCE]>,
}

enum Key {
    /// AES-GCM and ChaCha20-Poly1305. aws-lc wipes the key when it is freed.
    Fast(LessSafeKey),
    Aes128Ccm(Box<Ccm<Aes128, U16, U12>>),
    Aes256Ccm(Box<Ccm<Aes256, U16, U12>>),
    Aes128Ccm8(Box<Ccm<Aes128, U8, U12>>),
    Aes256Ccm8(Box<Ccm<Aes256, U8, U12>>),
    Cbc(Box<Cbc>),
}

/// A record as on the wire.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub header: [u8; HEADER],
    pub body: &'a [u8],
}

impl Record<'_> {
    pub fn content_type(&self) -> u8 {
        self.header[0]
    }
}

impl Opener {
    /// The keys that follow from a TLS 1.3 traffic secret. `None` when the suite is none of
    /// TLS 1.3.
    pub fn from_traffic_secret(suite: &Suite, secret: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        let key = &mut key[..suite.cipher.key_length()];
        let mut iv = Zeroizing::new([0; NONCE]);
        expand_labels(suite.hash, secret, &mut [("key", key), ("iv", iv.as_mut())]);
        let key = Key::aead(suite.cipher, key)?;
        Some(Self { key, version: Version::Tls13, cipher: suite.cipher, iv })
    }

    /// The keys of a direction of TLS 1.2 or before.
    pub fn from_key_block(
        version: Version,
        suite: &Suite,
        keys: &DirectionKeys,
        encrypt_then_mac: bool,
    ) -> Option<Self> {
        let mut iv = Zeroizing::new([0; NONCE]);
        let key = match suite.cipher {
            Cipher::Aes128Cbc(mac) | Cipher::Aes256Cbc(mac) => {
                Key::Cbc(Box::new(Cbc::new(version, mac, keys, encrypt_then_mac)?))
            }
            cipher => {
                iv.get_mut(..keys.iv.len())?.copy_from_slice(&keys.iv);
                Key::aead(cipher, &keys.key)?
            }
        };
        Some(Self { key, version, cipher: suite.cipher, iv })
    }

    /// Bytes that a record adds to its content, its header with them; `None` when that varies
    /// (CBC). TLS 1.3's padding, which hardly anyone uses, is not in it.
    pub fn overhead(&self) -> Option<usize> {
        match (&self.key, self.version) {
            (Key::Cbc(_), _) => None,
            (_, Version::Tls13) => Some(HEADER + 1 + self.cipher.tag_length()),
            _ => {
                let nonce = self.cipher.explicit_nonce_length();
                Some(HEADER + nonce + self.cipher.tag_length())
            }
        }
    }

    /// The fewest bytes that a record's body can have.
    pub fn min_body(&self) -> usize {
        self.overhead().map_or(16, |overhead| overhead - HEADER)
    }

    /// Opens the record of a sequence number into `output` (replacing what is there) and gives
    /// its true content type, or `None` when it was not made with these keys and that number.
    pub fn open(&self, record: Record<'_>, sequence: u64, output: &mut Vec<u8>) -> Option<u8> {
        output.clear();
        if let Key::Cbc(cbc) = &self.key {
            return cbc.open(record, sequence, output).then_some(record.content_type());
        }
        if self.version == Version::Tls13 {
            if record.content_type() != CONTENT_TYPE_APPLICATION {
                return None;
            }
            let nonce = self.xored_nonce(sequence);
            self.open_aead(nonce, &record.header, record.body, output)?;
            return strip_padding(output);
        }
        let (explicit, sealed) =
            record.body.split_at_checked(self.cipher.explicit_nonce_length())?;
        let nonce = if explicit.is_empty() {
            self.xored_nonce(sequence)
        } else {
            let mut nonce = *self.iv;
            nonce[4..].copy_from_slice(explicit);
            nonce
        };
        let length = sealed.len().checked_sub(self.cipher.tag_length())?;
        let additional = additional_data(sequence, record.header, length);
        self.open_aead(nonce, &additional, sealed, output)?;
        Some(record.content_type())
    }

    /// Takes note of the last record before the next one: TLS 1.0 chains them.
    pub fn passed(&mut self, body: &[u8]) {
        if let Key::Cbc(cbc) = &mut self.key {
            cbc.chain(body);
        }
    }

    /// The record before the next one is lost.
    pub fn lost(&mut self) {
        if let Key::Cbc(cbc) = &mut self.key {
            cbc.break_chain();
        }
    }

    fn xored_nonce(&self, sequence: u64) -> [u8; NONCE] {
        let mut nonce = *self.iv;
        nonce[4..].iter_mut().zip(sequence.to_be_bytes()).for_each(|(byte, add)| *byte ^= add);
        nonce
    }

    fn open_aead(
        &self,
        nonce: [u8; NONCE],
        additional: &[u8],
        sealed: &[u8],
        output: &mut Vec<u8>,
    ) -> Option<()> {
        let length = sealed.len().checked_sub(self.cipher.tag_length())?;
        let (text, tag) = sealed.split_at(length);
        if let Key::Fast(key) = &self.key {
            output.resize(length, 0);
            let nonce = Nonce::assume_unique_for_key(nonce);
            return key.open_separate_gather(nonce, Aad::from(additional), text, tag, output).ok();
        }
        output.extend_from_slice(text);
        let nonce = &nonce.into();
        let buffer = output.as_mut_slice().into();
        match &self.key {
            Key::Aes128Ccm(key) => {
                key.decrypt_inout_detached(nonce, additional, buffer, tag.try_into().ok()?)
            }
            Key::Aes256Ccm(key) => {
                key.decrypt_inout_detached(nonce, additional, buffer, tag.try_into().ok()?)
            }
            Key::Aes128Ccm8(key) => {
                key.decrypt_inout_detached(nonce, additional, buffer, tag.try_into().ok()?)
            }
            Key::Aes256Ccm8(key) => {
                key.decrypt_inout_detached(nonce, additional, buffer, tag.try_into().ok()?)
            }
            Key::Fast(_) | Key::Cbc(_) => return None,
        }
        .ok()
    }
}

impl Key {
    fn aead(cipher: Cipher, key: &[u8]) -> Option<Self> {
        let fast = |algorithm: &'static Algorithm| {
            Some(Self::Fast(LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?)))
        };
        match cipher {
            Cipher::Aes128Gcm => fast(&AES_128_GCM),
            Cipher::Aes256Gcm => fast(&AES_256_GCM),
            Cipher::ChaCha20Poly1305 => fast(&CHACHA20_POLY1305),
            Cipher::Aes128Ccm => Some(Self::Aes128Ccm(Box::new(Ccm::new_from_slice(key).ok()?))),
            Cipher::Aes256Ccm => Some(Self::Aes256Ccm(Box::new(Ccm::new_from_slice(key).ok()?))),
            Cipher::Aes128Ccm8 => Some(Self::Aes128Ccm8(Box::new(Ccm::new_from_slice(key).ok()?))),
            Cipher::Aes256Ccm8 => Some(Self::Aes256Ccm8(Box::new(Ccm::new_from_slice(key).ok()?))),
            Cipher::Aes128Cbc(_) | Cipher::Aes256Cbc(_) => None,
        }
    }
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Opener").field("cipher", &self.cipher).finish_non_exhaustive()
    }
}

/// What a MAC or tag covers beside the content (RFC 5246 section 6.2.3.3).
pub(super) fn additional_data(sequence: u64, header: [u8; HEADER], length: usize) -> [u8; 13] {
    let mut data = [0; 13];
    data[..8].copy_from_slice(&sequence.to_be_bytes());
    data[8..11].copy_from_slice(&header[..3]);
    data[11..].copy_from_slice(&(length as u16).to_be_bytes());
    data
}

/// Takes padding and content type off a `TLSInnerPlaintext` (RFC 8446 section 5.4).
fn strip_padding(output: &mut Vec<u8>) -> Option<u8> {
    let last = output.iter().rposition(|&byte| byte != 0)?;
    let content_type = output[last];
    output.truncate(last);
    Some(content_type)
}
