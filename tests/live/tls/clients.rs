//! Each client, with a server that nobody can read.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use sensor::coverage::TlsProgram;
use tests::harness::{
    Node, Sensor, Server, free_port, read_output, require_live, socket,
    tls::{
        Certificate, Expected, Load, Manner, Peer, Phase, WARM_UP, bun, client_of, go, grpcio, node,
    },
    wait_for,
};

use super::{loopback, warm_up};

const CONNECTIONS: &str = "4";

#[test]
fn curl() {
    is_read("", |_, port, phase| {
        let mut command = Command::new("curl");
        command.args(["-sSk", "--http1.1", "-o", "/dev/null", "-X", phase.method]);
        if phase.body > 0 {
            command.args(["--data-binary", &content(phase)]);
        }
        if phase.manner != Manner::Kept {
            command.args(["-H", "Connection: close"]);
        }
        let ids = format!("[{}-{}]", phase.ids.start, phase.ids.end - 1);
        command.arg(format!("https://127.0.0.1:{port}/items/{ids}"));
        command
    });
}

#[test]
fn wget_with_gnutls() {
    is_read("", |_, port, phase| {
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
        command.args(urls);
        command
    });
}

#[test]
fn node_16_with_openssl_1_1() {
    is_read("", |of, port, phase| script(&of.node("16.20.2"), "https", port, phase));
}

#[test]
fn node_20_with_openssl_3_0() {
    is_read("", |of, port, phase| script(&of.node("20.20.2"), "https", port, phase));
}

#[test]
fn node_24_with_openssl_3_5() {
    is_read("", |of, port, phase| script(&of.node("24.21.0"), "https", port, phase));
}

#[test]
fn bun_with_boringssl() {
    is_read("", |of, port, phase| script(&of.bun(), "fetch", port, phase));
}

#[test]
fn python_http_client() {
    is_read("", |_, port, phase| python("sync", port, phase));
}

#[test]
fn python_asyncio() {
    is_read("localhost", |_, port, phase| python("asyncio", port, phase));
}

#[test]
fn go_without_symbols() {
    is_read("", |of, port, phase| {
        let mut command = Command::new(go(of.0));
        command.arg("ask");
        arguments(&mut command, port, phase);
        command
    });
}

/// It sends what its standard input says, one request behind the other.
#[test]
fn gnutls_cli() {
    let Some(node) = require_live() else { return };
    let mut run = Run::start(&node);
    let ask = |port, load: &Load| {
        for phase in &load.0 {
            let requests: String = phase.ids.clone().map(|id| pipelined(phase, id)).collect();
            let mut command = Command::new("gnutls-cli");
            command.args(["--insecure", "--port", &format!("{port}"), "127.0.0.1"]);
            let mut child = command
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it is on PATH");
            child.stdin.as_mut().expect("it is piped").write_all(requests.as_bytes()).unwrap();
            // It ends when the server has ended the connection.
            child.wait().unwrap();
        }
    };
    let one = |method, ids, body| Phase { method, ids, body, manner: Manner::Kept };
    let load = Load(vec![one("GET", 0..50, 0), one("POST", 50..80, 300)]);
    run.check("", &load, ask);
}

fn pipelined(phase: &Phase, id: u64) -> String {
    let Phase { method, ids, body, .. } = phase;
    let close = if id + 1 == ids.end { "Connection: close\r\n" } else { "" };
    let length = if *body > 0 { format!("Content-Length: {body}\r\n") } else { String::new() };
    let content = content(phase);
    format!("{method} /items/{id} HTTP/1.1\r\nHost: a\r\n{close}{length}\r\n{content}")
}

/// What it sends is HTTP/2: that its connection is decrypted is all that can be seen.
#[test]
fn grpcio_with_boringssl() {
    let Some(node) = require_live() else { return };
    let run = Run::start_with(&node, Some("h2"));
    let before = run.sensor.counter("http2_connections");
    // A first short call may be over before the library is known.
    wait_for("HTTP/2 of gRPC", || {
        let mut client = client_of("python3".into(), "grpc_client.py");
        client.env("PYTHONPATH", grpcio(&node)).arg(format!("127.0.0.1:{}", run.port));
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
    warm_up(&mut run.sensor, run.port, |load| {
        for phase in &load.0 {
            read_output(&mut python("sync", run.port, phase));
        }
    });
    let dark = Peer::dark();
    let load = Load(vec![Phase { method: "GET", ids: 0..40, body: 0, manner: Manner::Fresh }]);
    dark.ask(loopback(run.port), &load, 4, |command| command);
    let rows = wait_for("rows of what is dark", || {
        let rows = rows(&run.sensor);
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

fn rows(sensor: &Sensor) -> Vec<TlsProgram> {
    let answer = sensor.ask("/tls").expect("a running sensor answers");
    serde_json::from_value(answer["programs"].clone()).expect("an answer as documented")
}

fn dark_connections(row: &TlsProgram) -> u64 {
    row.dark.values().sum()
}

/// What a client is started from.
struct Programs<'a>(&'a Node);

impl Programs<'_> {
    fn node(&self, version: &str) -> std::path::PathBuf {
        node(self.0, version)
    }

    fn bun(&self) -> std::path::PathBuf {
        bun(self.0)
    }
}

fn script(interpreter: &std::path::Path, how: &str, port: u16, phase: &Phase) -> Command {
    let mut command = client_of(interpreter.to_owned(), "tls_client.js");
    command.arg(how);
    arguments(&mut command, port, phase);
    command
}

fn python(how: &str, port: u16, phase: &Phase) -> Command {
    let mut command = client_of("python3".into(), "tls_client.py");
    command.arg(how);
    arguments(&mut command, port, phase);
    command
}

/// The arguments that the clients of `tests/programs` share.
fn arguments(command: &mut Command, port: u16, phase: &Phase) {
    let Phase { method, ids, body, manner } = phase;
    let manner = if *manner == Manner::Kept { Manner::Kept } else { Manner::Fresh };
    command.arg(socket("127.0.0.1", port).to_string()).arg(method);
    command.args([ids.start, ids.end, *body].map(|number| number.to_string()));
    command.args([CONNECTIONS, manner.word()]);
}

fn content(phase: &Phase) -> String {
    "x".repeat(phase.body as usize)
}

/// Every request of a client is seen once and rightly. `name` is the host name that it asks for.
fn is_read(name: &str, command: impl Fn(&Programs<'_>, u16, &Phase) -> Command) {
    let Some(node) = require_live() else { return };
    let mut run = Run::start(&node);
    let programs = Programs(&node);
    run.check(name, &Load::of(200), |port, load| {
        for phase in &load.0 {
            read_output(&mut command(&programs, port, phase));
        }
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
        let mut all = load.clone();
        let (ids, manner) = (WARM_UP..WARM_UP + 1000, Manner::Fresh);
        all.0.push(Phase { method: "GET", ids, body: 0, manner });
        let mut asked = self.peer.served(&all);
        asked.retain(|asked| asked.id < WARM_UP);
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
