//! Nothing is lost unless it is counted.

use std::{collections::HashMap, net::SocketAddr, ops::Range};

use tests::harness::{
    Kind, Sensor, Server, at_rate, check_counted, count, keep_alive, one_each, require_live,
};

const MANY: u64 = 100_000;

#[test]
fn a_hundred_thousand_requests_on_kept_connections() {
    all_are_accounted_for(MANY, |address, ids| keep_alive(address, ids, 8));
}

#[test]
fn a_hundred_thousand_requests_on_a_connection_each() {
    all_are_accounted_for(MANY, |address, ids| one_each(address, ids, 8));
}

/// What was not seen must be among the losses that are counted, and nothing be seen twice.
fn all_are_accounted_for(requests: u64, send: impl FnOnce(SocketAddr, Range<u64>)) {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    let before = sensor.status().memory;
    send(server.address, 0..requests);
    sensor.wait_events(server.address.port(), requests as usize);
    let status = sensor.status();
    let losses: HashMap<String, u64> = sensor.losses().into_iter().collect();
    sensor.stop();
    let events = sensor.events(server.address.port());
    let whole: Vec<_> = events.iter().filter(|event| !event.has("missing")).collect();
    let seen = count(whole.iter().copied(), &sensor.settings.key(), 0..requests);
    assert!(seen.values().all(|count| *count == 1), "an id more than once");
    let lost = |name| losses.get(name).copied().unwrap_or(0);
    let counted = lost("ring_full_requests")
        + lost("connection_map_full")
        + lost("output_slow")
        + lost("output_failed");
    assert_eq!(events.len() as u64 + counted, requests, "losses: {losses:?}");
    assert!(counted > 0 || whole.len() == events.len(), "a part is missing, and no loss counted");
    eprintln!(
        "{} of {requests} exchanges, {} whole; losses: {losses:?}",
        events.len(),
        whole.len()
    );

    let after = status.memory;
    eprintln!("memory before {before:?}, after {after:?}");
    assert!(after.resident_bytes < 200 << 20, "{after:?}");
    // Others on this machine have connections too.
    assert!(after.connections < 1000, "connections are not forgotten: {after:?}");
    assert!(status.capture.connections < 10_000, "nor by the kernel side: {status:?}");
}

#[test]
fn no_loss_at_ten_thousand_requests_a_second() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    at_rate(server.address, 0..50_000, 16, 10_000);
    sensor.wait_events(server.address.port(), 50_000);
    let losses = sensor.losses();
    sensor.stop();
    let events = sensor.events(server.address.port());
    check_counted(&events, &sensor.settings.key(), 0..50_000);
    assert_eq!(losses, [], "losses");
}
