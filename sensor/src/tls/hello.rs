//! What both directions of a connection share: the hellos and what follows from them.

use super::{
    DarkReason, Facts, Side,
    certificate::CertificateNames,
    cipher::Opener,
    flow::Stage,
    handshake::{ClientHello, EncryptedExtensions, ServerHello, kind, leaf_certificate},
    keyring::Claimant,
    messages::Next,
    suite::{Suite, Version},
};
use crate::exchange::Timestamp;

#[derive(Debug, Default)]
pub(super) struct Shared {
    pub facts: Facts,
    pub version: Option<Version>,
    pub suite: Option<Suite>,
    client_random: Option<[u8; 32]>,
    /// When the record at hand was seen.
    pub now: Timestamp,
    /// When the first and the last hello was seen.
    hellos: Option<(Timestamp, Timestamp)>,
    pub server_random: Option<[u8; 32]>,
    pub encrypt_then_mac: bool,
    /// The client's first hello announces early data.
    pub early_data: bool,
    /// The server asked for another hello.
    pub retried: bool,
    session_id: Box<[u8]>,
    /// Since when the other direction waits for its secret: what came later comes after it.
    pub other_waits: Option<Timestamp>,
    /// By side: the keys that the other side's record proved (before TLS 1.3).
    pub pending: [Option<Opener>; 2],
}

/// What a message asks of the direction that it came from.
pub(super) enum Action {
    None,
    /// It was a hello.
    Hello,
    Enter(Stage),
    UpdateKeys,
    Dark(DarkReason),
}

impl Shared {
    /// Who looks for secrets; `None` before the `ClientHello`.
    pub fn claimant(&self) -> Option<Claimant> {
        let (began, agreed) = self.hellos?;
        Some(Claimant { client_random: self.client_random?, began, agreed })
    }

    /// Takes a message of a side.
    pub fn message(&mut self, side: Side, stage: Stage, hellos: u8, next: &Next<'_>) -> Action {
        let (message, body) = match *next {
            Next::Message(message, body) => (message, body),
            Next::Done => return Action::None,
            Next::Oversized => return Action::Dark(DarkReason::Oversized),
        };
        let tls13 = self.version == Some(Version::Tls13);
        match (message, side) {
            (kind::CLIENT_HELLO, Side::Client) if !(tls13 && stage != Stage::Clear) => {
                self.client_hello(body, hellos)
            }
            (kind::SERVER_HELLO, Side::Server) if !(tls13 && stage != Stage::Clear) => {
                self.server_hello(body)
            }
            _ if hellos == 0 => Action::Dark(DarkReason::NoHandshake),
            (kind::CERTIFICATE, _) => self.certificate(side, stage, body),
            _ if !tls13 => Action::None,
            (kind::ENCRYPTED_EXTENSIONS, Side::Server) => self.encrypted_extensions(body),
            (kind::END_OF_EARLY_DATA, Side::Client) if stage == Stage::Early => {
                Action::Enter(Stage::Handshake)
            }
            (kind::FINISHED, _) if stage == Stage::Handshake => Action::Enter(Stage::Application),
            (kind::KEY_UPDATE, _) if stage == Stage::Application => Action::UpdateKeys,
            _ => Action::None,
        }
    }

    fn client_hello(&mut self, body: &[u8], hellos: u8) -> Action {
        let Some(hello) = ClientHello::parse(body) else {
            return Action::Dark(DarkReason::Malformed);
        };
        self.client_random = Some(hello.random);
        self.note_hello();
        self.session_id = hello.session_id;
        // Of a second hello behind a HelloRetryRequest, early data cannot be part.
        self.early_data = hello.early_data && hellos == 0;
        self.facts.early_data_offered |= self.early_data;
        self.facts.encrypted_client_hello = hello.has_encrypted_hello;
        self.facts.protocols_offered = hello.protocols;
        if hello.server_name.is_some() {
            self.facts.server_name = hello.server_name;
        }
        Action::Hello
    }

    fn server_hello(&mut self, body: &[u8]) -> Action {
        let Some(hello) = ServerHello::parse(body) else {
            return Action::Dark(DarkReason::Malformed);
        };
        let Some(version) = hello.version() else {
            return Action::Dark(DarkReason::UnsupportedVersion(hello.version));
        };
        self.note_hello();
        self.facts.version = Some(version);
        self.facts.cipher_suite = Some(hello.suite);
        let Some(suite) = Suite::of(hello.suite) else {
            return Action::Dark(DarkReason::UnsupportedSuite(hello.suite));
        };
        self.facts.cipher_suite_name = Some(suite.name);
        (self.version, self.suite) = (Some(version), Some(suite));
        if hello.is_retry_request() {
            self.retried = true;
            return Action::Hello;
        }
        self.server_random = Some(hello.random);
        self.encrypt_then_mac = hello.encrypt_then_mac;
        self.pending = [None, None];
        if hello.protocol.is_some() {
            self.facts.protocol = hello.protocol;
        }
        self.facts.resumed = if version == Version::Tls13 {
            hello.pre_shared_key
        } else {
            !hello.session_id.is_empty() && hello.session_id == self.session_id
        };
        Action::Hello
    }

    fn note_hello(&mut self) {
        let first = self.hellos.map_or(self.now, |(first, _)| first);
        self.hellos = Some((first, self.now));
    }

    fn encrypted_extensions(&mut self, body: &[u8]) -> Action {
        if let Some(extensions) = EncryptedExtensions::parse(body) {
            self.facts.protocol = extensions.protocol;
            self.facts.early_data_accepted = extensions.early_data;
        }
        Action::None
    }

    /// A certificate that is none changes nothing: the peers may know better.
    fn certificate(&mut self, side: Side, stage: Stage, body: &[u8]) -> Action {
        let version = self.version.filter(|version| {
            // Behind the handshake of TLS 1.3 it answers a later request, not this connection's.
            *version != Version::Tls13 || stage == Stage::Handshake
        });
        let der = version.and_then(|version| leaf_certificate(version, body));
        if let Some(names) = der.and_then(CertificateNames::parse) {
            let place = match side {
                Side::Client => &mut self.facts.client_certificate,
                Side::Server => &mut self.facts.server_certificate,
            };
            *place = Some(names);
        }
        Action::None
    }
}
