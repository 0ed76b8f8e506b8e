//! What is learned of a real API, what of it survives, and what never leaves.

use std::{fs, net::SocketAddr, process::Command};

use rustix::process::Signal;
use serde_json::Value;
use tests::harness::{Sensor, Server, Settings, read_output, require_live};

const CARD: &str = "4539578763621486";
const EMAIL: &str = "maria.silva@example.org";
const TOKEN: &str = "tok3n-0f-maria-7c1f9a";

/// Posts so many orders, reads each with a token, and one without.
fn trade(address: SocketAddr, orders: u32) {
    for number in 100..100 + orders {
        let order = format!(r#"{{"email": "{EMAIL}", "amount": {number}, "card": "{CARD}"}}"#);
        let json = ["-H", "Content-Type: application/json", "--data", &order];
        curl(&format!("http://{address}/orders"), &json);
        let bearer = format!("Authorization: Bearer {TOKEN}");
        curl(&format!("http://{address}/orders/{number}"), &["-H", &bearer]);
    }
    curl(&format!("http://{address}/orders/100"), &[]);
    curl(&format!("http://{address}/broken"), &[]);
}

fn curl(url: &str, options: &[&str]) {
    read_output(Command::new("curl").args(["-sS", "-o", "/dev/null"]).args(options).arg(url));
}

/// The endpoints of a host, all about each.
fn inventory(sensor: &Sensor, host: &str) -> Vec<Value> {
    let all = sensor.ask("/inventory").expect("a running sensor answers");
    let all = all.as_array().expect("a list").clone();
    all.into_iter().filter(|one| one["endpoint"]["host"] == host).collect()
}

fn find<'v>(all: &'v [Value], method: &str, route: &str) -> &'v Value {
    let is =
        |one: &&Value| one["endpoint"]["method"] == method && one["endpoint"]["route"] == route;
    all.iter().find(is).unwrap_or_else(|| panic!("no {method} {route} in {all:?}"))
}

#[test]
fn what_an_api_takes_and_gives() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let shop = Server::start_program("shop.py", "127.0.0.1");
    trade(shop.address, 20);
    sensor.wait_events(shop.address.port(), 42);
    let all = inventory(&sensor, &shop.address.to_string());
    let post = find(&all, "POST", "/orders");
    let body = &post["operation"]["request"]["application/json"];
    assert_eq!(body["required"], serde_json::json!(["amount", "card", "email"]), "{body}");
    assert_eq!(body["properties"]["email"]["format"], "email");
    assert_eq!(body["properties"]["amount"]["maximum"], 119.0);
    let kinds: Vec<_> =
        post["data"].as_array().unwrap().iter().map(|d| d["kind"].clone()).collect();
    assert!(kinds.contains(&"email".into()) && kinds.contains(&"card_number".into()), "{kinds:?}");
    assert_eq!(post["endpoint"]["authentication"], serde_json::json!(["none"]));
    let get = find(&all, "GET", "/orders/{orderId}");
    assert_eq!(get["operation"]["parameters"][0]["schema"]["type"][0], "integer", "{get}");
    assert_eq!(get["access"]["open"], 0, "{get}");
    let broken = find(&all, "GET", "/broken");
    assert_eq!(broken["data"][0]["class"], "leak", "{broken}");
    let id = post["endpoint"]["id"].as_str().unwrap();
    let page = read_output(sensor.settings.client(&["endpoint", id]).env("NO_COLOR", "1"));
    assert!(page.contains("sensitive data without authentication"), "{page}");

    // A document of what was seen declares all of it; one that declares less has a shadow.
    let export =
        read_output(&mut sensor.settings.client(&["spec", "export", &shop.address.to_string()]));
    let file = sensor.settings.scratch.write("openapi.json", &export);
    let diff = ["spec", "diff", file.to_str().unwrap()];
    let said = read_output(&mut sensor.settings.client(&diff));
    assert_eq!(said, "Everything seen is as declared.\n");
    let less = export.replace("/broken", "/intact");
    let file = sensor.settings.scratch.write("less.json", less);
    let host = shop.address.to_string();
    let import = ["spec", "import", "--host", &host, file.to_str().unwrap()];
    read_output(&mut sensor.settings.client(&import));
    let all = inventory(&sensor, &host);
    assert_eq!(find(&all, "POST", "/orders")["endpoint"]["declared"], "declared");
    assert_eq!(find(&all, "GET", "/broken")["endpoint"]["declared"], "shadow");
    sensor.stop();
}

#[test]
fn it_survives_a_stop_and_a_kill() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let shop = Server::start_program("shop.py", "127.0.0.1");
    let (port, host) = (shop.address.port(), shop.address.to_string());
    trade(shop.address, 5);
    sensor.wait_events(port, 12);
    let before = inventory(&sensor, &host);
    sensor.stop();
    let mut sensor = sensor.again();
    let after = inventory(&sensor, &host);
    for old in &before {
        let row = &old["endpoint"];
        let new = find(&after, row["method"].as_str().unwrap(), row["route"].as_str().unwrap());
        for key in ["id", "requests", "statuses"] {
            assert_eq!(new["endpoint"][key], row[key], "{key}");
        }
        for key in ["operation", "data", "access"] {
            assert_eq!(new[key], old[key], "{key}");
        }
    }
    trade(shop.address, 5);
    sensor.wait_events(port, 24);
    // Written by the next checkpoint, whatever happens then.
    let size =
        || fs::metadata(sensor.settings.scratch.file("inventory.redb")).and_then(|m| m.modified());
    let begun = size().expect("the store is there");
    wait_for_checkpoint(|| size().is_ok_and(|time| time > begun));
    sensor.process.signal(Signal::KILL);
    let sensor = sensor.again();
    let after = inventory(&sensor, &host);
    assert_eq!(find(&after, "POST", "/orders")["endpoint"]["requests"], 10);
}

/// One comes every 15 seconds.
fn wait_for_checkpoint(is_written: impl Fn() -> bool) {
    for _ in 0..300 {
        if is_written() {
            // It is written in one go, and its last page is the last.
            return std::thread::sleep(std::time::Duration::from_secs(1));
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("no checkpoint came");
}

/// Everything that leaves the process, and the file that it keeps.
#[test]
fn no_value_leaves() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start_with(Settings::new(&node).set("log.level=trace"));
    let shop = Server::start_program("shop.py", "127.0.0.1");
    trade(shop.address, 40);
    for path in [format!("/orders/{CARD}"), format!("/find?q={EMAIL}&card={CARD}")] {
        curl(&format!("http://{}{path}", shop.address), &["-H", &format!("X-Key: {TOKEN}")]);
    }
    sensor.wait_events(shop.address.port(), 84);
    let mut said = Vec::new();
    for arguments in [
        &["endpoints", "--output", "json"][..],
        &["endpoints"],
        &["inventory", "export"],
        &["spec", "export", &shop.address.to_string()],
        &["status", "--output", "json"],
    ] {
        said.push(read_output(&mut sensor.settings.client(arguments)));
    }
    sensor.stop();
    for name in ["events.jsonl", "log", "inventory.redb"] {
        let bytes = fs::read(sensor.settings.scratch.file(name)).expect("it was written");
        assert!(!bytes.is_empty(), "{name}");
        said.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    for text in &said {
        for value in [CARD, EMAIL, TOKEN, "maria.silva"] {
            assert!(!text.contains(value), "{value} in {}", &text[..text.len().min(2000)]);
        }
    }
}
