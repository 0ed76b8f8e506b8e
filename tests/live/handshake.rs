//! Requests that arrive before their connection has a socket.

use std::{net::SocketAddr, process::Command};

use tests::harness::{
    Namespace, Sensor, Server, check_counted, inside, one_each, read_output, require_live,
    status_of,
};

/// The kernel makes the socket with the request already in hand.
#[test]
fn deferred_accept_loses_nothing() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    for address in ["127.0.0.1", "::1"] {
        let server = Server::start_python(address, &["TCP_DEFER_ACCEPT=5"]);
        one_each(server.address, 0..300, 4);
        let events = sensor.wait_events(server.address.port(), 300);
        check_counted(&events, &sensor.settings.key(), 0..300);
        let own = Some(u64::from(std::process::id()));
        for event in &events {
            assert_eq!(event.text("sensor.role"), "server", "{event:?}");
            assert_eq!(event.number("client.process.pid"), own, "{event:?}");
        }
        assert_eq!(sensor.counter("early_lost"), 0, "early_lost");
    }
    sensor.stop();
}

/// The request is in the SYN.
#[test]
fn fast_open_loses_nothing() {
    let Some(node) = require_live() else { return };
    let _setting = FastOpen::allow();
    let mut sensor = Sensor::start(&node);
    let server = Server::start_python("127.0.0.1", &["TCP_FASTOPEN=16"]);
    (0..40).for_each(|id| get_in_the_syn(server.address, id));
    let events = sensor.finish(server.address.port(), 40);
    check_counted(&events, &sensor.settings.key(), 0..40);
}

/// The server answers what came in the SYN before the client knows that it is connected.
#[test]
fn a_response_before_the_handshake_ends_is_reported_once() {
    let Some(node) = require_live() else { return };
    let place = Namespace::new("overtaken");
    // Client and server, no cookie, every listening socket (ip-sysctl.rst).
    place.run("sh", &["-c", "echo 1543 > /proc/sys/net/ipv4/tcp_fastopen"]);
    let mut sensor = Sensor::start(&node);
    let server = inside(&place, || Server::start_python("127.0.0.1", &[]));
    let port = server.address.port();
    // Every other SYN-ACK is lost, and sent again after a second.
    let lossy = format!(
        "table inet lossy {{ chain in {{ type filter hook input priority 0;
             tcp sport {port} tcp flags & (syn | ack) == (syn | ack) numgen inc mod 2 0 drop; }}\n}}"
    );
    place.run("nft", &[&lossy]);
    inside(&place, || (0..6).for_each(|id| get_in_the_syn(server.address, id)));
    let events = sensor.finish(port, 6);
    check_counted(&events, &sensor.settings.key(), 0..6);
}

fn get_in_the_syn(server: SocketAddr, id: u64) {
    let url = format!("http://{server}/items/{id}");
    let status = read_output(Command::new("curl").args([
        "-sS",
        "--tcp-fastopen",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        &url,
    ]));
    assert_eq!(status, status_of(id).to_string());
}

/// Lets servers use TCP Fast Open, until dropped.
struct FastOpen(String);

impl FastOpen {
    const FILE: &str = "/proc/sys/net/ipv4/tcp_fastopen";

    fn allow() -> Self {
        let before = std::fs::read_to_string(Self::FILE).expect("a kernel with TCP");
        std::fs::write(Self::FILE, "3").expect("root may");
        Self(before)
    }
}

impl Drop for FastOpen {
    fn drop(&mut self) {
        let _ = std::fs::write(Self::FILE, &self.0);
    }
}
