//! The chunked transfer coding (RFC 9112 section 7.1), byte by byte at its edges and in runs
//! inside its data, so that it can stop and go on anywhere.

/// Bytes that a chunk extension, or all trailer fields, may take.
const MAX_LINE: u32 = 65_536;

/// Where in the coding a stream stands.
#[derive(Debug, Default)]
pub(super) struct Chunked {
    place: Place,
    /// Bytes of the current extension or trailer section.
    line: u32,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// In the digits of a chunk size: value and count so far.
    Size(u64, u8),
    /// Behind the digits, up to the end of the line.
    Extension(u64),
    /// In chunk data: bytes left.
    Data(u64),
    /// At the line end behind chunk data.
    DataEnd,
    /// At the start of a line of the trailer section.
    Trailer,
    /// Inside a trailer field line.
    TrailerLine,
}

impl Default for Place {
    fn default() -> Self {
        Self::Size(0, 0)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    More,
    Done,
    Broken,
}

impl Chunked {
    /// Reads coded bytes and hands the data to `sink`; returns the bytes used.
    pub fn read(&mut self, bytes: &[u8], mut sink: impl FnMut(&[u8])) -> (usize, Outcome) {
        let mut at = 0;
        while at < bytes.len() {
            if let Place::Data(left) = self.place {
                let taken = (bytes.len() - at).min(usize::try_from(left).unwrap_or(usize::MAX));
                sink(&bytes[at..at + taken]);
                at += taken;
                let left = left - taken as u64;
                self.place = if left == 0 { Place::DataEnd } else { Place::Data(left) };
                continue;
            }
            let byte = bytes[at];
            at += 1;
            match self.edge(byte) {
                Outcome::More => {}
                end => return (at, end),
            }
        }
        (at, Outcome::More)
    }

    /// Steps over missing bytes; false when it cannot be told where the coding goes on.
    pub fn skip(&mut self, length: u64) -> bool {
        match self.place {
            Place::Data(left) if length < left => {
                self.place = Place::Data(left - length);
                true
            }
            Place::Data(left) if length == left => {
                self.place = Place::DataEnd;
                true
            }
            _ => false,
        }
    }

    /// One byte outside chunk data. A bare LF ends a line like CRLF, as many servers take it.
    fn edge(&mut self, byte: u8) -> Outcome {
        self.place = match (self.place, byte) {
            (Place::Size(value, digits), _) if byte.is_ascii_hexdigit() => {
                let digit = u64::from(char::from(byte).to_digit(16).unwrap_or(0));
                // 16 digits hold any u64; leading zeros beyond that are an attack or a fault.
                match value.checked_mul(16).and_then(|value| value.checked_add(digit)) {
                    Some(value) if digits < 16 => Place::Size(value, digits + 1),
                    _ => return Outcome::Broken,
                }
            }
            (Place::Size(_, 0), _) => return Outcome::Broken,
            (Place::Size(value, _) | Place::Extension(value), b'\n') => {
                self.line = 0;
                if value == 0 { Place::Trailer } else { Place::Data(value) }
            }
            (Place::Size(value, _), b'\r' | b';' | b' ' | b'\t') | (Place::Extension(value), _) => {
                self.line += 1;
                if self.line > MAX_LINE {
                    return Outcome::Broken;
                }
                Place::Extension(value)
            }
            (Place::DataEnd, b'\r') => Place::DataEnd,
            (Place::DataEnd, b'\n') => Place::Size(0, 0),
            (Place::Trailer, b'\n') => return Outcome::Done,
            (Place::Trailer, b'\r') | (Place::TrailerLine, b'\n') => Place::Trailer,
            (Place::Trailer | Place::TrailerLine, _) => {
                self.line += 1;
                if self.line > MAX_LINE {
                    return Outcome::Broken;
                }
                Place::TrailerLine
            }
            (Place::Size(..) | Place::DataEnd | Place::Data(_), _) => return Outcome::Broken,
        };
        Outcome::More
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `coded` in pieces of every size; expects `data`, then `end` after `used` bytes.
    fn check(coded: &str, data: &str, used: usize, end: &Outcome) {
        for size in 1..=coded.len() {
            let mut chunked = Chunked::default();
            let mut seen = Vec::new();
            let mut total = 0;
            let mut last = Outcome::More;
            for piece in coded.as_bytes().chunks(size) {
                let (used, outcome) = chunked.read(piece, |data| seen.extend_from_slice(data));
                total += used;
                last = outcome;
                if last != Outcome::More {
                    break;
                }
            }
            assert_eq!(String::from_utf8_lossy(&seen), data, "pieces of {size}");
            assert_eq!((total, &last), (used, end), "pieces of {size}");
        }
    }

    #[test]
    fn data_extensions_and_trailers() {
        check("5\r\nhello\r\n0\r\n\r\nNEXT", "hello", 15, &Outcome::Done);
        check("5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n", "hello", 27, &Outcome::Done);
        check(
            "3\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\nZ: w\r\n\r\n",
            "abc0123456789",
            40,
            &Outcome::Done,
        );
        check("3\nabc\n0\n\n", "abc", 9, &Outcome::Done);
        check("00003 \r\nabc\r\n0\r\n\r\n", "abc", 18, &Outcome::Done);
        check("5\r\nhel", "hel", 6, &Outcome::More);
    }

    #[test]
    fn broken_sizes() {
        check("x\r\n", "", 1, &Outcome::Broken);
        check("\r\n", "", 1, &Outcome::Broken);
        check("-1\r\n", "", 1, &Outcome::Broken);
        check("fffffffffffffffff\r\n", "", 17, &Outcome::Broken);
        check("3\r\nabcd", "abc", 7, &Outcome::Broken);
    }

    #[test]
    fn an_endless_extension_is_broken() {
        let mut chunked = Chunked::default();
        let coded = [b"5;".as_slice(), &vec![b'a'; MAX_LINE as usize + 1]].concat();
        assert_eq!(chunked.read(&coded, |_| ()).1, Outcome::Broken);
    }

    #[test]
    fn a_gap_is_placed_only_inside_data() {
        let mut chunked = Chunked::default();
        assert!(!chunked.skip(1));
        chunked.read(b"8\r\nab", |_| ());
        assert!(chunked.skip(4));
        assert!(!chunked.skip(3));
        assert!(chunked.skip(2));
        assert_eq!(chunked.read(b"\r\n0\r\n\r\n", |_| ()).1, Outcome::Done);
    }
}
