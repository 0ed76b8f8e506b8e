//! gzip (RFC 1952) and deflate (RFC 1950, and RFC 1951 as many servers send it).

use flate2::{Decompress, FlushDecompress, Status};

use super::MAX_MEMBERS;
use crate::exchange::Decoding;

/// The largest window of the format, 32 KiB.
const WINDOW_BITS: u8 = 15;

/// Decodes all gzip members of `input` (RFC 1952 section 2.2), checksums included.
pub(super) fn gzip(mut input: &[u8], cap: usize, output: &mut Vec<u8>) -> Decoding {
    for _ in 0..MAX_MEMBERS {
        let mut decoder = Decompress::new_gzip(WINDOW_BITS);
        let outcome = inflate(&mut decoder, input, cap, output);
        if outcome != Decoding::Complete {
            return outcome;
        }
        input = &input[decoder.total_in() as usize..];
        if input.is_empty() {
            return Decoding::Complete;
        }
    }
    Decoding::Capped
}

/// Decodes deflate content. RFC 9110 section 8.4.1.2 asks for the zlib wrapper and notes that
/// some send the bare stream. The two cannot be confused: a zlib header begins with a byte whose
/// low four bits are 8, which in a bare stream is a stored block with its padding bit set.
pub(super) fn deflate(input: &[u8], cap: usize, output: &mut Vec<u8>) -> Decoding {
    let mut decoder = Decompress::new(has_zlib_header(input));
    let outcome = inflate(&mut decoder, input, cap, output);
    if outcome == Decoding::Complete && (decoder.total_in() as usize) < input.len() {
        return Decoding::Broken;
    }
    outcome
}

/// Compression method, window size and check bits of RFC 1950 section 2.2.
fn has_zlib_header(input: &[u8]) -> bool {
    match *input {
        [method, flags, ..] => {
            method & 0x0f == 8
                && method >> 4 <= 7
                && u16::from_be_bytes([method, flags]).is_multiple_of(31)
        }
        [method] => method & 0x0f == 8 && method >> 4 <= 7,
        [] => true,
    }
}

/// Appends what the stream at the start of `input` decodes to, up to `cap` bytes in `output`.
fn inflate(decoder: &mut Decompress, input: &[u8], cap: usize, output: &mut Vec<u8>) -> Decoding {
    let mut block = [0; 16 * 1024];
    loop {
        let (consumed, produced) = (decoder.total_in(), decoder.total_out());
        let rest = &input[consumed as usize..];
        let status = decoder.decompress(rest, &mut block, FlushDecompress::None);
        let made = &block[..(decoder.total_out() - produced) as usize];
        let room = cap - output.len();
        output.extend_from_slice(&made[..made.len().min(room)]);
        match status {
            _ if made.len() > room => return Decoding::Capped,
            Ok(Status::StreamEnd) => return Decoding::Complete,
            Ok(Status::Ok | Status::BufError) => {}
            Err(_) => return Decoding::Broken,
        }
        if made.is_empty() && decoder.total_in() == consumed {
            return Decoding::Partial;
        }
    }
}
