//! TLS on a connection: what its streams deliver goes through a session, and what the session
//! reads goes the way of plain bytes.

use std::sync::Arc;

use super::{
    Counts, Owner, Settings,
    connection::{Ends, Place, Reading},
};
use crate::{
    capture::Direction,
    exchange::{self, Exchange},
    memory::Memory,
    tls::{self, Context, Keyring, KeyringLimits, Session, Side, State},
};

/// Secrets kept while their connection has not shown.
const KEYRING: KeyringLimits = KeyringLimits { count: 1 << 20, age: u64::MAX };
/// What a connection may hold until its secret comes, and for how long.
const LIMITS: tls::Limits = tls::Limits { held: 64 << 10, wait: 3_000_000_000 };

/// What the TLS of all connections shares.
#[derive(Debug)]
pub(super) struct Tls {
    pub keyring: Keyring,
    counts: tls::Counts,
    scratch: Vec<u8>,
    finished: Vec<(Exchange, Owner)>,
}

/// The TLS session of one connection, and the direction of its client.
#[derive(Debug)]
pub(super) struct Layer {
    session: Session,
    client: Direction,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            keyring: Keyring::new(KEYRING),
            counts: tls::Counts::default(),
            scratch: Vec::new(),
            finished: Vec::new(),
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
        Self { session: Session::default(), client }
    }

    pub fn side(&self, direction: Direction) -> Side {
        if direction == self.client { Side::Client } else { Side::Server }
    }

    pub fn is_dark(&self) -> bool {
        matches!(self.session.state(), State::Dark(_))
    }

    pub fn abandon(&mut self, memory: &mut Memory) {
        self.session.abandon(memory);
    }

    /// Works on the session, reads what it delivers, and puts what the handshake told on the
    /// exchanges.
    #[expect(clippy::too_many_arguments, reason = "the parts of a connection, borrowed apart")]
    pub fn work(
        &mut self,
        reading: &mut Reading,
        ends: &Ends,
        settings: &Settings,
        memory: &mut Memory,
        counts: &mut Counts,
        tls: &mut Tls,
        emit: &mut dyn FnMut(Exchange, &Owner),
        work: impl FnOnce(&mut Session, &mut Context<'_>),
    ) {
        let Tls { keyring, counts: tls_counts, scratch, finished } = tls;
        let client = self.client;
        work(
            &mut self.session,
            &mut Context {
                keyring,
                limits: &LIMITS,
                memory,
                counts: tls_counts,
                scratch,
                deliver: &mut |memory, side, piece| {
                    let direction = match side {
                        Side::Client => client,
                        Side::Server => client.opposite(),
                    };
                    let place =
                        Place { direction, other_at: None, other_silent: side == Side::Client };
                    reading.piece(
                        &place,
                        piece,
                        ends,
                        settings,
                        memory,
                        counts,
                        &mut |exchange, owner| {
                            finished.push((exchange, *owner));
                        },
                    );
                },
            },
        );
        if finished.is_empty() {
            return;
        }
        let facts = self.facts();
        for (mut exchange, owner) in finished.drain(..) {
            exchange.tls = Some(Arc::clone(&facts));
            emit(exchange, &owner);
        }
    }

    /// What the handshake told so far.
    pub fn facts(&self) -> Arc<exchange::Tls> {
        let facts = self.session.facts();
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
