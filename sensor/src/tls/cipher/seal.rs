//! The peers' part, for tests: records made with the keys that open them.

use aws_lc_rs::aead::{Aad, Nonce};
use ccm::aead::AeadInOut as _;

use super::{CONTENT_TYPE_APPLICATION, HEADER, Key, NONCE, Opener, Version, additional_data};

impl Opener {
    /// The record of a sequence number, whole. `padding` is bytes in TLS 1.3, blocks of 16 under
    /// CBC (at most 14), nothing under the AEADs of TLS 1.2.
    pub fn seal(
        &mut self,
        content_type: u8,
        content: &[u8],
        padding: usize,
        sequence: u64,
    ) -> Vec<u8> {
        let minor = match self.version {
            Version::Tls10 => 1,
            Version::Tls11 => 2,
            Version::Tls12 | Version::Tls13 => 3,
        };
        if let Key::Cbc(cbc) = &self.key {
            let header = [content_type, 3, minor, 0, 0];
            let body = cbc.seal(header, content, padding, sequence);
            self.passed(&body);
            return framed(header, &body);
        }
        if self.version == Version::Tls13 {
            let mut inner = [content, &[content_type]].concat();
            inner.resize(inner.len() + padding, 0);
            let length = inner.len() + self.cipher.tag_length();
            let [high, low] = (length as u16).to_be_bytes();
            let header = [CONTENT_TYPE_APPLICATION, 3, minor, high, low];
            let body = self.seal_aead(self.xored_nonce(sequence), &header, inner);
            return framed(header, &body);
        }
        let header = [content_type, 3, minor, 0, 0];
        let additional = additional_data(sequence, header, content.len());
        let mut explicit = sequence.to_be_bytes().to_vec();
        explicit.truncate(self.cipher.explicit_nonce_length());
        let nonce = if explicit.is_empty() {
            self.xored_nonce(sequence)
        } else {
            let mut nonce = *self.iv;
            nonce[4..].copy_from_slice(&explicit);
            nonce
        };
        let sealed = self.seal_aead(nonce, &additional, content.to_vec());
        framed(header, &[explicit, sealed].concat())
    }

    fn seal_aead(&self, nonce: [u8; NONCE], additional: &[u8], mut text: Vec<u8>) -> Vec<u8> {
        if let Key::Fast(key) = &self.key {
            let nonce = Nonce::assume_unique_for_key(nonce);
            key.seal_in_place_append_tag(nonce, Aad::from(additional), &mut text).expect("short");
            return text;
        }
        let nonce = &nonce.into();
        let buffer = text.as_mut_slice().into();
        let tag = match &self.key {
            Key::Aes128Ccm(key) => {
                key.encrypt_inout_detached(nonce, additional, buffer).map(|tag| tag.to_vec())
            }
            Key::Aes256Ccm(key) => {
                key.encrypt_inout_detached(nonce, additional, buffer).map(|tag| tag.to_vec())
            }
            Key::Aes128Ccm8(key) => {
                key.encrypt_inout_detached(nonce, additional, buffer).map(|tag| tag.to_vec())
            }
            Key::Aes256Ccm8(key) => {
                key.encrypt_inout_detached(nonce, additional, buffer).map(|tag| tag.to_vec())
            }
            Key::Fast(_) | Key::Cbc(_) => unreachable!("not a CCM key"),
        };
        text.extend(tag.expect("short"));
        text
    }
}

/// A record with the length of its body.
fn framed([kind, major, minor, ..]: [u8; HEADER], body: &[u8]) -> Vec<u8> {
    let [high, low] = (body.len() as u16).to_be_bytes();
    [&[kind, major, minor, high, low], body].concat()
}
