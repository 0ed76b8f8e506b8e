//! The same exchanges over TLS 1.3 with AES-128-GCM: real connections of rustls in memory.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rustls::{
    ClientConfig, ClientConnection, KeyLog, ServerConfig, ServerConnection,
    client::Resumption,
    crypto::ring::{self, cipher_suite::TLS13_AES_128_GCM_SHA256},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    version::TLS13,
};

use super::{
    Conversation,
    load::{connection, request, response, side_by_side},
};
use crate::trusting;

/// Longer than what either end has to say at once.
const FLIGHT: usize = 1 << 16;

/// Writes what [`exchanges`](super::exchanges) writes, encrypted, and the key log of all
/// connections. The server shows `certificate`, whose key is `key`; both are PEM files.
pub fn exchanges_over_tls(
    path: &Path,
    key_log: &Path,
    [certificate, key]: [&Path; 2],
    count: usize,
    per_connection: usize,
    body_bytes: usize,
) -> io::Result<()> {
    let log = Arc::new(Log::default());
    let client = Arc::new(client_config(&log).map_err(io::Error::other)?);
    let server = Arc::new(server_config(certificate, key)?);
    let open = |number| Connection::new(connection(number), &client, &server);
    side_by_side(path, count, per_connection, open, |connection, turn| {
        if turn.first {
            connection.wire.handshake();
            connection.handshake();
        }
        connection.ask(&request(turn.number)).answer(&response(turn.number, body_bytes));
        if turn.last {
            connection.wire.close();
        }
    })?;
    fs::write(key_log, log.0.lock().unwrap_or_else(PoisonError::into_inner).as_bytes())
}

fn client_config(log: &Arc<Log>) -> Result<ClientConfig, rustls::Error> {
    let mut config = trusting::client_config(&[&TLS13])?;
    config.resumption = Resumption::disabled();
    config.key_log = Arc::clone(log) as Arc<dyn KeyLog>;
    Ok(config)
}

fn server_config(certificate: &Path, key: &Path) -> io::Result<ServerConfig> {
    let certificate = CertificateDer::from_pem_file(certificate).map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(io::Error::other)?;
    let mut provider = ring::default_provider();
    provider.cipher_suites = vec![TLS13_AES_128_GCM_SHA256];
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS13])
        .and_then(|config| config.with_no_client_auth().with_single_cert(vec![certificate], key));
    config.map_err(io::Error::other)
}

/// What clients log, in the `SSLKEYLOGFILE` format.
#[derive(Debug, Default)]
struct Log(Mutex<String>);

impl KeyLog for Log {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(label);
        for bytes in [client_random, secret] {
            text.push(' ');
            for byte in bytes {
                write!(text, "{byte:02x}").expect("a string takes all");
            }
        }
        text.push('\n');
    }
}

/// Both ends, and the wire between them.
struct Connection {
    wire: Conversation,
    client: ClientConnection,
    server: ServerConnection,
}

impl AsMut<Conversation> for Connection {
    fn as_mut(&mut self) -> &mut Conversation {
        &mut self.wire
    }
}

impl Connection {
    fn new(wire: Conversation, client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Self {
        let name = ServerName::try_from("api.example.com").expect("a name");
        let client = ClientConnection::new(Arc::clone(client), name).expect("a client");
        let server = ServerConnection::new(Arc::clone(server)).expect("a server");
        Self { wire, client, server }
    }

    fn handshake(&mut self) {
        while self.client.wants_write() || self.server.wants_write() {
            self.client_sends();
            self.server_sends();
        }
        assert!(!self.client.is_handshaking() && !self.server.is_handshaking());
    }

    fn ask(&mut self, request: &str) -> &mut Self {
        self.client.writer().write_all(request.as_bytes()).expect("room");
        self.client_sends();
        assert_eq!(read(&mut self.server.reader()), request.len());
        self
    }

    fn answer(&mut self, response: &str) {
        self.server.writer().write_all(response.as_bytes()).expect("room");
        self.server_sends();
        assert_eq!(read(&mut self.client.reader()), response.len());
    }

    fn client_sends(&mut self) {
        let mut flight = Vec::with_capacity(FLIGHT);
        while self.client.wants_write() {
            self.client.write_tls(&mut flight).expect("a vector takes all");
        }
        self.wire.client(&flight);
        let mut rest = &flight[..];
        while !rest.is_empty() {
            self.server.read_tls(&mut rest).expect("a slice can be read");
            self.server.process_new_packets().expect("a sound flight");
        }
    }

    fn server_sends(&mut self) {
        let mut flight = Vec::with_capacity(FLIGHT);
        while self.server.wants_write() {
            self.server.write_tls(&mut flight).expect("a vector takes all");
        }
        self.wire.server(&flight);
        let mut rest = &flight[..];
        while !rest.is_empty() {
            self.client.read_tls(&mut rest).expect("a slice can be read");
            self.client.process_new_packets().expect("a sound flight");
        }
    }
}

/// Reads what has come; its length.
fn read(reader: &mut rustls::Reader<'_>) -> usize {
    let mut bytes = vec![0; FLIGHT];
    let mut length = 0;
    while let Ok(count @ 1..) = reader.read(&mut bytes) {
        length += count;
    }
    length
}
