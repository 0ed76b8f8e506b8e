//! Starts of functions from `.eh_frame_hdr`, the sorted table that unwinding uses and that strip
//! leaves in place (Linux Standard Base 5.0, "Exception Frames").

use super::{elf::Image, source::Stop};

/// `DW_EH_PE_udata4`.
const COUNT: u8 = 0x03;
/// `DW_EH_PE_datarel | DW_EH_PE_sdata4`.
const TABLE: u8 = 0x3b;
/// Bytes before the table: version, three encodings, pointer to `.eh_frame`, count.
const HEAD: u64 = 12;
/// Bytes of an entry: function and its frame description, both relative to the table's header.
const ENTRY: u64 = 8;

/// What the table says about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// A function starts there.
    Start,
    /// It lies inside a function.
    Inside,
    /// No table, or nothing on the address.
    Unknown,
}

/// Looks an address up.
pub(super) fn at(image: &Image<'_>, address: u64) -> Result<Frame, Stop> {
    let Some(header) = &image.frames else { return Ok(Frame::Unknown) };
    let Some(head) = image.reader.array::<{ HEAD as usize }>(header.offset)? else {
        return Ok(Frame::Unknown);
    };
    let [1, _, COUNT, TABLE, _, _, _, _, count @ ..] = head else { return Ok(Frame::Unknown) };
    let count = u64::from(u32::from_le_bytes(count));
    if count == 0 || header.size < HEAD || count > (header.size - HEAD) / ENTRY {
        return Ok(Frame::Unknown);
    }
    let entry = |index: u64| -> Result<(u64, u64), Stop> {
        let bytes = image.reader.array::<8>(header.offset + HEAD + index * ENTRY)?;
        let bytes = bytes.unwrap_or_default();
        let absolute = |at: usize| {
            let relative = bytes[at..].first_chunk().map_or(0, |word| i32::from_le_bytes(*word));
            header.address.wrapping_add_signed(i64::from(relative))
        };
        Ok((absolute(0), absolute(4)))
    };
    // The last entry at or before the address.
    let (mut low, mut high) = (0, count);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if entry(middle)?.0 <= address { low = middle } else { high = middle }
    }
    let (start, description) = entry(low)?;
    if start == address {
        return Ok(Frame::Start);
    }
    let inside =
        start < address && length(image, start, description)?.is_some_and(|l| address - start < l);
    Ok(if inside { Frame::Inside } else { Frame::Unknown })
}

/// Bytes that a frame description covers, where it is written in the usual way (`pcrel | sdata4`)
/// and is about `start`.
fn length(image: &Image<'_>, start: u64, description: u64) -> Result<Option<u64>, Stop> {
    let Some(bytes) = image.array_at::<16>(description)? else { return Ok(None) };
    let word =
        |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let begin = description.wrapping_add(8).wrapping_add_signed(i64::from(word(8) as i32));
    Ok((begin == start).then(|| u64::from(word(12))))
}
