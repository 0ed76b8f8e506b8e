//! What real programs do besides a plain GET.

use std::{net::SocketAddr, process::Command};

use tests::harness::{Client, Event, Kind, Sensor, Server, read_output, require_live};

#[test]
fn responses_of_every_form() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let python = Server::start(&node, Kind::Python, "127.0.0.1");
    let nginx = Server::start(&node, Kind::Nginx, "127.0.0.1");
    curl(python.address, &["--head"], &["items/1", "items/7"]);
    curl(python.address, &[], &["empty", "unchanged", "chunks", "items/2"]);
    curl(python.address, &["--compressed"], &["packed", "items/3"]);
    check(
        &mut sensor,
        python.address,
        &[
            "HEAD /items/{itemId} 200",
            "HEAD /items/{itemId} 404",
            "GET /empty 204",
            "GET /unchanged 304",
            "GET /chunks 200 chunked 17",
            "GET /items/{itemId} 200 length 1",
            "GET /packed 200 length gzip complete 7000 to fewer",
            "GET /items/{itemId} 200 length 1",
        ],
    );
    let since = format!("If-Modified-Since: {}", modified(nginx.address));
    curl(nginx.address, &["--head"], &["small.txt"]);
    curl(nginx.address, &["-H", &since], &["small.txt", "empty"]);
    curl(nginx.address, &["--compressed"], &["small.txt"]);
    let events = check(
        &mut sensor,
        nginx.address,
        &[
            "HEAD /small.txt 200",
            "HEAD /small.txt 200",
            "GET /small.txt 304",
            "GET /empty 204",
            "GET /small.txt 200 chunked gzip complete 1100 to fewer",
        ],
    );
    assert_eq!(events[4].text("http.response.body.media_type"), "text/plain");
    sensor.stop();
}

/// The body is beyond the budget; what follows on the connection is not harmed.
#[test]
fn large_bodies_are_stepped_over() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let python = Server::start(&node, Kind::Python, "127.0.0.1");
    let nginx = Server::start(&node, Kind::Nginx, "127.0.0.1");
    let body = sensor.settings.scratch.write("body", vec![b'x'; 3 << 20]);
    let data = format!("@{}", body.display());
    for address in [python.address, nginx.address] {
        let send = ["--data-binary", &data, "-H", "Expect: 100-continue"];
        let next = ["--next", "-sS", "-o", "/dev/null"];
        let (first, second) = (url(address, "items/3"), url(address, "items/7"));
        let mut command = Command::new("curl");
        command.args(["-sS", "-o", "/dev/null"]).args(send).arg(&first).args(next).arg(&second);
        read_output(&mut command);
    }
    check(
        &mut sensor,
        python.address,
        &[
            "POST /items/{itemId} 200 missing request_truncated length 1",
            "GET /items/{itemId} 404 length 1",
        ],
    );
    let events = check(
        &mut sensor,
        nginx.address,
        &[
            "POST /items/{itemId} 200 missing request_truncated length 2",
            "GET /items/{itemId} 404 length 2",
        ],
    );
    assert_eq!(events[0].number("http.request.body.size"), Some(3 << 20), "{:?}", events[0]);
    assert_eq!(one_connection(&events), 1);

    let nginx = Server::start(&node, Kind::Nginx, "127.0.0.1");
    curl(nginx.address, &[], &["large.bin", "items/7", "large.bin", "items/3"]);
    let events = check(
        &mut sensor,
        nginx.address,
        &[
            "GET /large.bin 200 missing response_truncated length 5242880",
            "GET /items/{itemId} 404 length 2",
            "GET /large.bin 200 missing response_truncated length 5242880",
            "GET /items/{itemId} 200 length 2",
        ],
    );
    assert_eq!(one_connection(&events), 1);
    assert_eq!(sensor.losses(), [], "losses");
    sensor.stop();
}

/// The tunnel is not looked into: the exchange inside it is seen at its own ends.
#[test]
fn a_proxy_that_tunnels() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let nginx = Server::start(&node, Kind::Nginx, "127.0.0.1");
    let proxy = Server::start_proxy("127.0.0.1");
    let through = format!("http://{}", proxy.address);
    curl(nginx.address, &["--proxytunnel", "--proxy", &through], &["items/3", "items/7"]);
    check(
        &mut sensor,
        nginx.address,
        &["GET /items/{itemId} 200 length 2", "GET /items/{itemId} 404 length 2"],
    );
    let events = check(&mut sensor, proxy.address, &[&format!("CONNECT {} 200", nginx.address)]);
    assert_eq!(events[0].text("http.request.host"), nginx.address.to_string());
    sensor.stop();
}

/// The same requests have the same answers, whoever watches.
#[test]
fn nothing_changes_for_the_applications() {
    let Some(node) = require_live() else { return };
    let servers = Kind::ALL.map(|kind| Server::start(&node, kind, "127.0.0.1"));
    let ask = || {
        let answers = servers.iter().map(|server| {
            let mut client = Client::connect(server.address);
            (0..200).map(|id| client.get(&format!("/items/{id}"))).collect::<Vec<_>>()
        });
        let large =
            read_output(Command::new("curl").args(["-sS", &url(servers[0].address, "large.bin")]));
        (answers.collect::<Vec<_>>(), large)
    };
    let without = ask();
    let mut sensor = Sensor::start(&node);
    assert!(ask() == without, "other answers with the sensor");
    sensor.stop();
    assert!(ask() == without, "other answers after the sensor");
}

/// Asks for several paths on one connection.
fn curl(address: SocketAddr, arguments: &[&str], paths: &[&str]) {
    let mut command = Command::new("curl");
    command.args(["-sS", "--max-time", "20"]).args(arguments);
    for path in paths {
        command.args(["-o", "/dev/null"]).arg(url(address, path));
    }
    read_output(&mut command);
}

fn url(address: SocketAddr, path: &str) -> String {
    format!("http://{address}/{path}")
}

fn modified(address: SocketAddr) -> String {
    let head =
        read_output(Command::new("curl").args(["-sS", "--head", &url(address, "small.txt")]));
    let date = head.lines().find_map(|line| line.strip_prefix("Last-Modified: "));
    date.unwrap_or_else(|| panic!("no date: {head}")).trim().to_owned()
}

/// The records of a server so far, each as its summary and what is known of its response's
/// content, must be these.
#[track_caller]
fn check(sensor: &mut Sensor, address: SocketAddr, expect: &[&str]) -> Vec<Event> {
    let events = sensor.wait_events(address.port(), expect.len());
    let found: Vec<_> = events.iter().map(summary).collect();
    assert_eq!(found, expect, "{events:#?}");
    events
}

fn summary(event: &Event) -> String {
    let fact = |name| format!("http.response.body.{name}");
    let mut words = vec![event.summary()];
    if event.has(&fact("framing")) {
        let size = event.number(&fact("size")).unwrap_or(0);
        let coding = event.text(&fact("coding"));
        words.push(event.text(&fact("framing")).to_owned());
        if coding.is_empty() {
            words.push(size.to_string());
        } else {
            // How small it was made is the program's own affair.
            let decoded = event.number(&fact("decoded_size")).unwrap_or(0);
            let shrunk = if size < decoded { "to fewer" } else { "to more" };
            let decoding = event.text(&fact("decoding"));
            words.push(format!("{coding} {decoding} {decoded} {shrunk}"));
        }
    }
    words.join(" ")
}

fn one_connection(events: &[Event]) -> usize {
    let mut connections: Vec<_> = events.iter().map(|event| event.text("connection.id")).collect();
    connections.sort_unstable();
    connections.dedup();
    connections.len()
}
