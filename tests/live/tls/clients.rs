//! Each client, of a server that nobody can read.

use std::{net::SocketAddr, process::Command};

use tests::harness::{
    Node, Sensor, free_port, program, read_output, require_live,
    tls::{
        Certificate, Expected, Load, Manner, Peer, Phase, Pipes, bun, go, grpcio, node as node_of,
    },
    wait_for,
};

use super::{ask, loopback, requests, warm_up};

const CONNECTIONS: usize = 8;

#[test]
fn curl() {
    is_read("", &whole(), &|_, address, phase| {
        let mut command = Command::new("curl");
        command.args(["-sSk", "-o", "/dev/null", "-X", phase.method]);
        if phase.body > 0 {
            command.args(["-d", &content(phase)]);
        }
        match phase.manner {
            Manner::Kept => {}
            Manner::Fresh => drop(command.args(["-H", "Connection: close", "--no-sessionid"])),
            Manner::Resumed => drop(command.args(["-H", "Connection: close"])),
        }
        command.arg(format!("https://{address}/items/[{}-{}]", phase.ids.start, phase.ids.end - 1));
        read_output(&mut command);
    });
}

#[test]
fn wget_with_gnutls() {
    is_read("", &whole(), &|_, address, phase| {
        let urls: Vec<_> =
            phase.ids.clone().map(|id| format!("https://{address}/items/{id}")).collect();
        let scratch = tests::harness::Scratch::new();
        let mut command = Command::new("wget");
        command.args(["-q", "-O", "/dev/null", "--no-check-certificate", "--tries=1"]);
        if phase.body > 0 {
            command.arg(format!("--method={}", phase.method));
            command.arg(format!("--body-data={}", content(phase)));
        }
        if phase.manner != Manner::Kept {
            command.arg("--no-http-keep-alive");
        }
        command.arg("-i").arg(scratch.write("urls", urls.join("\n")));
        let status = command.status().expect("wget is there");
        // Some answers are 404, which wget says by an 8.
        assert!(matches!(status.code(), Some(0 | 8)), "{command:?} ended with {status}");
    });
}

/// It knows no HTTP: requests go through its standard input, one at a time, and a process is a
/// connection.
#[test]
fn gnutls_cli() {
    let many = requests();
    let load = Load(vec![
        Phase { method: "GET", ids: 0..many / 2, body: 0, manner: Manner::Kept },
        Phase { method: "POST", ids: many / 2..many, body: 700, manner: Manner::Kept },
        Phase { method: "PUT", ids: many..many + many / 50, body: 300, manner: Manner::Fresh },
    ]);
    is_read("", &load, &|_, address, phase| {
        let mut pipes = None;
        for id in phase.ids.clone() {
            if phase.manner == Manner::Fresh {
                pipes = None;
            }
            let client = pipes.get_or_insert_with(|| {
                let mut command = Command::new("gnutls-cli");
                command.args(["--insecure", "--logfile=/dev/null", "--port"]);
                command.arg(address.port().to_string()).arg(address.ip().to_string());
                Pipes::client(&mut command, address)
            });
            client.item(phase.method, id, phase.body as usize, true);
        }
    });
}

#[test]
fn python_http_client() {
    is_read("", &whole(), &|_, address, phase| {
        ask(
            &["python3".into(), program("tls_client.py"), "sync".into()],
            address,
            phase,
            CONNECTIONS,
        );
    });
}

#[test]
fn python_asyncio() {
    is_read("localhost", &whole(), &|_, address, phase| {
        ask(
            &["python3".into(), program("tls_client.py"), "asyncio".into()],
            address,
            phase,
            CONNECTIONS,
        );
    });
}

#[test]
fn node_16_https() {
    node_asks("16.20.2", "https");
}

#[test]
fn node_20_https() {
    node_asks("20.20.2", "https");
}

#[test]
fn node_24_https() {
    node_asks("24.21.0", "https");
}

#[test]
fn node_24_fetch() {
    node_asks("24.21.0", "fetch");
}

fn node_asks(version: &str, how: &str) {
    is_read("", &whole(), &|node, address, phase| {
        ask(
            &[node_of(node, version), program("tls_client.js"), how.into()],
            address,
            phase,
            CONNECTIONS,
        );
    });
}

#[test]
fn bun_fetch() {
    is_read("", &whole(), &|node, address, phase| {
        ask(&[bun(node), program("tls_client.js"), "fetch".into()], address, phase, CONNECTIONS);
    });
}

#[test]
fn go_without_symbols() {
    is_read("", &whole(), &|node, address, phase| {
        ask(&[go(node), "ask".into()], address, phase, CONNECTIONS);
    });
}

#[test]
fn rustls_with_symbols() {
    is_read("localhost", &whole(), &|_, address, phase| {
        let load = Load(vec![phase.clone()]);
        Peer::with_symbols().ask(address, &load, CONNECTIONS, |command| command);
    });
}

/// What it says on it is not read yet, but the connection is.
#[test]
fn grpc_with_boringssl() {
    let Some(node) = require_live() else { return };
    let sensor = Sensor::start(&node);
    let certificate = Certificate::new();
    let address = loopback(free_port());
    let peer = Peer::dark();
    let _server = peer.serve(address, &certificate, Some("h2"));
    wait_for("connection that is read", || {
        let mut command = Command::new("python3");
        command.env("PYTHONPATH", grpcio(&node)).arg(program("tls_grpc.py"));
        command.arg(certificate.certificate()).arg(address.port().to_string());
        read_output(&mut command);
        (sensor.counter("http2_connections") > 0).then_some(())
    });
    assert!(sensor.counter("tls_read") > 0);
}

fn whole() -> Load {
    Load::of(requests())
}

fn content(phase: &Phase) -> String {
    "x".repeat(phase.body as usize)
}

/// Every request of it is seen once and rightly. It asks for a host by this name, or for none.
fn is_read(name: &str, load: &Load, ask: &dyn Fn(&Node, SocketAddr, &Phase)) {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let certificate = Certificate::new();
    let address = loopback(free_port());
    let peer = Peer::dark();
    let _server = peer.serve(address, &certificate, None);
    warm_up(&mut sensor, address.port(), |load| ask(&node, address, &load.0[0]));
    for phase in &load.0 {
        ask(&node, address, phase);
    }
    let asked = peer.served(load);
    let events = sensor.wait_events(address.port(), load.requests() + 1);
    eprintln!("{} asked, {} seen, losses {:?}", asked.len(), events.len(), sensor.losses());
    assert_eq!(asked.len(), load.requests());
    let expected = Expected {
        key: sensor.settings.key(),
        server: address,
        client: address.ip(),
        ending: 0,
        name,
    };
    expected.check(&asked, &events);
}
