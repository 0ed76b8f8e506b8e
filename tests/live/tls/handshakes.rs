//! Versions, cipher suites, resumption, early data and client certificates, by OpenSSL with
//! OpenSSL.

use std::{
    io::{Read, Write},
    net::SocketAddr,
    process::{Command, Stdio},
};

use tests::harness::{
    Event, Scratch, Sensor, Server, free_port, read_output, require_live,
    tls::{Certificate, nginx_listening, nginx_with},
};

use super::{loopback, warm_up};

/// Requests of a case: the first has a whole handshake, the others may resume.
const REQUESTS: u64 = 4;
const TLS_1_2: &[&str] = &["--tlsv1.2", "--tls-max", "1.2"];
const TLS_1_3: &[&str] = &["--tlsv1.3"];

/// nginx with a certificate for ECDSA and one for RSA.
struct Site {
    server: Server,
    _certificates: [Certificate; 2],
}

impl Site {
    fn start(lines: &str) -> Self {
        let certificates = [Certificate::new(), Certificate::rsa()];
        let [_, rsa] = &certificates;
        let lines = format!(
            "ssl_certificate {}; ssl_certificate_key {}; ssl_ciphers ALL:@SECLEVEL=0; {lines}",
            rsa.certificate().display(),
            rsa.key().display()
        );
        let scratch = Scratch::new();
        let address = loopback(free_port());
        let command = nginx_with(&lines, &scratch, &certificates[0], address);
        Self { server: nginx_listening(command, scratch, address), _certificates: certificates }
    }
}

#[test]
fn versions_and_cipher_suites() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let suites = [
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
    ];
    let site = Site::start(&format!("ssl_conf_command Ciphersuites {};", suites.join(":")));
    let address = site.server.address;
    warm(&mut sensor, address);
    let older = [
        ("ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
        ("ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
        ("ECDHE-ECDSA-AES128-CCM", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"),
        ("ECDHE-ECDSA-AES256-CCM8", "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"),
        ("ECDHE-ECDSA-AES128-SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
        ("ECDHE-ECDSA-AES128-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
        ("ECDHE-RSA-AES256-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
        ("AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256"),
        ("AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"),
    ];
    let mut cases: Vec<(Vec<&str>, &str, &str)> = suites
        .iter()
        .map(|suite| ([TLS_1_3, &["--tls13-ciphers", suite]].concat(), "1.3", *suite))
        .collect();
    for (name, suite) in older {
        cases.push(([TLS_1_2, &["--ciphers", name]].concat(), "1.2", suite));
    }
    for (index, (options, ..)) in cases.iter().enumerate() {
        curl(address, first_id(index), options);
    }
    let events = sensor.wait_events(address.port(), cases.len() * REQUESTS as usize + 1);
    for (index, (options, version, suite)) in cases.iter().enumerate() {
        let found = of_case(&sensor, &events, index);
        let facts = |event: &Event| {
            (event.text("tls.protocol.version").to_owned(), event.text("tls.cipher").to_owned())
        };
        let expect = ((*version).to_owned(), (*suite).to_owned());
        assert!(found.iter().all(|event| facts(event) == expect), "{options:?}: {found:#?}");
        check_resumed(&found, options);
    }
}

#[test]
fn resumption_by_ticket_and_by_session() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    for (lines, options) in [
        ("ssl_session_tickets on;", TLS_1_2),
        ("ssl_session_tickets on;", TLS_1_3),
        ("ssl_session_tickets off; ssl_session_cache shared:a:1m;", TLS_1_2),
        ("ssl_session_tickets off; ssl_session_cache shared:a:1m;", TLS_1_3),
    ] {
        let site = Site::start(lines);
        let address = site.server.address;
        warm(&mut sensor, address);
        curl(address, first_id(0), options);
        let events = sensor.wait_events(address.port(), REQUESTS as usize + 1);
        check_resumed(&of_case(&sensor, &events, 0), &[lines]);
    }
}

/// The first has a whole handshake, the others resume.
#[track_caller]
fn check_resumed(events: &[Event], case: &[&str]) {
    let resumed = events.iter().filter(|event| event.flag("tls.resumed") == Some(true)).count();
    assert_eq!(resumed, events.len() - 1, "{case:?}: {events:#?}");
}

#[test]
fn client_certificates() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let site = Site::start("ssl_verify_client optional_no_ca;");
    let address = site.server.address;
    warm(&mut sensor, address);
    let own = Certificate::new();
    let paths = [own.certificate(), own.key()].map(|path| path.display().to_string());
    let shown = ["--cert", &paths[0], "--key", &paths[1]];
    let cases = [
        ([TLS_1_2, &shown].concat(), true),
        ([TLS_1_3, &shown].concat(), true),
        (TLS_1_2.to_vec(), false),
        (TLS_1_3.to_vec(), false),
    ];
    for (index, (options, _)) in cases.iter().enumerate() {
        curl(address, first_id(index), &[options, &["--no-sessionid"][..]].concat());
    }
    let events = sensor.wait_events(address.port(), cases.len() * REQUESTS as usize + 1);
    for (index, (options, shown)) in cases.iter().enumerate() {
        let found = of_case(&sensor, &events, index);
        let all =
            found.iter().all(|event| event.flag("tls.client.certificate_shown") == Some(*shown));
        assert!(all, "{options:?}: {found:#?}");
    }
}

/// The request comes before the handshake is done, under a secret of its own.
#[test]
fn early_data() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let site = Site::start("ssl_early_data on;");
    let address = site.server.address;
    warm(&mut sensor, address);
    let scratch = Scratch::new();
    let session = scratch.file("session").display().to_string();
    let request =
        |id: u64| format!("GET /items/{id} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    s_client(address, &["-tls1_3", "-sess_out", &session], &request(first_id(0)));
    for id in first_id(0) + 1..first_id(0) + REQUESTS {
        let early = scratch.write("early", request(id)).display().to_string();
        let said = s_client(address, &["-tls1_3", "-sess_in", &session, "-early_data", &early], "");
        assert!(said.contains("Early data was accepted"), "{said}");
    }
    let events = sensor.wait_events(address.port(), REQUESTS as usize + 1);
    check_resumed(&of_case(&sensor, &events, 0), &["early data"]);
}

/// CBC as it was before encrypt-then-MAC (RFC 7366).
#[test]
fn mac_then_encrypt() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let site = Site::start("");
    let address = site.server.address;
    warm(&mut sensor, address);
    for id in first_id(0)..first_id(0) + REQUESTS {
        let request = format!("GET /items/{id} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let cipher = ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA", "-no_etm"];
        s_client(address, &cipher, &request);
    }
    let events = sensor.wait_events(address.port(), REQUESTS as usize + 1);
    let found = of_case(&sensor, &events, 0);
    let name = "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA";
    assert!(found.iter().all(|event| event.text("tls.cipher") == name), "{found:#?}");
}

fn warm(sensor: &mut Sensor, address: SocketAddr) {
    warm_up(sensor, address.port(), |load| {
        let id = load.0[0].ids.start;
        let mut command = Command::new("curl");
        command.args(["-sSk", "-o", "/dev/null"]);
        read_output(command.arg(format!("https://{address}/items/{id}")));
    });
}

fn first_id(case: usize) -> u64 {
    1000 + case as u64 * 10
}

/// Asks for the items of a case, each on a connection of its own, by one process.
fn curl(address: SocketAddr, first: u64, options: &[&str]) {
    let mut command = Command::new("curl");
    command.args(["-sSk", "-o", "/dev/null", "-H", "Connection: close"]).args(options);
    command.arg(format!("https://{address}/items/[{first}-{}]", first + REQUESTS - 1));
    read_output(&mut command);
}

/// Sends a request by `openssl s_client`, waits for the server's end, and gives what was said.
fn s_client(address: SocketAddr, options: &[&str], request: &str) -> String {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &address.to_string()]).args(options);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("openssl is there");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(request.as_bytes()).expect("a pipe with a reader");
    let mut said = String::new();
    let read = child.stdout.take().expect("a pipe").read_to_string(&mut said);
    read.expect("what it prints is text");
    drop(input);
    child.wait().expect("a child of this process");
    said
}

/// The exchanges of a case: one for each request, whole.
#[track_caller]
fn of_case(sensor: &Sensor, events: &[Event], case: usize) -> Vec<Event> {
    let key = sensor.settings.key();
    let first = first_id(case);
    let ids = first..first + REQUESTS;
    let found: Vec<Event> = ids
        .clone()
        .flat_map(|id| {
            let hash = key.hash(id.to_string().as_bytes()).to_string();
            events.iter().filter(move |event| event.id() == hash).cloned()
        })
        .collect();
    let summaries: Vec<_> = found.iter().map(Event::summary).collect();
    let expect: Vec<_> = ids
        .map(|id| format!("GET {} {}", tests::harness::ITEM_ROUTE, tests::harness::status_of(id)))
        .collect();
    assert_eq!(summaries, expect, "case {case}; all: {events:#?}");
    found
}
