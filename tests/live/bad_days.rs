//! What goes wrong on a node.

use std::{
    io::Read,
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    process::{Command, Output, Stdio},
    time::Duration,
};

use rustix::process::Signal;
use tests::harness::{
    Client, Event, Kind, Running, Scratch, Sensor, Server, Settings, Turn, check_counted, converse,
    count, keep_alive, listen_on, one_each, read_output, require_live, status_of, wait_for,
};

#[test]
fn without_root_the_message_names_what_is_missing() {
    let Some(node) = require_live() else { return };
    let scratch = Scratch::new();
    std::fs::set_permissions(scratch.path(), PermissionsExt::from_mode(0o777)).unwrap();
    // Where the binary lies a stranger may not go.
    std::fs::copy(&node.binary, scratch.file("sensor")).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    command.arg(scratch.file("sensor")).args(["run", "--output", "none", "--socket"]);
    command.arg(scratch.file("control"));
    let message = refusal(&mut command);
    assert!(message.contains("root") && message.contains("sensor doctor"), "{message}");
}

#[test]
fn a_second_sensor_is_refused() {
    let Some(node) = require_live() else { return };
    let mut first = Sensor::start(&node);
    let same = refusal(&mut first.settings.command());
    assert!(same.contains("another sensor"), "{same}");
    assert!(same.contains(&first.process.pid().to_string()), "{same}");
    let other = refusal(&mut Settings::new(&node).command());
    assert!(other.contains("another sensor is attached"), "{other}");
    // The first one has not noticed.
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    keep_alive(server.address, 0..10, 1);
    let events = first.finish(server.address.port(), 10);
    check_counted(&events, &first.settings.key(), 0..10);
}

/// Standard error of a command that must fail by itself.
fn refusal(command: &mut Command) -> String {
    let mut child = Running::start(command.stderr(Stdio::piped()));
    let status = child.wait(Duration::from_secs(10));
    let mut text = String::new();
    child.stderr().read_to_string(&mut text).unwrap();
    assert_eq!(status.code(), Some(1), "{text}");
    assert!(text.contains("error: "), "{text}");
    text
}

#[test]
fn no_cgroup_where_one_was_named() {
    let Some(node) = require_live() else { return };
    let settings = Settings::new(&node).set("capture.cgroup=/proc/no-such-cgroup");
    let message = refusal(&mut settings.command());
    assert!(message.contains("/proc/no-such-cgroup"), "{message}");
}

/// The ring buffer holds next to nothing, and nobody reads it for a while.
#[test]
fn a_full_ring_buffer_is_counted_and_survived() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start_with(Settings::new(&node).set("capture.ring_bytes=64KiB"));
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    let port = server.address.port();
    let mut kept = Client::connect(server.address);
    assert_eq!(kept.get("/items/1").status, status_of(1));
    sensor.process.signal(Signal::STOP);
    keep_alive(server.address, 10..1010, 4);
    one_each(server.address, 1010..2010, 4);
    for id in 2010..2110 {
        assert_eq!(kept.get(&format!("/items/{id}")).status, status_of(id));
    }
    sensor.process.signal(Signal::CONT);
    wait_for("look at the ring buffer", || (sensor.counter("ring_full") > 0).then_some(()));
    std::thread::sleep(Duration::from_millis(200));
    // The connection lost requests and responses in between; what comes now is whole again.
    for id in 3000..3010 {
        assert_eq!(kept.get(&format!("/items/{id}")).status, status_of(id));
    }
    one_each(server.address, 3010..3020, 1);
    sensor.wait_events(port, 100);
    let lost = sensor.counter("ring_full_requests");
    let losses = sensor.losses();
    // What waits for the end of its connection, which nobody saw, comes with the sensor's own.
    let events = sensor.finish(port, 0);
    let key = sensor.settings.key();
    // Whatever claims to be whole is right.
    let whole = events.iter().filter(|event| !event.has("missing"));
    let seen = count(whole, &key, 0..4000);
    assert!(seen.values().all(|count| *count == 1), "an id more than once");
    let after = (3000..3020).filter(|id| !seen.contains_key(id)).collect::<Vec<_>>();
    assert!(after.is_empty(), "not seen after the loss: {after:?}\n{events:?}");
    let requests = events.iter().filter(|event| event.has("http.request.method")).count();
    let unknown = 2121 - requests as u64;
    let broken: Vec<_> = events.iter().filter(|event| event.has("missing")).collect();
    assert_eq!(unknown, lost, "{requests} requests seen; losses {losses:?}; parts in {broken:#?}");
}

#[test]
fn sigterm_writes_what_is_open() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    let listener = listen_on("127.0.0.1");
    let mut open = Client::connect(listener.local_addr().unwrap());
    let (_accepted, _) = listener.accept().unwrap();
    open.send(b"GET /items/1 HTTP/1.1\r\nHost: a\r\n\r\n");
    keep_alive(server.address, 0..5000, 4);
    // No waiting: the end must drain.
    sensor.stop();
    let events = sensor.events(server.address.port());
    check_counted(&events, &sensor.settings.key(), 0..5000);
    let unanswered = sensor.events(listener.local_addr().unwrap().port());
    let found: Vec<_> = unanswered.iter().map(Event::summary).collect();
    assert_eq!(found, ["GET /items/{itemId} - missing response"]);
    assert!(!sensor.settings.socket().exists(), "the control socket is left");
    assert_eq!(attached_programs(&node.binary), 0);
}

/// Programs that a second start would trip over.
fn attached_programs(binary: &std::path::Path) -> usize {
    let Output { stdout, .. } =
        Command::new(binary).args(["doctor", "--output", "json"]).output().unwrap();
    let text = String::from_utf8_lossy(&stdout).into_owned();
    let checks: serde_json::Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let checks = checks.as_array().unwrap();
    checks.iter().filter(|check| check["found"].to_string().contains("another sensor")).count()
}

#[test]
fn sigkill_leaves_nothing_and_a_new_start_picks_up_connections() {
    let Some(node) = require_live() else { return };
    let mut first = Sensor::start(&node);
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    let port = server.address.port();
    let mut kept = Client::connect(server.address);
    let mut ask = |ids: std::ops::Range<u64>| {
        for id in ids {
            assert_eq!(kept.get(&format!("/items/{id}")).status, status_of(id));
        }
    };
    ask(0..10);
    first.wait_events(port, 10);
    first.process.signal(Signal::KILL);
    first.process.wait(Duration::from_secs(2));
    ask(10..20);
    assert!(first.settings.socket().exists(), "a killed process cannot tidy up");

    let mut second = first.again();
    ask(20..30);
    let events = second.finish(port, 20);
    let key = second.settings.key();
    check_counted(&events[..10], &key, 0..10);
    check_counted(&events[10..], &key, 20..30);
    let joined = events[10..].iter().all(|event| {
        event.text("sensor.role") == "server"
            && event.number("client.port") == events[0].number("client.port")
    });
    assert!(joined, "{events:?}");
    assert_eq!(attached_programs(&node.binary), 0);
}

#[test]
fn other_protocols_are_muted() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let before = sensor.status();
    let listener = listen_on("127.0.0.1");
    let flood: Vec<Turn> = (0..200)
        .flat_map(|_| [Turn::client(vec![0xfe; 20_000]), Turn::server(vec![0xfd; 20_000])])
        .collect();
    converse(&listener, &flood);
    let open = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    for _ in 0..20 {
        for (mut from, mut to) in [(&open, &accepted), (&accepted, &open)] {
            std::io::Write::write_all(&mut from, &[0xfe; 100]).unwrap();
            to.read_exact(&mut [0; 100]).unwrap();
        }
    }
    let after = sensor.status();
    let grown = |name: &str| after.counters[name] - before.counters[name];
    assert!(grown("other_connections") >= 4, "{}", grown("other_connections"));
    // Eight megabytes went by. Others on this machine may have sent something.
    assert!(grown("bytes_copied") < 1 << 20, "{} bytes copied", grown("bytes_copied"));
    assert!(after.capture.verdicts["mute"] >= 2, "{:?}", after.capture.verdicts);
    sensor.stop();
    assert_eq!(sensor.events(listener.local_addr().unwrap().port()).len(), 0);
}

#[test]
fn a_full_disk_is_counted_and_survived() {
    let Some(node) = require_live() else { return };
    let disk = SmallDisk::mount();
    let file = format!("output.file.path={}", disk.0.file("events.jsonl").display());
    let mut sensor = Sensor::start_with(Settings::new(&node).set(&file));
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    keep_alive(server.address, 0..2000, 4);
    wait_for("count of what could not be written", || {
        (sensor.counter("output_failed") > 0).then_some(())
    });
    let written = sensor.counter("records_written");
    std::fs::write(disk.0.file("events.jsonl"), "").unwrap();
    keep_alive(server.address, 2000..2100, 1);
    sensor.stop();
    let text = std::fs::read(disk.0.file("events.jsonl")).unwrap();
    let lines: Vec<_> = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
    let events: Vec<_> = lines.into_iter().map(Event::parse).collect();
    let here = events.iter().filter(|event| event.port() == Some(server.address.port()));
    check_counted(here, &sensor.settings.key(), 2000..2100);
    assert!(written < 2000, "{written} records on a disk of 256 KiB");
}

/// A file system of 256 KiB, unmounted when dropped.
struct SmallDisk(Scratch);

impl SmallDisk {
    fn mount() -> Self {
        let scratch = Scratch::new();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(scratch.path());
        read_output(&mut command);
        Self(scratch)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

/// A record does not wait for the next ones.
#[test]
fn records_come_while_traffic_goes_on() {
    let Some(node) = require_live() else { return };
    let mut sensor = Sensor::start(&node);
    let server = Server::start(&node, Kind::Nginx, "127.0.0.1");
    let mut client = Client::connect(server.address);
    for id in 0..25 {
        assert_eq!(client.get(&format!("/items/{id}")).status, status_of(id));
        std::thread::sleep(Duration::from_millis(100));
    }
    let events = sensor.events(server.address.port());
    assert!(events.len() >= 10, "{} of 25 records after 2.5 s", events.len());
    sensor.stop();
}
