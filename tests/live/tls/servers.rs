//! Each server, asked by a client that nobody can read.

use tests::harness::{
    Node, Sensor, free_port, require_live,
    tls::{Certificate, Expected, Load, Manner, Peer, Phase, TlsKind, start},
    wait_for,
};

use super::{dark_connections, loopback, programs, requests, warm_up};

const CONNECTIONS: usize = 8;

#[test]
fn nginx() {
    is_read(TlsKind::Nginx);
}

#[test]
fn haproxy() {
    is_read(TlsKind::Haproxy);
}

#[test]
fn python_http_server() {
    is_read(TlsKind::Python);
}

#[test]
fn uvicorn_on_asyncio() {
    is_read(TlsKind::Asgi);
}

#[test]
fn node_16_with_openssl_1_1() {
    is_read(TlsKind::Node("16.20.2"));
}

#[test]
fn node_20_with_openssl_3_0() {
    is_read(TlsKind::Node("20.20.2"));
}

#[test]
fn node_24_with_openssl_3_5() {
    is_read(TlsKind::Node("24.21.0"));
}

#[test]
fn bun_with_boringssl() {
    is_read(TlsKind::Bun);
}

#[test]
fn lighttpd_with_openssl() {
    is_read(TlsKind::LighttpdOpenssl);
}

#[test]
fn lighttpd_with_gnutls() {
    is_read(TlsKind::LighttpdGnutls);
}

#[test]
fn caddy_of_an_older_go() {
    is_read(TlsKind::Caddy);
}

#[test]
fn go_without_symbols() {
    is_read(TlsKind::Go);
}

#[test]
fn rustls_with_symbols() {
    is_read(TlsKind::Rustls);
}

/// Nothing is seen of it, and it is listed with the reason.
#[test]
fn java_is_dark() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let (certificate, address) = (Certificate::new(), loopback(free_port()));
    let server = start(&node, TlsKind::Java, &certificate, address, |command| command);
    let load = Load(vec![Phase { method: "GET", ids: 0..40, body: 0, manner: Manner::Fresh }]);
    let asked = Peer::dark().ask(address, &load, 4, |command| command);
    let pids = server.pids();
    let rows = wait_for("rows of what is dark", || {
        let mut rows = programs(&sensor);
        rows.retain(|row| row.pid.is_some_and(|pid| pids.contains(&pid)));
        (rows.iter().map(dark_connections).sum::<u64>() >= asked.len() as u64).then_some(rows)
    });
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(dark_connections(&rows[0]), asked.len() as u64, "{rows:?}");
    let (executable, library) = (rows[0].executable.as_deref(), rows[0].library.as_deref());
    assert!(executable.is_some_and(|path| path.ends_with("/bin/java")), "{rows:?}");
    assert!(library.is_some_and(|reason| reason.contains("Java")), "{rows:?}");
    sensor.stop();
    assert_eq!(sensor.events(address.port()).len(), 0);
}

/// Every request to it is seen once and rightly.
fn is_read(kind: TlsKind) {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    check(&node, kind, &mut sensor);
}

fn check(node: &Node, kind: TlsKind, sensor: &mut Sensor) {
    let certificate = Certificate::new();
    let port = free_port();
    let server = start(node, kind, &certificate, loopback(port), |command| command);
    let peer = Peer::dark();
    warm_up(sensor, port, |load| drop(peer.ask(server.address, load, 1, |command| command)));

    let load = Load::of(requests());
    let asked = peer.ask(server.address, &load, CONNECTIONS, |command| command);
    sensor.wait_events(port, load.requests() + 1);
    let losses = sensor.losses();
    // Now nothing more will come: the warm-up may have been seen more than once.
    sensor.stop();
    let events = sensor.events(port);
    eprintln!("{kind:?}: {} asked, {} seen, losses {losses:?}", asked.len(), events.len());
    let expected = Expected {
        key: sensor.settings.key(),
        server: server.address,
        client: server.address.ip(),
        ending: kind.ending(),
        name: "localhost",
    };
    expected.check(&asked, &events);
}
