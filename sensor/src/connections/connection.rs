//! One connection: two streams and the conversation on them.

use std::net::SocketAddr;

use super::{Around, Context, Owner, Plain, Source, TlsOutcome, layer::Layer, side};
use crate::{
    capture::{Direction, Origin, Segment},
    exchange::{ConnectionId, Exchange, Role, Timestamp},
    memory::Memory,
    pairing::{Conversation, Parties},
    protocol::http1::Side,
    stream::{GapCause, Piece, Stream},
    tls::{self, DarkReason, Session},
};

/// What a client of HTTP/2 begins with (RFC 9113 section 3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2";

/// Chunks of a connection that are looked at before it counts as not HTTP.
const MAX_LOOKS: u8 = 16;

#[derive(Debug)]
pub(super) struct Connection {
    pub last: Timestamp,
    pub ends: Ends,
    inbound: Stream,
    outbound: Stream,
    /// The TLS session, when the connection is encrypted.
    layer: Option<Box<Layer>>,
    reading: Reading,
    /// It is among the connections that wait for a secret.
    pub listed: bool,
    /// It has ended, and its secret may still come.
    pub lingers: bool,
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

/// What is read of the plain bytes.
#[derive(Debug)]
pub(super) struct Reading {
    protocol: Protocol,
    /// What came before the first segment was not seen.
    joined: bool,
    /// Bytes lost in either direction before the protocol was known.
    missed: [u32; 2],
}

/// Where a piece stands on its connection.
pub(super) struct Place {
    pub direction: Direction,
    /// Sequence number of the next byte of the other direction, where it is known.
    pub other_at: Option<u32>,
    /// Nothing of the other direction was seen.
    pub other_silent: bool,
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
            layer: None,
            reading: Reading {
                protocol: Protocol::Unknown(0),
                joined: !segment.flags.syn() && !segment.first,
                missed: [0; 2],
            },
            listed: false,
            lingers: false,
            finished: [false; 2],
        }
    }

    /// Whether ciphertext is held until a secret comes.
    pub fn is_waiting(&self) -> bool {
        self.layer.as_ref().is_some_and(|layer| layer.is_waiting())
    }

    /// Whether it counts as a TLS connection.
    pub fn is_tls(&self) -> bool {
        self.layer.is_some()
    }

    pub fn is_open(&self) -> bool {
        matches!(&self.reading.protocol, Protocol::Http1(_, conversation) if conversation.is_open())
    }

    pub fn segment(
        &mut self,
        segment: &Segment<'_>,
        around: &mut Around<'_>,
        emit: &mut impl FnMut(Exchange, &Owner),
    ) -> Fate {
        self.last = self.last.max(segment.time);
        if segment.origin.pid != 0 {
            self.ends.origin.pid = segment.origin.pid;
        }
        if matches!(self.reading.protocol, Protocol::Other) {
            self.finished[segment.direction as usize] |= segment.flags.fin();
            let over = segment.flags.rst() || self.finished == [true; 2];
            return if over { Fate::Over } else { Fate::Open };
        }
        let trusted =
            around.settings.source == Source::Wire || segment.direction == Direction::Outbound;
        let acknowledgement = segment.acknowledgement;
        let acknowledged = match segment.direction {
            Direction::Inbound => &self.outbound,
            Direction::Outbound => &self.inbound,
        };
        // Most tell nothing new.
        if trusted && segment.flags.ack() && acknowledged.next() != Some(acknowledgement) {
            self.run(segment.direction.opposite(), around, emit, |stream, memory, deliver| {
                stream.acknowledged(acknowledgement, memory, deliver);
            });
        }
        let limits = around.settings.stream;
        self.run(segment.direction, around, emit, |stream, memory, deliver| {
            stream.segment(segment, limits, memory, deliver);
        });
        self.fate(segment, around, emit)
    }

    /// Tries what waits for a secret.
    pub fn retry(
        &mut self,
        now: Timestamp,
        around: &mut Around<'_>,
        emit: &mut impl FnMut(Exchange, &Owner),
    ) -> Fate {
        self.work_on_layer(around, emit, |session, context| session.expire(now, context));
        self.settle(around, emit)
    }

    fn fate(
        &mut self,
        segment: &Segment<'_>,
        around: &mut Around<'_>,
        emit: &mut impl FnMut(Exchange, &Owner),
    ) -> Fate {
        let ended = [self.inbound.ended(), self.outbound.ended()];
        if segment.flags.rst() && ended != [false; 2] || ended == [true; 2] {
            return Fate::Over;
        }
        let fate = self.settle(around, emit);
        if fate == Fate::Settled {
            self.finished = ended;
        }
        fate
    }

    /// Drops everything when nothing more can be read.
    fn settle(&mut self, around: &mut Around<'_>, emit: &mut impl FnMut(Exchange, &Owner)) -> Fate {
        self.note_outcome(around);
        let dark = self.layer.as_ref().is_some_and(|layer| layer.dark().is_some());
        match &self.reading.protocol {
            // Encrypted, and there is nothing that could open it; or HTTP/2.
            Protocol::Other => {}
            _ if dark => self.converse(around, emit, Conversation::close),
            Protocol::Http1(_, conversation) if conversation.is_tunnel() => {}
            Protocol::Unknown(MAX_LOOKS..) => around.counts.not_http += 1,
            _ => return Fate::Open,
        }
        self.abandon(around.memory);
        self.reading.protocol = Protocol::Other;
        Fate::Settled
    }

    /// Counts whether an encrypted connection can be read, once that is known.
    fn note_outcome(&mut self, around: &mut Around<'_>) {
        let Some(layer) = &mut self.layer else { return };
        let Some(result) = layer.outcome() else { return };
        let owner = self.ends.owner(layer.serves());
        around.note(TlsOutcome { connection: self.ends.id, owner, result });
    }

    /// Gives up old holes; when it was quiet, also responses whose end cannot be seen.
    pub fn expire(
        &mut self,
        now: Timestamp,
        quiet: bool,
        around: &mut Around<'_>,
        emit: &mut impl FnMut(Exchange, &Owner),
    ) {
        let limits = around.settings.stream;
        for direction in [Direction::Inbound, Direction::Outbound] {
            self.run(direction, around, emit, |stream, memory, deliver| {
                stream.expire(now, limits, memory, deliver);
            });
        }
        self.work_on_layer(around, emit, |session, context| session.expire(now, context));
        if quiet {
            self.converse(around, emit, Conversation::settle);
        }
    }

    /// Hands out everything that is open.
    pub fn close(&mut self, around: &mut Around<'_>, emit: &mut impl FnMut(Exchange, &Owner)) {
        for direction in [Direction::Inbound, Direction::Outbound] {
            self.run(direction, around, emit, |stream, memory, deliver| {
                stream.close(memory, deliver);
            });
        }
        self.work_on_layer(around, emit, Session::close);
        self.note_outcome(around);
        self.converse(around, emit, Conversation::close);
    }

    /// Drops everything that is open, without a word.
    pub fn abandon(&mut self, memory: &mut Memory) {
        self.inbound.close(memory, &mut |_, _| ());
        self.outbound.close(memory, &mut |_, _| ());
        if let Some(layer) = &mut self.layer {
            layer.abandon(memory);
        }
        if let Protocol::Http1(_, conversation) = &mut self.reading.protocol {
            conversation.abandon(memory);
        }
    }

    /// Works on one stream and passes on what it delivers, through TLS where there is some.
    fn run<E: FnMut(Exchange, &Owner)>(
        &mut self,
        direction: Direction,
        around: &mut Around<'_>,
        emit: &mut E,
        work: impl FnOnce(&mut Stream, &mut Memory, &mut dyn FnMut(&mut Memory, Piece<'_>)),
    ) {
        let Self { inbound, outbound, layer, reading, ends, .. } = self;
        let (stream, other) = match direction {
            Direction::Inbound => (inbound, outbound),
            Direction::Outbound => (outbound, inbound),
        };
        let Around { settings, memory, counts, tls } = around;
        let place = Place { direction, other_at: other.next(), other_silent: !other.started() };
        work(stream, memory, &mut |memory, piece| {
            counts.note_gap(&piece);
            let around = &mut Around { settings, memory, counts, tls };
            if layer.is_none() && matches!(reading.protocol, Protocol::Unknown(_)) {
                *layer = begin_tls(&piece, direction, reading, ends, around).map(Box::new);
            }
            let Some(layer) = layer else {
                reading.piece(&place, piece, ends, &mut around.plain(), emit);
                return;
            };
            let side = layer.side(direction);
            layer.work(reading, ends, around, emit, |session, context| {
                session.piece(side, piece, context);
            });
        });
    }

    fn work_on_layer<E: FnMut(Exchange, &Owner)>(
        &mut self,
        around: &mut Around<'_>,
        emit: &mut E,
        work: impl FnOnce(&mut Session, &mut tls::Context<'_>),
    ) {
        let Self { layer, reading, ends, .. } = self;
        if let Some(layer) = layer {
            layer.work(reading, ends, around, emit, work);
        }
    }

    fn converse<E: FnMut(Exchange, &Owner)>(
        &mut self,
        around: &mut Around<'_>,
        emit: &mut E,
        work: impl FnOnce(&mut Conversation, &Parties, &mut Context<'_>),
    ) {
        let Self { ends, reading, layer, .. } = self;
        reading.converse(
            ends,
            &mut around.plain(),
            &mut |mut exchange, owner| {
                exchange.tls = layer.as_ref().map(|layer| layer.told());
                emit(exchange, owner);
            },
            |conversation, _, parties, context| work(conversation, parties, context),
        );
    }
}

impl Reading {
    /// Takes a piece of plain bytes.
    pub fn piece(
        &mut self,
        place: &Place,
        piece: Piece<'_>,
        ends: &Ends,
        plain: &mut Plain<'_>,
        emit: &mut dyn FnMut(Exchange, &Owner),
    ) {
        if let (Protocol::Unknown(_), Piece::Data(chunk)) = (&self.protocol, &piece)
            && chunk.bytes.starts_with(HTTP2_PREFACE)
        {
            plain.counts.http2 += 1;
            self.protocol = Protocol::Other;
        }
        if matches!(self.protocol, Protocol::Unknown(_)) && !self.recognise(place, &piece) {
            return;
        }
        self.converse(ends, plain, emit, |conversation, client, parties, context| {
            conversation.piece(side(client, place.direction), piece, parties, context);
        });
    }

    /// Works on the conversation, if there is one; `work` is also told the client's direction.
    fn converse(
        &mut self,
        ends: &Ends,
        plain: &mut Plain<'_>,
        emit: &mut dyn FnMut(Exchange, &Owner),
        work: impl FnOnce(&mut Conversation, Direction, &Parties, &mut Context<'_>),
    ) {
        let Plain { settings, memory, counts } = plain;
        let Protocol::Http1(client, conversation) = &mut self.protocol else { return };
        let serves = *client == Direction::Inbound;
        let parties = ends.parties(serves, settings.source);
        let context = &mut Context {
            limits: &settings.http,
            memory,
            counts: &mut counts.pairing,
            emit: &mut |exchange| emit(exchange, &ends.owner(serves)),
        };
        work(conversation, *client, &parties, context);
    }

    /// Whether a piece tells that this is HTTP/1, and who the client is.
    fn recognise(&mut self, place: &Place, piece: &Piece<'_>) -> bool {
        let Protocol::Unknown(looks) = &mut self.protocol else { return true };
        let direction = place.direction;
        let chunk = match piece {
            Piece::Data(chunk) => chunk,
            Piece::Gap { length, cause: GapCause::Lost } => {
                let missed = &mut self.missed[direction as usize];
                *missed = missed.saturating_add(*length);
                return false;
            }
            _ => return false,
        };
        let Some(side) = look(chunk.bytes, place.other_silent) else {
            *looks += 1;
            return false;
        };
        let at = [chunk.sequence, place.other_at.unwrap_or(chunk.acknowledgement)];
        let joined = self.joined || *looks > 0;
        self.protocol = Protocol::http1(direction, side, joined, at, self.missed);
        true
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

/// The session that a piece begins. With one of a connection whose handshake was not seen, or
/// when TLS is not to be read, there is none and nothing more is wanted.
fn begin_tls(
    piece: &Piece<'_>,
    direction: Direction,
    reading: &mut Reading,
    ends: &Ends,
    around: &mut Around<'_>,
) -> Option<Layer> {
    let Piece::Data(chunk) = piece else { return None };
    if let Some(side) = tls::begins(chunk.bytes) {
        around.counts.tls += 1;
        if around.tls.is_some() {
            return Some(Layer::new(side, direction));
        }
        reading.protocol = Protocol::Other;
    } else if reading.joined && tls::is_record(chunk.bytes) {
        around.counts.tls += 1;
        // Which end is the client's does not show.
        let owner = ends.owner(ends.local.port() < ends.remote.port());
        let result = Err(DarkReason::NoHandshake);
        around.note(TlsOutcome { connection: ends.id, owner, result });
        reading.protocol = Protocol::Other;
    }
    None
}

/// Which side sends these bytes, if they begin an HTTP/1 message. Bytes too few to tell `HEAD`
/// from `HTTP/` are the first word's side: the client's.
fn look(bytes: &[u8], other_silent: bool) -> Option<Side> {
    if bytes.starts_with(b"HTTP/") {
        return Some(Side::Response);
    }
    if !b"HTTP/".starts_with(bytes) {
        return Side::Request.may_begin(bytes).then_some(Side::Request);
    }
    Some(if other_silent { Side::Request } else { Side::Response })
}
