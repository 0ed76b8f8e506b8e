//! One direction of a TLS connection: ciphertext in, plaintext out.

mod open;
mod resync;

use std::collections::VecDeque;

use super::{
    Context, DarkReason, Side,
    buffer::{Buffer, Mark, header, mark},
    cipher::{HEADER, Opener, Record},
    hello::{Action, Shared},
    hole::{Hole, MAX_BODY},
    keyring::Seen,
    messages::Messages,
    secret::SecretBytes,
    suite::Version,
};
use crate::{
    exchange::Timestamp,
    memory::Memory,
    stream::{Chunk, End, GapCause, Piece},
};

/// Content types of records.
mod content {
    pub const CHANGE_CIPHER_SPEC: u8 = 20;
    pub const ALERT: u8 = 21;
    pub const HANDSHAKE: u8 = 22;
    pub const APPLICATION: u8 = 23;
    pub const HEARTBEAT: u8 = 24;
}

/// One direction.
#[derive(Debug)]
pub(super) struct Flow {
    side: Side,
    buffer: Buffer,
    messages: Messages,
    stage: Stage,
    keys: Option<Keys>,
    /// How far the keyring was looked through for the keys in need, by label.
    seen: [Seen; 2],
    /// Number of the next record under the keys.
    sequence: u64,
    /// Bytes still to come of a record that is spoiled.
    skip: usize,
    hole: Option<Hole>,
    /// Bytes of the last record of application data, its header with it.
    typical: u64,
    /// The record at the front of `buffer` cannot be read yet, since then.
    waiting: Option<Timestamp>,
    /// When that record came.
    blocked: Timestamp,
    /// What came behind that record.
    held: VecDeque<Held>,
    held_bytes: usize,
    /// Hellos of this side.
    hellos: u8,
}

/// What protects the records of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Clear,
    /// TLS 1.3: the client's 0-RTT data, or the server skips it.
    Early,
    /// TLS 1.3.
    Handshake,
    /// All that follows the handshake; before TLS 1.3, all that follows `ChangeCipherSpec`.
    Application,
}

#[derive(Debug)]
struct Keys {
    opener: Opener,
    /// The TLS 1.3 traffic secret, for `KeyUpdate`.
    secret: Option<SecretBytes>,
}

/// What became of a record.
enum Step {
    Done,
    /// It needs what has not come yet: a hello or a secret.
    Wait,
    /// It is not the record that was due.
    Lost,
    Dark(DarkReason),
}

#[derive(Debug)]
enum Held {
    Data { bytes: Box<[u8]>, mark: Mark },
    Gap { length: u32, cause: GapCause },
    End(End),
}

type Outcome = Result<(), DarkReason>;

impl Flow {
    pub fn new(side: Side) -> Self {
        Self {
            side,
            buffer: Buffer::default(),
            messages: Messages::default(),
            stage: Stage::Clear,
            keys: None,
            seen: Default::default(),
            sequence: 0,
            skip: 0,
            hole: None,
            typical: 0,
            waiting: None,
            blocked: Timestamp::default(),
            held: VecDeque::new(),
            held_bytes: 0,
            hellos: 0,
        }
    }

    /// Since when the direction waits for a secret or for the other side's hello.
    pub fn waiting(&self) -> Option<Timestamp> {
        self.waiting
    }

    /// When the record came that waits, where it is sure to be read or lost with all that follows.
    /// Early data may be refused and never opened.
    pub fn holds_up(&self) -> Option<Timestamp> {
        (self.waiting.is_some() && self.stage != Stage::Early).then_some(self.blocked)
    }

    /// Whether application data can be read.
    pub fn is_open(&self) -> bool {
        self.stage == Stage::Application && self.keys.is_some()
    }

    pub fn piece(
        &mut self,
        piece: Piece<'_>,
        shared: &mut Shared,
        context: &mut Context<'_>,
    ) -> Outcome {
        if self.waiting.is_some() {
            return self.hold(piece, context);
        }
        match piece {
            Piece::Data(chunk) => self.data(&chunk, shared, context),
            Piece::Gap { length, cause } => self.gap(length as usize, cause, shared, context),
            Piece::End(end) => {
                self.end(end, context);
                Ok(())
            }
        }
    }

    /// Tries again what waits.
    pub fn retry(&mut self, shared: &mut Shared, context: &mut Context<'_>) -> Outcome {
        let Some(since) = self.waiting.take() else { return Ok(()) };
        self.drain(shared, context)?;
        while self.waiting.is_none() {
            let Some(held) = self.held.pop_front() else { return Ok(()) };
            self.release_held(&held, context.memory);
            match held {
                Held::Data { bytes, mark: Mark { sequence, acknowledgement, time } } => {
                    let chunk = Chunk { bytes: &bytes, sequence, acknowledgement, time };
                    self.data(&chunk, shared, context)?;
                }
                Held::Gap { length, cause } => {
                    self.gap(length as usize, cause, shared, context)?;
                }
                Held::End(end) => self.end(end, context),
            }
        }
        // The first wait of all counts, so that a direction is not held for ever in small steps.
        self.waiting = Some(since);
        Ok(())
    }

    /// No secret will come any more for what waits.
    pub fn give_up(&mut self, shared: &mut Shared, context: &mut Context<'_>) -> Outcome {
        if self.waiting.is_some() && self.stage == Stage::Early {
            // Early data that nobody accepted, or whose secret was missed: the rest may be read.
            self.stage = Stage::Handshake;
            self.hole = Some(Hole::new(GapCause::Lost));
            return self.retry(shared, context);
        }
        match self.waiting {
            Some(_) if shared.version.is_none() => Err(DarkReason::HandshakeMissed),
            Some(_) => Err(DarkReason::SecretNeverCame),
            None => Ok(()),
        }
    }

    /// Drops what is buffered.
    pub fn abandon(&mut self, memory: &mut Memory) {
        self.buffer.discard(usize::MAX, memory);
        self.messages.lose(memory);
        memory.release(self.held_bytes);
        self.held_bytes = 0;
        self.held.clear();
        self.keys = None;
        self.waiting = None;
        self.hole = None;
    }

    fn data(
        &mut self,
        chunk: &Chunk<'_>,
        shared: &mut Shared,
        context: &mut Context<'_>,
    ) -> Outcome {
        if let (Some(hole), Some(_)) = (&mut self.hole, &self.keys) {
            hole.refill();
        }
        let skipped = self.skip.min(chunk.bytes.len());
        self.skip -= skipped;
        let mut rest = advance(chunk, skipped);
        while !rest.bytes.is_empty() {
            let whole = header(rest.bytes)
                .filter(|(head, length)| rest.bytes.len() >= *length && is_record_header(*head));
            let in_step = self.buffer.bytes.is_empty() && self.hole.is_none();
            let Some((head, length)) = whole.filter(|_| in_step && self.waiting.is_none()) else {
                let Some(taken) = self.take(&rest, context.memory) else {
                    return self.gap(rest.bytes.len(), GapCause::Lost, shared, context);
                };
                rest = advance(&rest, taken);
                self.drain(shared, context)?;
                continue;
            };
            let record = Record { header: head, body: &rest.bytes[HEADER..length] };
            match self.record(record, mark(&rest), shared, context) {
                Step::Done => rest = advance(&rest, length),
                Step::Wait => self.wait(rest.time),
                Step::Lost => self.hole = Some(Hole::new(GapCause::Lost)),
                Step::Dark(reason) => return Err(reason),
            }
        }
        Ok(())
    }

    /// The record that came then cannot be read yet.
    fn wait(&mut self, came: Timestamp) {
        self.waiting = Some(came);
        self.blocked = came;
    }

    /// Buffers as much of a chunk as the record under way lacks, or all of it where that is
    /// unknown. Gives the bytes taken, or `None` when there is no memory.
    fn take(&mut self, chunk: &Chunk<'_>, memory: &mut Memory) -> Option<usize> {
        let buffered = self.buffer.bytes.len();
        let lacking = match header(&self.buffer.bytes) {
            _ if self.hole.is_some() || self.waiting.is_some() => usize::MAX,
            Some((_, length)) => length.saturating_sub(buffered),
            None => HEADER.saturating_sub(buffered),
        };
        // A header alone is not worth a round of its own when the chunk is the whole rest.
        let taken = if buffered == 0 { chunk.bytes.len() } else { lacking.min(chunk.bytes.len()) };
        if memory.exhausted() {
            memory.refused += 1;
            return None;
        }
        self.buffer.push(&chunk.bytes[..taken], chunk, memory);
        Some(taken)
    }

    /// Works on the buffer as far as it has whole records.
    fn drain(&mut self, shared: &mut Shared, context: &mut Context<'_>) -> Outcome {
        while self.waiting.is_none() {
            if self.hole.is_some() {
                if !self.resync(shared, context)? {
                    break;
                }
                continue;
            }
            let Some((head, length)) = header(&self.buffer.bytes) else { break };
            if !is_record_header(head) {
                self.not_a_record()?;
                continue;
            }
            if self.buffer.bytes.len() < length {
                break;
            }
            let mark = self.buffer.mark(length);
            let bytes = std::mem::take(&mut self.buffer.bytes);
            let record = Record { header: head, body: &bytes[HEADER..length] };
            let step = self.record(record, mark, shared, context);
            self.buffer.bytes = bytes;
            match step {
                Step::Done => self.buffer.discard(length, context.memory),
                Step::Wait => self.wait(mark.time),
                Step::Lost => self.hole = Some(Hole::new(GapCause::Lost)),
                Step::Dark(reason) => return Err(reason),
            }
        }
        Ok(())
    }

    fn not_a_record(&mut self) -> Outcome {
        match (self.stage, self.hellos) {
            (Stage::Clear, 0) => return Err(DarkReason::NoHandshake),
            (Stage::Clear, _) => return Err(DarkReason::Malformed),
            _ => self.hole = Some(Hole::new(GapCause::Lost)),
        }
        Ok(())
    }

    fn gap(
        &mut self,
        length: usize,
        cause: GapCause,
        shared: &Shared,
        context: &mut Context<'_>,
    ) -> Outcome {
        context.counts.holes += 1;
        if self.hellos == 0 || (self.side == Side::Server && shared.version.is_none()) {
            return Err(DarkReason::HandshakeMissed);
        }
        if let Some(keys) = &mut self.keys {
            keys.opener.lost();
        }
        if self.hole.is_none() && length <= self.skip {
            self.skip -= length;
            return Ok(());
        }
        let beyond = length - self.skip;
        self.skip = 0;
        let buffered = self.buffer.bytes.len();
        if let Some((head, total)) = header(&self.buffer.bytes)
            && self.hole.is_none()
            && self.is_open()
            && buffered + length <= total
        {
            // The record's end is known, so only this one is lost.
            self.skip = total - buffered - length;
            self.sequence += 1;
            context.counts.lost_records += 1;
            self.buffer.discard(buffered, context.memory);
            if head[0] == content::APPLICATION {
                self.deliver_gap(self.content_length(total), cause, context);
            }
            return Ok(());
        }
        if self.stage != Stage::Application {
            self.messages.lose(context.memory);
        }
        let mut hole = self.hole.unwrap_or_else(|| Hole::new(cause));
        hole.widen(buffered + beyond, cause);
        self.hole = Some(hole);
        self.buffer.discard(buffered, context.memory);
        Ok(())
    }

    fn end(&mut self, end: End, context: &mut Context<'_>) {
        let left = self.buffer.bytes.len();
        let hole = self.hole.take();
        let missing = hole.map_or(0, |hole| hole.bytes) + left as u64;
        self.buffer.discard(left, context.memory);
        // What a hole swallowed before the keys were known may have been application data.
        if missing > 0 && (self.stage == Stage::Application || hole.is_some()) {
            let cause = hole.map_or(GapCause::Lost, |hole| hole.cause);
            self.deliver_gap(missing, cause, context);
        }
        (context.deliver)(context.memory, self.side, Piece::End(end));
    }

    /// The content of a record of so many bytes, or what it has at most.
    fn content_length(&self, record: usize) -> u64 {
        let overhead = self.keys.as_ref().and_then(|keys| keys.opener.overhead());
        record.saturating_sub(overhead.unwrap_or(HEADER)) as u64
    }

    fn deliver_gap(&self, length: u64, cause: GapCause, context: &mut Context<'_>) {
        if let Ok(length @ 1..) = u32::try_from(length) {
            (context.deliver)(context.memory, self.side, Piece::Gap { length, cause });
        } else if length > 0 {
            let length = u32::MAX;
            (context.deliver)(context.memory, self.side, Piece::Gap { length, cause });
        }
    }

    fn hold(&mut self, piece: Piece<'_>, context: &mut Context<'_>) -> Outcome {
        let held = match piece {
            Piece::Data(chunk) => Held::Data { bytes: chunk.bytes.into(), mark: mark(&chunk) },
            Piece::Gap { length, cause } => Held::Gap { length, cause },
            Piece::End(end) => Held::End(end),
        };
        let cost = held.cost();
        let fits = self.held_bytes + cost + self.buffer.bytes.len() <= context.limits.held;
        if !fits || !context.memory.try_take(cost) {
            return Err(DarkReason::HeldTooMuch);
        }
        self.held_bytes += cost;
        self.held.push_back(held);
        Ok(())
    }

    fn release_held(&mut self, held: &Held, memory: &mut Memory) {
        memory.release(held.cost());
        self.held_bytes -= held.cost();
    }
}

impl Held {
    /// Bytes booked for it.
    fn cost(&self) -> usize {
        let bytes = if let Self::Data { bytes, .. } = self { bytes.len() } else { 0 };
        bytes + size_of::<Self>()
    }
}

fn is_record_header([kind, major, _, high, low]: [u8; HEADER]) -> bool {
    (content::CHANGE_CIPHER_SPEC..=content::HEARTBEAT).contains(&kind)
        && major == 3
        && usize::from(u16::from_be_bytes([high, low])) <= MAX_BODY
}

/// A chunk without its first bytes.
fn advance<'a>(chunk: &Chunk<'a>, count: usize) -> Chunk<'a> {
    let bytes = chunk.bytes.get(count..).unwrap_or_default();
    Chunk { bytes, sequence: chunk.sequence.wrapping_add(count as u32), ..*chunk }
}
