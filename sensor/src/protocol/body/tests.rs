use std::io::Write as _;

use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use proptest::prelude::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;

const CAP: usize = 1 << 20;
const HELLO: &[u8] = br#"{"hello":"world"}"#;

/// `HELLO`, by Node's zlib and the zstd command.
const HELLO_BR: &str = "0b08807b2268656c6c6f223a22776f726c64227d03";
const HELLO_GZIP_BR: &str =
    "0b12801f8b0800000000000003ab56ca48cdc9c957b2522acf2fca4951aa0500d14109d81100000003";
const HELLO_LARGE_BR: &str = "111c2000027b2268656c6c6f223a22776f726c64227d03";
const HELLO_ZSTD: &str = "28b52ffd04588900007b2268656c6c6f223a22776f726c64227d8e23a652";
/// 64 MiB of zeros.
const BOMB_BR: &str = "cfffff7ff82700e2b14020f7fe9ffffffff04f00c4610180eefd3fffffffe19f0088c322\
                       00ddfbfffcffffc73f0110870500baf7ff";

fn hex(digits: &str) -> Vec<u8> {
    let nibbles: Vec<u8> =
        digits.chars().filter_map(|digit| digit.to_digit(16)).map(|nibble| nibble as u8).collect();
    nibbles.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bare(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn text() -> Vec<u8> {
    (0..20_000u32).flat_map(|line| format!("line {}\n", line * 7919 % 1000).into_bytes()).collect()
}

#[track_caller]
fn check(codings: &str, bytes: &[u8], outcome: Decoding, expect: &[u8]) {
    let decoded = decode(codings.as_bytes(), bytes, true, CAP);
    assert_eq!(decoded.outcome, outcome, "{codings}");
    assert_eq!(decoded.length, decoded.bytes.len() as u64);
    assert!(decoded.bytes == expect, "{codings}: {} bytes", decoded.bytes.len());
}

#[test]
fn each_coding_decodes_to_the_end() {
    for (codings, bytes) in [
        ("gzip", gzip(HELLO)),
        ("GZip", gzip(HELLO)),
        ("x-gzip", gzip(HELLO)),
        ("deflate", zlib(HELLO)),
        ("deflate", bare(HELLO)),
        ("br", hex(HELLO_BR)),
        ("zstd", hex(HELLO_ZSTD)),
        ("zstd", zstd(HELLO)),
        (" gzip , ", gzip(HELLO)),
        ("identity, gzip", gzip(HELLO)),
        ("gzip, br", hex(HELLO_GZIP_BR)),
        ("deflate, gzip", gzip(&zlib(HELLO))),
        ("gzip, gzip, zstd, deflate", bare(&zstd(&gzip(&gzip(HELLO))))),
    ] {
        check(codings, &bytes, Decoding::Complete, HELLO);
    }
}

#[test]
fn several_members_are_one_content() {
    let expect = [HELLO, HELLO].concat();
    check("gzip", &[gzip(HELLO), gzip(HELLO)].concat(), Decoding::Complete, &expect);
    let skippable = hex("502a4d180300000061626300");
    let frames = [zstd(HELLO), skippable[..11].to_vec(), zstd(HELLO)].concat();
    check("zstd", &frames, Decoding::Complete, &expect);
}

#[test]
fn no_coding_and_no_content_stay_as_they_are() {
    check("", HELLO, Decoding::Identity, HELLO);
    check("identity", HELLO, Decoding::Identity, HELLO);
    // The answer to HEAD names a coding and has no content.
    check("gzip", b"", Decoding::Identity, b"");
    assert_eq!(decode(b"", HELLO, true, 4).bytes, &HELLO[..4]);
    assert_eq!(decode(b"gzip", b"", false, 4).outcome, Decoding::Partial);
}

#[test]
fn what_is_not_supported_is_left_alone() {
    for codings in ["compress", "gzip, aws-chunked", "gzip,gzip,gzip,gzip,gzip", "\u{7f}"] {
        check(codings, &gzip(HELLO), Decoding::Unsupported, b"");
    }
    check("br", &hex(HELLO_LARGE_BR), Decoding::Unsupported, b"");
    // A window descriptor of 16 MiB, a content size of 16 MiB, a dictionary id.
    check("zstd", &hex("28b52ffd0070010000"), Decoding::Unsupported, b"");
    check("zstd", &hex("28b52ffda000000001010000"), Decoding::Unsupported, b"");
    check("zstd", &hex("28b52ffd210711010000"), Decoding::Unsupported, b"");
}

#[test]
fn bytes_that_are_not_the_coding_are_broken() {
    for codings in ["gzip", "deflate", "br", "zstd"] {
        let decoded = decode(codings.as_bytes(), &[0xff; 100], true, CAP);
        assert_eq!(decoded.outcome, Decoding::Broken, "{codings}");
    }
    for (codings, mut bytes) in [
        ("gzip", gzip(HELLO)),
        ("deflate", zlib(HELLO)),
        ("deflate", bare(HELLO)),
        ("br", hex(HELLO_BR)),
        ("zstd", zstd(HELLO)),
    ] {
        bytes.extend_from_slice(b"<html>");
        check(codings, &bytes, Decoding::Broken, HELLO);
    }
    let mut bytes = gzip(HELLO);
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(decode(b"gzip", &bytes, true, CAP).outcome, Decoding::Broken);
}

#[test]
fn truncated_input_gives_what_there_was() {
    let text = text();
    for (codings, bytes) in [
        ("gzip", gzip(&text)),
        ("deflate", zlib(&text)),
        ("deflate", bare(&text)),
        ("zstd", zstd(&text)),
        ("deflate, gzip", gzip(&zlib(&text))),
    ] {
        let cut = &bytes[..bytes.len() * 3 / 4];
        let decoded = decode(codings.as_bytes(), cut, false, CAP);
        assert_eq!(decoded.outcome, Decoding::Partial, "{codings}");
        assert!(decoded.bytes.len() > text.len() / 3, "{codings}: {}", decoded.bytes.len());
        assert!(text.starts_with(&decoded.bytes), "{codings}");
        assert_eq!(decode(codings.as_bytes(), &bytes, false, CAP).outcome, Decoding::Partial);
    }
    let decoded = decode(b"br", &hex(HELLO_BR)[..15], false, CAP);
    assert_eq!((decoded.outcome, &decoded.bytes[..]), (Decoding::Partial, &HELLO[..12]));
}

#[test]
fn a_bomb_costs_no_more_than_the_cap() {
    let zeros = vec![0; 64 << 20];
    for (codings, bytes) in [
        ("gzip", gzip(&zeros)),
        ("deflate", zlib(&zeros)),
        ("br", hex(BOMB_BR)),
        ("zstd", zstd(&zeros)),
        ("gzip, gzip", gzip(&gzip(&zeros))),
    ] {
        let decoded = decode(codings.as_bytes(), &bytes, true, CAP);
        assert_eq!((decoded.outcome, decoded.length), (Decoding::Capped, CAP as u64), "{codings}");
        assert!(decoded.bytes.capacity() <= 2 * CAP);
    }
    // Exactly as much as the cap is not more than it.
    for (codings, bytes) in [("gzip", gzip(HELLO)), ("br", hex(HELLO_BR)), ("zstd", zstd(HELLO))] {
        let decode = |cap| decode(codings.as_bytes(), &bytes, true, cap).outcome;
        assert_eq!(decode(HELLO.len()), Decoding::Complete, "{codings}");
        assert_eq!(decode(HELLO.len() - 1), Decoding::Capped, "{codings}");
        assert_eq!(decode(0), Decoding::Capped, "{codings}");
    }
}

#[test]
fn a_flood_of_empty_members_ends() {
    let members = |one: Vec<u8>| decode(b"gzip", &one.repeat(1000), true, CAP).outcome;
    assert_eq!(members(gzip(b"")), Decoding::Capped);
    let frames = decode(b"zstd", &hex("28b52ffd0000010000").repeat(1000), true, CAP);
    assert_eq!(frames.outcome, Decoding::Capped);
}

proptest! {
    #[test]
    fn damaged_input_never_panics_or_passes_the_cap(
        coding in 0..5usize,
        cuts in 0..2000usize,
        damage in proptest::collection::vec((0..2000usize, any::<u8>()), 0..4),
        whole in any::<bool>(),
    ) {
        let text = &text()[..5000];
        let (codings, mut bytes) = match coding {
            0 => ("gzip", gzip(text)),
            1 => ("deflate", zlib(text)),
            2 => ("deflate", bare(text)),
            3 => ("br", hex(HELLO_BR)),
            _ => ("zstd", zstd(text)),
        };
        for (at, value) in damage {
            let at = at % bytes.len();
            bytes[at] ^= value;
        }
        bytes.truncate(cuts.max(1));
        let decoded = decode(codings.as_bytes(), &bytes, whole, 3000);
        prop_assert!(decoded.bytes.len() <= 3000);
    }
}
