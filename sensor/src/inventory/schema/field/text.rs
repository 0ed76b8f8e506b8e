//! A text with what one look at its bytes tells.

use crate::inventory::schema::{
    field::Number,
    format::{Classes, Format},
};

/// A text, decoded.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// UTF-8, but for what a sender broke.
    pub bytes: &'a [u8],
    /// The classes of its bytes.
    pub classes: Classes,
}

impl<'a> Text<'a> {
    /// Looks at the bytes of a text.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, classes: Classes::of(bytes) }
    }

    /// In characters.
    pub fn length(&self) -> u32 {
        let length =
            if self.classes.meets(Classes::WILD) { length(self.bytes) } else { self.bytes.len() };
        u32::try_from(length).unwrap_or(u32::MAX)
    }

    /// The number that it writes. A number with leading zeros is a code, not an amount, and one
    /// of more than 18 digits an identifier.
    pub fn number(&self) -> Option<Number> {
        let number = Classes::DIGIT.union(Classes::DASH).union(Classes::DOT);
        if !self.classes.meets(Classes::DIGIT)
            || !self.classes.within(number)
            || self.bytes.len() > 19
        {
            return None;
        }
        let digits = self.bytes.strip_prefix(b"-").unwrap_or(self.bytes);
        let is_code = digits.len() > 1 && digits[0] == b'0' && digits[1] != b'.';
        let is_number =
            matches!(Format::of(self.bytes, self.classes), Some(Format::Digits | Format::Decimal));
        (is_number && !is_code).then(|| Number::read(self.bytes))
    }
}

/// In characters: bytes that do not continue one.
pub fn length(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

/// The word before an identifier with its underscore, when it is not too long to be kept.
pub fn prefix(text: &[u8]) -> Option<[u8; 8]> {
    let at = text.iter().position(|&byte| byte == b'_')?;
    let word = text.get(..=at)?;
    let is_word = word[..at].iter().all(u8::is_ascii_lowercase)
        && text[at + 1..].iter().all(u8::is_ascii_alphanumeric);
    let mut prefix = [b' '; 8];
    prefix.get_mut(..word.len())?.copy_from_slice(word);
    is_word.then_some(prefix)
}
