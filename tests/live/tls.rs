//! TLS, read by the secrets of real libraries.
//!
//! Both ends of a connection are on this node, and the secrets of one are enough. So the other
//! end is `tls-peer` without its symbols, which nobody can read: what is seen is seen by the
//! library that the test is about.

mod attribution;
mod bad_days;
mod clients;
mod content;
mod handshakes;
mod probes;
mod servers;
mod versions;

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use sensor::coverage::TlsProgram;
use tests::harness::{
    Sensor, read_output,
    tls::{Load, Manner, Phase, WARM_UP},
};

/// Requests of a run: 10,000 with `SENSOR_TLS_FULL=1`, which `cargo xtask test` does not set: the
/// whole takes half an hour, and not every case was seen to pass at that size yet.
fn requests() -> u64 {
    let full = std::env::var("SENSOR_TLS_FULL").is_ok_and(|value| value == "1");
    if full { 10_000 } else { 1_000 }
}

/// Asks one request after another, each on a connection of its own, until one was seen: from
/// then on the library is known.
pub(super) fn warm_up(sensor: &mut Sensor, port: u16, ask: impl Fn(&Load)) {
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
            sensor.ask("/tls")
        );
    }
}

/// Runs a client of `tests/programs` for a part of a load, over so many connections at a time.
fn ask(client: &[PathBuf], address: SocketAddr, phase: &Phase, connections: usize) {
    let Phase { method, ids, body, manner } = phase;
    let manner = if *manner == Manner::Kept { Manner::Kept } else { Manner::Fresh };
    let mut command = Command::new(&client[0]);
    command.args(&client[1..]).arg(address.to_string()).arg(method);
    command.args([ids.start, ids.end, *body, connections as u64].map(|number| number.to_string()));
    command.arg(manner.word());
    // Node's fetch has no other way, and warns each time.
    command.env("NODE_NO_WARNINGS", "1").env("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    read_output(&mut command);
}

/// TLS connections by program, as the sensor tells.
fn programs(sensor: &Sensor) -> Vec<TlsProgram> {
    let answer = sensor.ask("/tls").expect("a running sensor answers");
    serde_json::from_value(answer["programs"].clone()).expect("an answer as documented")
}

fn dark_connections(program: &TlsProgram) -> u64 {
    program.dark.values().sum()
}

pub(super) fn loopback(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}
