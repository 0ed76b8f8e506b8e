//! The other commands, against a running sensor.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use sensor::{inventory::endpoint::EndpointRow, stats::Status};
use tests::harness::{Event, Kind, Running, Sensor, Server, keep_alive, read_output, require_live};

#[test]
fn endpoints_are_listed_and_filtered() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    keep_alive(server.address, 0..100, 2);
    sensor.wait_events(server.address.port(), 100);
    let host = server.address.to_string();
    let list = |arguments: &[&str]| -> Vec<EndpointRow> {
        let mut all = vec!["endpoints", "--output", "json", "--host", &host];
        all.extend(arguments);
        serde_json::from_str(&read_output(&mut sensor.settings.client(&all))).unwrap()
    };
    let rows = list(&[]);
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row = &rows[0];
    assert_eq!((row.method.as_str(), row.route.as_str()), ("GET", "/items/{itemId}"));
    assert_eq!((row.requests, row.errors, row.unanswered), (100, 30, 0));
    assert_eq!(
        row.statuses.iter().map(|(status, count)| (*status, *count)).collect::<Vec<_>>(),
        [(200, 40), (201, 30), (404, 30)]
    );
    assert_eq!(row.process.as_deref(), Some("nginx"));
    assert!(row.pid.is_some_and(|pid| server.pids().contains(&pid)), "{row:?}");
    assert!(row.latency_ms.is_some(), "{row:?}");
    for (filter, expect) in [
        (["--status", "4xx"], 1),
        (["--status", "5xx"], 0),
        (["--path", "/items"], 1),
        (["--path", "/other"], 0),
        (["--workload", "nginx"], 1),
        (["--workload", "curl"], 0),
        (["--method", "GET"], 1),
        (["--method", "POST"], 0),
    ] {
        assert_eq!(list(&filter).len(), expect, "{filter:?}");
    }
    let table = read_output(&mut sensor.settings.client(&["endpoints"]));
    assert!(table.contains("/items/{itemId}"), "{table}");
    assert!(!table.contains('\u{1b}'), "colours in a pipe: {table:?}");
    sensor.stop();
}

#[test]
fn tail_prints_what_happens_from_now_on() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    keep_alive(server.address, 0..10, 1);
    sensor.wait_events(server.address.port(), 10);
    let mut command =
        sensor.settings.client(&["tail", "--status", "404", "--host", &server.address.to_string()]);
    let mut tail = Running::start(command.stdout(Stdio::piped()));
    let mut lines = BufReader::new(tail.stdout()).split(b'\n');
    // It says nothing until something happens; ask until it listens.
    let mut id = 1000;
    std::thread::scope(|scope| {
        let first = scope.spawn(|| lines.next());
        while !first.is_finished() {
            keep_alive(server.address, id..id + 10, 1);
            id += 10;
            assert!(id < 4000, "nothing in the tail");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let event = Event::parse(&first.join().unwrap().unwrap().unwrap());
        assert_eq!(event.summary(), "GET /items/{itemId} 404");
        let hash = |id: &u64| sensor.settings.key().hash(id.to_string().as_bytes()).to_string();
        assert!((1000..id).any(|id| hash(&id) == event.id()), "one from before: {event:?}");
    });
    sensor.stop();
    // The end of the sensor is the end of the tail.
    assert!(tail.wait(std::time::Duration::from_secs(5)).success());
}

#[test]
fn status_is_sane() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    keep_alive(server.address, 0..100, 2);
    sensor.wait_events(server.address.port(), 100);
    let text = read_output(&mut sensor.settings.client(&["status", "--output", "json"]));
    let status: Status = serde_json::from_str(&text).unwrap();
    assert_eq!(status.pid, sensor.process.pid());
    assert_eq!(status.capture.cgroup, node.cgroup.to_string_lossy());
    assert_eq!(status.capture.programs, ["sensor_ingress", "sensor_egress"]);
    assert!(status.cpu_seconds > 0.0 && status.cpu_seconds < 5.0, "{}", status.cpu_seconds);
    let resident = status.memory.resident_bytes;
    assert!((1 << 20..64 << 20).contains(&resident), "resident {resident}");
    assert!(status.memory.endpoints >= 1);
    for (name, least) in [
        ("segments", 200),
        ("bytes_copied", 100 * 60),
        ("exchanges", 100),
        ("exchanges_paired", 100),
        ("connections_opened", 2),
        ("twins_muted", 2),
        ("records_written", 100),
    ] {
        assert!(status.counters[name] >= least, "{name}: {}", status.counters[name]);
    }
    assert!(status.capture.ring.high_water <= status.capture.ring.bytes);
    let shown = read_output(&mut sensor.settings.client(&["status"]));
    assert!(shown.contains("sensor_ingress") || shown.contains("ring"), "{shown}");
    sensor.stop();
}
