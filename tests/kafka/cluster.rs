//! Three brokers, one lost.

use std::{collections::HashSet, time::Duration};

use tests::harness::{
    Event, Scratch,
    kafka::{Cluster, read},
    require_live,
};

use super::replayed::{capture, start};

const EXCHANGES: usize = 150_000;

#[test]
fn nothing_stops_when_one_of_three_brokers_is_lost() {
    let Some(node) = require_live() else { return };
    let mut cluster = Cluster::start(&node, 3);
    let scratch = Scratch::new();
    let file = capture(&scratch, EXCHANGES);
    let mut sensor = start(&node, &file, &[&cluster.setting(), "kafka.flush_timeout=40s"]);
    std::thread::sleep(Duration::from_millis(1500));
    assert!(sensor.ended().is_none(), "too quick for this test");
    cluster.kill(2);
    let status = sensor.wait(Duration::from_mins(2));
    assert!(status.success(), "{status}");
    let records = read(&cluster.addresses(), "sensor.exchanges", &[]);
    let ids: HashSet<_> = records
        .iter()
        .map(|record| Event::parse(record.value.as_bytes()).text("event.id").to_owned())
        .collect();
    assert_eq!(ids.len(), EXCHANGES);
    eprintln!("{} records, {} sent twice", ids.len(), records.len() - ids.len());
}
