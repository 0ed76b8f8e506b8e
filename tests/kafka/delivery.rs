//! Every exchange that was taken in is in the topic once, whatever was killed.
//!
//! `SENSOR_KAFKA_EXCHANGES=200000` makes the long run: ten kills of the broker.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use sensor::mask::MaskKey;
use serde_json::Value;
use tests::harness::{
    Client, Event, Kind, Node, Sensor, Server,
    kafka::{Cluster, Record, python, read},
    program, read_output, require_live, spread, wait_for,
};

use super::bad_days::to_kafka;

/// A kill of the broker for so many exchanges.
const PER_KILL: u64 = 20_000;
/// Requests a second.
const RATE: u32 = 3_500;
const CONNECTIONS: usize = 8;
/// What a kill of the sensor may cost: what was on its way to the file. It flushes every 200 ms;
/// the rest is for a machine that is busy.
const BOUND: Duration = Duration::from_secs(1);
/// How long a new sensor needs to see a connection that it joins in the middle.
const JOIN: Duration = Duration::from_millis(500);

/// When each request was answered, in microseconds since the start; 0 while it was not.
struct Answered {
    start: Instant,
    at: Vec<AtomicU64>,
}

impl Answered {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn of(&self, id: u64) -> Duration {
        Duration::from_micros(self.at[id as usize].load(Ordering::Relaxed))
    }
}

#[test]
fn every_exchange_is_in_the_topic_once_whatever_was_killed() {
    let Some(node) = require_live() else { return };
    let set = std::env::var("SENSOR_KAFKA_EXCHANGES").ok();
    let count: u64 = set.map_or(40_000, |text| text.parse().expect("a number"));
    let mut cluster = Cluster::start(&node, 1);
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    let settings = to_kafka(&node, &cluster);
    let key = settings.key();
    let mut sensor = Some(Sensor::start_with(settings));
    let at = (0..count).map(|_| AtomicU64::new(0)).collect();
    let answered = Answered { start: Instant::now(), at };
    let kills = count / PER_KILL;
    let mut gaps = Vec::new();
    thread::scope(|scope| {
        let load = scope.spawn(|| load(server.address, &answered));
        for kill in 1..=kills {
            wait_until(&answered, count * kill / (kills + 1));
            cluster.kill(0);
            // Twice while the broker is away, so that the spool holds what was not sent.
            if kill == 1 || kill == kills {
                thread::sleep(Duration::from_millis(500));
                let mut old = sensor.take().expect("a sensor");
                old.process.signal(Signal::KILL);
                let killed = answered.now();
                old.process.wait(Duration::from_secs(5));
                sensor = Some(old.again());
                gaps.push((killed, answered.now() + JOIN));
            }
            thread::sleep(Duration::from_millis(300));
            cluster.restart(0);
        }
        load.join().expect("the load");
    });
    let mut sensor = sensor.expect("a sensor");
    wait_for("empty spool", || (sensor.counter("spool_records") == 0).then_some(()));
    let losses = sensor.losses();
    sensor.stop();
    let records = read(&cluster.addresses(), "sensor.exchanges", &[]);
    check(&records, server.address.port(), &key, &answered, &gaps);
    let endpoints = read(&cluster.addresses(), "sensor.endpoints", &[]);
    assert!(endpoints.iter().any(|record| record.value.contains("/items/{itemId}")));
    assert!(losses.is_empty(), "{losses:?}");
    check_schemas(&node, &cluster.addresses());
}

/// Sends all ids at the rate, and notes when each was answered.
fn load(address: SocketAddr, answered: &Answered) {
    let step = Duration::from_secs(1) * CONNECTIONS as u32 / RATE;
    spread(0..answered.at.len() as u64, CONNECTIONS, |ids| {
        let mut client = Client::connect(address);
        let mut next = Instant::now();
        for id in ids {
            thread::sleep(next.saturating_duration_since(Instant::now()));
            next += step;
            client.item("GET", id, 0, true);
            let now = answered.now().as_micros() as u64;
            answered.at[id as usize].store(now, Ordering::Relaxed);
        }
    });
}

fn wait_until(answered: &Answered, id: u64) {
    while answered.of(id).is_zero() {
        thread::sleep(Duration::from_millis(5));
    }
}

/// Every id is there under one event id, but for those that were answered while no sensor was
/// there, or shortly before one was killed.
fn check(
    records: &[Record],
    port: u16,
    key: &MaskKey,
    answered: &Answered,
    gaps: &[(Duration, Duration)],
) {
    let count = answered.at.len() as u64;
    let events: Vec<_> =
        records.iter().map(|record| Event::parse(record.value.as_bytes())).collect();
    let mut once = HashMap::new();
    for event in events.iter().filter(|event| event.port() == Some(port)) {
        once.insert(event.text("event.id"), event);
    }
    let hashes: HashMap<String, u64> =
        (0..count).map(|id| (key.hash(id.to_string().as_bytes()).to_string(), id)).collect();
    let (mut seen, mut twice) = (HashSet::new(), Vec::new());
    let mut views = HashSet::new();
    for event in once.values() {
        // A request that was cut by a gap has no id.
        let Some(id) = hashes.get(event.id()) else { continue };
        seen.insert(*id);
        // A sensor that joins a connection in the middle may see it from both its ends.
        if !views.insert((*id, event.text("sensor.role"))) {
            twice.push(*id);
        }
    }
    assert!(twice.is_empty(), "under more than one event id: {twice:?}");
    let mut lost_before = vec![(Duration::ZERO, 0); gaps.len()];
    let mut unseen_between = 0;
    for id in (0..count).filter(|id| !seen.contains(id)) {
        let when = answered.of(id);
        let gap = gaps.iter().position(|(from, to)| when + BOUND >= *from && when <= *to);
        let gap = gap.unwrap_or_else(|| panic!("id {id}, answered at {when:?}, is not there"));
        match gaps[gap].0.checked_sub(when) {
            Some(age) => {
                let (longest, number) = &mut lost_before[gap];
                *longest = age.max(*longest);
                *number += 1;
            }
            None => unseen_between += 1,
        }
    }
    let (number, again) = (once.len(), records.len() - once.len());
    eprintln!(
        "{count} exchanges, {number} records by id, {again} sent again; {unseen_between} while no \
         sensor was there; lost by each kill of the sensor (age of the oldest, number): \
         {lost_before:?}"
    );
}

/// A Python client reads all topics, and every record fits its schema.
fn check_schemas(node: &Node, brokers: &str) {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas");
    let mut command = python(node, &program("kafka_validate.py"));
    let output = read_output(command.args([brokers, "sensor."]).arg(schemas));
    let found: Value = serde_json::from_str(&output).expect("a summary");
    for topic in ["sensor.exchanges", "sensor.endpoints", "sensor.sensor"] {
        assert!(found[topic]["records"].as_u64() > Some(0), "{found}");
        assert_eq!(found[topic]["problems"], 0, "{found}");
    }
    eprintln!("{found}");
}
