//! Exchanges of every form, each seen once.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream},
    path::Path,
    thread,
};

use anyhow::{Context, Result, ensure};
use rustix::{
    net::{
        AddressFamily, SendFlags, SocketFlags, SocketType, connect, sendto, socket_with, sockopt,
    },
    process::Signal,
};
use serde_json::Value;

use crate::{
    http::{Client, LARGE, Server, status_of},
    machine::{Machine, wait, write},
    report::Outcome,
    sensor::Sensor,
};

pub fn keep_alive(machine: &mut Machine) -> Result<Outcome> {
    const CONNECTIONS: u64 = 4;
    let server = Server::start("127.0.0.1:0")?;
    let sensor = machine.sensor()?;
    thread::scope(|scope| -> Result<()> {
        let clients = (0..CONNECTIONS).map(|first| {
            scope.spawn(move || -> Result<()> {
                let mut client = Client::connect(server.address)?;
                (0..50).try_for_each(|turn| client.item(first + turn * CONNECTIONS))
            })
        });
        // All are started before the first is waited for.
        let clients: Vec<_> = clients.collect();
        clients.into_iter().try_for_each(|client| client.join().expect("no panic"))
    })?;
    check_items(sensor, server.address, 200)?;
    Ok(Outcome::Passed)
}

pub fn one_each(machine: &mut Machine) -> Result<Outcome> {
    let server = Server::start("127.0.0.1:0")?;
    let sensor = machine.sensor()?;
    (0..100).try_for_each(|id| Client::connect(server.address)?.last_item(id))?;
    check_items(sensor, server.address, 100)?;
    Ok(Outcome::Passed)
}

pub fn pipelining(machine: &mut Machine) -> Result<Outcome> {
    let server = Server::start("127.0.0.1:0")?;
    let sensor = machine.sensor()?;
    let mut client = Client::connect(server.address)?;
    let requests: String = (0..20).map(|id| client.item_request(id, "")).collect();
    client.send(requests.as_bytes())?;
    (0..20).try_for_each(|id| client.item_answer(id))?;
    check_items(sensor, server.address, 20)?;
    Ok(Outcome::Passed)
}

pub fn chunked(machine: &mut Machine) -> Result<Outcome> {
    let server = Server::start("127.0.0.1:0")?;
    let sensor = machine.sensor()?;
    let (status, _) = Client::connect(server.address)?.post_chunked("/chunked", &[b'c'; 5000])?;
    ensure!(status == 200, "status {status}");
    let record = &sensor.expect(server.address.port(), 1)?[0];
    for side in ["request", "response"] {
        check(record, &format!("http.{side}.body.framing"), &"chunked".into())?;
    }
    check(record, "http.request.body.size", &5000.into())?;
    check(record, "missing", &Value::Null)?;
    Ok(Outcome::Passed)
}

pub fn large(machine: &mut Machine) -> Result<Outcome> {
    let server = Server::start("127.0.0.1:0")?;
    let sensor = machine.sensor()?;
    let mut client = Client::connect(server.address)?;
    let (status, content) = client.post("/large", &vec![b'q'; LARGE])?;
    ensure!(status == 200 && content.len() == LARGE, "{status} with {} bytes", content.len());
    client.item(1)?;
    let records = sensor.expect(server.address.port(), 2)?;
    for side in ["request", "response"] {
        check(&records[0], &format!("http.{side}.body.size"), &LARGE.into())?;
        let captured = records[0][format!("http.{side}.body.captured_size")].as_u64().unwrap_or(0);
        // The budget, and the end of each pushed segment.
        let few = 1..LARGE as u64 / 2;
        ensure!(few.contains(&captured), "{captured} bytes of the {side} captured");
    }
    check(&records[0], "missing", &serde_json::json!(["request_truncated", "response_truncated"]))?;
    check(&records[1], "missing", &Value::Null)?;
    Ok(Outcome::Passed)
}

pub fn ipv6(machine: &mut Machine) -> Result<Outcome> {
    let server = Server::start("[::1]:0")?;
    let sensor = machine.sensor()?;
    let mut client = Client::connect(server.address)?;
    (0..20).try_for_each(|id| client.item(id))?;
    let records = check_items(sensor, server.address, 20)?;
    check(&records[0], "server.address", &"::1".into())?;
    Ok(Outcome::Passed)
}

/// The client delays its acknowledgement of the SYN until it has something to say: the request
/// comes while there is only the listening socket, as with a server's deferred accept.
pub fn late(machine: &mut Machine) -> Result<Outcome> {
    let server = Server::start("127.0.0.1:0")?;
    let sensor = machine.sensor()?;
    for id in 0..50 {
        let socket = tcp_socket()?;
        sockopt::set_tcp_quickack(&socket, false).context("failed to delay acknowledgements")?;
        connect(&socket, &server.address).context("failed to connect")?;
        Client::over(TcpStream::from(socket), server.address)?.last_item(id)?;
    }
    check_items(sensor, server.address, 50)?;
    Ok(Outcome::Passed)
}

pub fn fast_open(machine: &mut Machine) -> Result<Outcome> {
    /// `MSG_FASTOPEN`, which rustix does not name.
    const FAST_OPEN: SendFlags = SendFlags::from_bits_retain(0x2000_0000);
    /// Client and server, data in the SYN without a cookie, every listening socket
    /// (Documentation/networking/ip-sysctl.rst).
    const SETTING: &str = "1543";
    write(Path::new("/proc/sys/net/ipv4/tcp_fastopen"), SETTING)?;
    let server = Server::start("127.0.0.1:0")?;
    let sensor = machine.sensor()?;
    for id in 0..20 {
        let socket = tcp_socket()?;
        let request = format!("GET /items/{id} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
        sendto(&socket, request.as_bytes(), FAST_OPEN, &server.address)
            .context("failed to send with the SYN")?;
        Client::over(TcpStream::from(socket), server.address)?.item_answer(id)?;
    }
    let netstat = std::fs::read_to_string("/proc/net/netstat").unwrap_or_default();
    check_items(sensor, server.address, 20)?;
    let passive = tcp_counter(&netstat, "TCPFastOpenPassive").unwrap_or(0);
    ensure!(passive >= 20, "only {passive} requests came in a SYN");
    Ok(Outcome::Passed)
}

/// A counter of /proc/net/netstat: a line of names above a line of numbers.
fn tcp_counter(netstat: &str, name: &str) -> Option<u64> {
    let mut lines = netstat.lines().filter(|line| line.starts_with("TcpExt:"));
    let index = lines.next()?.split(' ').position(|word| word == name)?;
    lines.next()?.split(' ').nth(index)?.parse().ok()
}

fn tcp_socket() -> Result<rustix::fd::OwnedFd> {
    socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)
        .context("failed to create a socket")
}

pub fn not_http(machine: &mut Machine) -> Result<Outcome> {
    let sensor = machine.sensor()?;
    let before = sensor.counter("other_connections")?;
    let listener = TcpListener::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let mut client = TcpStream::connect(address)?;
    let (mut server, _) = listener.accept()?;
    for turn in 0..20_u8 {
        let (from, to) =
            if turn % 2 == 0 { (&mut client, &mut server) } else { (&mut server, &mut client) };
        from.write_all(&[0, turn, 7, 9, 200, 0, 0, 1, 2, 3, 4])?;
        to.read_exact(&mut [0; 11])?;
    }
    // Both ends are of this machine, and neither is a twin of a connection that is followed.
    wait("two connections to be muted", || {
        Ok((sensor.counter("other_connections")? >= before + 2).then_some(()))
    })?;
    sensor.expect(address.port(), 0)?;
    Ok(Outcome::Passed)
}

pub fn ring_full(machine: &mut Machine) -> Result<Outcome> {
    machine.stop();
    let server = Server::start("127.0.0.1:0")?;
    let sensor = Sensor::start(machine, &["capture.ring_bytes=64KiB"])?;
    sensor.signal(Signal::STOP)?;
    let mut client = Client::connect(server.address)?;
    let sent = (0..400).try_for_each(|id| client.item(id));
    sensor.signal(Signal::CONT)?;
    sent?;
    let lost = wait("the loss to be counted", || {
        let losses = sensor.losses()?;
        let loss = |name| losses.iter().find(|(cause, _)| cause == name).map(|(_, count)| *count);
        Ok(loss("ring_full").zip(loss("ring_full_requests")))
    })?;
    // A request whose response was lost waits for one until the connection ends, and the sensor
    // must see the end.
    drop(client);
    ensure!(lost.0 >= lost.1, "{lost:?} segments and requests lost");
    let other = Server::start("127.0.0.1:0")?;
    let mut client = Client::connect(other.address)?;
    (0..10).try_for_each(|id| client.item(id))?;
    check_items(&sensor, other.address, 10)?;
    let requests = |record: &&Value| record["http.request.method"] == "GET";
    // Every request is in a record or counted as lost; what came after a hole waits a while.
    wait("a record of every request that is not counted as lost", || {
        let records = sensor.records(server.address.port());
        let seen = records.iter().filter(requests).count() as u64;
        ensure!(seen + lost.1 <= 400, "{seen} requests seen, {} lost, of 400", lost.1);
        Ok((seen + lost.1 == 400).then_some(()))
    })?;
    Ok(Outcome::Passed)
}

/// Records of the items 0 to `count`, all whole, on one server.
pub fn check_items(sensor: &Sensor, server: SocketAddr, count: u64) -> Result<Vec<Value>> {
    let records = sensor.expect(server.port(), count as usize)?;
    let mut seen = Vec::new();
    for record in &records {
        check(record, "http.route", &"/items/{itemId}".into())?;
        check(record, "missing", &Value::Null)?;
        check(record, "sensor.role", &"server".into())?;
        seen.push(record["http.response.status_code"].as_u64().unwrap_or(0));
    }
    let mut sent: Vec<_> = (0..count).map(|id| u64::from(status_of(id))).collect();
    seen.sort_unstable();
    sent.sort_unstable();
    ensure!(seen == sent, "other status codes than were sent");
    Ok(records)
}

/// A fact of a record; null is its absence.
pub fn check(record: &Value, key: &str, expect: &Value) -> Result<()> {
    ensure!(record[key] == *expect, "{key} is {}, not {expect}: {record}", record[key]);
    Ok(())
}
