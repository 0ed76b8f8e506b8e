//! HTTP/1.0 and 1.1 messages of one direction (RFC 9112), and HTTP/0.9 by its looks.
//!
//! A [`Reader`] walks the bytes of a stream. It stops at the end of each head, for the caller to
//! say how the content is framed (a response's depends on its request), and at the end of each
//! message. Broken input is data: it is counted, and reading goes on at the next message.

mod chunked;
mod content;
mod cursor;
mod head;

use chunked::Chunked;
pub use content::{Collected, ContentKind, Limits};
use cursor::{advance, drop_rest, skip_blank_lines};
pub use head::{FieldFacts, StartLine, Transfer};

use crate::{
    exchange::{Framing, Head, Problems, Timestamp},
    memory::Memory,
    protocol::http1::content::Collector,
    stream::{Chunk, End, GapCause},
};

/// Which messages a direction carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Requests.
    Request,
    /// Responses.
    Response,
}

impl Side {
    /// Whether bytes may be the beginning of a message. Biased towards yes: the parser decides.
    pub fn may_begin(self, bytes: &[u8]) -> bool {
        head::may_begin(self, bytes)
    }
}

/// What reading came to.
#[derive(Debug)]
pub enum Step {
    /// The input is used up.
    More,
    /// A head is complete; [`Reader::begin_content`] must follow.
    Head(MessageHead),
    /// The message begun with the last head is complete, or as complete as it will be.
    Done(Collected),
    /// Bytes that are no message were met and are skipped until one begins.
    Broken(Malformed),
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// A start line or field line that breaks the grammar beyond repair.
    Head,
    /// A head larger than the cap.
    HeadTooLarge,
    /// The end of the stream, or a gap, inside a head.
    HeadCut,
}

/// A complete head and where it began.
#[derive(Clone, Debug)]
pub struct MessageHead {
    /// The start line.
    pub start_line: StartLine,
    /// All of it.
    pub head: Head,
    /// What the fields say on framing and coding.
    pub facts: FieldFacts,
    /// What is odd about it.
    pub problems: Problems,
    /// The first byte of the message.
    pub origin: Mark,
}

/// A place in a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Its sequence number.
    pub sequence: u32,
    /// What the sender had received by then.
    pub acknowledgement: u32,
    /// When it was seen.
    pub time: Timestamp,
}

/// Reads the messages of one direction.
#[derive(Debug)]
pub struct Reader {
    side: Side,
    state: State,
    partial: Vec<u8>,
    origin: Mark,
    collector: Collector,
    last: Timestamp,
    /// Sequence number of the next byte to read.
    position: u32,
    /// Sequence number behind the last message.
    message_end: u32,
    /// Messages may have been missed since the caller last asked.
    strayed: bool,
}

#[derive(Debug)]
enum State {
    /// Between messages.
    Start,
    /// Inside a head, its bytes so far in `partial`.
    Head,
    /// A head was handed out, its content framing is not known yet.
    Framing,
    /// Content of known length: bytes left.
    Length(u64),
    /// Chunked content.
    Chunked(Chunked),
    /// Content up to the end of the connection.
    Close,
    /// Content whose end was lost in a gap: the message stays open until the next one begins.
    Endless,
    /// Not in a message: the next one is looked for at the start of each segment.
    Lost,
    /// No HTTP any more (CONNECT, Upgrade).
    Ignore,
}

impl Reader {
    /// A reader before its first message, and the sequence number of the byte to come.
    pub fn new(side: Side, position: u32) -> Self {
        Self {
            side,
            state: State::Start,
            partial: Vec::new(),
            origin: Mark::default(),
            collector: Collector::default(),
            last: Timestamp::default(),
            position,
            message_end: position,
            strayed: false,
        }
    }

    /// Whether a message is under way, its head included.
    pub fn in_message(&self) -> bool {
        !matches!(self.state, State::Start | State::Lost | State::Ignore)
    }

    /// Whether the end of the message under way cannot be seen.
    pub fn is_endless(&self) -> bool {
        matches!(self.state, State::Endless)
    }

    /// Whether the message under way ends with the connection.
    pub fn is_until_close(&self) -> bool {
        matches!(self.state, State::Close)
    }

    /// Whether content is to follow of which nothing was seen yet.
    pub fn awaits_content(&self) -> bool {
        matches!(self.state, State::Length(_) | State::Chunked(_) | State::Close)
            && self.collector.is_empty()
    }

    /// Sequence number of the next byte.
    pub fn position(&self) -> u32 {
        self.position
    }

    /// Sequence number behind the message that was done last.
    pub fn message_end(&self) -> u32 {
        self.message_end
    }

    /// Whether messages may have been missed since the last call.
    pub fn take_strayed(&mut self) -> bool {
        std::mem::take(&mut self.strayed)
    }

    /// Reads on; `chunk` is left with what was not used.
    pub fn read(&mut self, chunk: &mut Chunk<'_>, limits: &Limits, memory: &mut Memory) -> Step {
        self.last = chunk.time;
        let step = self.step(chunk, limits, memory);
        self.position = chunk.sequence;
        if matches!(step, Step::Done(_)) {
            self.message_end = self.position;
        }
        step
    }

    fn step(&mut self, chunk: &mut Chunk<'_>, limits: &Limits, memory: &mut Memory) -> Step {
        loop {
            if chunk.bytes.is_empty() {
                return Step::More;
            }
            match &mut self.state {
                State::Start => {
                    skip_blank_lines(chunk);
                    if let Some(step) = self.start(chunk, limits) {
                        return step;
                    }
                }
                State::Head => {
                    if let Some(step) = self.continue_head(chunk, limits, memory) {
                        return step;
                    }
                }
                State::Framing => return Step::More,
                State::Length(left) => {
                    let taken = chunk.bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= taken as u64;
                    let done = *left == 0;
                    self.collector.add(advance(chunk, taken), limits, memory);
                    if done {
                        return self.done(limits, memory);
                    }
                }
                State::Chunked(chunked) => {
                    let (used, outcome) =
                        chunked.read(chunk.bytes, |data| self.collector.add(data, limits, memory));
                    advance(chunk, used);
                    match outcome {
                        chunked::Outcome::More => {}
                        chunked::Outcome::Done => return self.done(limits, memory),
                        chunked::Outcome::Broken => {
                            self.collector.problems.insert(Problems::INVALID_CHUNK);
                            self.stray(State::Endless);
                        }
                    }
                }
                State::Close => {
                    let length = chunk.bytes.len();
                    self.collector.add(advance(chunk, length), limits, memory);
                }
                State::Endless => {
                    if head::begins(self.side, chunk.bytes) {
                        return self.done(limits, memory);
                    }
                    let length = chunk.bytes.len();
                    self.collector.add_unplaced(advance(chunk, length).len());
                }
                State::Lost => {
                    if head::begins(self.side, chunk.bytes) {
                        self.state = State::Start;
                    } else {
                        drop_rest(chunk);
                    }
                }
                State::Ignore => drop_rest(chunk),
            }
        }
    }

    /// Says how the content of the last head is framed. A message without content is done at
    /// once: the return value, if any, is what [`Step::Done`] would bring.
    pub fn begin_content(
        &mut self,
        framing: Framing,
        facts: &FieldFacts,
        kind: ContentKind<'_>,
        limits: &Limits,
        memory: &mut Memory,
    ) -> Option<Collected> {
        self.collector.begin(framing, kind);
        self.state = match framing {
            Framing::None => State::Framing,
            Framing::Length => State::Length(facts.content_length.unwrap_or(0)),
            Framing::Chunked => State::Chunked(Chunked::default()),
            Framing::Close => State::Close,
        };
        match self.state {
            State::Framing | State::Length(0) => Some(self.end_before_next(limits, memory)),
            _ => None,
        }
    }

    /// Ends HTTP on this direction: what follows is a tunnel, or another protocol.
    pub fn ignore(&mut self, memory: &mut Memory) {
        self.drop_partial(memory);
        self.state = State::Ignore;
    }

    /// Treats what follows as the content of an HTTP/0.9 response, which has no head.
    pub fn begin_without_head(&mut self, chunk: &Chunk<'_>) -> Mark {
        self.collector.begin(Framing::Close, ContentKind::default());
        self.last = chunk.time;
        self.state = State::Close;
        Mark { sequence: chunk.sequence, acknowledgement: chunk.acknowledgement, time: chunk.time }
    }

    /// Steps over bytes that are missing.
    pub fn gap(
        &mut self,
        length: u32,
        cause: GapCause,
        limits: &Limits,
        memory: &mut Memory,
    ) -> Step {
        let before = self.position;
        self.position = before.wrapping_add(length);
        match &mut self.state {
            State::Start | State::Lost => {
                self.stray(State::Lost);
                Step::More
            }
            State::Ignore | State::Framing => Step::More,
            State::Head => {
                self.drop_partial(memory);
                self.stray(State::Lost);
                Step::Broken(Malformed::HeadCut)
            }
            State::Length(left) => {
                let inside = u64::from(length).min(*left);
                *left -= inside;
                let done = *left == 0;
                self.collector.skip(inside, cause);
                if !done {
                    return Step::More;
                }
                let step = self.done(limits, memory);
                self.message_end = before.wrapping_add(inside as u32);
                if inside < u64::from(length) {
                    self.stray(State::Lost);
                }
                step
            }
            State::Chunked(chunked) => {
                let placed = chunked.skip(u64::from(length));
                self.collector.skip(u64::from(length), cause);
                if !placed {
                    self.stray(State::Endless);
                }
                Step::More
            }
            State::Endless => {
                // The next message may have been in it.
                self.strayed = true;
                self.collector.skip(u64::from(length), cause);
                Step::More
            }
            State::Close => {
                self.collector.skip(u64::from(length), cause);
                Step::More
            }
        }
    }

    /// The stream ends. `Some` when that ends a message.
    pub fn end(&mut self, end: End, limits: &Limits, memory: &mut Memory) -> Option<Step> {
        match self.state {
            State::Start | State::Lost | State::Ignore => None,
            State::Head => {
                self.drop_partial(memory);
                self.stray(State::Lost);
                Some(Step::Broken(Malformed::HeadCut))
            }
            State::Close => {
                self.collector.aborted = end == End::Reset;
                Some(self.done(limits, memory))
            }
            State::Framing | State::Length(_) | State::Chunked(_) => {
                self.collector.aborted = true;
                Some(self.done(limits, memory))
            }
            State::Endless => Some(self.done(limits, memory)),
        }
    }

    /// Ends a message whose end cannot be seen, since something tells that it is over.
    pub fn end_endless(&mut self, limits: &Limits, memory: &mut Memory) -> Option<Collected> {
        if !self.is_endless() {
            return None;
        }
        Some(self.end_before_next(limits, memory))
    }

    /// Ends the message under way, since something tells that the next one begins.
    pub fn end_before_next(&mut self, limits: &Limits, memory: &mut Memory) -> Collected {
        self.state = match self.state {
            State::Endless => State::Lost,
            _ => State::Start,
        };
        self.message_end = self.position;
        self.collector.finish(self.last, limits, memory)
    }

    /// Goes on in a state in which messages may be missed.
    fn stray(&mut self, state: State) {
        self.strayed = true;
        self.state = state;
    }

    fn done(&mut self, limits: &Limits, memory: &mut Memory) -> Step {
        Step::Done(self.end_before_next(limits, memory))
    }

    /// Reads a head that lies in one piece; `None` to go on reading in a new state.
    fn start(&mut self, chunk: &mut Chunk<'_>, limits: &Limits) -> Option<Step> {
        if chunk.bytes.is_empty() {
            return None;
        }
        self.origin = Mark {
            sequence: chunk.sequence,
            acknowledgement: chunk.acknowledgement,
            time: chunk.time,
        };
        if !head::may_begin(self.side, chunk.bytes) {
            return Some(self.broken(Malformed::Head, chunk));
        }
        if let Some((parsed, length)) = head::parse_front(self.side, chunk.bytes)
            && length <= limits.head_bytes
        {
            advance(chunk, length);
            return Some(self.begun(parsed));
        }
        let Some(length) = head::end(chunk.bytes, 0) else {
            self.state = State::Head;
            return None;
        };
        if length > limits.head_bytes {
            return Some(self.broken(Malformed::HeadTooLarge, chunk));
        }
        match head::parse(self.side, &chunk.bytes[..length]) {
            Some(parsed) => {
                advance(chunk, length);
                Some(self.begun(parsed))
            }
            None => Some(self.broken(Malformed::Head, chunk)),
        }
    }

    /// Reads on in a head that came in pieces; `None` when there is no more of it yet.
    fn continue_head(
        &mut self,
        chunk: &mut Chunk<'_>,
        limits: &Limits,
        memory: &mut Memory,
    ) -> Option<Step> {
        let before = self.partial.len();
        let room = limits.head_bytes.saturating_sub(before);
        let taken = chunk.bytes.len().min(room);
        if taken == 0 || !memory.try_take(taken) {
            self.drop_partial(memory);
            return Some(self.broken(Malformed::HeadTooLarge, chunk));
        }
        self.partial.extend_from_slice(&chunk.bytes[..taken]);
        let Some(length) = head::end(&self.partial, before) else {
            advance(chunk, taken);
            return None;
        };
        let partial = std::mem::take(&mut self.partial);
        memory.release(partial.len());
        let Some(parsed) = head::parse(self.side, &partial[..length]) else {
            return Some(self.broken(Malformed::Head, chunk));
        };
        // What lies behind the head stays in the chunk.
        advance(chunk, length.saturating_sub(before));
        Some(self.begun(parsed))
    }

    fn begun(&mut self, mut message: MessageHead) -> Step {
        self.state = State::Framing;
        message.origin = self.origin;
        Step::Head(message)
    }

    /// Drops the chunk: the next message is looked for at the start of the next one.
    fn broken(&mut self, malformed: Malformed, chunk: &mut Chunk<'_>) -> Step {
        self.stray(State::Lost);
        drop_rest(chunk);
        Step::Broken(malformed)
    }

    fn drop_partial(&mut self, memory: &mut Memory) {
        memory.release(self.partial.len());
        self.partial = Vec::new();
    }

    /// Gives back what is buffered; the reader is not used afterwards.
    pub fn abandon(&mut self, memory: &mut Memory) {
        self.drop_partial(memory);
        self.collector.abandon(memory);
    }
}

#[cfg(test)]
mod tests;
