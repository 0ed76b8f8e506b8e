//! Key schedules: from secrets to keys. TLS 1.3 by RFC 8446 section 7, before it by RFC 5246 and
//! RFC 2246 sections 5 and 6.3.

use hkdf::{GenericHkdf, Hkdf, HmacImpl};
use hmac::{Hmac, KeyInit};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use zeroize::Zeroizing;

use super::{
    secret::SecretBytes,
    suite::{Cipher, Hash, Mac, Suite, Version},
};

/// The longest key block: two of MAC key, key and IV (48 + 32 + 16 bytes).
const MAX_KEY_BLOCK: usize = 2 * (48 + 32 + 16);
/// The longest `HkdfLabel` used here: lengths, `tls13 ` and 12 more, no context.
const MAX_HKDF_LABEL: usize = 2 + 1 + 18 + 1;

/// HKDF-Expand-Label with an empty context (RFC 8446 section 7.1) for each output. A label is
/// without `tls13 ` and has at most 12 bytes. Outputs are zeroes when the secret has not the
/// hash's length.
pub(super) fn expand_labels(hash: Hash, secret: &[u8], outputs: &mut [(&str, &mut [u8])]) {
    match hash {
        Hash::Sha256 => expand_all(Hkdf::<Sha256>::from_prk(secret).ok().as_ref(), outputs),
        Hash::Sha384 => expand_all(Hkdf::<Sha384>::from_prk(secret).ok().as_ref(), outputs),
    }
}

/// The secret is absorbed once for all outputs: half the work of trying a secret.
fn expand_all<H: HmacImpl>(key: Option<&GenericHkdf<H>>, outputs: &mut [(&str, &mut [u8])]) {
    for (label, output) in outputs {
        output.fill(0);
        if let Some(key) = key {
            expand_label(key, label, output);
        }
    }
}

fn expand_label<H: HmacImpl>(key: &GenericHkdf<H>, label: &str, output: &mut [u8]) {
    let mut info = [0; MAX_HKDF_LABEL];
    let label = label.as_bytes();
    let length = label.len().min(MAX_HKDF_LABEL - 10);
    info[..2].copy_from_slice(&(output.len() as u16).to_be_bytes());
    info[2] = 6 + length as u8;
    info[3..9].copy_from_slice(b"tls13 ");
    info[9..9 + length].copy_from_slice(&label[..length]);
    let info = &info[..10 + length];
    // Fails only on lengths that no caller uses.
    let _ = key.expand(info, output);
}

/// The secret that a `KeyUpdate` puts in place of `secret` (RFC 8446 section 7.2).
pub(super) fn next_traffic_secret(hash: Hash, secret: &SecretBytes) -> SecretBytes {
    let mut next = secret.clone();
    expand_labels(hash, secret.as_ref(), &mut [("traffic upd", next.as_mut())]);
    next
}

/// The keys of one direction of TLS 1.2 and before.
pub(super) struct DirectionKeys {
    pub mac_key: Zeroizing<Vec<u8>>,
    pub key: Zeroizing<Vec<u8>>,
    /// Of the length that the version and cipher take from the key block.
    pub iv: Zeroizing<Vec<u8>>,
}

/// The client's and the server's keys from a master secret (RFC 5246 section 6.3).
pub(super) fn key_block(
    version: Version,
    suite: &Suite,
    master: &[u8],
    client_random: &[u8; 32],
    server_random: &[u8; 32],
) -> [DirectionKeys; 2] {
    let mac = match suite.cipher {
        Cipher::Aes128Cbc(mac) | Cipher::Aes256Cbc(mac) => Some(mac),
        _ => None,
    };
    let mac_length = mac.map_or(0, Mac::length);
    let key_length = suite.cipher.key_length();
    let iv_length = match suite.cipher {
        Cipher::ChaCha20Poly1305 => 12,
        Cipher::Aes128Cbc(_) | Cipher::Aes256Cbc(_) => 16 * usize::from(version == Version::Tls10),
        _ => 4,
    };
    let mut block = Zeroizing::new([0; MAX_KEY_BLOCK]);
    let block = &mut block[..2 * (mac_length + key_length + iv_length)];
    let seed: [&[u8]; 3] = [b"key expansion", server_random, client_random];
    prf(version, suite.hash, master, &seed, block);

    let (mac_keys, rest) = block.split_at(2 * mac_length);
    let (keys, ivs) = rest.split_at(2 * key_length);
    [0, 1].map(|side| {
        let of = |all: &[u8]| {
            let half = all.len() / 2;
            Zeroizing::new(all[side * half..][..half].to_vec())
        };
        DirectionKeys { mac_key: of(mac_keys), key: of(keys), iv: of(ivs) }
    })
}

/// The pseudorandom function. `seed` is the label and the seed proper, in parts.
fn prf(version: Version, hash: Hash, secret: &[u8], seed: &[&[u8]], output: &mut [u8]) {
    output.fill(0);
    match (version, hash) {
        (Version::Tls10 | Version::Tls11, _) => {
            // RFC 2246 section 5: each half of the secret, the middle byte in both.
            let half = secret.len().div_ceil(2);
            xor_stream::<Hmac<Md5>>(&secret[..half], seed, output);
            xor_stream::<Hmac<Sha1>>(&secret[secret.len() - half..], seed, output);
        }
        (_, Hash::Sha256) => xor_stream::<Hmac<Sha256>>(secret, seed, output),
        (_, Hash::Sha384) => xor_stream::<Hmac<Sha384>>(secret, seed, output),
    }
}

/// Adds `P_hash` (RFC 5246 section 5) to `output` by exclusive or.
fn xor_stream<M: hmac::Mac + KeyInit + Clone>(secret: &[u8], seed: &[&[u8]], output: &mut [u8]) {
    let Ok(keyed) = <M as KeyInit>::new_from_slice(secret) else { return };
    let mut mac = keyed.clone();
    for part in seed {
        mac.update(part);
    }
    let mut a = mac.finalize().into_bytes();
    let mut done = 0;
    while done < output.len() {
        let mut mac = keyed.clone();
        mac.update(&a);
        for part in seed {
            mac.update(part);
        }
        let block = mac.finalize().into_bytes();
        output[done..].iter_mut().zip(&block).for_each(|(byte, add)| *byte ^= add);
        done += block.len();
        let mut mac = keyed.clone();
        mac.update(&a);
        a = mac.finalize().into_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text
            .bytes()
            .filter_map(|digit| char::from(digit).to_digit(16))
            .map(|d| d as u8)
            .collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    /// RFC 8448 section 3, "Simple 1-RTT Handshake".
    #[test]
    fn traffic_keys_of_rfc_8448() {
        let check = |secret: &str, key: &str, iv: &str| {
            let (mut got_key, mut got_iv) = ([0; 16], [0; 12]);
            let outputs: &mut [(_, &mut [u8])] = &mut [("key", &mut got_key), ("iv", &mut got_iv)];
            expand_labels(Hash::Sha256, &hex(secret), outputs);
            assert_eq!((got_key.to_vec(), got_iv.to_vec()), (hex(key), hex(iv)));
        };
        // The server's handshake keys.
        check(
            "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38",
            "3fce516009c21727d0f2e4e86ee403bc",
            "5d313eb2671276ee13000b30",
        );
        // The client's handshake keys.
        check(
            "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21",
            "dbfaa693d1762c5b666af5d950258d01",
            "5bd3c71b836e0b76bb73265f",
        );
        // The server's application keys.
        check(
            "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643",
            "9f02283b6c9c07efc26bb9f2ac92e356",
            "cf782b88dd83549aadf1e984",
        );
        // The client's application keys.
        check(
            "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
            "17422dda596ed5d9acd890e3c63f5051",
            "5b78923dee08579033e523d9",
        );
    }

    /// The `P_hash` test vectors published for the TLS 1.2 PRF on the TLS working group's list.
    #[test]
    fn prf_of_tls_1_2() {
        let check = |hash, secret: &str, seed: &str, expect: &str| {
            let expect = hex(expect);
            let mut output = vec![0; expect.len()];
            prf(Version::Tls12, hash, &hex(secret), &[b"test label", &hex(seed)], &mut output);
            assert_eq!(output, expect);
        };
        check(
            Hash::Sha256,
            "9bbe436ba940f017b17652849a71db35",
            "a0ba9f936cda311827a6f796ffd5198c",
            "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a",
        );
        check(
            Hash::Sha384,
            "b80b733d6ceefcdc71566ea48e5567df",
            "cd665cf6a8447dd6ff8b27555edb7465",
            "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cd",
        );
    }
}
