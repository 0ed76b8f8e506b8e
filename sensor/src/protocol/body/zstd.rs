//! zstd (RFC 8878, RFC 9659).

use std::io::{self, Read};

use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, FrameHeaderError, ReadFrameHeaderError},
};

use super::MAX_MEMBERS;
use crate::exchange::Decoding;

/// The largest window that the content coding allows (RFC 9659 section 3).
const MAX_WINDOW: u64 = 8 << 20;

/// An empty last block (RFC 8878 section 3.1.1.2) and room for a checksum.
const END_OF_FRAME: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

/// Decodes all frames of `input`, up to `cap` bytes in `output`. Skippable frames are stepped
/// over. Checksums are not compared.
pub(super) fn decode(input: &[u8], cap: usize, output: &mut Vec<u8>) -> Decoding {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(MAX_WINDOW);
    let mut source = Source { rest: input, starved: false };
    for _ in 0..MAX_MEMBERS {
        let outcome = decode_frame(&mut decoder, &mut source, cap, output);
        if outcome != Decoding::Complete || source.rest.is_empty() {
            return outcome;
        }
    }
    Decoding::Capped
}

fn decode_frame(
    decoder: &mut FrameDecoder,
    source: &mut Source<'_>,
    cap: usize,
    output: &mut Vec<u8>,
) -> Decoding {
    if let Err(error) = decoder.reset(&mut *source) {
        return start_failed(&error, source);
    }
    let room = cap - output.len();
    let result = decoder.decode_blocks(&mut *source, BlockDecodingStrategy::UptoBytes(room + 1));
    let outcome = match result {
        Ok(true) => Decoding::Complete,
        Ok(false) => Decoding::Capped,
        Err(_) if source.starved => Decoding::Partial,
        Err(_) => Decoding::Broken,
    };
    if outcome != Decoding::Complete {
        // The decoder holds the window back until a frame ends, so end it to get at the rest.
        let _ = decoder.decode_blocks(&END_OF_FRAME[..], BlockDecodingStrategy::UptoBlocks(1));
    }
    let fits = read_up_to(decoder, room, output);
    if fits { outcome } else { Decoding::Capped }
}

/// What an error at the start of a frame means; steps over a skippable frame.
fn start_failed(error: &FrameDecoderError, source: &mut Source<'_>) -> Decoding {
    match error {
        FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
            length, ..
        }) => match source.rest.split_at_checked(*length as usize) {
            Some((_, rest)) => {
                source.rest = rest;
                Decoding::Complete
            }
            None => Decoding::Partial,
        },
        _ if source.starved => Decoding::Partial,
        FrameDecoderError::WindowSizeTooBig { .. }
        | FrameDecoderError::FrameHeaderError(FrameHeaderError::WindowTooBig { .. })
        | FrameDecoderError::DictNotProvided { .. } => Decoding::Unsupported,
        _ => Decoding::Broken,
    }
}

/// Moves the decoder's output over. Returns whether it was no more than `room` bytes.
fn read_up_to(decoder: &mut FrameDecoder, room: usize, output: &mut Vec<u8>) -> bool {
    let wanted = decoder.can_collect().min(room);
    let start = output.len();
    output.resize(start + wanted, 0);
    let read = decoder.read(&mut output[start..]).unwrap_or(0);
    output.truncate(start + read);
    decoder.can_collect() == 0
}

/// The input, which remembers whether more was asked for than there is.
struct Source<'a> {
    rest: &'a [u8],
    starved: bool,
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.rest.len());
        self.starved |= length < buffer.len();
        let (now, rest) = self.rest.split_at(length);
        buffer[..length].copy_from_slice(now);
        self.rest = rest;
        Ok(length)
    }
}
