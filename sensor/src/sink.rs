//! Where masked records go.
//!
//! A sink takes events and nothing else, so that no raw value can reach one. It
//! never blocks on its own account and never fails for a record: what cannot be written is
//! counted by cause, and writing goes on when it can.

pub mod file;
pub mod kafka;
pub mod spool;
pub mod stdout;

use std::io::{self, ErrorKind, Write};

use crate::event::{EndpointEvent, ExchangeEvent, HeartbeatEvent};

/// Bytes gathered before they are written.
const BUFFER: usize = 64 * 1024;

/// A destination of records.
pub trait Sink {
    /// Takes a record. An error says that the sink takes no more, ever, because its reader has
    /// gone ([`ErrorKind::BrokenPipe`]).
    fn exchange(&mut self, event: &ExchangeEvent<'_>) -> io::Result<()>;

    /// Takes what is known of an endpoint. Sinks of exchanges alone leave it.
    fn endpoint(&mut self, _: &EndpointEvent<'_>) {}

    /// Takes that the endpoint of an id is no more.
    fn endpoint_gone(&mut self, _id: &str) {}

    /// Takes how the sensor is.
    fn heartbeat(&mut self, _: &HeartbeatEvent<'_>) {}

    /// Writes what was gathered; to be called when no record has come for a while, and at the
    /// end. Errors as in [`Sink::exchange`].
    fn flush(&mut self) -> io::Result<()>;

    /// Records lost so far.
    fn lost(&self) -> Lost;
}

/// Records that a sink could not write, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// The disk or the quota was full.
    pub full: u64,
    /// Any other failure: permissions, a vanished directory, an I/O error.
    pub unwritable: u64,
}

/// A sink of JSON lines over any output.
pub struct JsonLines<W> {
    output: W,
    lines: Lines,
}

impl<W: Write> JsonLines<W> {
    /// A sink that writes to `output`, which needs no buffer of its own.
    pub fn new(output: W) -> Self {
        Self { output, lines: Lines::default() }
    }
}

impl<W: Write> Sink for JsonLines<W> {
    fn exchange(&mut self, event: &ExchangeEvent<'_>) -> io::Result<()> {
        self.lines.push(event);
        if self.lines.length() >= BUFFER { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.lines.write_to(&mut self.output) {
            Err(failure) if failure.error.kind() == ErrorKind::BrokenPipe => Err(failure.error),
            Err(_) | Ok(()) => Ok(()),
        }
    }

    fn lost(&self) -> Lost {
        self.lines.lost
    }
}

/// Lines on their way out. An output never gets half a line followed by another one: what is
/// left of a line that was cut by a failure is written first, before any other.
#[derive(Default)]
struct Lines {
    buffer: Vec<u8>,
    /// Bytes at the front of `buffer` that complete a line already begun in the output.
    remainder: usize,
    lost: Lost,
}

/// A write that failed. What was not written is gone and counted, but for the remainder.
struct Failure {
    error: io::Error,
    /// Bytes of a cut line at the end of the output, 0 when it ends with a whole line.
    torn: usize,
}

impl Lines {
    fn push(&mut self, event: &ExchangeEvent<'_>) {
        match event.append_json(&mut self.buffer) {
            Ok(()) => self.buffer.push(b'\n'),
            Err(_) => self.lost.unwritable += 1,
        }
    }

    fn length(&self) -> usize {
        self.buffer.len()
    }

    fn write_to(&mut self, output: &mut impl Write) -> Result<(), Failure> {
        let mut written = 0;
        while written < self.buffer.len() {
            let error = match output.write(&self.buffer[written..]) {
                Ok(0) => ErrorKind::WriteZero.into(),
                Ok(length) => {
                    written += length;
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            let torn = self.fail(written, &error);
            return Err(Failure { error, torn });
        }
        self.clear();
        output.flush().map_err(|error| Failure { error, torn: 0 })
    }

    /// Drops what is behind the first `written` bytes but for the line that they cut. Returns
    /// how much of that one was written now.
    fn fail(&mut self, written: usize, error: &io::Error) -> usize {
        let newline = |bytes: &[u8]| bytes.iter().position(|&byte| byte == b'\n');
        let whole = self.buffer[..written].iter().rposition(|&byte| byte == b'\n');
        let line_start = whole.map_or(0, |end| end + 1);
        let begun_before = line_start == 0 && self.remainder > 0;
        let rest = &self.buffer[written..];
        let remainder = if written > line_start || begun_before {
            newline(rest).map_or(rest.len(), |end| end + 1)
        } else {
            0
        };
        let gone = count_lines(&rest[remainder..]);
        self.count_lost(gone, error);
        self.buffer.drain(..written);
        self.buffer.truncate(remainder);
        self.remainder = remainder;
        written - line_start
    }

    /// Drops what is left of a cut line, because the output no longer has its beginning.
    fn drop_remainder(&mut self, error: &io::Error) {
        if self.remainder > 0 {
            self.buffer.drain(..self.remainder);
            self.remainder = 0;
            self.count_lost(1, error);
        }
    }

    /// Drops all lines but the remainder of a cut one, when there is no output to write to.
    fn drop_all(&mut self, error: &io::Error) {
        let gone = count_lines(&self.buffer[self.remainder..]);
        self.count_lost(gone, error);
        self.buffer.truncate(self.remainder);
    }

    fn clear(&mut self) {
        self.buffer.clear();
        self.remainder = 0;
    }

    fn count_lost(&mut self, lines: u64, error: &io::Error) {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => self.lost.full += lines,
            _ => self.lost.unwritable += lines,
        }
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    bytes.split(|&byte| byte == b'\n').count() as u64 - 1
}

#[cfg(test)]
mod tests;
