//! Each server, asked by a client that nobody can read.

use tests::harness::{
    Node, Sensor, free_port, require_live,
    tls::{Certificate, Expected, Load, Peer, TlsKind, start},
};

use super::{loopback, requests, warm_up};

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
