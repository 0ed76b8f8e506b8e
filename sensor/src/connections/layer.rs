//! TLS on a connection: what its streams deliver goes through a session, and what the session
//! reads goes the way of plain bytes.

use std::sync::Arc;

use super::{
    Around, Owner, Plain, TlsOutcome, TlsSettings,
    connection::{Ends, Place, Reading},
};
use crate::{
    capture::Direction,
    exchange::{self, Exchange},
    memory::Memory,
    stream::Piece,
    tls::{self, Context, DarkReason, Keyring, Session, Side, State},
};

/// Outcomes that wait to be taken. They are counted anyway; beyond this many the table of
/// processes misses some.
const MAX_OUTCOMES: usize = 16_384;

/// What the TLS of all connections shares.
#[derive(Debug)]
pub(super) struct Tls {
    pub keyring: Keyring,
    pub counts: tls::Counts,
    pub limits: tls::Limits,
    pub outcomes: Vec<TlsOutcome>,
    scratch: Vec<u8>,
    finished: Vec<(Exchange, Owner)>,
}

/// The TLS session of one connection, and the direction of its client.
#[derive(Debug)]
pub(super) struct Layer {
    session: Session,
    client: Direction,
    /// Whether plaintext was delivered.
    reads: bool,
    /// Whether the outcome was noted.
    noted: bool,
}

impl Tls {
    pub fn new(settings: TlsSettings) -> Self {
        Self {
            keyring: Keyring::new(settings.keyring),
            counts: tls::Counts::default(),
            limits: settings.limits,
            outcomes: Vec::new(),
            scratch: Vec::new(),
            finished: Vec::new(),
        }
    }

    /// Notes what became of a connection.
    pub fn note(&mut self, outcome: TlsOutcome) {
        if self.outcomes.len() < MAX_OUTCOMES {
            self.outcomes.push(outcome);
        }
    }
}

impl Layer {
    /// A session of which `side` sent the first bytes seen, in `direction`.
    pub fn new(side: Side, direction: Direction) -> Self {
        let client = match side {
            Side::Client => direction,
            Side::Server => direction.opposite(),
        };
        Self { session: Session::default(), client, reads: false, noted: false }
    }

    pub fn side(&self, direction: Direction) -> Side {
        if direction == self.client { Side::Client } else { Side::Server }
    }

    pub fn is_waiting(&self) -> bool {
        self.session.state() == State::Waiting
    }

    pub fn dark(&self) -> Option<DarkReason> {
        match self.session.state() {
            State::Dark(reason) => Some(reason),
            _ => None,
        }
    }

    /// Whether the captured socket is the server's.
    pub fn serves(&self) -> bool {
        self.client == Direction::Inbound
    }

    /// What became of the connection, once, when it is known.
    pub fn outcome(&mut self) -> Option<Result<(), DarkReason>> {
        if self.noted {
            return None;
        }
        let outcome = if self.reads { Ok(()) } else { Err(self.dark()?) };
        self.noted = true;
        Some(outcome)
    }

    pub fn abandon(&mut self, memory: &mut Memory) {
        self.session.abandon(memory);
    }

    /// Works on the session, reads what it delivers, and puts what the handshake told on the
    /// exchanges.
    pub fn work(
        &mut self,
        reading: &mut Reading,
        ends: &Ends,
        around: &mut Around<'_>,
        emit: &mut dyn FnMut(Exchange, &Owner),
        work: impl FnOnce(&mut Session, &mut Context<'_>),
    ) {
        let Around { settings, memory, counts, tls } = around;
        let Some(Tls { keyring, counts: met, limits, scratch, finished, .. }) = tls else { return };
        let Self { session, client, reads, .. } = self;
        let deliver = &mut |memory: &mut Memory, side, piece: Piece<'_>| {
            *reads |= matches!(piece, Piece::Data(_));
            let direction = if side == Side::Client { *client } else { client.opposite() };
            let place = Place { direction, other_at: None, other_silent: side == Side::Client };
            let plain = &mut Plain { settings, memory, counts };
            reading.piece(&place, piece, ends, plain, &mut |exchange, owner| {
                finished.push((exchange, *owner));
            });
        };
        work(session, &mut Context { keyring, limits, memory, counts: met, scratch, deliver });
        if finished.is_empty() {
            return;
        }
        let facts = Self::facts(session);
        for (mut exchange, owner) in finished.drain(..) {
            exchange.tls = Some(Arc::clone(&facts));
            emit(exchange, &owner);
        }
    }

    /// What the handshake told so far.
    pub fn told(&self) -> Arc<exchange::Tls> {
        Self::facts(&self.session)
    }

    fn facts(session: &Session) -> Arc<exchange::Tls> {
        let facts = session.facts();
        Arc::new(exchange::Tls {
            version: facts.version.map(tls::Version::as_str),
            cipher: facts.cipher_suite_name,
            protocol: facts.protocol.clone(),
            server_name: facts.server_name.clone(),
            resumed: facts.resumed,
            client_certificate: facts.client_certificate.is_some(),
        })
    }
}
