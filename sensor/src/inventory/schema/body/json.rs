//! JSON texts (RFC 8259), read in one pass.
//!
//! An own reader, because none that is kept tells borrowed texts without a document, goes on
//! behind broken UTF-8 and lone surrogates, says what is whole before a cut, and takes any
//! depth. On valid texts it says what `serde_json` says, which the tests hold it to.

use super::{Body, Buffers, Ending, Events};
use crate::inventory::schema::{Scalar, field::Text, format::Classes};

/// Reads one JSON text.
pub fn read(body: Body<'_>, buffers: &mut Buffers, events: &mut impl Events) -> Ending {
    start(body, buffers, events, false)
}

/// Reads JSON texts one behind the other, with or without record separators (RFC 7464).
pub fn read_lines(body: Body<'_>, buffers: &mut Buffers, events: &mut impl Events) -> Ending {
    start(body, buffers, events, true)
}

fn start(
    body: Body<'_>,
    buffers: &mut Buffers,
    events: &mut impl Events,
    are_many: bool,
) -> Ending {
    buffers.open.clear();
    let bytes = skip_guard(body.bytes);
    // Cut inside a character, all before it is still good.
    let is_odd =
        str::from_utf8(bytes).is_err_and(|error| body.is_whole || error.error_len().is_some());
    let Buffers { open, text, .. } = buffers;
    let mut reader = Reader { bytes, at: 0, is_whole: body.is_whole, is_odd, open, text, events };
    match reader.texts(are_many) {
        Ok(()) if reader.is_odd => Ending::Malformed,
        Ok(()) => Ending::Whole,
        Err(Ending::Cut) if body.is_whole => Ending::Malformed,
        Err(ending) => ending,
    }
}

/// What is behind a byte order mark, or behind a line that keeps browsers from running the text.
fn skip_guard(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Some(rest) = bytes.strip_prefix(b")]}'") else { return bytes };
    rest.strip_prefix(b",").unwrap_or(rest)
}

struct Reader<'a, E> {
    bytes: &'a [u8],
    at: usize,
    is_whole: bool,
    /// Something was broken that did not keep it from reading on.
    is_odd: bool,
    open: &'a mut Vec<bool>,
    text: &'a mut Vec<u8>,
    events: &'a mut E,
}

/// Why there is nothing more to read.
type Step<T> = Result<T, Ending>;

impl<E: Events> Reader<'_, E> {
    fn texts(&mut self, are_many: bool) -> Step<()> {
        loop {
            self.skip_between();
            if self.at >= self.bytes.len() {
                // A cut right behind a text leaves nothing open, but it is one.
                return if self.is_whole { Ok(()) } else { Err(Ending::Cut) };
            }
            self.one_text()?;
            self.skip_between();
            if !are_many && self.at < self.bytes.len() {
                return Err(Ending::Malformed);
            }
        }
    }

    fn skip_between(&mut self) {
        self.skip_space();
        while self.bytes.get(self.at) == Some(&0x1e) {
            self.at += 1;
            self.skip_space();
        }
    }

    /// One value with all that is in it. The stack of what is open replaces recursion.
    fn one_text(&mut self) -> Step<()> {
        loop {
            let depth = self.open.len();
            self.value()?;
            if self.open.len() > depth && !self.closes_at_once()? {
                self.key_when_object()?;
                continue;
            }
            // A value ended here, and with it perhaps what it was the last of.
            loop {
                let Some(&is_object) = self.open.last() else { return Ok(()) };
                match self.peek()? {
                    b',' => self.at += 1,
                    close if close == closing(is_object) => {
                        self.close();
                        continue;
                    }
                    _ => return Err(Ending::Malformed),
                }
                self.key_when_object()?;
                break;
            }
        }
    }

    fn closes_at_once(&mut self) -> Step<bool> {
        let Some(&is_object) = self.open.last() else { return Ok(false) };
        let closes = self.peek()? == closing(is_object);
        if closes {
            self.close();
        }
        Ok(closes)
    }

    fn close(&mut self) {
        self.at += 1;
        self.open.pop();
        self.events.end();
    }

    fn key_when_object(&mut self) -> Step<()> {
        if self.open.last() != Some(&true) {
            return Ok(());
        }
        if self.peek()? != b'"' {
            return Err(Ending::Malformed);
        }
        self.at += 1;
        let place = self.string()?;
        // A key of which the value is cut was there.
        match place {
            Place::Sent(start, end, _) => self.events.key(&self.bytes[start..end]),
            Place::Decoded => self.events.key(self.text),
        }
        if self.peek()? != b':' {
            return Err(Ending::Malformed);
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self) -> Step<()> {
        match self.peek()? {
            b'{' => {
                self.at += 1;
                self.open.push(true);
                self.events.begin_object();
            }
            b'[' => {
                self.at += 1;
                self.open.push(false);
                self.events.begin_array();
            }
            b'"' => {
                self.at += 1;
                match self.string()? {
                    Place::Sent(start, end, classes) => {
                        self.events.text(Text { bytes: &self.bytes[start..end], classes });
                    }
                    Place::Decoded => self.events.text(Text::new(self.text)),
                }
            }
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.word(b"true", Scalar::Boolean(true))?,
            b'f' => self.word(b"false", Scalar::Boolean(false))?,
            b'n' => self.word(b"null", Scalar::Null)?,
            _ => return Err(Ending::Malformed),
        }
        Ok(())
    }

    fn word(&mut self, word: &[u8], value: Scalar<'_>) -> Step<()> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word) {
            self.at += word.len();
            self.events.value(value);
            return Ok(());
        }
        Err(if word.starts_with(rest) { Ending::Cut } else { Ending::Malformed })
    }

    fn number(&mut self) -> Step<()> {
        let start = self.at;
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let length = self.bytes[start..].iter().position(|byte| !is_part(byte));
        let end = length.map_or(self.bytes.len(), |length| start + length);
        let literal = &self.bytes[start..end];
        if end == self.bytes.len() && !self.is_whole {
            return Err(Ending::Cut);
        }
        if !is_number(literal) {
            return Err(if end == self.bytes.len() { Ending::Cut } else { Ending::Malformed });
        }
        self.at = end;
        self.events.value(Scalar::Number(literal));
        Ok(())
    }

    /// The text behind a quote, up to and with the quote that ends it.
    fn string(&mut self) -> Step<Place> {
        let start = self.at;
        let rest = &self.bytes[start..];
        let mut classes = Classes::default();
        let end = rest.iter().position(|&byte| {
            let is_end = SPECIAL[usize::from(byte)];
            if !is_end {
                classes = classes.union(Classes::of_byte(byte));
            }
            is_end
        });
        let end = end.ok_or(Ending::Cut)?;
        if rest[end] == b'"' {
            self.at += end + 1;
            return Ok(Place::Sent(start, start + end, classes));
        }
        self.text.clear();
        self.text.extend_from_slice(&rest[..end]);
        self.at += end;
        self.decode()?;
        Ok(Place::Decoded)
    }

    /// What is left of a text from its first escape on, into the buffer.
    fn decode(&mut self) -> Step<()> {
        loop {
            let byte = self.next()?;
            match byte {
                b'"' => return Ok(()),
                b'\\' => self.escape()?,
                _ => {
                    self.is_odd |= byte < b' ';
                    self.text.push(byte);
                }
            }
        }
    }

    fn escape(&mut self) -> Step<()> {
        let byte = match self.next()? {
            b'u' => return self.unicode(),
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            byte @ (b'"' | b'\\' | b'/') => byte,
            _ => return Err(Ending::Malformed),
        };
        self.text.push(byte);
        Ok(())
    }

    /// `\u`, and the second half of a pair. A lone half becomes the replacement character.
    fn unicode(&mut self) -> Step<()> {
        let first = self.hex()?;
        let mut decoded = char::from_u32(first);
        if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            let here = self.at;
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                decoded = char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
            } else {
                self.at = here;
            }
        }
        self.is_odd |= decoded.is_none();
        let decoded = decoded.unwrap_or(char::REPLACEMENT_CHARACTER);
        self.text.extend_from_slice(decoded.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn hex(&mut self) -> Step<u32> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = char::from(self.next()?).to_digit(16).ok_or(Ending::Malformed)?;
            value = value << 4 | digit;
        }
        Ok(value)
    }

    fn next(&mut self) -> Step<u8> {
        let byte = *self.bytes.get(self.at).ok_or(Ending::Cut)?;
        self.at += 1;
        Ok(byte)
    }

    /// The next byte that is no space, left where it is.
    fn peek(&mut self) -> Step<u8> {
        self.skip_space();
        self.bytes.get(self.at).copied().ok_or(Ending::Cut)
    }

    fn skip_space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }
}

/// Where a text is.
enum Place {
    /// In the body as sent: start, end, and the classes of its bytes.
    Sent(usize, usize, Classes),
    /// In the buffer.
    Decoded,
}

fn closing(is_object: bool) -> u8 {
    if is_object { b'}' } else { b']' }
}

/// The grammar of RFC 8259 section 6.
fn is_number(literal: &[u8]) -> bool {
    let rest = literal.strip_prefix(b"-").unwrap_or(literal);
    let (whole, rest) = split_digits(rest);
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => split_digits(rest),
        rest => (&b"0"[..], rest),
    };
    let (exponent, rest) = match rest {
        [b'e' | b'E', b'+' | b'-', rest @ ..] | [b'e' | b'E', rest @ ..] => split_digits(rest),
        rest => (&b"0"[..], rest),
    };
    let has_leading_zero = whole.len() > 1 && whole[0] == b'0';
    !whole.is_empty()
        && !has_leading_zero
        && !fraction.is_empty()
        && !exponent.is_empty()
        && rest.is_empty()
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len()))
}

/// Bytes at which a text cannot be taken as it is.
static SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < b' ' as usize {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};
