//! Content codings (RFC 9110 section 8.4): gzip, deflate, br, zstd, and stacks of them.
//!
//! The bytes come from whoever talks to this node, so every decoder here works under three
//! bounds: the decoded size, the window that a stream may ask for, and the number of members
//! that one body may have. A bomb costs `cap` bytes of output and one window, never its ratio.

mod brotli;
mod inflate;
mod zstd;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::exchange::Decoding;

/// More codings on one body than any server applies; beyond it the content is left as it is.
const MAX_CODINGS: usize = 4;

/// gzip members or zstd frames in one body. Decoding stops there as at the cap: each member
/// costs a fresh decoder, and an empty one needs only 9 bytes of input.
const MAX_MEMBERS: usize = 256;

/// Content after decoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// What became of it.
    pub outcome: Decoding,
    /// Decoded bytes: `bytes.len()`.
    pub length: u64,
    /// What was decoded, at most `cap` bytes. Kept when the input breaks off or turns bad.
    pub bytes: Vec<u8>,
}

/// Decodes content under a cap.
///
/// `codings` is the value of Content-Encoding, several fields joined by commas; `bytes` is the
/// content without gaps from its first byte; `whole` says that this is all of it; `cap` is the
/// most bytes that come out, of each coding in a stack.
///
/// - [`Decoding::Complete`]: decoded to the end, and all of the content was there.
/// - [`Decoding::Capped`]: there is more than `cap` bytes (or than 256 members).
/// - [`Decoding::Partial`]: the bytes end before the coding does, or `whole` is false.
/// - [`Decoding::Broken`]: not what the coding says, bytes after its end included.
/// - [`Decoding::Unsupported`]: an unknown coding, more than 4, a dictionary that is not in the
///   stream, or a window above 8 MiB for zstd (RFC 9659) and 16 MiB for br (RFC 7932).
/// - [`Decoding::Identity`]: no coding, or no content: the bytes as they are.
pub fn decode(codings: &[u8], bytes: &[u8], whole: bool, cap: usize) -> Decoded {
    let Some(stack) = parse(codings) else {
        return Decoded { outcome: Decoding::Unsupported, length: 0, bytes: Vec::new() };
    };
    let Some((last, inner)) = stack.split_last() else {
        return identity(bytes, cap);
    };
    if bytes.is_empty() && whole {
        return identity(bytes, cap);
    }
    let (mut outcome, mut decoded) = run(*last, bytes, cap);
    if outcome == Decoding::Complete && !whole {
        outcome = Decoding::Partial;
    }
    for coding in inner.iter().rev() {
        let (next, output) = run(*coding, &decoded, cap);
        outcome = worse(outcome, next);
        decoded = output;
    }
    Decoded { outcome, length: decoded.len() as u64, bytes: decoded }
}

fn identity(bytes: &[u8], cap: usize) -> Decoded {
    let bytes = bytes[..bytes.len().min(cap)].to_vec();
    Decoded { outcome: Decoding::Identity, length: bytes.len() as u64, bytes }
}

/// The coding of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// Parses Content-Encoding into the codings in the order applied, identity left out. `None`
/// when one is unknown or there are too many.
fn parse(codings: &[u8]) -> Option<Vec<Coding>> {
    let mut stack = Vec::new();
    for name in codings.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
        let coding = match name {
            name if name.is_empty() || name.eq_ignore_ascii_case(b"identity") => continue,
            name if name.eq_ignore_ascii_case(b"gzip") => Coding::Gzip,
            name if name.eq_ignore_ascii_case(b"x-gzip") => Coding::Gzip,
            name if name.eq_ignore_ascii_case(b"deflate") => Coding::Deflate,
            name if name.eq_ignore_ascii_case(b"br") => Coding::Brotli,
            name if name.eq_ignore_ascii_case(b"zstd") => Coding::Zstd,
            _ => return None,
        };
        if stack.len() == MAX_CODINGS {
            return None;
        }
        stack.push(coding);
    }
    Some(stack)
}

/// The outcome of a stack of which one layer ended in `left` and another in `right`. A layer
/// over capped or broken input runs out of input itself, so the cause goes before `Partial`.
fn worse(left: Decoding, right: Decoding) -> Decoding {
    let rank = |outcome| match outcome {
        Decoding::Identity | Decoding::Complete => 0,
        Decoding::Partial => 1,
        Decoding::Capped => 2,
        Decoding::Broken => 3,
        Decoding::Unsupported => 4,
    };
    if rank(right) > rank(left) { right } else { left }
}

/// Runs one decoder. They are other people's code on hostile bytes, and the zstd one asserts
/// in places: a panic there means a broken body, not a dead sensor.
fn run(coding: Coding, bytes: &[u8], cap: usize) -> (Decoding, Vec<u8>) {
    let mut output = Vec::new();
    let outcome = catch_unwind(AssertUnwindSafe(|| match coding {
        Coding::Gzip => inflate::gzip(bytes, cap, &mut output),
        Coding::Deflate => inflate::deflate(bytes, cap, &mut output),
        Coding::Brotli => brotli::decode(bytes, cap, &mut output),
        Coding::Zstd => zstd::decode(bytes, cap, &mut output),
    }));
    (outcome.unwrap_or(Decoding::Broken), output)
}

#[cfg(test)]
mod tests;
