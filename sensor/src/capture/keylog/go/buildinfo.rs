//! The toolchain's version from the build information (`debug/buildinfo`).

use crate::capture::keylog::{elf::Image, source::Stop};

const MAGIC: &[u8] = b"\xff Go buildinf:";

/// Bytes of a version that make sense.
const LONGEST: u64 = 64;

/// Such as `go1.22.3`; none where it is missing, made unreadable, or behind a pointer that is not
/// relocated yet.
pub(super) fn version(image: &Image<'_>) -> Result<Option<String>, Stop> {
    let place = match image.section(".go.buildinfo") {
        Some(section) => Some(section.offset),
        None => search(image)?,
    };
    let Some(place) = place else { return Ok(None) };
    let Some(header) = image.reader.array::<32>(place)? else { return Ok(None) };
    if !header.starts_with(MAGIC) {
        return Ok(None);
    }
    // Since Go 1.18 the string follows, with its length in front of it.
    let text = if header[15] & 2 != 0 {
        let Some([length]) = image.reader.array::<1>(place + 32)? else { return Ok(None) };
        (length < 0x80).then_some((place + 33, u64::from(length)))
    } else {
        let pointer = header[16..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        string(image, pointer)?
    };
    let Some((offset, length)) = text.filter(|&(_, length)| length <= LONGEST) else {
        return Ok(None);
    };
    let bytes = image.reader.up_to(offset, length as usize)?;
    Ok(String::from_utf8(bytes).ok().filter(|text| text.starts_with("go")))
}

fn search(image: &Image<'_>) -> Result<Option<u64>, Stop> {
    for segment in image.writable() {
        let hits = image.reader.find(segment.file(), &[MAGIC], 1)?;
        if let Some(hit) = hits.into_iter().flatten().next() {
            return Ok(Some(hit));
        }
    }
    Ok(None)
}

/// File offset and length of a Go string by the address of its header.
fn string(image: &Image<'_>, address: u64) -> Result<Option<(u64, u64)>, Stop> {
    let Some(header) = image.array_at::<16>(address)? else { return Ok(None) };
    let half = |at: usize| header[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    Ok(image.offset_of(half(0)).map(|offset| (offset, half(8))))
}
