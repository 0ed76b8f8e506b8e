//! Resident memory, at start and with many open connections.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use super::{
    Setting,
    figure::{Figure, show},
    load::{self, Program, Running},
    sensor::Sensor,
};

/// Connections that stay open, each after one exchange.
const CONNECTIONS: u64 = 50_000;
/// Pairs of a server and a client that have them: a port takes some 28,000 connections from one
/// address, and a process may have some 20,000 files open even where it may not raise the limit.
const PAIRS: u64 = 4;
/// What a process grows to soon after it started.
const SETTLE: Duration = Duration::from_secs(1);
const MIB: f64 = 1024.0 * 1024.0;

pub fn run(setting: &Setting) -> Result<Vec<Figure>> {
    super::require_root()?;
    let program = load::build()?;
    let (mut start, mut open) = (Vec::new(), Vec::new());
    for round in 1..=setting.rounds {
        let sensor = Sensor::start(setting)?;
        thread::sleep(SETTLE);
        start.push(sensor.status()?.memory("resident_bytes") as f64 / MIB);
        let pairs = (0..PAIRS).map(|_| open_connections(&program)).collect::<Result<Vec<_>>>()?;
        open.push(wait_for_exchanges(&sensor)? as f64 / MIB);
        drop(pairs);
        sensor.stop()?;
        eprintln!(
            "bench: memory: round {round} of {}: {} MiB at start, {} MiB with {} connections",
            setting.rounds,
            show(start.last().copied().unwrap_or(f64::NAN), 1),
            show(open.last().copied().unwrap_or(f64::NAN), 1),
            show(CONNECTIONS as f64, 0),
        );
    }
    Ok(vec![
        Figure::new("at start", "MiB", 1, start).at_most(64.0),
        Figure::new("50,000 open connections", "MiB", 1, open)
            .at_most(200.0)
            .note("client and server are both on this machine"),
    ])
}

/// A client with its share of the connections, and its server.
fn open_connections(program: &Program) -> Result<[Running; 2]> {
    let connections = (CONNECTIONS / PAIRS).to_string();
    let server = program.start(&["serve", &connections])?;
    let client = program.start(&["hold", &server.said, &connections])?;
    Ok([client, server])
}

/// Waits until an exchange of each connection was seen; gives the resident bytes then.
fn wait_for_exchanges(sensor: &Sensor) -> Result<u64> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let status = sensor.status()?;
        let exchanges = status.counter("exchanges");
        let open = status.memory("connections");
        if exchanges >= CONNECTIONS && open >= CONNECTIONS {
            thread::sleep(SETTLE);
            return Ok(sensor.status()?.memory("resident_bytes"));
        }
        if Instant::now() > deadline {
            let losses: Vec<_> =
                status.losses().into_iter().filter(|(_, count, _)| *count > 0).collect();
            bail!(
                "{CONNECTIONS} connections are open and did an exchange each, the sensor follows \
                 {open} and saw {exchanges} exchanges; losses {losses:?}"
            );
        }
        thread::sleep(Duration::from_millis(200));
    }
}
