//! rustls, where the file keeps its symbols: the entry of
//! `<RingHkdf as Hkdf>::expander_for_okm(&self, okm: &OkmBlock)` and its twin for aws-lc-rs
//! (`rustls/src/crypto/{ring,aws_lc_rs}/tls13.rs`).
//!
//! It is called with each traffic secret of TLS 1.3 when keys are made of it, at handshake and key
//! update, and with intermediate secrets that open nothing. `OkmBlock` is 64 bytes of secret and a
//! length of 8, in the order that the compiler chose: the secret starts at byte 0 or 8 of the
//! window. TLS 1.2 has no such function: its master secret is made inline.

use super::{
    Arguments, Evidence, Found, Library, Machine, Register, code, elf::Image, hexadecimal,
    library::Name, source::Stop, symbols,
};

/// `size_of::<OkmBlock>()`.
const BLOCK: u16 = 72;

/// Bytes of a function that are remembered.
const CODE: usize = 32;

/// The functions, none, or why there is none although rustls is there.
pub(super) fn find(image: &Image<'_>) -> Result<Result<Vec<Found>, String>, Stop> {
    let mut found = Vec::new();
    let mut reason = None;
    for symbol in symbols::named(image, &[Name::Part("16expander_for_okm")])? {
        let ours = ["RingHkdf", "AwsLcHkdf"].iter().any(|name| symbol.name.contains(name));
        if !ours || !symbol.name.contains("rustls") {
            continue;
        }
        let Some(offset) = image.offset_of(symbol.address) else { continue };
        match code::boundary(image, symbol.address)? {
            Err(why) => reason = Some(format!("{} is {why}", symbol.name)),
            Ok(boundary) => found.push(Found {
                library: Library::Rustls,
                offset,
                address: symbol.address,
                arguments: Arguments::Window { pointer: second(image.machine), length: BLOCK },
                evidence: Evidence {
                    symbols: vec![symbol.name],
                    boundary: boundary.to_owned(),
                    ..Evidence::default()
                },
                code: hexadecimal(&image.code_bytes(symbol.address, CODE)?),
            }),
        }
    }
    if found.is_empty() && reason.is_none() && present(image)? {
        reason = Some("rustls without symbols".to_owned());
    }
    Ok(reason.map_or(Ok(found), Err))
}

/// The secret in the memory that [`Arguments::Window`] points to: an `OkmBlock`, whose length
/// field of 8 bytes lies before or behind its 64 bytes.
pub(super) fn secret_in(window: &[u8]) -> Option<&[u8]> {
    let (first, rest) = window.split_first_chunk()?;
    let (front, last) = window.split_last_chunk()?;
    // A hash's length. Secret bytes that pass for one are as likely as a guessed key.
    let length = |bytes: &[u8; 8]| {
        usize::try_from(u64::from_le_bytes(*bytes)).ok().filter(|length| matches!(length, 32 | 48))
    };
    match (length(last), length(first)) {
        (Some(length), _) => front.get(..length),
        (None, Some(length)) => rest.get(..length),
        (None, None) => None,
    }
}

fn second(machine: Machine) -> Register {
    match machine {
        Machine::X86_64 => Register::Rsi,
        Machine::Aarch64 => Register::X1,
    }
}

/// A label of the TLS 1.3 key schedule and one of the key log lie side by side in rustls' constants,
/// without zeros between them as Rust writes strings.
fn present(image: &Image<'_>) -> Result<bool, Stop> {
    let hits = image.constants(&[b"rustls", b"CLIENT_HANDSHAKE_TRAFFIC_SECRETSERVER_"], 1)?;
    Ok(hits.iter().all(|hits| !hits.is_empty()))
}
