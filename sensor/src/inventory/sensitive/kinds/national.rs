//! Numbers that states give to people, by part of the world. Check digits as python-stdnum and
//! the authorities describe them.

pub(in crate::inventory::sensitive) mod africa;
pub(in crate::inventory::sensitive) mod americas;
pub(in crate::inventory::sensitive) mod asia;
pub(in crate::inventory::sensitive) mod europe_east;
pub(in crate::inventory::sensitive) mod europe_north;
pub(in crate::inventory::sensitive) mod europe_south;
pub(in crate::inventory::sensitive) mod europe_west;
pub(in crate::inventory::sensitive) mod general;
pub(in crate::inventory::sensitive) mod oceania;

use crate::inventory::sensitive::{
    definition::{ANY_COUNT, Shape},
    text::{Bytes, Text},
};

/// A number of so many bytes at most, separators included.
const fn number(least: u16, greatest: u16) -> Shape {
    Shape {
        digits: (least, least),
        first: "0123456789",
        length: (least, greatest),
        allowed: Bytes::NUMBER,
        required: Bytes::DIGIT,
    }
}

/// Letters and digits.
const fn code(least: u16, greatest: u16) -> Shape {
    Shape {
        digits: ANY_COUNT,
        first: "",
        length: (least, greatest),
        allowed: Bytes::CODE,
        required: Bytes::DIGIT,
    }
}

/// Whether the text is groups of so many letters or digits with separators between all of them.
fn is_grouped(text: &Text<'_>, groups: &[usize]) -> bool {
    if text.classes.within(Bytes::DIGIT) {
        return false;
    }
    let parts = text.value.split(['-', ' ', '.', '/']);
    parts.map(str::len).eq(groups.iter().copied())
}

/// The digits of a code from `start` on, where all of them are digits.
fn digits_at<const N: usize>(code: &[u8], start: usize) -> Option<[u8; N]> {
    let mut digits = [0; N];
    for (digit, byte) in digits.iter_mut().zip(code.get(start..start + N)?) {
        *digit = byte.is_ascii_digit().then(|| byte - b'0')?;
    }
    Some(digits)
}

/// The letter of `alphabet` at an index.
fn letter(alphabet: &str, index: u64) -> Option<u8> {
    alphabet.as_bytes().get(index as usize).copied()
}
