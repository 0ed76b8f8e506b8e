//! Two hundred connections on one thread: each request belongs to its own.

use std::{collections::HashSet, path::PathBuf};

use tests::harness::{
    Namespace, Node, Sensor, free_port, inside, program, require_live, socket,
    tls::{Certificate, Expected, Load, Manner, Peer, Phase, TlsKind, node as node_of, start},
};

use super::{ask, loopback, requests, warm_up};

const CONNECTIONS: usize = 200;

#[test]
fn one_thread_of_node() {
    on_loopback(TlsKind::Node("24.21.0"));
}

#[test]
fn one_thread_of_asyncio() {
    on_loopback(TlsKind::Asgi);
}

fn on_loopback(kind: TlsKind) {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let certificate = Certificate::new();
    let address = loopback(free_port());
    let _server = start(&node, kind, &certificate, address, |command| command);
    let peer = Peer::dark();
    let ask = |load: &Load, connections| peer.ask(address, load, connections, |command| command);
    warm_up(&mut sensor, address.port(), |load| drop(ask(load, 1)));
    let asked = ask(&load(), CONNECTIONS);
    sensor.wait_events(address.port(), asked.len() + 1);
    sensor.stop();
    let expected = Expected {
        key: sensor.settings.key(),
        server: address,
        client: address.ip(),
        ending: kind.ending(),
        name: "localhost",
    };
    expected.check(&asked, &sensor.events(address.port()));
}

#[test]
fn one_thread_of_node_that_asks() {
    asked_by("", |of| vec![node_of(of, "24.21.0"), program("tls_client.js"), "https".into()]);
}

#[test]
fn one_thread_of_asyncio_that_asks() {
    let asyncio = |_: &Node| vec!["python3".into(), program("tls_client.py"), "asyncio".into()];
    asked_by("localhost", asyncio);
}

/// The thread asks a server that nobody can read.
fn asked_by(name: &str, client: impl Fn(&Node) -> Vec<PathBuf>) {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let address = loopback(free_port());
    let peer = Peer::dark();
    let _server = peer.serve(address, &Certificate::new(), None);
    let client = client(&node);
    let ask = |load: &Load, connections| ask(&client, address, &load.0[0], connections);
    warm_up(&mut sensor, address.port(), |load| ask(load, 1));
    let load = load();
    ask(&load, CONNECTIONS);
    let asked = peer.served(&load);
    let ports: HashSet<u16> = asked.iter().map(|asked| asked.port).collect();
    assert_eq!(ports.len(), CONNECTIONS, "connections at once");
    sensor.wait_events(address.port(), asked.len() + 1);
    sensor.stop();
    let key = sensor.settings.key();
    let expected = Expected { key, server: address, client: address.ip(), ending: 0, name };
    expected.check(&asked, &sensor.events(address.port()));
}

/// All are open before the first is used. What is checked of each request is the port of the
/// connection that carried it.
fn load() -> Load {
    Load(vec![Phase { method: "GET", ids: 0..requests(), body: 0, manner: Manner::Kept }])
}

/// Between namespaces, with a router between that changes both addresses.
#[test]
fn through_address_translation() {
    let Some(node) = require_live() else { return };
    let [client, router, server] = ["client", "router", "server"].map(Namespace::new);
    client.join("a", &["10.203.1.1/24"], &router, ("a", &["10.203.1.2/24"]));
    server.join("b", &["10.203.2.1/24"], &router, ("b", &["10.203.2.2/24"]));
    router.run("sh", &["-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
    router.run(
        "nft",
        &["table inet nat {
             chain in { type nat hook prerouting priority -100;
                 ip daddr 10.203.1.2 tcp dport 443 dnat ip to 10.203.2.1:8443; }
             chain out { type nat hook postrouting priority 100; oifname b masquerade; }
         }"],
    );
    let (certificate, peer) = (Certificate::new(), Peer::dark());
    let address = socket("10.203.2.1", 8443);
    for kind in [TlsKind::Node("24.21.0"), TlsKind::Asgi] {
        let mut sensor = Sensor::start(&node);
        let running = inside(&server, || {
            start(&node, kind, &certificate, address, |command| server.wrap(&command))
        });
        let ask = |load: &Load, connections| {
            peer.ask(socket("10.203.1.2", 443), load, connections, |command| client.wrap(&command))
        };
        warm_up(&mut sensor, address.port(), |load| drop(ask(load, 1)));
        // The client's ports stay what they are, since no other client of the router has them.
        let asked = ask(&load(), CONNECTIONS);
        sensor.wait_events(address.port(), asked.len() + 1);
        sensor.stop();
        let expected = Expected {
            key: sensor.settings.key(),
            server: address,
            client: [10, 203, 2, 2].into(),
            ending: kind.ending(),
            name: "localhost",
        };
        expected.check(&asked, &sensor.events(address.port()));
        assert_eq!(sensor.events(443).len(), 0, "the client's end is another exchange");
        drop(running);
    }
}
