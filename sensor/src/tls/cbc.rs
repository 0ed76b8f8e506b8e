//! Records under AES-CBC with HMAC (RFC 5246 section 6.2.3.2, RFC 2246, RFC 7366).
//!
//! Nothing here answers the sender, so there is no oracle to hide: comparisons may take
//! different times.

#[cfg(test)]
mod seal;

use ::cbc::{
    Decryptor,
    cipher::{BlockModeDecrypt, KeyIvInit, block_padding::NoPadding},
};
use aes::{Aes128, Aes256};
use hmac::{Hmac, KeyInit};
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use zeroize::Zeroizing;

use super::{
    cipher::{Record, additional_data},
    schedule::DirectionKeys,
    suite::{Mac, Version},
};

const BLOCK: usize = 16;

pub(super) struct Cbc {
    version: Version,
    mac: MacKey,
    key: Zeroizing<Vec<u8>>,
    /// The block before the next record, which TLS 1.0 uses as its IV; `None` behind a hole.
    chained: Option<[u8; BLOCK]>,
    encrypt_then_mac: bool,
}

enum MacKey {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
}

impl Cbc {
    pub fn new(
        version: Version,
        mac: Mac,
        keys: &DirectionKeys,
        encrypt_then_mac: bool,
    ) -> Option<Self> {
        let chained = keys.iv.first_chunk().copied();
        let mac = match mac {
            Mac::Sha1 => MacKey::Sha1(Hmac::new_from_slice(&keys.mac_key).ok()?),
            Mac::Sha256 => MacKey::Sha256(Hmac::new_from_slice(&keys.mac_key).ok()?),
            Mac::Sha384 => MacKey::Sha384(Hmac::new_from_slice(&keys.mac_key).ok()?),
        };
        Some(Self { version, mac, key: keys.key.clone(), chained, encrypt_then_mac })
    }

    /// Opens a record into `output`, which is empty; whether the MAC is right.
    pub fn open(&self, record: Record<'_>, sequence: u64, output: &mut Vec<u8>) -> bool {
        let opened = if self.encrypt_then_mac {
            self.open_encrypt_then_mac(record, sequence, output)
        } else {
            self.open_mac_then_encrypt(record, sequence, output)
        };
        opened.is_some()
    }

    pub fn chain(&mut self, body: &[u8]) {
        let tag = if self.encrypt_then_mac { self.mac.length() } else { 0 };
        let body = body.get(..body.len().saturating_sub(tag)).unwrap_or_default();
        if let Some(block) = body.last_chunk::<BLOCK>() {
            self.chained = Some(*block);
        }
    }

    pub fn break_chain(&mut self) {
        self.chained = None;
    }

    /// The MAC covers the IV and the ciphertext (RFC 7366 section 3).
    fn open_encrypt_then_mac(
        &self,
        record: Record<'_>,
        sequence: u64,
        output: &mut Vec<u8>,
    ) -> Option<()> {
        let length = record.body.len().checked_sub(self.mac.length())?;
        let (text, tag) = record.body.split_at(length);
        self.mac.verify(&additional_data(sequence, record.header, length), text, tag)?;
        self.decrypt(text, output)?;
        let padding = usize::from(*output.last()?) + 1;
        output.truncate(output.len().checked_sub(padding)?);
        Some(())
    }

    /// The MAC covers the content and is encrypted with it.
    fn open_mac_then_encrypt(
        &self,
        record: Record<'_>,
        sequence: u64,
        output: &mut Vec<u8>,
    ) -> Option<()> {
        self.decrypt(record.body, output)?;
        let padding = usize::from(*output.last()?) + 1;
        let end = output.len().checked_sub(padding)?;
        let length = end.checked_sub(self.mac.length())?;
        let additional = additional_data(sequence, record.header, length);
        self.mac.verify(&additional, &output[..length], &output[length..end])?;
        output.truncate(length);
        Some(())
    }

    fn decrypt(&self, body: &[u8], output: &mut Vec<u8>) -> Option<()> {
        let (iv, text) = if self.version == Version::Tls10 {
            (self.chained?, body)
        } else {
            let (iv, text) = body.split_first_chunk::<BLOCK>()?;
            (*iv, text)
        };
        if text.is_empty() || text.len() % BLOCK != 0 {
            return None;
        }
        output.extend_from_slice(text);
        let (key, iv) = (self.key.as_slice(), iv.as_slice());
        let decrypted = if key.len() == 16 {
            Decryptor::<Aes128>::new_from_slices(key, iv).ok()?.decrypt_padded::<NoPadding>(output)
        } else {
            Decryptor::<Aes256>::new_from_slices(key, iv).ok()?.decrypt_padded::<NoPadding>(output)
        };
        decrypted.ok().map(|_| ())
    }
}

impl MacKey {
    fn length(&self) -> usize {
        match self {
            Self::Sha1(_) => Mac::Sha1.length(),
            Self::Sha256(_) => Mac::Sha256.length(),
            Self::Sha384(_) => Mac::Sha384.length(),
        }
    }

    fn verify(&self, additional: &[u8], text: &[u8], tag: &[u8]) -> Option<()> {
        fn verify<M: hmac::Mac + Clone>(key: &M, parts: [&[u8]; 2], tag: &[u8]) -> Option<()> {
            let mut mac = key.clone();
            for part in parts {
                mac.update(part);
            }
            mac.verify_slice(tag).ok()
        }
        match self {
            Self::Sha1(key) => verify(key, [additional, text], tag),
            Self::Sha256(key) => verify(key, [additional, text], tag),
            Self::Sha384(key) => verify(key, [additional, text], tag),
        }
    }
}
