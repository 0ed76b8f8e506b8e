//! The file under the scan: bounded reads, every byte of them counted.
//!
//! Reads are positioned reads and never a memory map: whoever owns the file may shorten it at any
//! time, and a map of it would then end the sensor with SIGBUS. The scan holds one window.

use std::{
    cell::Cell,
    fs::File,
    io,
    ops::Range,
    os::unix::fs::FileExt,
    time::{Duration, Instant},
};

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

/// Bytes that are searched at a time: the window stays in a core's own cache, so that many
/// searches over it cost little more than one. A multiple of the tables' entries (24 bytes) and of
/// an instruction word (4 bytes), so that these never straddle two.
const WINDOW: usize = 24 * 10_922;

/// Bytes at an offset, from a file or from memory.
pub trait Source {
    /// Length in bytes.
    fn size(&self) -> io::Result<u64>;
    /// Reads at `offset`; fewer bytes than asked for only where the file ends.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;
}

impl Source for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < into.len() {
            match FileExt::read_at(self, &mut into[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

/// A file that is in memory already.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Source for Bytes<'_> {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest =
            usize::try_from(offset).ok().and_then(|start| self.0.get(start..)).unwrap_or(&[]);
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

/// What one scan may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes read, the same bytes again each time.
    pub bytes: u64,
    /// Instructions decoded.
    pub instructions: u64,
    /// Time on the clock.
    pub time: Duration,
}

impl Default for Budget {
    /// Room for an executable of several hundred megabytes on a busy machine.
    fn default() -> Self {
        Self { bytes: 4 << 30, instructions: 1_000_000, time: Duration::from_secs(20) }
    }
}

/// What a scan did use up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Bytes read.
    pub bytes: u64,
    /// Instructions decoded.
    pub instructions: u64,
    /// Time on the clock, in milliseconds.
    pub milliseconds: u64,
}

/// Why a scan cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// One of the limits in [`Budget`], named.
    OverBudget(&'static str),
    /// The file contradicts itself, or what is found in it does.
    Refused(String),
}

/// A source with its budget.
pub(super) struct Reader<'a> {
    source: &'a dyn Source,
    pub(super) size: u64,
    budget: Budget,
    started: Instant,
    bytes: Cell<u64>,
    instructions: Cell<u64>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a dyn Source, budget: Budget) -> Result<Self, Stop> {
        let size = source.size().map_err(|error| unreadable(&error))?;
        Ok(Self {
            source,
            size,
            budget,
            started: Instant::now(),
            bytes: Cell::new(0),
            instructions: Cell::new(0),
        })
    }

    pub(super) fn spent(&self) -> Spent {
        Spent {
            bytes: self.bytes.get(),
            instructions: self.instructions.get(),
            milliseconds: self.started.elapsed().as_millis() as u64,
        }
    }

    /// Counts one decoded instruction.
    pub(super) fn instruction(&self) -> Result<(), Stop> {
        self.instructions.set(self.instructions.get() + 1);
        if self.instructions.get() > self.budget.instructions {
            return Err(Stop::OverBudget("instructions"));
        }
        Ok(())
    }

    /// As many of `length` bytes at `offset` as the file has.
    pub(super) fn up_to(&self, offset: u64, length: usize) -> Result<Vec<u8>, Stop> {
        let mut bytes = vec![0; length];
        let count = self.fill(offset, &mut bytes)?;
        bytes.truncate(count);
        Ok(bytes)
    }

    /// `N` bytes at `offset`, or none where the file ends before.
    pub(super) fn array<const N: usize>(&self, offset: u64) -> Result<Option<[u8; N]>, Stop> {
        let mut bytes = [0; N];
        Ok((self.fill(offset, &mut bytes)? == N).then_some(bytes))
    }

    /// Calls `each(offset, bytes, fresh)` for one window after another of `range`. A window ends
    /// with `overlap` bytes that the next one starts with: what starts at or after `fresh` is
    /// seen again. In the last window all is fresh.
    pub(super) fn windows(
        &self,
        range: Range<u64>,
        overlap: usize,
        mut each: impl FnMut(u64, &[u8], usize) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let mut buffer = vec![0; WINDOW + overlap];
        let mut offset = range.start;
        while offset < range.end {
            let length = (range.end - offset).min(buffer.len() as u64) as usize;
            let window = &mut buffer[..length];
            if self.fill(offset, window)? < length {
                return Err(Stop::Refused("the file ends before a part that it names".to_owned()));
            }
            let fresh = if length <= WINDOW { length } else { WINDOW };
            each(offset, window, fresh)?;
            offset += fresh as u64;
        }
        Ok(())
    }

    /// Offsets of each needle in `range`, at most `cap` of each.
    pub(super) fn find(
        &self,
        range: Range<u64>,
        needles: &[&[u8]],
        cap: usize,
    ) -> Result<Vec<Vec<u64>>, Stop> {
        let finders: Vec<_> = needles.iter().map(Finder::new).collect();
        let longest = needles.iter().map(|needle| needle.len()).max().unwrap_or(0);
        let mut hits = vec![Vec::new(); needles.len()];
        self.windows(range, longest, |offset, window, fresh| {
            for (finder, hits) in finders.iter().zip(&mut hits) {
                let starts = finder.find_iter(window).take_while(|&start| start < fresh);
                hits.extend(starts.map(|start| offset + start as u64).take(cap - hits.len()));
            }
            Ok(())
        })?;
        Ok(hits)
    }

    fn fill(&self, offset: u64, into: &mut [u8]) -> Result<usize, Stop> {
        self.bytes.set(self.bytes.get() + into.len() as u64);
        if self.bytes.get() > self.budget.bytes {
            return Err(Stop::OverBudget("bytes"));
        }
        if self.started.elapsed() > self.budget.time {
            return Err(Stop::OverBudget("time"));
        }
        if offset >= self.size {
            return Ok(0);
        }
        self.source.read_at(offset, into).map_err(|error| unreadable(&error))
    }
}

fn unreadable(error: &io::Error) -> Stop {
    Stop::Refused(format!("the file cannot be read: {error}"))
}
