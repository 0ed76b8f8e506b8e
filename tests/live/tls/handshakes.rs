//! Ways into a session besides the usual ones: RSA key exchange, MAC-then-encrypt, and sessions
//! that the server keeps.

use std::{
    io::{Read, Write},
    net::SocketAddr,
    process::{Command, Stdio},
};

use tests::harness::{
    Event, ITEM_ROUTE, Sensor, Server, free_port, read_output, require_live, status_of,
    tls::{Certificate, nginx_with},
};

use super::{loopback, until_seen};

/// Requests of a case, each on a connection of its own.
const REQUESTS: u64 = 4;

/// Without ephemeral keys (RFC 5246 section 7.4.7.1): the client sends the secret under the
/// server's RSA key.
#[test]
fn rsa_key_exchange() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let site = Site::start("");
    site.warm_up(&mut sensor);
    let cases = [
        ("AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256"),
        ("AES256-SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA256"),
        ("AES128-CCM8", "TLS_RSA_WITH_AES_128_CCM_8"),
    ];
    for (index, (name, _)) in cases.iter().enumerate() {
        site.curl(index, &["--tls-max", "1.2", "--ciphers", name]);
    }
    let events = all(&mut sensor, &site, cases.len());
    for (index, (_, suite)) in cases.iter().enumerate() {
        let found = of_case(&sensor, &events, index);
        assert!(found.iter().all(|event| event.text("tls.cipher") == *suite), "{found:#?}");
    }
}

/// CBC as it was before encrypt-then-MAC (RFC 7366).
#[test]
fn mac_then_encrypt() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let site = Site::start("");
    site.warm_up(&mut sensor);
    for id in first_id(0)..first_id(0) + REQUESTS {
        site.openssl(id, &["-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA384", "-no_etm"]);
    }
    let events = all(&mut sensor, &site, 1);
    let found = of_case(&sensor, &events, 0);
    let name = "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384";
    assert!(found.iter().all(|event| event.text("tls.cipher") == name), "{found:#?}");
}

/// Without tickets.
#[test]
fn sessions_that_the_server_keeps() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let site = Site::start("ssl_session_tickets off; ssl_session_cache shared:a:1m;");
    site.warm_up(&mut sensor);
    for (case, version) in ["1.2", "1.3"].iter().enumerate() {
        site.curl(case, &["--tls-max", version]);
    }
    let events = all(&mut sensor, &site, 2);
    for case in 0..2 {
        // The first has a whole handshake, the others resume.
        let found = of_case(&sensor, &events, case);
        let resumed: Vec<_> = found.iter().map(|event| event.truth("tls.resumed")).collect();
        assert_eq!(resumed, [false, true, true, true].map(Some), "{found:#?}");
    }
}

/// nginx with a certificate for ECDSA and one for RSA.
struct Site {
    server: Server,
    _certificates: [Certificate; 2],
}

impl Site {
    fn start(lines: &str) -> Self {
        let certificates = [Certificate::new(), Certificate::rsa()];
        let [ecdsa, rsa] = &certificates;
        let lines = format!(
            "ssl_certificate {}; ssl_certificate_key {}; ssl_ciphers ALL:@SECLEVEL=0; {lines}",
            rsa.certificate().display(),
            rsa.key().display()
        );
        let address = loopback(free_port());
        let server =
            Server::from_command(address, |scratch| nginx_with(&lines, scratch, ecdsa, address));
        Self { server, _certificates: certificates }
    }

    fn port(&self) -> u16 {
        self.server.address.port()
    }

    fn warm_up(&self, sensor: &mut Sensor) {
        until_seen(sensor, self.port(), |id| curl(self.server.address, &id.to_string(), &[]));
    }

    /// Asks for the items of a case by one process.
    fn curl(&self, case: usize, options: &[&str]) {
        let first = first_id(case);
        curl(self.server.address, &format!("[{first}-{}]", first + REQUESTS - 1), options);
    }

    /// Asks for an item by `openssl s_client`.
    fn openssl(&self, id: u64, options: &[&str]) {
        let address = self.server.address.to_string();
        let mut command = Command::new("openssl");
        command.args(["s_client", "-ign_eof", "-connect", &address]).args(options);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it is on PATH");
        let request = format!("GET /items/{id} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        child.stdin.as_mut().expect("it is piped").write_all(request.as_bytes()).unwrap();
        let mut said = String::new();
        child.stdout.as_mut().expect("it is piped").read_to_string(&mut said).unwrap();
        child.wait().unwrap();
        assert!(said.contains("HTTP/1.1 "), "no answer: {said}");
    }
}

fn curl(address: SocketAddr, ids: &str, options: &[&str]) {
    let mut command = Command::new("curl");
    command.args(["-sSk", "-o", "/dev/null", "-H", "Connection: close"]).args(options);
    read_output(command.arg(format!("https://{address}/items/{ids}")));
}

fn first_id(case: usize) -> u64 {
    1000 + case as u64 * 10
}

/// All that there will ever be, of so many cases. How many of the first requests are seen, before
/// the library is known, nobody knows: the end is what counts.
fn all(sensor: &mut Sensor, site: &Site, cases: usize) -> Vec<Event> {
    sensor.finish(site.port(), cases * REQUESTS as usize + 1)
}

/// The exchanges of a case: one for each request, whole.
#[track_caller]
fn of_case(sensor: &Sensor, events: &[Event], case: usize) -> Vec<Event> {
    let key = sensor.settings.key();
    let ids = first_id(case)..first_id(case) + REQUESTS;
    let hashes = ids.clone().map(|id| key.hash(id.to_string().as_bytes()).to_string());
    let found: Vec<Event> = hashes
        .flat_map(|hash| events.iter().filter(move |event| event.id() == hash).cloned())
        .collect();
    let summaries: Vec<_> = found.iter().map(Event::summary).collect();
    let expect: Vec<_> = ids.map(|id| format!("GET {ITEM_ROUTE} {}", status_of(id))).collect();
    assert_eq!(summaries, expect, "case {case}; all: {events:#?}");
    found
}
