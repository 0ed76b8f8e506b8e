//! Percent-encoding, and the classes of the bytes of a path.

/// The bytes that a percent-encoded value stands for (RFC 3986 section 2.1). A `%` that no two
/// hex digits follow stands for itself.
pub(crate) fn percent_decode(value: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = value;
    std::iter::from_fn(move || {
        let (&first, mut behind) = rest.split_first()?;
        let mut byte = first;
        if let (b'%', [high, low, after @ ..]) = (first, behind)
            && let (Some(high), Some(low)) = (hex_value(*high), hex_value(*low))
        {
            byte = high << 4 | low;
            behind = after;
        }
        rest = behind;
        Some(byte)
    })
}

/// Appends a literal segment in normal form (RFC 3986 section 6.2.2): what need not be encoded
/// is not, all else is, in upper case. `plain` says that nothing in it needs a look.
pub(super) fn push_literal(route: &mut String, value: &[u8], plain: bool) {
    if plain && let Ok(text) = str::from_utf8(value) {
        return route.push_str(text);
    }
    let mut rest = value;
    while let Some((&byte, behind)) = rest.split_first() {
        let encoded = match (byte, behind) {
            (b'%', [high, low, ..]) => hex_value(*high).zip(hex_value(*low)),
            _ => None,
        };
        let (byte, is_literal) = match encoded {
            Some((high, low)) => (high << 4 | low, class(high << 4 | low) & UNRESERVED != 0),
            None => (byte, class(byte) & PLAIN != 0),
        };
        if is_literal {
            route.push(char::from(byte));
        } else {
            route.push('%');
            route.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
            route.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        }
        rest = if encoded.is_some() { &behind[2..] } else { behind };
    }
}

/// May stand in a route as it is: `pchar` of RFC 3986 without `;`.
pub(super) const PLAIN: u8 = 1;
/// A digit or `@`.
pub(super) const TELLING: u8 = 2;
/// `unreserved` of RFC 3986.
const UNRESERVED: u8 = 4;
/// A decimal digit.
pub(super) const DIGIT: u8 = 8;
/// May join the parts of a segment: `.`, `:`, `@`, `(`, `,`.
pub(super) const JOINT: u8 = 16;

/// `-` or `_`, which may stand before a value.
pub(super) const DASH: u8 = 32;

/// The classes of a byte.
pub(super) fn class(byte: u8) -> u8 {
    CLASSES[usize::from(byte)]
}

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => PLAIN | UNRESERVED | TELLING | DIGIT,
            b'.' => PLAIN | UNRESERVED | JOINT,
            b'-' | b'_' => PLAIN | UNRESERVED | DASH,
            b'A'..=b'Z' | b'a'..=b'z' | b'~' => PLAIN | UNRESERVED,
            b'@' => PLAIN | TELLING | JOINT,
            b':' | b'(' | b',' => PLAIN | JOINT,
            b'!' | b'$' | b'&' | b'\'' | b')' | b'*' | b'+' | b'=' => PLAIN,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}
