//! The end of a spool that reads, and says what was acknowledged.

use std::{
    collections::VecDeque,
    fs::File,
    io,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use tracing::warn;

use super::{
    Frame, Shared, State, frame,
    segment::{self, Position, PositionFile},
};

/// Bytes read at once.
const CHUNK: usize = 256 * 1024;
/// How often the position is written: a process that is killed sends again what was acknowledged
/// since.
const PERSIST: Duration = Duration::from_millis(200);

/// Reads blocks of records, oldest first. A block is done when each of its records was settled.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    position_file: PositionFile,
    /// Up to where the file says that records were acknowledged, and since when.
    persisted: (Position, Instant),
    acknowledged: Place,
    at: Place,
    file: Option<(u64, File)>,
    bytes: Vec<u8>,
    in_flight: VecDeque<InFlight>,
    next_block: u64,
}

/// A position, with the records before it in its segment.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    position: Position,
    records: u64,
}

#[derive(Debug)]
struct InFlight {
    block: u64,
    end: Place,
    records: u64,
    outstanding: u64,
}

impl Reader {
    pub(super) fn new(
        shared: Arc<Shared>,
        position_file: PositionFile,
        stored: Position,
    ) -> io::Result<Self> {
        let mut state = shared.state();
        while state.segments.front().is_some_and(|segment| segment.number < stored.segment) {
            state.remove_oldest();
        }
        let start = place(&state, stored)?;
        let total: u64 = state.segments.iter().map(|segment| segment.records).sum();
        state.meter.appended.store(total - start.records, Ordering::Relaxed);
        state.set_read(start);
        drop(state);
        Ok(Self {
            shared,
            position_file,
            persisted: (stored, Instant::now()),
            acknowledged: start,
            at: start,
            file: None,
            bytes: Vec::new(),
            in_flight: VecDeque::new(),
            next_block: 0,
        })
    }

    /// Reads the next block and gives its number; `None` when nothing came while it waited. Its
    /// records are those of [`Reader::frames`].
    pub fn next(&mut self, wait: Duration) -> Option<u64> {
        let available = self.find(wait)?;
        let count = self.read(available).unwrap_or_else(|error| {
            warn!(%error, "a spool file cannot be read");
            0
        });
        if count == 0 {
            self.skip_segment();
            return None;
        }
        self.at.position.offset += self.bytes.len() as u64;
        self.at.records += count;
        self.shared.state().set_read(self.at);
        let block = self.next_block;
        self.next_block += 1;
        self.in_flight.push_back(InFlight {
            block,
            end: self.at,
            records: count,
            outstanding: count,
        });
        Some(block)
    }

    /// The records of the block read last.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || {
            let (frame, size) = frame::first(rest)?;
            rest = &rest[size..];
            Some(frame)
        })
    }

    /// Settles a record of a block: it was acknowledged, or refused for good.
    pub fn settle(&mut self, block: u64) {
        let Some(first) = self.in_flight.front() else { return };
        let Some(index) = block.checked_sub(first.block) else { return };
        let Some(found) = self.in_flight.get_mut(index as usize) else { return };
        found.outstanding = found.outstanding.saturating_sub(1);
        if index == 0 && found.outstanding == 0 {
            self.advance();
        }
    }

    /// Records read and not settled.
    pub fn outstanding(&self) -> u64 {
        self.in_flight.iter().map(|block| block.outstanding).sum()
    }

    /// The first block that is not done, or the next one to be read.
    pub fn first_block(&self) -> u64 {
        self.in_flight.front().map_or(self.next_block, |block| block.block)
    }

    /// Reads again all that was not acknowledged.
    pub fn rewind(&mut self) {
        let mut state = self.shared.state();
        let oldest = state.segments.front().map_or(u64::MAX, |segment| segment.number);
        // Their files were dropped while they were on their way.
        let gone = self.in_flight.iter().filter(|block| block.end.position.segment < oldest);
        let lost: u64 = gone.map(|block| block.outstanding).sum();
        state.meter.dropped.fetch_add(lost, Ordering::Relaxed);
        self.at = self.acknowledged;
        state.set_read(self.at);
        drop(state);
        self.in_flight.clear();
        self.file = None;
    }

    /// Whether all that will ever be there was read and settled.
    pub fn is_done(&self) -> bool {
        let state = self.shared.state();
        let unread = state.segments.iter().any(|segment| {
            let Position { segment: number, offset } = self.at.position;
            segment.number > number && segment.records > 0
                || segment.number == number && segment.length > offset
        });
        state.closed.is_some() && !unread && self.in_flight.is_empty()
    }

    /// Since when nothing more is appended.
    pub fn closed(&self) -> Option<Instant> {
        self.shared.state().closed
    }

    /// Writes down what was acknowledged, from time to time.
    pub fn persist(&mut self) {
        if self.persisted.1.elapsed() >= PERSIST {
            self.persist_now();
        }
    }

    fn persist_now(&mut self) {
        let position = self.acknowledged.position;
        if position != self.persisted.0 {
            // Else records are sent again after a restart.
            let _ = self.position_file.write(position);
        }
        self.persisted = (position, Instant::now());
    }

    /// Bytes that can be read at the place, which moves on to the next file when its own is at an
    /// end.
    fn find(&mut self, wait: Duration) -> Option<u64> {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.state();
        let deadline = Instant::now() + wait;
        loop {
            let here = self.at.position;
            let mut segments = state.segments.iter().skip_while(|s| s.number < here.segment);
            let next = segments.find(|s| s.number > here.segment || s.length > here.offset);
            if let Some(next) = next {
                if next.number > here.segment {
                    self.at = Place::start(next.number);
                    self.file = None;
                }
                let available = next.length - self.at.position.offset;
                if available > 0 {
                    return Some(available);
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if state.closed.is_some() || left.is_zero() {
                return None;
            }
            let waited = shared.changed.wait_timeout(state, left);
            state = waited.map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state);
        }
    }

    /// Reads whole frames into `bytes` and gives their number.
    fn read(&mut self, available: u64) -> io::Result<u64> {
        let Position { segment: number, offset } = self.at.position;
        let file = match &mut self.file {
            Some((open, file)) if *open == number => file,
            _ => {
                let path = segment::path(&self.shared.state().folder, number);
                &mut self.file.insert((number, File::open(path)?)).1
            }
        };
        let limit = usize::try_from(available).unwrap_or(usize::MAX);
        segment::read_at(file, offset, limit.min(CHUNK), &mut self.bytes)?;
        let stated = frame::stated_length(&self.bytes).unwrap_or(0);
        if stated > self.bytes.len() && stated <= limit {
            segment::read_at(file, offset, stated, &mut self.bytes)?;
        }
        let (length, count) = frame::whole(&self.bytes);
        self.bytes.truncate(length);
        Ok(count)
    }

    /// What follows in this file was changed by someone else, or the file is gone.
    fn skip_segment(&mut self) {
        let state = self.shared.state();
        let number = self.at.position.segment;
        let Some(segment) = state.segments.iter().find(|segment| segment.number == number) else {
            return;
        };
        let lost = segment.records.saturating_sub(self.at.records);
        self.at.position.offset = segment.length;
        self.at.records = segment.records;
        state.meter.failed.fetch_add(lost, Ordering::Relaxed);
        warn!(
            file = %segment::path(&state.folder, number).display(), records = lost,
            "the rest of a spool file is not what was written, and is left out"
        );
    }

    /// Takes over the blocks at the front that are done, and removes files that hold no others.
    fn advance(&mut self) {
        let mut state = self.shared.state();
        while self.in_flight.front().is_some_and(|block| block.outstanding == 0) {
            let Some(done) = self.in_flight.pop_front() else { break };
            self.acknowledged = done.end;
            state.meter.acknowledged.fetch_add(done.records, Ordering::Relaxed);
        }
        let Position { segment: number, offset } = self.acknowledged.position;
        while state.segments.len() > 1
            && state.segments.front().is_some_and(|segment| {
                segment.number < number || segment.number == number && segment.length <= offset
            })
        {
            state.remove_oldest();
        }
        drop(state);
        self.shared.changed.notify_all();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.persist_now();
    }
}

impl Place {
    fn start(segment: u64) -> Self {
        Self { position: Position { segment, offset: frame::HEADER as u64 }, records: 0 }
    }
}

impl State {
    fn set_read(&mut self, place: Place) {
        self.read = place.position;
        self.read_records = place.records;
    }
}

/// Where to begin: at the stored position, where that is one between two frames.
fn place(state: &State, stored: Position) -> io::Result<Place> {
    let Some(first) = state.segments.front() else { return Ok(Place::default()) };
    let start = Place::start(first.number);
    if stored.segment != first.number {
        return Ok(start);
    }
    let mut place = start;
    let mut file = File::open(segment::path(&state.folder, first.number))?;
    let mut bytes = Vec::new();
    segment::read_at(&mut file, 0, first.length as usize, &mut bytes)?;
    while place.position.offset < stored.offset {
        let rest = bytes.get(place.position.offset as usize..).unwrap_or_default();
        let Some((_, size)) = frame::first(rest) else { return Ok(start) };
        place.position.offset += size as u64;
        place.records += 1;
    }
    Ok(if place.position.offset == stored.offset { place } else { start })
}
