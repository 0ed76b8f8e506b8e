//! Real servers, each with real clients, over loopback.

use std::process::{Command, Stdio};

use tests::harness::{
    Event, ITEM_ROUTE, Kind, Running, Sensor, Server, check_counted, count, executable, keep_alive,
    one_each, program, read_output, require_live,
};

const IDS: u64 = 60;

#[test]
fn every_server_is_seen_with_both_processes() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let servers: Vec<Server> = Kind::ALL
        .into_iter()
        .flat_map(|kind| ["127.0.0.1", "::1"].map(|address| Server::start(&node, kind, address)))
        .collect();
    for server in &servers {
        keep_alive(server.address, 0..IDS, 3);
        one_each(server.address, IDS..2 * IDS, 3);
    }
    for server in &servers {
        sensor.wait_events(server.address.port(), 2 * IDS as usize);
    }
    sensor.stop();
    for server in &servers {
        let events = sensor.events(server.address.port());
        check_counted(&events, &sensor.settings.key(), 0..2 * IDS);
        let own = std::process::id();
        for event in &events {
            check_place(event, server);
            check_process(event, "", &server.pids(), &server.executable());
            check_process(event, "client.", &[own], &executable(own));
        }
    }
}

fn check_place(event: &Event, server: &Server) {
    assert_eq!(event.text("sensor.role"), "server", "{event:?}");
    assert_eq!(event.text("server.address"), server.address.ip().to_string(), "{event:?}");
    assert_eq!(event.text("client.address"), server.address.ip().to_string(), "{event:?}");
    assert_eq!(event.text("http.request.host"), server.address.to_string(), "{event:?}");
    assert_eq!(event.text("network.protocol.version"), "1.1", "{event:?}");
}

fn check_process(event: &Event, prefix: &str, pids: &[u32], executable: &std::path::Path) {
    let pid = event.number(&format!("{prefix}process.pid"));
    assert!(
        pid.is_some_and(|pid| pids.contains(&(pid as u32))),
        "{prefix}process.pid is none of {pids:?}: {event:?}"
    );
    let path = event.text(&format!("{prefix}process.executable.path"));
    assert_eq!(path, executable.to_string_lossy(), "{prefix}process: {event:?}");
    let name = executable.file_name().unwrap().to_string_lossy();
    assert_eq!(event.text(&format!("{prefix}process.executable.name")), name, "{event:?}");
}

#[test]
fn curl_is_named_as_the_caller() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    for (kind, address) in [(Kind::Nginx, "127.0.0.1"), (Kind::Python, "::1")] {
        let server = Server::start(&node, kind, address);
        let port = server.address.port();
        let kept = curl(&server, "0-59", "Connection: keep-alive");
        let closed = curl(&server, "60-99", "Connection: close");
        let events = sensor.wait_events(port, 100);
        check_counted(&events, &sensor.settings.key(), 0..100);
        let connections = |pid: u32| {
            let of_pid = events.iter().filter(|event| {
                event.number("client.process.pid") == Some(u64::from(pid))
                    // The process may be gone before its name is asked for.
                    && ["curl", ""].contains(&event.text("client.process.executable.name"))
            });
            let mut ports: Vec<_> = of_pid.map(|event| event.number("client.port")).collect();
            let events = ports.len();
            ports.sort_unstable();
            ports.dedup();
            (events, ports.len())
        };
        assert_eq!(connections(kept), (60, 1), "kept alive, {kind:?}: {events:?}");
        assert_eq!(connections(closed), (40, 40), "closed, {kind:?}: {events:?}");
    }
    sensor.stop();
}

/// Asks for a range of ids, and gives the process id.
fn curl(server: &Server, ids: &str, field: &str) -> u32 {
    let mut command = Command::new("curl");
    // With ranges in use, the brackets of an IPv6 address would be one.
    let address = format!("127.0.0.1:80:{}", server.address);
    command.args(["-sS", "-o", "/dev/null", "-H", field, "--connect-to", &address]);
    command.arg(format!("http://127.0.0.1:80/items/[{ids}]"));
    let mut running = Running::start(&mut command);
    assert!(running.wait(std::time::Duration::from_secs(20)).success(), "{command:?}");
    running.pid()
}

#[test]
fn wrk_at_full_speed() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    let mut command = Command::new("wrk");
    command.args(["-t1", "-c8", "-d1s", "-s"]).arg(program("items.lua"));
    command.arg(format!("http://{}", server.address));
    let report = read_output(command.stderr(Stdio::inherit()));
    let answered: usize = report
        .lines()
        .find_map(|line| line.split_once(" requests in ")?.0.trim().parse().ok())
        .unwrap_or_else(|| panic!("no count of requests: {report}"));
    let events = sensor.wait_events(server.address.port(), answered);
    sensor.stop();
    assert!(events.len() >= answered, "{} of {answered}", events.len());
    // wrk leaves in the middle of the last requests.
    let all = sensor.events(server.address.port());
    let (whole, broken): (Vec<_>, Vec<_>) =
        all.iter().partition(|event| !event.has("missing") && event.status().is_some());
    assert!(broken.len() <= 8, "{broken:?}");
    let seen = count(whole.iter().copied(), &sensor.settings.key(), 1..answered as u64 + 100);
    assert!(seen.len() >= answered, "{} of {answered}", seen.len());
    assert!(seen.values().all(|count| *count == 1), "an id more than once");
    assert!(whole.iter().all(|event| event.text("http.route") == ITEM_ROUTE));
}
