//! The peers' part, for tests: records made with the keys that open them.

use ::cbc::{Encryptor, cipher::BlockModeEncrypt};

use super::{Aes128, Aes256, BLOCK, Cbc, KeyIvInit, MacKey, NoPadding, Version, additional_data};
use crate::tls::cipher::HEADER;

impl Cbc {
    /// The body of a record, padded to a whole block and by so many blocks more.
    pub fn seal(
        &self,
        header: [u8; HEADER],
        content: &[u8],
        blocks: usize,
        sequence: u64,
    ) -> Vec<u8> {
        if self.encrypt_then_mac {
            let mut body = self.encrypt(content.to_vec(), blocks, sequence);
            let tag = self.mac.sign(&additional_data(sequence, header, body.len()), &body);
            body.extend(tag);
            return body;
        }
        let tag = self.mac.sign(&additional_data(sequence, header, content.len()), content);
        self.encrypt([content, &tag].concat(), blocks, sequence)
    }

    fn encrypt(&self, mut text: Vec<u8>, blocks: usize, sequence: u64) -> Vec<u8> {
        let padding = BLOCK - 1 - text.len() % BLOCK + blocks * BLOCK;
        text.resize(text.len() + padding + 1, u8::try_from(padding).expect("few blocks"));
        let length = text.len();
        let explicit = self.version != Version::Tls10;
        let iv = if explicit {
            u128::from(sequence).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()
        } else {
            self.chained.expect("no record was lost")
        };
        let (key, start) = (self.key.as_slice(), iv.as_slice());
        if key.len() == 16 {
            let cipher = Encryptor::<Aes128>::new_from_slices(key, start).expect("lengths");
            cipher.encrypt_padded::<NoPadding>(&mut text, length).expect("whole blocks");
        } else {
            let cipher = Encryptor::<Aes256>::new_from_slices(key, start).expect("lengths");
            cipher.encrypt_padded::<NoPadding>(&mut text, length).expect("whole blocks");
        }
        if explicit { [&iv[..], &text].concat() } else { text }
    }
}

impl MacKey {
    fn sign(&self, additional: &[u8], text: &[u8]) -> Vec<u8> {
        fn sign<M: hmac::Mac + Clone>(key: &M, parts: [&[u8]; 2]) -> Vec<u8> {
            let mut mac = key.clone();
            for part in parts {
                mac.update(part);
            }
            mac.finalize().into_bytes().to_vec()
        }
        match self {
            Self::Sha1(key) => sign(key, [additional, text]),
            Self::Sha256(key) => sign(key, [additional, text]),
            Self::Sha384(key) => sign(key, [additional, text]),
        }
    }
}
