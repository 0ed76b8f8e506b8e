//! The value of a Content-Type field (RFC 9110 section 8.3.1).

use crate::inventory::endpoint::is_token;

/// Longest media type that is kept, in bytes.
const MAX_LENGTH: usize = 100;

/// A media type as sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaType<'a> {
    /// Type and subtype; empty when there is none, or no valid one.
    pub name: &'a [u8],
    /// What follows the first semicolon.
    parameters: &'a [u8],
}

impl<'a> MediaType<'a> {
    /// Reads the value of a Content-Type field.
    pub fn read(value: &'a [u8]) -> Self {
        let end = value.iter().position(|&byte| byte == b';').unwrap_or(value.len());
        let name = value[..end].trim_ascii();
        let mut parts = name.split(|&byte| byte == b'/');
        let is_valid =
            name.len() <= MAX_LENGTH && parts.clone().count() == 2 && parts.all(is_token);
        let parameters = value.get(end + 1..).unwrap_or_default();
        Self { name: if is_valid { name } else { b"" }, parameters }
    }

    /// The value of a parameter, without its quotes.
    pub fn parameter(&self, name: &str) -> Option<&'a [u8]> {
        parameter(self.parameters, name)
    }
}

/// The value of a parameter in a list of such, without its quotes. Escapes in it stay.
pub fn parameter<'a>(mut list: &'a [u8], name: &str) -> Option<&'a [u8]> {
    loop {
        let equals = list.iter().position(|&byte| byte == b'=')?;
        let before = &list[..equals];
        let start = before.iter().rposition(|&byte| byte == b';').map_or(0, |at| at + 1);
        let (value, rest) = split_value(&list[equals + 1..]);
        if before[start..].trim_ascii().eq_ignore_ascii_case(name.as_bytes()) {
            return Some(value);
        }
        list = rest;
    }
}

/// A value, quoted or not, and what follows it.
fn split_value(text: &[u8]) -> (&[u8], &[u8]) {
    if let [b'"', quoted @ ..] = text {
        let mut escaped = false;
        let end = quoted.iter().position(|&byte| {
            let is_end = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            is_end
        });
        let end = end.unwrap_or(quoted.len());
        return (&quoted[..end], quoted.get(end + 1..).unwrap_or_default());
    }
    let end = text.iter().position(|&byte| byte == b';').unwrap_or(text.len());
    (text[..end].trim_ascii(), &text[end..])
}
