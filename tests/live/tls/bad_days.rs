//! What is not read, and what goes wrong.

use std::{path::Path, process::Command, time::Duration};

use rustix::process::Signal;
use tests::harness::{
    Node, Sensor, Server, Settings, free_port, read_output, require_live,
    tls::{Certificate, Load, Manner, Peer, Phase, TlsKind, start},
    wait_for,
};

use super::{loopback, warm_up};

const KINDS: [TlsKind; 4] = [TlsKind::Nginx, TlsKind::Node("20.20.2"), TlsKind::Bun, TlsKind::Go];

/// Where neither end can be read, that is said of each connection, and nothing is made up.
#[test]
fn connections_that_nobody_can_read_are_counted() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let address = loopback(free_port());
    let peer = Peer::dark();
    let _server = peer.serve(address, &Certificate::new(), None);
    let before = sensor.counter("tls_dark");
    ask(&Peer::dark(), address, 0..100, Manner::Fresh);
    wait_for("count of dark connections", || {
        (sensor.counter("tls_dark") >= before + 100).then_some(())
    });
    let row = wait_for("row of the program", || row(&sensor, peer.executable()));
    assert_eq!(row["read"], 0, "{row}");
    // The look whether it listens said nothing.
    assert_eq!(dark(&row), 100, "{row}");
    sensor.stop();
    assert_eq!(sensor.events(address.port()).len(), 0);
}

/// The row of a program in `sensor tls`.
fn row(sensor: &Sensor, executable: &Path) -> Option<serde_json::Value> {
    let answer = sensor.ask("/tls").expect("a running sensor answers");
    let programs = answer["programs"].as_array().cloned().unwrap_or_default();
    programs.into_iter().find(|program| program["executable"] == *executable.to_string_lossy())
}

/// How many connections of a row are dark, for whatever reason.
fn dark(row: &serde_json::Value) -> u64 {
    let reasons = row["dark"].as_object().into_iter().flatten();
    reasons.filter_map(|(_, count)| count.as_u64()).sum()
}

#[test]
fn switched_off_it_is_counted_and_not_read() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start_with(Settings::new(&node).set("tls.enabled=false"));
    let server = serve(&node, TlsKind::Nginx);
    let before = sensor.counter("tls_connections");
    ask(&Peer::dark(), server.address, 0..100, Manner::Fresh);
    wait_for("count of TLS connections", || {
        (sensor.counter("tls_connections") >= before + 100).then_some(())
    });
    assert_eq!(sensor.counter("tls_read"), 0);
    assert_eq!(sensor.counter("secrets"), 0);
    let answer = sensor.ask("/tls").expect("a running sensor answers");
    assert_eq!((&answer["enabled"], &answer["probes"]), (&false.into(), &0.into()), "{answer}");
    sensor.stop();
    assert_eq!(sensor.events(server.address.port()).len(), 0);
}

/// Servers that run are found when the sensor starts, and those that start are found when it
/// runs.
#[test]
fn the_sensor_starts_last() {
    let Some(node) = require_live() else { return };
    let servers = KINDS.map(|kind| serve(&node, kind));
    let peer = Peer::dark();
    let mut sensor = Sensor::start(&node);
    for server in &servers {
        warm_up(&mut sensor, server.address.port(), |load| {
            peer.ask(server.address, load, 1, |command| command);
        });
    }
}

/// A probe must not outlive its sensor in a way that a target would notice.
#[test]
fn a_killed_sensor_leaves_every_target_serving() {
    let Some(node) = require_live() else { return };
    let servers = KINDS.map(|kind| serve(&node, kind));
    let peer = Peer::dark();
    let mut sensor = Sensor::start(&node);
    for server in &servers {
        warm_up(&mut sensor, server.address.port(), |load| {
            peer.ask(server.address, load, 1, |command| command);
        });
    }
    std::thread::scope(|scope| {
        // Each request is checked by the peer.
        let load = |server: &Server| {
            ask(&peer, server.address, 0..600, Manner::Fresh);
            ask(&peer, server.address, 600..2000, Manner::Kept);
        };
        let asking: Vec<_> =
            servers.iter().map(|server| scope.spawn(move || load(server))).collect();
        std::thread::sleep(Duration::from_millis(200));
        assert!(asking.iter().any(|thread| !thread.is_finished()), "nothing is under load");
        sensor.process.signal(Signal::KILL);
        sensor.process.wait(Duration::from_secs(2));
    });
    for server in &servers {
        ask(&peer, server.address, 2000..2010, Manner::Fresh);
    }
    // The next one reads again.
    let mut next = sensor.again();
    for server in &servers {
        let before = next.events(server.address.port()).len();
        wait_for("record by the next sensor", || {
            ask(&peer, server.address, 3000..3001, Manner::Fresh);
            (next.events(server.address.port()).len() > before).then_some(())
        });
    }
}

/// Content beyond the budget is not copied; what comes after it on the connection is read.
#[test]
fn content_beyond_the_budget() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let server = serve(&node, TlsKind::Nginx);
    let address = server.address;
    warm_up(&mut sensor, address.port(), |load| {
        Peer::dark().ask(address, load, 1, |command| command);
    });
    let before = sensor.events(address.port()).len();
    let mut command = Command::new("curl");
    command.arg("-sSk");
    for path in ["items/1", "large.bin", "items/2", "large.bin", "items/3"] {
        command.args(["-o", "/dev/null"]).arg(format!("https://{address}/{path}"));
    }
    read_output(&mut command);
    let events = sensor.wait_events(address.port(), before + 5);
    let facts: Vec<_> = events[before..]
        .iter()
        .map(|event| {
            let size = event.number("http.response.body.size");
            let captured = event.number("http.response.body.captured_size");
            (event.text("http.route"), event.status(), size, captured < size)
        })
        .collect();
    let item = |status| ("/items/{itemId}", Some(status), Some(2), false);
    let large = ("/large.bin", Some(200), Some(5 << 20), true);
    assert_eq!(facts, [item(200), large, item(200), large, item(200)], "{events:#?}");
}

fn serve(node: &Node, kind: TlsKind) -> Server {
    start(node, kind, &Certificate::new(), loopback(free_port()), |command| command)
}

fn ask(peer: &Peer, address: std::net::SocketAddr, ids: std::ops::Range<u64>, manner: Manner) {
    let load = Load(vec![Phase { method: "GET", ids, body: 0, manner }]);
    peer.ask(address, &load, 4, |command| command);
}
