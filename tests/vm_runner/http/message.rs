//! Reading messages, as far as the cases need it.

use std::io::{self, BufRead, Read};

/// A start line with the fields that say how long the content is.
pub struct Head {
    pub line: String,
    length: usize,
    chunked: bool,
    /// The connection ends after it.
    pub close: bool,
}

impl Head {
    /// `None` at the end of the connection.
    pub fn read(stream: &mut impl BufRead) -> io::Result<Option<Self>> {
        let line = read_line(stream)?;
        if line.is_empty() {
            return Ok(None);
        }
        let mut head = Self { line, length: 0, chunked: false, close: false };
        loop {
            let field = read_line(stream)?.to_ascii_lowercase();
            let Some((name, value)) = field.split_once(": ") else { return Ok(Some(head)) };
            match name {
                "content-length" => head.length = value.parse().map_err(io::Error::other)?,
                "transfer-encoding" => head.chunked = value == "chunked",
                "connection" => head.close = value == "close",
                _ => {}
            }
        }
    }

    /// The word of the start line with this index.
    pub fn word(&self, index: usize) -> &str {
        self.line.split(' ').nth(index).unwrap_or_default()
    }

    pub fn content(&self, stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
        if self.chunked {
            return chunks(stream);
        }
        let mut content = vec![0; self.length];
        stream.read_exact(&mut content)?;
        Ok(content)
    }
}

/// Content in chunks of the given size.
pub fn chunked(content: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in content.chunks(size) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

fn chunks(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let size = usize::from_str_radix(&read_line(stream)?, 16).map_err(io::Error::other)?;
        stream.take(size as u64).read_to_end(&mut content)?;
        read_line(stream)?;
        if size == 0 {
            return Ok(content);
        }
    }
}

fn read_line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
