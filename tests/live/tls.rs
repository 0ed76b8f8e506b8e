//! TLS, read by the secrets of real libraries.
//!
//! Both ends of a connection are on this node, and the secrets of one are enough. So the other
//! end is `tls-peer` without its symbols, which nobody can read: what is seen is seen by the
//! library that the test is about.

mod attribution;
mod bad_days;
mod clients;
mod servers;
mod versions;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tests::harness::{
    Sensor,
    tls::{Load, Manner, Phase, WARM_UP},
};

/// Requests of a run: 10,000 where `cargo xtask test` runs all, fewer for one who runs a test by
/// hand.
fn requests() -> u64 {
    let full = std::env::var("SENSOR_TESTS_FULL").is_ok_and(|value| value == "1");
    if full { 10_000 } else { 1_000 }
}

/// Asks one request after another, each on a connection of its own, until one was seen: from
/// then on the library is known.
fn warm_up(sensor: &mut Sensor, port: u16, ask: impl Fn(&Load)) {
    until_seen(sensor, port, |id| {
        ask(&Load(vec![Phase { method: "GET", ids: id..id + 1, body: 0, manner: Manner::Fresh }]));
    });
}

/// The same by any request, which may carry the id that it is given.
fn until_seen(sensor: &mut Sensor, port: u16, ask: impl Fn(u64)) {
    let start = Instant::now();
    for id in WARM_UP.. {
        ask(id);
        std::thread::sleep(Duration::from_millis(100));
        if !sensor.events(port).is_empty() {
            return;
        }
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "nothing is seen of this library: {:?}",
            sensor.ask("/status")
        );
    }
}

fn loopback(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}
