//! The part of a capture that is in memory.

use std::io::{self, Read};

use zeroize::Zeroizing;

use super::input::Input;

/// The longest block or packet that is read. Packets with segmentation offload reach half a
/// megabyte; anything longer than this is a corrupt length.
pub const LONGEST: usize = 4 << 20;

/// Bytes held at first: large enough that few system calls are made, small enough that what a
/// call copied is still in the processor's cache when it is parsed.
const FIRST: usize = 256 << 10;

/// A buffer that slides over the input.
pub struct Window<'p, R> {
    input: Input<R>,
    progress: &'p mut dyn FnMut(u64),
    /// A capture may carry key material, so no copy is left behind.
    bytes: Zeroizing<Vec<u8>>,
    start: usize,
    end: usize,
    ended: bool,
    failure: Option<io::Error>,
    offset: u64,
}

impl<'p, R: Read> Window<'p, R> {
    /// Starts at the first byte of `input`. `progress` is told the bytes of the file consumed.
    pub fn new(input: Input<R>, progress: &'p mut dyn FnMut(u64)) -> Self {
        Self {
            input,
            progress,
            bytes: Zeroizing::new(vec![0; FIRST]),
            start: 0,
            end: 0,
            ended: false,
            failure: None,
            offset: 0,
        }
    }

    /// The bytes that come next, at least `length` (at most [`LONGEST`]) of them unless the
    /// input ends before.
    #[inline]
    pub fn peek(&mut self, length: usize) -> &[u8] {
        if self.end - self.start < length {
            self.fill(length);
        }
        &self.bytes[self.start..self.end]
    }

    /// Steps over bytes that were peeked at.
    #[inline]
    pub fn consume(&mut self, length: usize) {
        let length = length.min(self.end - self.start);
        self.start += length;
        self.offset += length as u64;
    }

    /// Steps over any number of bytes; false when the input ends before.
    pub fn skip(&mut self, mut length: u64) -> bool {
        while length > 0 {
            let available = self.peek(1).len();
            if available == 0 {
                return false;
            }
            let step = length.min(available as u64);
            self.consume(step as usize);
            length -= step;
        }
        true
    }

    /// Bytes consumed, counted after unpacking.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the bytes are unpacked from the file.
    pub fn is_packed(&self) -> bool {
        self.input.is_packed()
    }

    /// The error that ended the input, if one did.
    pub fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Tells how many bytes of the file are consumed.
    pub fn report_progress(&mut self) {
        (self.progress)(self.input.consumed());
    }

    #[cold]
    fn fill(&mut self, length: usize) {
        debug_assert!(length <= LONGEST, "callers check lengths from the file");
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if length > self.bytes.len() {
            let mut larger = Zeroizing::new(vec![0; length]);
            larger[..self.end].copy_from_slice(&self.bytes[..self.end]);
            self.bytes = larger;
        }
        while self.end < length && !self.ended {
            self.read();
        }
        self.report_progress();
    }

    fn read(&mut self) {
        match self.input.read(&mut self.bytes[self.end..]) {
            Ok(0) => self.ended = true,
            Ok(read) => self.end += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                self.failure = Some(error);
                self.ended = true;
            }
        }
    }
}
