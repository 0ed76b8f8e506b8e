//! A sensor that was given too little, and does less.

use std::time::{Duration, Instant};

use tests::harness::{Kind, Sensor, Server, Settings, keep_alive, require_live, status_of};

#[test]
fn under_pressure_errors_stay_and_a_sample_of_the_rest() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start_with(Settings::new(&node).set("limits.cpu=0.01"));
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    let port = server.address.port();
    // More than an endpoint needs to be well known, for as long as it takes.
    let start = Instant::now();
    let mut id = 0;
    while sensor.counter("shedding") < 2 {
        keep_alive(server.address, id..id + 500, 2);
        id += 500;
        assert!(start.elapsed() < Duration::from_secs(30), "it sheds nothing");
    }
    let exchanges = sensor.counter("exchanges");
    let shed = sensor.counter("records_shed");
    keep_alive(server.address, id..id + 320, 2);
    let start = Instant::now();
    while sensor.counter("exchanges") < exchanges + 320 && start.elapsed() < Duration::from_secs(5)
    {
        std::thread::sleep(Duration::from_millis(20));
    }
    // Every exchange is counted, whatever is shed.
    assert_eq!(sensor.counter("exchanges"), exchanges + 320);
    let errors = (id..id + 320).filter(|&id| status_of(id) >= 400).count() as u64;
    let shed = sensor.counter("records_shed") - shed;
    let fine = 320 - errors;
    assert!(shed >= fine * 14 / 16 && shed < fine, "{shed} of {fine}");
    assert!(sensor.counter("bodies_shed") >= 320);
    sensor.stop();
    let all_errors = (0..id + 320).filter(|&id| status_of(id) >= 400).count();
    let seen = sensor.events(port).iter().filter(|event| event.status() >= Some(400)).count();
    assert_eq!(seen, all_errors, "errors are never shed");
    assert!(sensor.settings.log().contains("WellKnown"), "it says so");
}
