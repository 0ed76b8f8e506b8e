//! One connection: two streams and the conversation on them.

use std::net::SocketAddr;

use super::{Context, Counts, Owner, Settings, Source, side};
use crate::{
    capture::{Direction, Origin, Segment},
    exchange::{ConnectionId, Exchange, Role, Timestamp},
    memory::Memory,
    pairing::{Conversation, Parties},
    protocol::http1::Side,
    stream::{GapCause, Piece, Stream},
};

/// Chunks of a connection that are looked at before it counts as not HTTP.
const MAX_LOOKS: u8 = 16;

#[derive(Debug)]
pub(super) struct Connection {
    pub last: Timestamp,
    pub ends: Ends,
    inbound: Stream,
    outbound: Stream,
    protocol: Protocol,
    /// What came before the first segment was not seen.
    joined: bool,
    /// Bytes lost in either direction before the protocol was known.
    missed: [u32; 2],
    /// Directions in which a FIN was seen while nothing was read any more.
    finished: [bool; 2],
}

/// Who is connected.
#[derive(Debug)]
pub(super) struct Ends {
    pub origin: Origin,
    pub caller: Option<(ConnectionId, Origin)>,
    id: ConnectionId,
    local: SocketAddr,
    remote: SocketAddr,
}

#[derive(Debug)]
enum Protocol {
    /// So many chunks told nothing.
    Unknown(u8),
    /// The conversation, and the direction of its requests.
    Http1(Direction, Box<Conversation>),
    /// Not HTTP/1, or no longer.
    Other,
}

/// What becomes of a connection after a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    /// Nothing more is wanted from it.
    Settled,
    Over,
}

impl Connection {
    pub fn new(segment: &Segment<'_>) -> Self {
        Self {
            last: segment.time,
            ends: Ends {
                origin: segment.origin,
                caller: None,
                id: segment.connection,
                local: segment.local,
                remote: segment.remote,
            },
            inbound: Stream::default(),
            outbound: Stream::default(),
            protocol: Protocol::Unknown(0),
            joined: !segment.flags.syn() && !segment.first,
            missed: [0; 2],
            finished: [false; 2],
        }
    }

    pub fn is_open(&self) -> bool {
        matches!(&self.protocol, Protocol::Http1(_, conversation) if conversation.is_open())
    }

    pub fn segment(
        &mut self,
        segment: &Segment<'_>,
        settings: &Settings,
        memory: &mut Memory,
        counts: &mut Counts,
        emit: &mut impl FnMut(Exchange, &Owner),
    ) -> Fate {
        self.last = self.last.max(segment.time);
        if segment.origin.pid != 0 {
            self.ends.origin.pid = segment.origin.pid;
        }
        if matches!(self.protocol, Protocol::Other) {
            self.finished[segment.direction as usize] |= segment.flags.fin();
            let over = segment.flags.rst() || self.finished == [true; 2];
            return if over { Fate::Over } else { Fate::Open };
        }
        let trusted = settings.source == Source::Wire || segment.direction == Direction::Outbound;
        let acknowledgement = segment.acknowledgement;
        let acknowledged = match segment.direction {
            Direction::Inbound => &self.outbound,
            Direction::Outbound => &self.inbound,
        };
        // Most tell nothing new.
        if trusted && segment.flags.ack() && acknowledged.next() != Some(acknowledgement) {
            self.run(
                segment.direction.opposite(),
                settings,
                memory,
                counts,
                emit,
                |stream, memory, deliver| {
                    stream.acknowledged(acknowledgement, memory, deliver);
                },
            );
        }
        let limits = settings.stream;
        self.run(segment.direction, settings, memory, counts, emit, |stream, memory, deliver| {
            stream.segment(segment, limits, memory, deliver);
        });
        self.fate(segment, memory, counts)
    }

    fn fate(&mut self, segment: &Segment<'_>, memory: &mut Memory, counts: &mut Counts) -> Fate {
        let ended = [self.inbound.ended(), self.outbound.ended()];
        if segment.flags.rst() && ended != [false; 2] || ended == [true; 2] {
            return Fate::Over;
        }
        match &self.protocol {
            Protocol::Http1(_, conversation) if conversation.is_tunnel() => {}
            Protocol::Unknown(MAX_LOOKS..) => counts.not_http += 1,
            _ => return Fate::Open,
        }
        self.abandon(memory);
        self.protocol = Protocol::Other;
        self.finished = ended;
        Fate::Settled
    }

    /// Gives up old holes; when it was quiet, also responses whose end cannot be seen.
    pub fn expire(
        &mut self,
        now: Timestamp,
        quiet: bool,
        settings: &Settings,
        memory: &mut Memory,
        counts: &mut Counts,
        emit: &mut impl FnMut(Exchange, &Owner),
    ) {
        let limits = settings.stream;
        for direction in [Direction::Inbound, Direction::Outbound] {
            self.run(direction, settings, memory, counts, emit, |stream, memory, deliver| {
                stream.expire(now, limits, memory, deliver);
            });
        }
        if quiet {
            self.converse(settings, memory, counts, emit, Conversation::settle);
        }
    }

    /// Hands out everything that is open.
    pub fn close(
        &mut self,
        settings: &Settings,
        memory: &mut Memory,
        counts: &mut Counts,
        emit: &mut impl FnMut(Exchange, &Owner),
    ) {
        for direction in [Direction::Inbound, Direction::Outbound] {
            self.run(direction, settings, memory, counts, emit, |stream, memory, deliver| {
                stream.close(memory, deliver);
            });
        }
        self.converse(settings, memory, counts, emit, Conversation::close);
    }

    /// Drops everything that is open, without a word.
    pub fn abandon(&mut self, memory: &mut Memory) {
        self.inbound.close(memory, &mut |_, _| ());
        self.outbound.close(memory, &mut |_, _| ());
        if let Protocol::Http1(_, conversation) = &mut self.protocol {
            conversation.abandon(memory);
        }
    }

    /// Works on one stream and passes on what it delivers.
    fn run<E: FnMut(Exchange, &Owner)>(
        &mut self,
        direction: Direction,
        settings: &Settings,
        memory: &mut Memory,
        counts: &mut Counts,
        emit: &mut E,
        work: impl FnOnce(&mut Stream, &mut Memory, &mut dyn FnMut(&mut Memory, Piece<'_>)),
    ) {
        let Self { inbound, outbound, protocol, joined, missed, ends, .. } = self;
        let (stream, other) = match direction {
            Direction::Inbound => (inbound, outbound),
            Direction::Outbound => (outbound, inbound),
        };
        let other_silent = !other.started();
        work(stream, memory, &mut |memory, piece| {
            if let Piece::Gap { length, cause } = piece {
                match cause {
                    GapCause::Lost => counts.lost_bytes += u64::from(length),
                    GapCause::Budget => counts.skipped_bytes += u64::from(length),
                }
            }
            match (&mut *protocol, &piece) {
                (Protocol::Unknown(_), Piece::Gap { length, cause: GapCause::Lost }) => {
                    let missed = &mut missed[direction as usize];
                    *missed = missed.saturating_add(*length);
                }
                (Protocol::Unknown(looks), Piece::Data(chunk)) => {
                    let Some(side) = look(chunk.bytes, other_silent) else {
                        *looks += 1;
                        return;
                    };
                    let other_at = other.next().unwrap_or(chunk.acknowledgement);
                    let at = [chunk.sequence, other_at];
                    let joined = *joined || *looks > 0;
                    *protocol = Protocol::http1(direction, side, joined, at, *missed);
                }
                _ => {}
            }
            let Protocol::Http1(client, conversation) = protocol else { return };
            let serves = *client == Direction::Inbound;
            let parties = ends.parties(serves, settings.source);
            conversation.piece(
                side(*client, direction),
                piece,
                &parties,
                &mut Context {
                    limits: &settings.http,
                    memory,
                    counts: &mut counts.pairing,
                    emit: &mut |exchange| emit(exchange, &ends.owner(serves)),
                },
            );
        });
    }

    fn converse<E: FnMut(Exchange, &Owner)>(
        &mut self,
        settings: &Settings,
        memory: &mut Memory,
        counts: &mut Counts,
        emit: &mut E,
        work: impl FnOnce(&mut Conversation, &Parties, &mut Context<'_>),
    ) {
        let Self { ends, protocol, .. } = self;
        let Protocol::Http1(client, conversation) = protocol else { return };
        let serves = *client == Direction::Inbound;
        let parties = ends.parties(serves, settings.source);
        work(
            conversation,
            &parties,
            &mut Context {
                limits: &settings.http,
                memory,
                counts: &mut counts.pairing,
                emit: &mut |exchange| emit(exchange, &ends.owner(serves)),
            },
        );
    }
}

impl Protocol {
    /// HTTP/1, told by a message of `side` in `direction`. `at` is where that direction and the
    /// other one stand; `missed` is what was lost inbound and outbound.
    fn http1(
        direction: Direction,
        side: Side,
        joined: bool,
        mut at: [u32; 2],
        mut missed: [u32; 2],
    ) -> Self {
        if direction != Direction::Inbound {
            missed.reverse();
        }
        let client = match side {
            Side::Request => direction,
            Side::Response => {
                at.reverse();
                missed.reverse();
                direction.opposite()
            }
        };
        Self::Http1(client, Box::new(Conversation::new(joined, at, missed)))
    }
}

impl Ends {
    fn owner(&self, serves: bool) -> Owner {
        let Self { origin, caller, local, remote, .. } = *self;
        Owner { origin, caller, local, remote, serves }
    }

    fn parties(&self, local_serves: bool, source: Source) -> Parties {
        let (client, server) =
            if local_serves { (self.remote, self.local) } else { (self.local, self.remote) };
        let role = match source {
            Source::Wire => Role::Observed,
            Source::Node if local_serves => Role::Server,
            Source::Node => Role::Client,
        };
        Parties { connection: self.id, client, server, role }
    }
}

/// Which side sends these bytes, if they begin an HTTP/1 message. Bytes too few to tell `HEAD`
/// from `HTTP/` are the first word's side: the client's.
fn look(bytes: &[u8], other_silent: bool) -> Option<Side> {
    if bytes.starts_with(b"HTTP/") {
        return Some(Side::Response);
    }
    // The client's preface of HTTP/2 (RFC 9113 section 3.4).
    if bytes.starts_with(b"PRI * HTTP/2") {
        return None;
    }
    if !b"HTTP/".starts_with(bytes) {
        return Side::Request.may_begin(bytes).then_some(Side::Request);
    }
    Some(if other_silent { Side::Request } else { Side::Response })
}
