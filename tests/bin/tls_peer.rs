//! A TLS server and client on rustls: one end that nobody can read, once its symbols are
//! stripped, for tests of the library at the other end. With its symbols it is a target itself.
//!
//! Both print a line `ID PORT` for each request, the port being the client's: what the sensor
//! must have seen.
#![forbid(unsafe_code)]

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    ops::Range,
    sync::{Arc, Barrier},
};

use anyhow::{Context as _, Result, bail};
use rustls::{
    ClientConfig, ClientConnection, ServerConfig, ServerConnection, StreamOwned,
    client::Resumption,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tests::{
    harness::{Client, connect, spread, status_of},
    trusting,
};

const USAGE: &str = "\
usage:
  tls-peer serve ADDRESS CERTIFICATE KEY [PROTOCOL]
      answers /items/<id>; with another protocol to offer than HTTP/1 it only listens
  tls-peer ask ADDRESS METHOD FIRST LAST BODY_BYTES CONNECTIONS kept|fresh|resumed
      over connections that are kept, or over one for each request, resumed or not";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["serve", address, certificate, key] => serve(parse(address)?, certificate, key, None),
        ["serve", address, certificate, key, protocol] => {
            serve(parse(address)?, certificate, key, Some(protocol))
        }
        ["ask", address, method, first, last, body, connections, manner] => {
            let asking = Asking {
                address: parse(address)?,
                method,
                body: parse(body)?,
                connections: parse(connections)?,
                kept: manner == "kept",
            };
            asking.ask(parse(first)?..parse(last)?, manner == "resumed")
        }
        _ => bail!("{USAGE}"),
    }
}

fn parse<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().ok().with_context(|| format!("{text:?} is not what it should be"))
}

/// What is asked, and how.
struct Asking<'a> {
    address: SocketAddr,
    method: &'a str,
    body: usize,
    connections: usize,
    kept: bool,
}

impl Asking<'_> {
    fn ask(&self, ids: Range<u64>, resumed: bool) -> Result<()> {
        let config = client_config(resumed)?;
        let opened = Barrier::new(self.connections);
        spread(ids, self.connections, |ids| {
            let mut client = self.connect(&config);
            opened.wait();
            let mut used = false;
            for id in ids {
                if used && !self.kept {
                    client = self.connect(&config);
                }
                self.request(&mut client, id);
                used = true;
            }
        });
        Ok(())
    }

    fn connect(
        &self,
        config: &Arc<ClientConfig>,
    ) -> Client<StreamOwned<ClientConnection, TcpStream>> {
        let name = ServerName::try_from("localhost").expect("a name");
        let tls = ClientConnection::new(Arc::clone(config), name).expect("a client");
        let mut stream = StreamOwned::new(tls, connect(self.address));
        stream.flush().expect("a handshake");
        Client::over(stream, self.address)
    }

    fn request(&self, client: &mut Client<StreamOwned<ClientConnection, TcpStream>>, id: u64) {
        client.item(self.method, id, self.body, self.kept);
        let stream = client.stream();
        println!("{id} {}", stream.sock.local_addr().expect("a bound socket").port());
        if !self.kept {
            // The server closes first, so that no port has to wait before it can be used again.
            // Not every server says so before.
            let _ = stream.read_to_end(&mut Vec::new());
        }
    }
}

fn client_config(resumed: bool) -> Result<Arc<ClientConfig>> {
    let mut config = trusting::client_config(rustls::DEFAULT_VERSIONS)?;
    if !resumed {
        config.resumption = Resumption::disabled();
    }
    Ok(Arc::new(config))
}

fn serve(address: SocketAddr, certificate: &str, key: &str, protocol: Option<&str>) -> Result<()> {
    let certificates = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .with_context(|| format!("failed to read {certificate}"))?;
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| format!("failed to read {key}"))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    config.alpn_protocols = protocol.map(|name| name.as_bytes().to_vec()).into_iter().collect();
    let config = Arc::new(config);
    let listener =
        TcpListener::bind(address).with_context(|| format!("failed to listen on {address}"))?;
    for stream in listener.incoming().flatten() {
        let tls = ServerConnection::new(Arc::clone(&config))?;
        let listens_only = protocol.is_some();
        std::thread::spawn(move || {
            let _ = stream.set_nodelay(true);
            let mut stream = StreamOwned::new(tls, stream);
            // A client that leaves is its own affair.
            let _ = if listens_only {
                std::io::copy(&mut stream, &mut std::io::sink()).map(drop)
            } else {
                answer(&mut BufReader::new(stream))
            };
        });
    }
    Ok(())
}

/// Answers until the client leaves, or says that this was all.
fn answer(stream: &mut BufReader<StreamOwned<ServerConnection, TcpStream>>) -> std::io::Result<()> {
    let port = stream.get_ref().sock.peer_addr()?.port();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let id = line.split(' ').nth(1).and_then(|path| path.strip_prefix("/items/")?.parse().ok());
        let Some(id): Option<u64> = id else { return Ok(()) };
        let Fields { length, close } = Fields::read(stream)?;
        std::io::copy(&mut stream.by_ref().take(length), &mut std::io::sink())?;
        let content = id.to_string();
        let (status, fields) = (status_of(id), if close { "Connection: close\r\n" } else { "" });
        println!("{id} {port}");
        write!(
            stream.get_mut(),
            "HTTP/1.1 {status} Said\r\n{fields}Content-Length: {}\r\n\r\n{content}",
            content.len()
        )?;
        if close {
            stream.get_mut().conn.send_close_notify();
            return stream.get_mut().flush();
        }
    }
}

/// The fields of a request that matter to the server.
#[derive(Default)]
struct Fields {
    length: u64,
    close: bool,
}

impl Fields {
    fn read(stream: &mut impl BufRead) -> std::io::Result<Self> {
        let mut fields = Self::default();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let line = line.trim_end().to_ascii_lowercase();
            let Some((name, value)) = line.split_once(':') else { return Ok(fields) };
            match (name, value.trim()) {
                ("content-length", value) => fields.length = value.parse().unwrap_or(0),
                ("connection", "close") => fields.close = true,
                _ => {}
            }
        }
    }
}
