//! Never under a wrong address: 200 connections at once on one thread, each with requests in
//! turn with the others'.

use std::{net::SocketAddr, path::PathBuf, process::Command};

use tests::harness::{
    Namespace, Node, Sensor, free_port, inside, program, require_live, socket,
    tls::{
        Asked, Certificate, Expected, Load, Manner, Peer, Phase, TlsKind, node as node_of, start,
    },
};

use super::{ask, loopback, warm_up};

const CONNECTIONS: usize = 200;
/// On each connection.
const REQUESTS: u64 = 10;
const NODE: &str = "20.20.2";
const PORT: u16 = 8443;

#[test]
fn connections_of_one_node_thread_that_serves() {
    serves(TlsKind::Node(NODE));
}

#[test]
fn connections_of_one_asyncio_thread_that_serves() {
    serves(TlsKind::Asgi);
}

fn serves(kind: TlsKind) {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let server = start(&node, kind, &Certificate::new(), loopback(free_port()), |command| command);
    let peer = Peer::dark();
    let same = |command| command;
    warm_up(&mut sensor, server.address.port(), |load| {
        peer.ask(server.address, load, 1, same);
    });
    let asked = peer.ask(server.address, &load(), CONNECTIONS, same);
    check(&mut sensor, server.address, server.address, &asked);
}

#[test]
fn connections_of_one_node_thread_that_asks() {
    asks(|node| vec![node_of(node, NODE), program("tls_client.js"), "https".into()], "");
}

#[test]
fn connections_of_one_asyncio_thread_that_asks() {
    asks(|_| vec!["python3".into(), program("tls_client.py"), "asyncio".into()], "localhost");
}

fn asks(client: impl Fn(&Node) -> Vec<PathBuf>, name: &str) {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let address = loopback(free_port());
    let peer = Peer::dark();
    let _server = peer.serve(address, &Certificate::new(), None);
    let client = client(&node);
    warm_up(&mut sensor, address.port(), |load| ask(&client, address, &load.0[0], 1));
    let load = load();
    ask(&client, address, &load.0[0], CONNECTIONS);
    let asked = peer.served(&load);
    check_named(&mut sensor, address, address, &asked, name);
}

/// The client talks to the router, which sends it on to the server under its own name.
#[test]
fn through_address_translation() {
    let Some(node) = require_live() else { return };
    let [client, router, server] = ["client", "router", "server"].map(Namespace::new);
    client.join("a", &["10.204.1.1/24"], &router, ("a", &["10.204.1.2/24"]));
    server.join("b", &["10.204.2.1/24"], &router, ("b", &["10.204.2.2/24"]));
    router.run("sh", &["-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
    router.run(
        "nft",
        &["table ip nat {
             chain in { type nat hook prerouting priority -100;
                 ip daddr 10.204.1.2 tcp dport 443 dnat to 10.204.2.1:8443; }
             chain out { type nat hook postrouting priority 100; oifname b masquerade; }
         }"],
    );
    let mut sensor = Sensor::start(&node);
    let (from, to, target) = ("10.204.2.2", "10.204.2.1", "10.204.1.2:443".parse().unwrap());
    between(&node, &mut sensor, (&client, &server), (from, to), target);
    // The clients' ends, which know the server by another address, are muted all the same.
    let twice = sensor.events(443);
    assert!(twice.is_empty(), "{} exchanges twice, such as {:?}", twice.len(), twice[0]);
}

#[test]
fn between_namespaces() {
    let Some(node) = require_live() else { return };
    let [client, server] = ["client", "server"].map(Namespace::new);
    client.join("a", &["fd00:205::1/64"], &server, ("b", &["fd00:205::2/64"]));
    let mut sensor = Sensor::start(&node);
    let (from, to) = ("fd00:205::1", "fd00:205::2");
    between(&node, &mut sensor, (&client, &server), (from, to), socket(to, PORT));
}

/// Asks a server on `to`, by its name `target`, as `from`.
fn between(
    node: &Node,
    sensor: &mut Sensor,
    (client, server): (&Namespace, &Namespace),
    (from, to): (&str, &str),
    target: SocketAddr,
) {
    let address = socket(to, PORT);
    let serving = inside(server, || {
        start(node, TlsKind::Node(NODE), &Certificate::new(), address, |command| {
            server.wrap(&command)
        })
    });
    let peer = Peer::dark();
    let there = |command: Command| client.wrap(&command);
    warm_up(sensor, PORT, |load| drop(peer.ask(target, load, 1, there)));
    let asked = peer.ask(target, &load(), CONNECTIONS, there);
    check(sensor, serving.address, socket(from, 0), &asked);
}

fn load() -> Load {
    let ids = 0..CONNECTIONS as u64 * REQUESTS;
    Load(vec![Phase { method: "GET", ids, body: 0, manner: Manner::Kept }])
}

fn check(sensor: &mut Sensor, server: SocketAddr, client: SocketAddr, asked: &[Asked]) {
    check_named(sensor, server, client, asked, "localhost");
}

fn check_named(
    sensor: &mut Sensor,
    server: SocketAddr,
    client: SocketAddr,
    asked: &[Asked],
    name: &str,
) {
    let events = sensor.wait_events(server.port(), asked.len() + 1);
    let mut ports: Vec<_> = asked.iter().map(|asked| asked.port).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), CONNECTIONS, "connections at once");
    let key = sensor.settings.key();
    Expected { key, server, client: client.ip(), ending: 0, name }.check(asked, &events);
}
