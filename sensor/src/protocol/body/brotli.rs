//! br (RFC 7932).

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use crate::exchange::Decoding;

/// Decodes the stream in `input`, up to `cap` bytes in `output`.
///
/// The window is at most 16 MiB and grows with the output: the strict decoder refuses the large
/// windows that are an extension to RFC 7932 (the content coding does not allow them).
pub(super) fn decode(input: &[u8], cap: usize, output: &mut Vec<u8>) -> Decoding {
    if asks_for_large_window(input) {
        return Decoding::Unsupported;
    }
    let alloc = StandardAlloc::default;
    let mut state = BrotliState::new_strict(alloc(), alloc(), alloc());
    let mut block = [0; 16 * 1024];
    let (mut available_in, mut input_offset, mut total_out) = (input.len(), 0, 0);
    loop {
        let (mut available_out, mut output_offset) = (block.len(), 0);
        let result = BrotliDecompressStream(
            &mut available_in,
            &mut input_offset,
            input,
            &mut available_out,
            &mut output_offset,
            &mut block,
            &mut total_out,
            &mut state,
        );
        let room = cap - output.len();
        output.extend_from_slice(&block[..output_offset.min(room)]);
        if output_offset > room {
            return Decoding::Capped;
        }
        match result {
            BrotliResult::ResultSuccess if available_in == 0 => return Decoding::Complete,
            BrotliResult::ResultSuccess | BrotliResult::ResultFailure => return Decoding::Broken,
            BrotliResult::NeedsMoreInput => return Decoding::Partial,
            BrotliResult::NeedsMoreOutput => {}
        }
    }
}

/// The window size code that RFC 7932 section 9.1 leaves out, which announces a large window.
fn asks_for_large_window(input: &[u8]) -> bool {
    input.first().is_some_and(|byte| byte & 0x7f == 0x11)
}
