//! The bytes of a capture file: unpacked when it is gzip, counted as they lie on disk.

use std::{
    fmt::Write as _,
    io::{self, BufReader, Cursor, Read},
};

use flate2::bufread::MultiGzDecoder;

/// How many first bytes say what a file is.
pub const START: usize = 8;

/// The magic number of gzip (RFC 1952 section 2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];

/// Packed bytes read at a time.
const PACKED: usize = 64 << 10;

/// Formats that are often mistaken for a capture, by their first bytes.
const OTHERS: &[(&[u8], &str)] = &[
    (&[0x28, 0xb5, 0x2f, 0xfd], "a zstd archive, unpack it first"),
    (&[0xfd, b'7', b'z', b'X', b'Z'], "an xz archive, unpack it first"),
    (b"BZh", "a bzip2 archive, unpack it first"),
    (&[0x04, 0x22, 0x4d, 0x18], "an lz4 archive, unpack it first"),
    (b"PK\x03\x04", "a zip archive, unpack it first"),
    (GZIP, "gzip inside gzip, unpack it first"),
    (b"snoop\0\0\0", "a snoop capture, convert it with editcap"),
    (b"XCP\0", "a NetXRay capture, convert it with editcap"),
    (b"RTSS", "a NetXRay capture, convert it with editcap"),
    (b"GMBU", "a Network Monitor capture, convert it with editcap"),
    (b"TRSNIFF ", "a Sniffer capture, convert it with editcap"),
    (b"\x7fELF", "an executable"),
];

/// A source of capture bytes.
pub enum Input<R> {
    /// As they lie in the file.
    Plain(Counted<R>),
    /// Unpacked, all members of the file one after the other.
    Gzip(Box<MultiGzDecoder<BufReader<Counted<R>>>>),
}

impl<R: Read> Input<R> {
    /// Looks at the first bytes for the packing.
    pub fn open(mut source: R) -> io::Result<Self> {
        let mut start = [0; GZIP.len()];
        let mut length = 0;
        while length < start.len() {
            match source.read(&mut start[length..]) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let packed = &start[..length] == GZIP;
        let start = Cursor::new(start[..length].to_vec());
        let counted = Counted { source: start.chain(source), bytes: 0 };
        Ok(if packed {
            let reader = BufReader::with_capacity(PACKED, counted);
            Self::Gzip(Box::new(MultiGzDecoder::new(reader)))
        } else {
            Self::Plain(counted)
        })
    }

    /// Bytes of the file that were read so far.
    pub fn consumed(&self) -> u64 {
        match self {
            Self::Plain(counted) => counted.bytes,
            Self::Gzip(decoder) => decoder.get_ref().get_ref().bytes,
        }
    }

    /// Whether the bytes are unpacked.
    pub fn is_packed(&self) -> bool {
        matches!(self, Self::Gzip(_))
    }
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(counted) => counted.read(buffer),
            // A read that meets corrupt bytes forgets what it unpacked before them, so little
            // is asked for at a time.
            Self::Gzip(decoder) => {
                let length = buffer.len().min(PACKED);
                decoder.read(&mut buffer[..length])
            }
        }
    }
}

/// A source, with the bytes looked at already put back in front, that counts what is read.
pub struct Counted<R> {
    source: io::Chain<Cursor<Vec<u8>>, R>,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.bytes += length as u64;
        Ok(length)
    }
}

/// Says what a file that is no capture looks like from its first bytes.
pub fn describe(start: &[u8], packed: bool) -> String {
    let prefix = if packed { "unpacked, it" } else { "it" };
    if let Some((_, name)) = OTHERS.iter().find(|(magic, _)| start.starts_with(magic)) {
        return format!("{prefix} looks like {name}");
    }
    if start.iter().all(|&byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
        return format!("{prefix} starts with the text \"{}\"", start.escape_ascii());
    }
    let mut text = format!("{prefix} starts with the bytes");
    for byte in start {
        // Writing to a string cannot fail.
        let _ = write!(text, " {byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn other_files_are_named() {
        let check = |start: &[u8], packed, expect| assert_eq!(describe(start, packed), expect);
        check(b"PK\x03\x04\0\0\0\0", false, "it looks like a zip archive, unpack it first");
        check(b"\x1f\x8b\x08\0", true, "unpacked, it looks like gzip inside gzip, unpack it first");
        check(b"GET / HT", false, "it starts with the text \"GET / HT\"");
        check(b"a\r\nb", false, "it starts with the text \"a\\r\\nb\"");
        check(&[0xd4, 0xc3, 0], false, "it starts with the bytes d4 c3 00");
        check(&[0xff], true, "unpacked, it starts with the bytes ff");
    }
}
