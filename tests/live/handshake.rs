//! Requests that arrive before their connection has a socket.

use std::process::Command;

use tests::harness::{Sensor, Server, check_counted, one_each, read_output, require_live};

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
    for id in 0..40 {
        let url = format!("http://{}/items/{id}", server.address);
        let expect = tests::harness::status_of(id).to_string();
        let status = read_output(Command::new("curl").args([
            "-sS",
            "--tcp-fastopen",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            &url,
        ]));
        assert_eq!(status, expect);
    }
    let events = sensor.finish(server.address.port(), 40);
    check_counted(&events, &sensor.settings.key(), 0..40);
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
