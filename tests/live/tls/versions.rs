//! Versions, cipher suites, resumption, early data and client certificates, on OpenSSL.

use std::{
    io::{Read, Write},
    net::SocketAddr,
    ops::Range,
    process::{Command, Stdio},
};

use tests::harness::{
    Event, ITEM_ROUTE, Node, Scratch, Sensor, Server, check_counted, free_port, read_output,
    require_live,
    tls::{Certificate, nginx_with},
    wait_for,
};

use super::{loopback, until_seen};

/// Version, cipher suite by its IANA name, and how curl is told to use it.
const SUITES: &[(&str, &str, &[&str])] = &[
    ("1.3", "TLS_AES_128_GCM_SHA256", &["--tls13-ciphers", "TLS_AES_128_GCM_SHA256"]),
    ("1.3", "TLS_AES_256_GCM_SHA384", &["--tls13-ciphers", "TLS_AES_256_GCM_SHA384"]),
    ("1.3", "TLS_CHACHA20_POLY1305_SHA256", &["--tls13-ciphers", "TLS_CHACHA20_POLY1305_SHA256"]),
    ("1.3", "TLS_AES_128_CCM_SHA256", &["--tls13-ciphers", "TLS_AES_128_CCM_SHA256"]),
    (
        "1.2",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        &["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"],
    ),
    (
        "1.2",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        &["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384"],
    ),
    (
        "1.2",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        &["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-CHACHA20-POLY1305"],
    ),
    (
        "1.2",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
        &["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-CCM"],
    ),
    (
        "1.2",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        &["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-SHA256"],
    ),
    (
        "1.2",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
        &["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES256-SHA384"],
    ),
    (
        "1.2",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        &["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES256-SHA"],
    ),
    (
        "1.1",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        &["--tlsv1.1", "--tls-max", "1.1", "--ciphers", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"],
    ),
    (
        "1.0",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        &["--tlsv1.0", "--tls-max", "1.0", "--ciphers", "ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0"],
    ),
];

/// Everything that OpenSSL knows beside TLS 1.2 and 1.3, early data, and a client certificate for whoever has one.
const ALL: &str = "
    ssl_protocols TLSv1 TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256;
    ssl_session_tickets on; ssl_early_data on; ssl_verify_client optional_no_ca;";

#[test]
fn every_version_and_cipher_suite() {
    let Some(node) = require_live() else { return };
    let mut run = Run::start(&node);
    for (index, (version, suite, options)) in SUITES.iter().enumerate() {
        let first = index as u64 * 20;
        let ids = first..first + 20;
        run.curl(ids.clone(), options);
        for event in run.events(ids) {
            assert_eq!(event.text("tls.protocol.version"), *version, "{suite}: {event:?}");
            assert_eq!(event.text("tls.cipher"), *suite, "{event:?}");
            assert_eq!(event.truth("tls.resumed"), Some(false), "{suite}: {event:?}");
            assert_eq!(event.truth("tls.client.certificate_shown"), Some(false), "{event:?}");
        }
    }
    run.sensor.stop();
}

#[test]
fn tickets_resume_a_session() {
    let Some(node) = require_live() else { return };
    let mut run = Run::start(&node);
    for (index, version) in ["-tls1_2", "-tls1_3"].into_iter().enumerate() {
        let first = index as u64 * 10;
        let session = run.scratch.file(version);
        run.openssl(first, &[version, "-sess_out", session.to_str().unwrap()]);
        let events = run.events(first..first + 1);
        assert_eq!(events[0].truth("tls.resumed"), Some(false), "{version}: {events:?}");
        for id in first + 1..first + 4 {
            run.openssl(id, &[version, "-sess_in", session.to_str().unwrap()]);
            let events = run.events(id..id + 1);
            assert_eq!(events[0].truth("tls.resumed"), Some(true), "{version}: {events:?}");
        }
    }
    run.sensor.stop();
}

/// The request comes with the first flight, under a secret of its own.
#[test]
fn early_data_is_read() {
    let Some(node) = require_live() else { return };
    let mut run = Run::start(&node);
    let session = run.scratch.file("session");
    run.openssl(0, &["-tls1_3", "-sess_out", session.to_str().unwrap()]);
    run.events(0..1);
    let request = run.scratch.write("request", request(1));
    let files = [session, request].map(|file| file.display().to_string());
    let options = ["-tls1_3", "-sess_in", &files[0], "-early_data", &files[1]];
    let said = run.s_client(&options, b"");
    assert!(said.contains("Early data was accepted"), "{said}");
    let events = run.events(1..2);
    assert_eq!(events[0].truth("tls.resumed"), Some(true), "{events:?}");
    run.sensor.stop();
}

#[test]
fn a_client_certificate_shows() {
    let Some(node) = require_live() else { return };
    let mut run = Run::start(&node);
    let both = run.certificate.both().display().to_string();
    for (index, (version, shown)) in
        [("1.2", true), ("1.3", true), ("1.2", false), ("1.3", false)].into_iter().enumerate()
    {
        let first = index as u64 * 10;
        let mut options = vec!["--tls-max", version];
        if shown {
            options.extend(["--cert", &both]);
        }
        run.curl(first..first + 10, &options);
        for event in run.events(first..first + 10) {
            let found = event.truth("tls.client.certificate_shown");
            assert_eq!(found, Some(shown), "{version}: {event:?}");
            assert_eq!(event.text("tls.protocol.version"), version, "{event:?}");
        }
    }
    run.sensor.stop();
}

/// A sensor and an nginx that takes every suite.
struct Run {
    sensor: Sensor,
    certificate: Certificate,
    scratch: Scratch,
    address: SocketAddr,
    taken: usize,
    _server: Server,
}

impl Run {
    fn start(node: &Node) -> Self {
        let (certificate, address) = (Certificate::new(), loopback(free_port()));
        let server = Server::from_command(address, |scratch| {
            nginx_with(ALL, scratch, &certificate, address)
        });
        let mut sensor = Sensor::start(node);
        let scratch = Scratch::new();
        until_seen(&mut sensor, address.port(), |_| {
            let url = format!("https://{address}/empty");
            read_output(Command::new("curl").args(["-sSk", "--http1.1", &url]));
        });
        Self { sensor, certificate, scratch, address, taken: 0, _server: server }
    }

    /// Asks for the ids over one connection.
    fn curl(&self, ids: Range<u64>, options: &[&str]) {
        let mut command = Command::new("curl");
        command.args(["-sSk", "--http1.1", "-o", "/dev/null"]).args(options);
        command.arg(format!("https://{}/items/[{}-{}]", self.address, ids.start, ids.end - 1));
        read_output(&mut command);
    }

    /// Asks for an id on a connection of its own.
    fn openssl(&self, id: u64, options: &[&str]) {
        let said = self.s_client(options, request(id).as_bytes());
        assert!(said.contains("HTTP/1.1 "), "no answer: {said}");
    }

    /// What `openssl s_client` says while it sends something, until the server ends.
    fn s_client(&self, options: &[&str], input: &[u8]) -> String {
        let address = self.address.to_string();
        let mut command = Command::new("openssl");
        command.args(["s_client", "-ign_eof", "-connect", &address]).args(options);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it is on PATH");
        child.stdin.as_mut().expect("it is piped").write_all(input).unwrap();
        let mut said = Vec::new();
        child.stdout.take().expect("it is piped").read_to_end(&mut said).unwrap();
        child.wait().unwrap();
        String::from_utf8_lossy(&said).into_owned()
    }

    /// The events since the last call: one of each id.
    #[track_caller]
    fn events(&mut self, ids: Range<u64>) -> Vec<Event> {
        let port = self.address.port();
        let count = ids.clone().count();
        let new = wait_for("events", || {
            let items = self.sensor.events(port).into_iter();
            let items = items.filter(|event| event.text("http.route") == ITEM_ROUTE);
            let new: Vec<_> = items.skip(self.taken).collect();
            (new.len() >= count).then_some(new)
        });
        self.taken += new.len();
        check_counted(&new, &self.sensor.settings.key(), ids);
        new
    }
}

fn request(id: u64) -> String {
    format!("GET /items/{id} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}
