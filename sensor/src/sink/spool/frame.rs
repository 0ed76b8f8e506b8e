//! Records in a segment file: a header, then frames.
//!
//! ```text
//! header  "SENSPOOL", version u32, 0 u32
//! frame   length u32, crc u32, body
//! body    topic u8, flags u8, schema version u8, key length u8, key, payload
//! ```
//! Numbers are little endian. The length is that of the body; the CRC-32 is over the length and
//! the body, so that zeros, which a crash may leave at the end of a file, are no frame.

use crc32fast::Hasher;

/// The version of the format.
pub const VERSION: u32 = 1;
/// Length of the header in bytes.
pub const HEADER: usize = 16;
/// Longest body: the largest record that the configuration allows, and room for its key.
pub const MAX_BODY: usize = (16 << 20) + 1024;

const MAGIC: &[u8; 8] = b"SENSPOOL";
const PREFIX: usize = 8;
const FIXED: usize = 4;
const TOMBSTONE: u8 = 1;

/// Where a record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Exchanges.
    Exchanges,
    /// Endpoints, of which only the latest record of a key matters.
    Endpoints,
    /// Heartbeats.
    Sensor,
}

/// A record on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Where it goes.
    pub topic: Topic,
    /// Version of its schema.
    pub schema_version: u8,
    /// Its key, at most 255 bytes.
    pub key: &'a [u8],
    /// Its JSON; `None` says that the key is no more.
    pub payload: Option<&'a [u8]>,
}

impl Topic {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Exchanges, Self::Endpoints, Self::Sensor];
}

/// The header of a file of this version.
pub fn header() -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header
}

/// The version in a header; `None` when it is no header of a spool.
pub fn version(header: &[u8]) -> Option<u32> {
    let version = header.strip_prefix(MAGIC)?.first_chunk()?;
    Some(u32::from_le_bytes(*version))
}

/// Appends a frame to `out`; `payload` writes what follows the key, and an error of its own
/// leaves `out` as it was.
pub fn append<E>(
    out: &mut Vec<u8>,
    topic: Topic,
    schema_version: u8,
    key: &[u8],
    payload: Option<impl FnOnce(&mut Vec<u8>) -> Result<(), E>>,
) -> Result<(), E> {
    let start = out.len();
    let key = &key[..key.len().min(usize::from(u8::MAX))];
    let flags = if payload.is_none() { TOMBSTONE } else { 0 };
    out.extend_from_slice(&[0; PREFIX]);
    out.extend_from_slice(&[topic as u8, flags, schema_version, key.len() as u8]);
    out.extend_from_slice(key);
    if let Some(write) = payload
        && let Err(error) = write(out)
    {
        out.truncate(start);
        return Err(error);
    }
    let length = ((out.len() - start - PREFIX) as u32).to_le_bytes();
    let crc = checksum(length, &out[start + PREFIX..]);
    out[start..start + 4].copy_from_slice(&length);
    out[start + 4..start + PREFIX].copy_from_slice(&crc.to_le_bytes());
    Ok(())
}

/// The first frame of `bytes` and its length; `None` when it is not whole or not what was
/// written.
pub fn first(bytes: &[u8]) -> Option<(Frame<'_>, usize)> {
    let (&length, rest) = bytes.split_first_chunk::<4>()?;
    let (&crc, rest) = rest.split_first_chunk::<4>()?;
    let size = u32::from_le_bytes(length) as usize;
    if !(FIXED..=MAX_BODY).contains(&size) {
        return None;
    }
    let body = rest.get(..size)?;
    if checksum(length, body) != u32::from_le_bytes(crc) {
        return None;
    }
    let (&[topic, flags, schema_version, key_length], rest) = body.split_first_chunk::<FIXED>()?;
    let (key, payload) = rest.split_at_checked(usize::from(key_length))?;
    let topic = *Topic::ALL.get(usize::from(topic))?;
    let payload = (flags & TOMBSTONE == 0).then_some(payload);
    Some((Frame { topic, schema_version, key, payload }, PREFIX + size))
}

/// How long the first frame of `bytes` says that it is, itself included.
pub fn stated_length(bytes: &[u8]) -> Option<usize> {
    let size = u32::from_le_bytes(*bytes.first_chunk()?) as usize;
    (FIXED..=MAX_BODY).contains(&size).then_some(PREFIX + size)
}

/// Length and number of the whole frames at the front of `bytes`.
pub fn whole(bytes: &[u8]) -> (usize, u64) {
    let (mut length, mut records) = (0, 0);
    while let Some((_, size)) = first(&bytes[length..]) {
        length += size;
        records += 1;
    }
    (length, records)
}

fn checksum(length: [u8; 4], body: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&length);
    hasher.update(body);
    hasher.finalize()
}
