//! The table of connections: segments in, exchanges out.
//!
//! Each connection owns two streams and a conversation. What a connection may hold is bounded by
//! those; how many there are is bounded here, and the idle ones are forgotten first.

mod connection;
mod early;
mod layer;

use std::time::Duration;

use connection::{Connection, Fate};
use early::Early;
use hashbrown::HashMap;
use layer::Tls;

use crate::{
    capture::{Direction, Origin, Segment},
    exchange::{ConnectionId, Exchange, Timestamp},
    memory::Memory,
    pairing::{self, Context},
    protocol::http1,
    stream,
    tls::{self, DarkReason, KeyringCounts, KeyringLimits},
};

/// Bounds, from the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Connections followed at once.
    pub max_connections: usize,
    /// What may wait behind holes of one direction.
    pub stream: stream::Limits,
    /// What all connections together may buffer, in bytes.
    pub memory: usize,
    /// Bounds on messages.
    pub http: http1::Limits,
    /// After how long without a segment a connection is forgotten.
    pub idle: Duration,
    /// Where the segments come from.
    pub source: Source,
    /// How TLS is read; `None` where it is only counted.
    pub tls: Option<TlsSettings>,
}

/// Bounds on what TLS connections hold.
#[derive(Clone, Copy, Debug)]
pub struct TlsSettings {
    /// On secrets.
    pub keyring: KeyringLimits,
    /// On a connection.
    pub limits: tls::Limits,
}

/// What became of a TLS connection.
#[derive(Clone, Copy, Debug)]
pub struct TlsOutcome {
    /// Which.
    pub connection: ConnectionId,
    /// Whose.
    pub owner: Owner,
    /// It is read, or it is not and why.
    pub result: Result<(), DarkReason>,
}

/// Where segments come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Sockets of this node: what the local stack acknowledges, it has received.
    Node,
    /// A capture of both directions somewhere on their way.
    Wire,
}

/// Who owns the sockets of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// Hints on the owner of the captured socket.
    pub origin: Origin,
    /// Hints on the owner of the muted client's socket, when the client is local too.
    pub caller: Option<(ConnectionId, Origin)>,
    /// The captured socket's address.
    pub local: std::net::SocketAddr,
    /// Its peer's.
    pub remote: std::net::SocketAddr,
    /// Whether the captured socket answers requests.
    pub serves: bool,
}

/// What was met on the way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Connections begun.
    pub opened: u64,
    /// Connections forgotten because there were too many.
    pub evicted: u64,
    /// Clients' ends dropped in favour of the servers' ends.
    pub twins: u64,
    /// Connections that carry no HTTP/1.
    pub not_http: u64,
    /// Connections that begin TLS.
    pub tls: u64,
    /// Of those, the ones that are read.
    pub tls_read: u64,
    /// Of those, the ones that cannot be read.
    pub tls_dark: u64,
    /// Connections that carry HTTP/2, inside TLS.
    pub http2: u64,
    /// Payload that came with a handshake and whose connection never showed.
    pub early_lost: u64,
    /// Payload bytes that were lost.
    pub lost_bytes: u64,
    /// Payload bytes left out by the budget.
    pub skipped_bytes: u64,
    /// What pairing met.
    pub pairing: pairing::Counts,
}

/// How long a response whose end cannot be seen stays open.
const SETTLE: Duration = Duration::from_secs(2);
/// How much longer than others a connection with an open exchange is remembered.
const OPEN_FACTOR: u64 = 12;
/// Share of the table that is made free when it is full.
const EVICTED_SHARE: usize = 16;

/// Processes that wait to be taken. It is only a hint, so the rest may be dropped.
const MAX_SPEAKERS: usize = 1024;

/// Settled connections that wait to be taken.
const MAX_SETTLED: usize = 65_536;

/// The kernel or the capture reader numbers connections, so no peer can choose numbers that
/// collide; and a fixed seed gives the same order in each run.
type Table<T> = HashMap<ConnectionId, T, foldhash::fast::FixedState>;

/// All connections that are followed.
#[derive(Debug)]
pub struct Connections {
    settings: Settings,
    table: Table<Connection>,
    memory: Memory,
    early: Early,
    /// Clients' ends that were dropped: their last records may still arrive.
    dropped: Dropped,
    counts: Counts,
    /// Connections that need no more copying.
    settled: Vec<ConnectionId>,
    /// What TLS connections share.
    tls: Option<Tls>,
    /// Connections that hold ciphertext until a secret comes.
    waiting: Vec<ConnectionId>,
    /// Processes that began a TLS connection.
    speakers: Vec<u32>,
}

/// What a connection works with that is not its own.
struct Around<'a> {
    settings: &'a Settings,
    memory: &'a mut Memory,
    counts: &'a mut Counts,
    tls: &'a mut Option<Tls>,
}

/// The same for plain bytes.
struct Plain<'a> {
    settings: &'a Settings,
    memory: &'a mut Memory,
    counts: &'a mut Counts,
}

impl Around<'_> {
    fn plain(&mut self) -> Plain<'_> {
        Plain { settings: self.settings, memory: self.memory, counts: self.counts }
    }

    fn note(&mut self, outcome: TlsOutcome) {
        match outcome.result {
            Ok(()) => self.counts.tls_read += 1,
            Err(_) => self.counts.tls_dark += 1,
        }
        if let Some(tls) = self.tls {
            tls.note(outcome);
        }
    }
}

impl Connections {
    /// An empty table.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            table: HashMap::default(),
            memory: Memory::new(settings.memory),
            early: Early::default(),
            dropped: Dropped::default(),
            counts: Counts::default(),
            settled: Vec::new(),
            tls: settings.tls.map(Tls::new),
            waiting: Vec::new(),
            speakers: Vec::new(),
        }
    }

    /// Whether the text of messages that begin from now on is kept.
    pub fn keep_text(&mut self, keep: bool) {
        self.settings.http.keep_text = keep;
    }

    /// Takes a secret that may open a TLS connection, and when it was logged.
    pub fn add_secret(&mut self, secret: tls::Secret, logged: Timestamp) {
        if let Some(tls) = &mut self.tls {
            tls.keyring.add(secret, logged);
        }
    }

    /// Tries what waits for a secret, and gives up what has waited too long. To be called when
    /// secrets have come, and about ten times a second.
    pub fn retry_waiting(&mut self, now: Timestamp, emit: &mut impl FnMut(Exchange, &Owner)) {
        let Self { settings, table, memory, counts, tls, waiting, settled, .. } = self;
        if let Some(tls) = tls {
            tls.keyring.expire(now);
        }
        let around = &mut Around { settings, memory, counts, tls };
        let mut over = Vec::new();
        waiting.retain(|id| {
            let Some(connection) = table.get_mut(id) else { return false };
            if connection.retry(now, around, emit) == Fate::Settled && settled.len() < MAX_SETTLED {
                settled.push(*id);
            }
            connection.listed = connection.is_waiting();
            if connection.lingers && !connection.listed {
                over.push(*id);
            }
            connection.listed
        });
        for id in over {
            self.close(id, emit);
        }
    }

    /// What became of TLS connections since the last call.
    pub fn take_tls_outcomes(&mut self) -> Vec<TlsOutcome> {
        self.tls.as_mut().map(|tls| std::mem::take(&mut tls.outcomes)).unwrap_or_default()
    }

    /// Processes that began a TLS connection since the last call, as far as the kernel named them.
    pub fn take_tls_speakers(&mut self) -> std::vec::Drain<'_, u32> {
        self.speakers.drain(..)
    }

    /// What became of secrets, and how many wait for their connection.
    pub fn secrets(&self) -> (KeyringCounts, usize) {
        let keyring = self.tls.as_ref().map(|tls| &tls.keyring);
        keyring.map_or_else(Default::default, |keyring| (keyring.counts, keyring.unclaimed()))
    }

    /// What was met inside TLS.
    pub fn tls_counts(&self) -> tls::Counts {
        self.tls.as_ref().map(|tls| tls.counts).unwrap_or_default()
    }

    /// Takes a segment; finished exchanges go to `emit` with the owner of their connection.
    pub fn segment(&mut self, segment: &Segment<'_>, emit: &mut impl FnMut(Exchange, &Owner)) {
        if segment.origin.listener {
            self.counts.early_lost += self.early.keep(segment, &mut self.memory);
            if segment.origin.twin != 0 {
                self.drop_twin(ConnectionId(segment.origin.twin));
            }
            return;
        }
        if !self.table.contains_key(&segment.connection) && !self.open(segment, emit) {
            return;
        }
        self.feed(segment, emit);
    }

    /// Gives up old holes and forgets idle connections. To be called about once a second.
    pub fn sweep(&mut self, now: Timestamp, emit: &mut impl FnMut(Exchange, &Owner)) {
        let idle = nanoseconds(self.settings.idle);
        let settle = nanoseconds(SETTLE);
        let mut over = Vec::new();
        let Self { settings, table, memory, counts, tls, .. } = self;
        let around = &mut Around { settings, memory, counts, tls };
        for (id, connection) in table.iter_mut() {
            let quiet = now.since(connection.last);
            connection.expire(now, quiet >= settle, around, emit);
            let factor = if connection.is_open() { OPEN_FACTOR } else { 1 };
            if quiet >= idle.saturating_mul(factor) {
                over.push(*id);
            }
        }
        for id in over {
            self.close(id, emit);
        }
        self.counts.early_lost += self.early.expire(now, settle, &mut self.memory);
    }

    /// Ends all connections: everything open is handed out as it is.
    pub fn close_all(&mut self, emit: &mut impl FnMut(Exchange, &Owner)) {
        let mut ids: Vec<ConnectionId> = self.table.keys().copied().collect();
        // The table's order differs from run to run.
        ids.sort_unstable();
        for id in ids {
            self.close(id, emit);
        }
        self.counts.early_lost += self.early.clear(&mut self.memory);
    }

    /// Connections since the last call from which nothing more is wanted.
    pub fn take_settled(&mut self) -> std::vec::Drain<'_, ConnectionId> {
        self.settled.drain(..)
    }

    /// What was met so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The account of buffered bytes.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Connections followed now.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether no connection is followed.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Begins following the connection of a segment; false when it is no reason to.
    fn open(&mut self, segment: &Segment<'_>, emit: &mut impl FnMut(Exchange, &Owner)) -> bool {
        let worth = segment.length > 0 || segment.flags.syn();
        if !worth || self.dropped.contains(segment.connection) {
            return false;
        }
        if self.table.len() >= self.settings.max_connections {
            self.evict(emit);
        }
        self.counts.opened += 1;
        let early = self.early.take(segment, &mut self.memory);
        let first = early.first().map_or(*segment, |early| early.segment(segment));
        self.table.insert(segment.connection, Connection::new(&first));
        for early in &early {
            self.feed(&early.segment(segment), emit);
        }
        true
    }

    fn feed(&mut self, segment: &Segment<'_>, emit: &mut impl FnMut(Exchange, &Owner)) {
        if segment.origin.twin != 0 {
            self.adopt(segment);
        }
        let Self { settings, table, memory, counts, tls, waiting, speakers, .. } = self;
        let Some(connection) = table.get_mut(&segment.connection) else { return };
        let fate = connection.segment(segment, &mut Around { settings, memory, counts, tls }, emit);
        let waits = connection.is_waiting();
        connection.lingers |= fate == Fate::Over && waits;
        if fate != Fate::Settled && waits && !connection.listed {
            connection.listed = true;
            waiting.push(segment.connection);
            if segment.origin.pid != 0 && speakers.len() < MAX_SPEAKERS {
                speakers.push(segment.origin.pid);
            }
        }
        match fate {
            // Only a hint, so it may be dropped when nobody takes it.
            Fate::Settled if self.settled.len() < MAX_SETTLED => {
                self.settled.push(segment.connection);
            }
            Fate::Settled | Fate::Open => {}
            // The secret of a short connection may come after its end.
            Fate::Over if waits => {}
            Fate::Over => self.close(segment.connection, emit),
        }
    }

    /// Takes over what is known of the muted client's end, once.
    fn adopt(&mut self, segment: &Segment<'_>) {
        let twin = ConnectionId(segment.origin.twin);
        let known = self
            .table
            .get(&segment.connection)
            .is_some_and(|connection| connection.ends.caller.is_some());
        if known {
            return;
        }
        let origin = self.drop_twin(twin);
        if let Some(connection) = self.table.get_mut(&segment.connection) {
            connection.ends.caller = Some((twin, origin));
        }
    }

    fn drop_twin(&mut self, twin: ConnectionId) -> Origin {
        let origin = match self.table.remove(&twin) {
            Some(mut connection) => {
                self.counts.twins += 1;
                // It is counted at the server's end.
                self.counts.tls = self.counts.tls.saturating_sub(connection.is_tls().into());
                connection.abandon(&mut self.memory);
                connection.ends.origin
            }
            None => self.dropped.origin(twin),
        };
        self.dropped.insert(twin, origin);
        origin
    }

    fn close(&mut self, id: ConnectionId, emit: &mut impl FnMut(Exchange, &Owner)) {
        let Self { settings, table, memory, counts, tls, .. } = self;
        if let Some(mut connection) = table.remove(&id) {
            connection.close(&mut Around { settings, memory, counts, tls }, emit);
        }
    }

    /// Forgets the connections that were quiet for longest.
    fn evict(&mut self, emit: &mut impl FnMut(Exchange, &Owner)) {
        let mut ages: Vec<(Timestamp, ConnectionId)> =
            self.table.iter().map(|(id, connection)| (connection.last, *id)).collect();
        let count = (ages.len() / EVICTED_SHARE).max(1).min(ages.len());
        if count == 0 {
            return;
        }
        ages.select_nth_unstable(count - 1);
        ages.truncate(count);
        ages.sort_unstable();
        self.counts.evicted += count as u64;
        for (_, id) in ages {
            self.close(id, emit);
        }
    }
}

/// The last clients' ends that were dropped, in two generations of bounded size.
#[derive(Debug, Default)]
struct Dropped {
    young: Table<Origin>,
    old: Table<Origin>,
}

impl Dropped {
    const GENERATION: usize = 8192;

    fn insert(&mut self, id: ConnectionId, origin: Origin) {
        if self.young.len() >= Self::GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, origin);
    }

    fn contains(&self, id: ConnectionId) -> bool {
        self.young.contains_key(&id) || self.old.contains_key(&id)
    }

    fn origin(&self, id: ConnectionId) -> Origin {
        self.young.get(&id).or_else(|| self.old.get(&id)).copied().unwrap_or_default()
    }
}

impl Counts {
    /// Counts bytes that are not there.
    fn note_gap(&mut self, piece: &stream::Piece<'_>) {
        match *piece {
            stream::Piece::Gap { length, cause: stream::GapCause::Lost } => {
                self.lost_bytes += u64::from(length);
            }
            stream::Piece::Gap { length, cause: stream::GapCause::Budget } => {
                self.skipped_bytes += u64::from(length);
            }
            _ => {}
        }
    }
}

/// The side of a connection that a direction carries.
fn side(client: Direction, direction: Direction) -> http1::Side {
    if client == direction { http1::Side::Request } else { http1::Side::Response }
}

/// A duration as the difference of two [`Timestamp`]s.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
