//! Each client, with a server that nobody can read.

use std::{path::PathBuf, process::Command};

use tests::harness::{
    Node, Sensor, Server, free_port, program, read_output, require_live,
    tls::{Certificate, Expected, Load, Manner, Peer, Phase, Pipes, bun, go, grpcio, node},
    wait_for,
};

use super::{ask, dark_connections, loopback, programs, requests, warm_up};

const CONNECTIONS: usize = 8;

#[test]
fn curl() {
    is_read("", |port, phase| {
        let mut command = Command::new("curl");
        command.args(["-sSk", "--http1.1", "-o", "/dev/null", "-X", phase.method]);
        if phase.body > 0 {
            command.args(["--data-binary", &content(phase)]);
        }
        if phase.manner != Manner::Kept {
            command.args(["-H", "Connection: close"]);
        }
        let ids = format!("[{}-{}]", phase.ids.start, phase.ids.end - 1);
        read_output(command.arg(format!("https://127.0.0.1:{port}/items/{ids}")));
    });
}

#[test]
fn wget_with_gnutls() {
    is_read("", |port, phase| {
        let mut command = Command::new("sh");
        // That a server answered with an error, its exit status 8, is no failure here.
        command.args(["-c", "wget \"$@\" || [ $? -eq 8 ]", "sh"]);
        command.args(["-q", "-O", "/dev/null", "--no-check-certificate"]);
        command.arg(format!("--method={}", phase.method));
        if phase.body > 0 {
            command.arg(format!("--body-data={}", content(phase)));
        }
        if phase.manner != Manner::Kept {
            command.arg("--no-http-keep-alive");
        }
        let urls = phase.ids.clone().map(|id| format!("https://127.0.0.1:{port}/items/{id}"));
        read_output(command.args(urls));
    });
}

#[test]
fn node_16_with_openssl_1_1() {
    node_asks("16.20.2", "https");
}

#[test]
fn node_20_with_openssl_3_0() {
    node_asks("20.20.2", "https");
}

#[test]
fn node_24_with_openssl_3_5() {
    node_asks("24.21.0", "https");
}

#[test]
fn node_24_by_fetch() {
    node_asks("24.21.0", "fetch");
}

fn node_asks(version: &str, how: &str) {
    program_is_read("", |of| vec![node(of, version), program("tls_client.js"), how.into()]);
}

#[test]
fn bun_with_boringssl() {
    program_is_read("", |of| vec![bun(of), program("tls_client.js"), "fetch".into()]);
}

#[test]
fn python_http_client() {
    program_is_read("", |_| python("sync"));
}

#[test]
fn python_asyncio() {
    program_is_read("localhost", |_| python("asyncio"));
}

fn python(how: &str) -> Vec<PathBuf> {
    vec!["python3".into(), program("tls_client.py"), how.into()]
}

#[test]
fn go_without_symbols() {
    program_is_read("", |of| vec![go(of), "ask".into()]);
}

#[test]
fn rustls_with_symbols() {
    let peer = Peer::with_symbols();
    is_read("localhost", |port, phase| {
        peer.ask(loopback(port), &Load(vec![phase.clone()]), CONNECTIONS, |command| command);
    });
}

/// It knows no HTTP: a request goes in when the answer to the last has come out.
#[test]
fn gnutls_cli() {
    let Some(node) = require_live() else { return };
    let (half, all) = (requests() / 2, requests());
    let one = |method, ids, body, manner| Phase { method, ids, body, manner };
    let load = Load(vec![
        one("GET", 0..half, 0, Manner::Kept),
        one("POST", half..all, 300, Manner::Kept),
        one("PUT", all..all + all / 50, 300, Manner::Fresh),
    ]);
    Run::start(&node).check("", &load, |port, load| {
        for Phase { method, ids, body, manner } in &load.0 {
            let connect = || Pipes::client(&mut gnutls(port), loopback(port));
            let mut client = connect();
            for id in ids.clone() {
                client.item(method, id, *body as usize, true);
                if *manner != Manner::Kept && id + 1 < ids.end {
                    client = connect();
                }
            }
        }
    });
}

fn gnutls(port: u16) -> Command {
    let mut command = Command::new("gnutls-cli");
    command.args(["--insecure", "--logfile=/dev/null", "--port", &port.to_string(), "127.0.0.1"]);
    command
}

/// What it sends is HTTP/2: that its connection is decrypted is all that can be seen.
#[test]
fn grpcio_with_boringssl() {
    let Some(node) = require_live() else { return };
    let run = Run::start_with(&node, Some("h2"));
    let before = run.sensor.counter("http2_connections");
    // A first short call may be over before the library is known.
    wait_for("HTTP/2 of gRPC", || {
        let mut client = Command::new("python3");
        client.env("PYTHONPATH", grpcio(&node)).arg(program("grpc_client.py"));
        client.arg(format!("127.0.0.1:{}", run.port));
        read_output(client.arg(run.certificate.certificate()));
        (run.sensor.counter("http2_connections") > before).then_some(())
    });
    assert!(run.sensor.counter("tls_read") > 0, "{:?}", run.sensor.status().counters);
}

/// Two ends that nobody can read: the connections are said to be dark, with the program and the
/// reason. Beside them is one that is read.
#[test]
fn rustls_without_symbols_alone_is_dark() {
    let Some(node) = require_live() else { return };
    let mut run = Run::start(&node);
    let address = loopback(run.port);
    warm_up(&mut run.sensor, run.port, |load| {
        ask(&python("sync"), address, &load.0[0], 1);
    });
    let dark = Peer::dark();
    let load = Load(vec![Phase { method: "GET", ids: 0..40, body: 0, manner: Manner::Fresh }]);
    dark.ask(address, &load, 4, |command| command);
    let rows = wait_for("rows of what is dark", || {
        let rows = programs(&run.sensor);
        (rows.iter().map(dark_connections).sum::<u64>() >= 40).then_some(rows)
    });
    let ends = [dark.executable(), run.peer.executable()].map(|file| file.to_str().unwrap());
    for row in rows.iter().filter(|row| dark_connections(row) > 0) {
        let program = row.executable.as_deref().unwrap_or_default();
        assert!(ends.contains(&program), "{row:?}");
        assert!(row.dark.contains_key("secret_never_came"), "{row:?}");
    }
    run.sensor.stop();
    let events = run.sensor.events(run.port);
    run.expected("").check(&[], &events);
}

fn content(phase: &Phase) -> String {
    "x".repeat(phase.body as usize)
}

/// The same of a client of `tests/programs`.
fn program_is_read(name: &str, client: impl Fn(&Node) -> Vec<PathBuf>) {
    let Some(node) = require_live() else { return };
    let client = client(&node);
    Run::start(&node).check(name, &Load::of(requests()), |port, load| {
        load.0.iter().for_each(|phase| ask(&client, loopback(port), phase, CONNECTIONS));
    });
}

/// Every request of a client is seen once and rightly. `name` is the host name that it asks for.
fn is_read(name: &str, ask: impl Fn(u16, &Phase)) {
    let Some(node) = require_live() else { return };
    Run::start(&node).check(name, &Load::of(requests()), |port, load| {
        load.0.iter().for_each(|phase| ask(port, phase));
    });
}

/// A sensor, and a server that it cannot read.
struct Run {
    sensor: Sensor,
    peer: Peer,
    certificate: Certificate,
    port: u16,
    _server: Server,
}

impl Run {
    fn start(node: &Node) -> Self {
        Self::start_with(node, None)
    }

    fn start_with(node: &Node, protocol: Option<&str>) -> Self {
        let sensor = Sensor::start(node);
        let (peer, certificate, port) = (Peer::dark(), Certificate::new(), free_port());
        let server = peer.serve(loopback(port), &certificate, protocol);
        Self { sensor, peer, certificate, port, _server: server }
    }

    fn check(&mut self, name: &str, load: &Load, ask: impl Fn(u16, &Load)) {
        let port = self.port;
        warm_up(&mut self.sensor, port, |load| ask(port, load));
        ask(port, load);
        let asked = self.peer.served(load);
        assert_eq!(asked.len(), load.requests(), "the client has not asked for all");
        self.sensor.wait_events(port, asked.len() + 1);
        self.sensor.stop();
        let events = self.sensor.events(port);
        self.expected(name).check(&asked, &events);
    }

    fn expected<'a>(&self, name: &'a str) -> Expected<'a> {
        let address = loopback(self.port);
        let key = self.sensor.settings.key();
        Expected { key, server: address, client: address.ip(), ending: 0, name }
    }
}
