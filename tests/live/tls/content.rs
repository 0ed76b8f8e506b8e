//! Content that is not copied, and sensors that start last.

use std::process::Command;

use tests::harness::{
    Node, Sensor, Server, free_port, read_output, require_live,
    tls::{Certificate, Peer, TlsKind, start},
};

use super::{loopback, warm_up};

/// Servers that run are found when it starts.
#[test]
fn the_sensor_starts_last() {
    let Some(node) = require_live() else { return };
    let kinds = [TlsKind::Nginx, TlsKind::Node("20.20.2"), TlsKind::Bun, TlsKind::Go];
    let servers = kinds.map(|kind| serve(&node, kind));
    let peer = Peer::dark();
    let mut sensor = Sensor::start(&node);
    for server in &servers {
        eprintln!("{:?}", server.executable());
        warm_up(&mut sensor, server.address.port(), |load| {
            peer.ask(server.address, load, 1, |command| command);
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
    let mut command = Command::new("curl");
    command.arg("-sSk");
    for path in ["items/1", "large.bin", "items/2", "large.bin", "items/3"] {
        command.args(["-o", "/dev/null"]).arg(format!("https://{address}/{path}"));
    }
    read_output(&mut command);
    let events = sensor.finish(address.port(), 6);
    let facts: Vec<_> = events[events.len().saturating_sub(5)..]
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
