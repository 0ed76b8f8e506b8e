//! TLS, read by the secrets of real libraries.
//!
//! Both ends of a connection are on this node, and the secrets of one are enough. So the other
//! end is `tls-peer` without its symbols, which nobody can read: what is seen is seen by the
//! library that the test is about.

mod clients;
mod servers;

use std::{net::SocketAddr, time::Instant};

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
    let start = Instant::now();
    for id in WARM_UP.. {
        ask(&Load(vec![Phase { method: "GET", ids: id..id + 1, body: 0, manner: Manner::Fresh }]));
        std::thread::sleep(std::time::Duration::from_millis(100));
        if !sensor.events(port).is_empty() {
            eprintln!("the first was seen at try {} after {:?}", id - WARM_UP + 1, start.elapsed());
            return;
        }
        let dark = "nothing is seen of this library";
        assert!(
            start.elapsed() < std::time::Duration::from_secs(20),
            "{dark}: {:?}",
            sensor.ask("/status")
        );
    }
}

fn loopback(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}
