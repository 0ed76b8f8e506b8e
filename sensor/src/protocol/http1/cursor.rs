//! Walking over the bytes of a chunk, with their sequence numbers.

use crate::stream::Chunk;

/// Takes bytes off the front of a chunk.
pub(super) fn advance<'a>(chunk: &mut Chunk<'a>, length: usize) -> &'a [u8] {
    let (taken, rest) = chunk.bytes.split_at(length.min(chunk.bytes.len()));
    chunk.bytes = rest;
    chunk.sequence = chunk.sequence.wrapping_add(taken.len() as u32);
    taken
}

pub(super) fn drop_rest(chunk: &mut Chunk<'_>) {
    advance(chunk, chunk.bytes.len());
}

/// A server should ignore empty lines before a request line (RFC 9112 section 2.2).
pub(super) fn skip_blank_lines(chunk: &mut Chunk<'_>) {
    let blank = chunk.bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    advance(chunk, blank);
}
