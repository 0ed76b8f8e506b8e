//! What Prometheus and a kubelet see of a running sensor.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
};

use sensor::stats::Status;
use tests::harness::{
    Kind, Sensor, Server, Settings, free_port, keep_alive, promtool, require_live,
};

fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, content) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
    content.to_owned()
}

/// Metrics with their labels, and their values.
fn parse(text: &str) -> BTreeMap<&str, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap()).map(|(n, v)| (n, v.parse().unwrap())).collect()
}

#[test]
fn metrics_say_what_status_says() {
    let Some(node) = require_live() else { return };
    let port = free_port();
    let mut sensor =
        Sensor::start_with(Settings::new(&node).set(&format!("metrics.address=127.0.0.1:{port}")));
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    keep_alive(server.address, 0..100, 2);
    sensor.wait_events(server.address.port(), 100);
    for path in ["/healthz", "/readyz"] {
        get(port, path);
    }
    let before = sensor.status();
    // An answer may be a second old.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let text = get(port, "/metrics");
    let metrics = parse(&text);
    let after: Status = sensor.status();
    let check = |name: &str, least: u64, most: u64| {
        let value = *metrics.get(name).unwrap_or_else(|| panic!("no {name} in\n{text}"));
        assert!((least as f64..=most as f64).contains(&value), "{name} {value}: {least} {most}");
    };
    for (before, after) in before.losses.iter().zip(&after.losses) {
        let name =
            format!("sensor_lost_total{{cause=\"{}\",unit=\"{}\"}}", before.cause, before.what);
        check(&name, before.count, after.count);
    }
    for (name, before) in &before.counters {
        let total = format!("sensor_{name}_total");
        if metrics.contains_key(&*total) {
            check(&total, *before, after.counters[name]);
        } else {
            // A gauge, which may rise and fall between.
            check(&format!("sensor_{name}"), 0, u64::MAX);
        }
    }
    check("sensor_exchanges_total", 100, 100);
    check("sensor_attached_programs", 2, 2);
    // Who asks for metrics is no traffic of the node.
    let port = format!(":{port}");
    let rows = sensor.ask("/endpoints").unwrap();
    assert!(!rows.to_string().contains(&port), "{rows}");
    lint(&promtool(&node), &text);
    sensor.stop();
}

/// By Prometheus's own opinion of names and texts.
fn lint(promtool: &std::path::Path, text: &str) {
    let mut command = Command::new(promtool);
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}\n{text}");
}
