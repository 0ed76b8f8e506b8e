//! Brokers that are away, topics that refuse, disks that are full.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    process::Command,
    time::Duration,
};

use tests::{
    harness::{
        Event, Kind, Node, Scratch, Sensor, Server, Settings, at_rate, check_counted, count,
        kafka::{Cluster, Record, read},
        keep_alive, read_output, require_live, wait_for,
    },
    pcap_writer::{Conversation, PcapWriter},
};

use super::replayed::{capture, check_refused};

/// Settings of a live sensor that sends to a cluster, with its spool among its files.
pub fn to_kafka(node: &Node, cluster: &Cluster) -> Settings {
    let settings = Settings::new(node);
    let spool = settings.scratch.file("spool").display().to_string();
    settings
        .set("output.exchanges=kafka")
        .set("kafka.heartbeat_interval=1s")
        .set("kafka.endpoint_interval=1s")
        .set("kafka.flush_timeout=500ms")
        .set(&format!("spool.path={spool}"))
        .set(&cluster.setting())
}

/// The exchanges with servers on a port, each once.
fn events(records: &[Record], port: u16) -> Vec<Event> {
    let mut known = HashSet::new();
    let events = records.iter().map(|record| Event::parse(record.value.as_bytes()));
    events
        .filter(|event| event.port() == Some(port))
        .filter(|event| known.insert(event.text("event.id").to_owned()))
        .collect()
}

fn wait_until_sent(sensor: &Sensor) {
    wait_for("end of the spool", || (sensor.counter("spool_records") == 0).then_some(()));
}

/// Also over a restart of the sensor, which ends in time though nobody takes its records.
#[test]
fn brokers_that_are_down_at_the_start_get_everything_later() {
    let Some(node) = require_live() else { return };
    let mut cluster = Cluster::prepare(&node);
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    let mut sensor = Sensor::start_with(to_kafka(&node, &cluster));
    at_rate(server.address, 0..500, 4, 1000);
    wait_for("records in the spool", || (sensor.counter("spool_records") >= 500).then_some(()));
    wait_for("a message", || {
        sensor.settings.log().contains("no broker of kafka.brokers answers").then_some(())
    });
    sensor.stop();
    assert!(sensor.settings.log().contains("records stay in the spool"));
    let mut sensor = sensor.again();
    at_rate(server.address, 500..1000, 4, 1000);
    cluster.restart(0);
    wait_until_sent(&sensor);
    sensor.stop();
    let log = sensor.settings.log();
    assert!(log.contains("topic created") && log.contains("records are taken again"), "{log}");
    let records = read(&cluster.addresses(), "sensor.exchanges", &[]);
    let key = sensor.settings.key();
    check_counted(&events(&records, server.address.port()), &key, 0..1000);
    check_order(&records);
}

/// What came first is read first, within a caller.
fn check_order(records: &[Record]) {
    let mut last: HashMap<(String, u64), String> = HashMap::new();
    for record in records {
        let event = Event::parse(record.value.as_bytes());
        let caller = (record.key.clone(), event.number("client.port").unwrap_or_default());
        let time = event.text("timestamp").to_owned();
        let before = last.insert(caller, time.clone()).unwrap_or_default();
        assert!(before <= time, "{before} before {time}");
    }
}

/// Oldest first, each counted; the newest are there, and endpoints too.
#[test]
fn a_full_disk_costs_the_oldest_exchanges_and_counts_them() {
    const COUNT: u64 = 12_000;
    let Some(node) = require_live() else { return };
    let mut cluster = Cluster::prepare(&node);
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    let disk = Disk::new("size=4m");
    let settings = to_kafka(&node, &cluster)
        .set(&format!("spool.path={}", disk.scratch.path().display()))
        .set("spool.max_bytes=64MiB");
    let mut sensor = Sensor::start_with(settings);
    keep_alive(server.address, 0..COUNT, 8);
    wait_for("drops", || (sensor.counter("spool_dropped") > 0).then_some(()));
    cluster.restart(0);
    wait_until_sent(&sensor);
    let dropped = sensor.counter("spool_dropped");
    let others: Vec<_> = sensor.losses();
    sensor.stop();
    let records = read(&cluster.addresses(), "sensor.exchanges", &[]);
    let seen = count(&events(&records, server.address.port()), &sensor.settings.key(), 0..COUNT);
    assert_eq!(others, [("spool_dropped".to_owned(), dropped)], "{}", sensor.settings.log());
    assert_eq!(seen.len() as u64 + dropped, COUNT);
    assert!((COUNT - 100..COUNT).all(|id| seen.contains_key(&id)));
    let endpoints = read(&cluster.addresses(), "sensor.endpoints", &[]);
    assert!(endpoints.iter().any(|record| record.value.contains("/items/{itemId}")));
    let log = sensor.settings.log();
    assert!(log.contains("the spool is full"), "{log}");
}

/// A small disk of its own.
struct Disk {
    scratch: Scratch,
}

impl Disk {
    fn new(options: &str) -> Self {
        let scratch = Scratch::new();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "none"]).arg(scratch.path());
        read_output(&mut mount);
        Self { scratch }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.scratch.path()).status();
    }
}

/// The others of its batch arrive, it is counted, and the message says what to do.
#[test]
fn a_record_too_large_for_the_brokers_costs_itself_alone() {
    const EXCHANGES: usize = 3000;
    const LARGE: usize = 3;
    let Some(node) = require_live() else { return };
    let cluster = Cluster::start(&node, 1);
    let scratch = Scratch::new();
    let files = [capture(&scratch, EXCHANGES), large(&scratch, LARGE)];
    let topic = "small.exchanges";
    cluster.tool(
        "org.apache.kafka.tools.TopicCommand",
        &[
            "--bootstrap-server",
            &cluster.addresses(),
            "--create",
            "--topic",
            topic,
            "--config",
            "max.message.bytes=2500",
            "--config",
            "compression.type=uncompressed",
        ],
    );
    let settings = [
        &cluster.setting()[..],
        "kafka.prefix=small.",
        "kafka.properties.compression.type=none",
        "kafka.flush_timeout=30s",
    ];
    let mut command = super::replayed::command(&node, &files[0], &settings);
    let output = command.arg(&files[1]).output().expect("a sensor");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    let records = read(&cluster.addresses(), topic, &[]);
    let ids: HashSet<_> = records
        .iter()
        .map(|record| Event::parse(record.value.as_bytes()).text("event.id").to_owned())
        .collect();
    assert_eq!(ids.len(), EXCHANGES);
    assert!(log.contains(&format!("{LARGE} records kafka_too_large")), "{log}");
    assert!(log.contains("raise the topic's max.message.bytes"), "{log}");
}

/// A capture of exchanges with many long field names, whose records have over 4 KiB.
fn large(scratch: &Scratch, count: usize) -> std::path::PathBuf {
    let file = scratch.file("large.pcap");
    let mut writer = PcapWriter::create(&file).expect("a capture");
    let fields: String =
        (0..60).map(|field| format!("X-{}{field}: 1\r\n", "long-name-".repeat(8))).collect();
    for number in 0..count {
        let client = SocketAddr::from(([10, 0, 0, 1], 40_000 + number as u16));
        let server = SocketAddr::from(([10, 0, 0, 2], 80));
        let mut connection = Conversation::new(client, server);
        let request = format!("GET /large HTTP/1.1\r\nHost: shop.example\r\n{fields}\r\n");
        connection.handshake();
        connection.client(request.as_bytes());
        connection.server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        connection.close();
        for packet in &connection.packets {
            writer.packet(packet).expect("a capture");
        }
    }
    writer.finish().expect("a capture");
    file
}

const SSL: &str = "kafka.properties.security.protocol=ssl";

#[test]
fn settings_that_librdkafka_refuses_are_named() {
    let Some(node) = require_live() else { return };
    let scratch = Scratch::new();
    let file = capture(&scratch, 1);
    let check = |property: &str, words: &[&str]| {
        let settings = [&format!("kafka.properties.{property}"), SSL];
        check_refused(&node, &file, &settings, words);
    };
    check("no.such.thing=1", &["kafka.properties: no.such.thing cannot be set"]);
    check("acks=maybe", &["kafka.properties: acks cannot be set"]);
    check("acks=1", &["kafka.properties: ", "idempoten"]);
    check("ssl.ca.location=/nonexistent", &["ssl.ca.location"]);
}

/// A replay waits for a broker that is killed and comes back.
#[test]
fn a_replay_waits_for_its_broker() {
    const EXCHANGES: usize = 150_000;
    let Some(node) = require_live() else { return };
    let mut cluster = Cluster::start(&node, 1);
    let scratch = Scratch::new();
    let file = capture(&scratch, EXCHANGES);
    let settings = [&cluster.setting()[..], "kafka.flush_timeout=40s", "spool.max_bytes=16MiB"];
    let mut sensor = super::replayed::start(&node, &file, &settings);
    std::thread::sleep(Duration::from_secs(1));
    cluster.kill(0);
    assert!(sensor.ended().is_none(), "too quick for this test");
    cluster.restart(0);
    let status = sensor.wait(Duration::from_mins(2));
    assert!(status.success(), "{status}");
    let records = read(&cluster.addresses(), "sensor.exchanges", &[]);
    let ids: HashSet<_> = records
        .iter()
        .map(|record| Event::parse(record.value.as_bytes()).text("event.id").to_owned())
        .collect();
    assert_eq!(ids.len(), EXCHANGES);
}
