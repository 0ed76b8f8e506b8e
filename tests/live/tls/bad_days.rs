//! A sensor that is killed, one that may not read TLS, and what it must not let out.

use std::{fs, path::Path, process::Command};

use rustix::process::Signal;
use tests::harness::{
    Sensor, Settings, free_port, read_output, require_live,
    tls::{Certificate, Expected, Load, Manner, Peer, Phase, TlsKind, start},
    wait_for,
};

use super::{loopback, requests, until_seen, warm_up};

fn get(ids: std::ops::Range<u64>, manner: Manner) -> Phase {
    Phase { method: "GET", ids, body: 0, manner }
}

#[test]
fn a_killed_sensor_leaves_the_targets_serving() {
    let Some(node) = require_live() else { return };
    for kind in [TlsKind::Nginx, TlsKind::Node("24.21.0"), TlsKind::Bun, TlsKind::Go] {
        let certificate = Certificate::new();
        let address = loopback(free_port());
        let port = address.port();
        let server = start(&node, kind, &certificate, address, |command| command);
        let peer = Peer::dark();
        let ask = |load: &Load, connections| peer.ask(address, load, connections, |c| c);
        let mut first = Sensor::start(&node);
        warm_up(&mut first, port, |load| drop(ask(load, 1)));
        let pids = server.pids();
        std::thread::scope(|scope| {
            let count = 4 * requests();
            let load = Load(vec![
                get(0..count / 2, Manner::Kept),
                get(count / 2..count * 5 / 8, Manner::Fresh),
            ]);
            // It fails where a single request is not answered as it should be.
            let asking = scope.spawn(move || ask(&load, 8));
            first.wait_events(port, 200);
            first.process.signal(Signal::KILL);
            assert!(!asking.is_finished(), "the sensor was killed too late");
            asking.join().unwrap();
        });
        assert_eq!(server.pids(), pids, "{kind:?} is not what it was");

        let mut second = first.again();
        let before = second.events(port).len();
        let again = Load(vec![get(100_000..100_200, Manner::Fresh)]);
        until_read(&mut second, port, before, |load| drop(ask(load, 1)));
        let asked = ask(&again, 4);
        let events = second.finish(port, before + asked.len() + 1);
        let expected = Expected {
            key: second.settings.key(),
            server: address,
            client: address.ip(),
            ending: kind.ending(),
            name: "localhost",
        };
        expected.check(&asked, &events[before..]);
    }
}

/// Warms up a sensor that already has so many events of the port.
fn until_read(sensor: &mut Sensor, port: u16, before: usize, ask: impl Fn(&Load)) {
    let id = std::cell::Cell::new(tests::harness::tls::WARM_UP);
    wait_for("event of a sensor that was started again", || {
        let first = id.get();
        id.set(first + 1);
        ask(&Load(vec![get(first..first + 1, Manner::Fresh)]));
        std::thread::sleep(std::time::Duration::from_millis(100));
        (sensor.events(port).len() > before).then_some(())
    });
}

#[test]
fn without_leave_to_read_tls_it_is_counted() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start_with(Settings::new(&node).flag("--no-tls"));
    let (certificate, address) = (Certificate::new(), loopback(free_port()));
    let server = start(&node, TlsKind::Nginx, &certificate, address, |command| command);
    let before = sensor.counter("tls_connections");
    let load = Load(vec![get(0..200, Manner::Kept), get(200..240, Manner::Fresh)]);
    Peer::dark().ask(address, &load, 4, |command| command);
    wait_for("count of connections", || {
        (sensor.counter("tls_connections") >= before + 44).then_some(())
    });
    for name in ["tls_read", "secrets", "secrets_used"] {
        assert_eq!(sensor.counter(name), 0, "{name}");
    }
    sensor.stop();
    assert_eq!(sensor.events(address.port()).len(), 0);
    drop(server);
}

/// The client says what the secrets were; nothing that the sensor wrote or said has one.
#[test]
fn secrets_stay_inside() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start_with(Settings::new(&node).set("log.level=trace"));
    let (certificate, address) = (Certificate::new(), loopback(free_port()));
    let server = start(&node, TlsKind::Nginx, &certificate, address, |command| command);
    let secrets = sensor.settings.scratch.file("secrets");
    let curl = |ids: &str, options: &[&str]| {
        let mut command = Command::new("curl");
        command.env("SSLKEYLOGFILE", &secrets);
        command.args(["-sSk", "--http1.1", "-o", "/dev/null"]).args(options);
        read_output(command.arg(format!("https://{address}/items/{ids}")));
    };
    until_seen(&mut sensor, address.port(), |id| curl(&id.to_string(), &[]));
    let before = sensor.events(address.port()).len();
    for version in ["1.2", "1.3"] {
        curl("[0-9]", &["--tls-max", version, "-H", "Connection: close"]);
    }
    sensor.wait_events(address.port(), before + 20);
    assert!(sensor.counter("secrets_used") >= 20, "{:?}", sensor.status().counters);
    let mut said = vec![];
    for command in [
        &["status"][..],
        &["status", "--output", "json"],
        &["endpoints", "--output", "json"],
        &["tls"],
        &["tls", "--output", "json"],
    ] {
        said.push(read_output(&mut sensor.settings.client(command)).into_bytes());
    }
    sensor.stop();
    drop(server);

    let secrets = Secrets::take(&secrets);
    assert!(secrets.0.len() >= 10 + 10 * 4, "{} secrets", secrets.0.len());
    let log = sensor.settings.log();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "a log of little: {log}");
    said.extend(fs::read_dir(sensor.settings.scratch.path()).unwrap().filter_map(|entry| {
        // The key of the hashes is there as well, and the socket is gone.
        fs::read(entry.unwrap().path()).ok()
    }));
    for text in &said {
        secrets.check(text);
    }
}

/// The secrets of a key log, each as bytes.
struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    /// Reads a key log and removes it.
    fn take(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("curl has written it");
        fs::remove_file(path).expect("it is there");
        let words = text.lines().filter_map(|line| line.split(' ').nth(2));
        Self(words.map(bytes).collect())
    }

    /// Neither the bytes nor a text of them, nor a beginning of eight bytes.
    fn check(&self, found: &[u8]) {
        let lower = found.to_ascii_lowercase();
        for secret in &self.0 {
            let start = &secret[..8];
            let list: Vec<_> = start.iter().map(u8::to_string).collect();
            let texts = [hex(start), list.join(", "), list.join(",")];
            assert!(!has(found, start), "a secret is written");
            for text in texts {
                assert!(!has(&lower, text.as_bytes()), "a secret is written as {text}");
            }
        }
    }
}

fn has(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.map(|pair| byte(pair).expect("hexadecimal digits")).collect()
}
