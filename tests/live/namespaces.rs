//! Client and server in different network namespaces.

use tests::harness::{
    Event, Kind, Namespace, Sensor, Server, check_counted, executable, inside, keep_alive,
    one_each, require_live,
};

const PORT: u16 = 8080;

#[test]
fn across_a_cable() {
    let Some(node) = require_live() else { return };
    let client = Namespace::new("client");
    let server = Namespace::new("server");
    client.join(
        "a",
        &["10.201.0.1/24", "fd00:201::1/64"],
        &server,
        ("b", &["10.201.0.2/24", "fd00:201::2/64"]),
    );
    let mut sensor = Sensor::start(&node);
    for (port, from, to) in
        [(PORT, "10.201.0.1", "10.201.0.2"), (PORT + 1, "fd00:201::1", "fd00:201::2")]
    {
        let nginx = Server::start_inside(&node, Kind::Nginx, to, port, &server);
        inside(&client, || {
            keep_alive(nginx.address, 0..100, 2);
            one_each(nginx.address, 100..200, 2);
        });
        let events = sensor.wait_events(port, 200);
        check_counted(&events, &sensor.settings.key(), 0..200);
        for event in &events {
            check(event, from, to, &nginx);
        }
    }
    sensor.stop();
    assert_eq!(sensor.events(PORT).len() + sensor.events(PORT + 1).len(), 400);
}

/// The client talks to the router, which sends it on to the server under its own name: no
/// address of one end is known at the other.
#[test]
fn through_address_translation() {
    let Some(node) = require_live() else { return };
    let [client, router, server] = ["client", "router", "server"].map(Namespace::new);
    client.join(
        "a",
        &["10.202.1.1/24", "fd00:2021::1/64"],
        &router,
        ("a", &["10.202.1.2/24", "fd00:2021::2/64"]),
    );
    server.join(
        "b",
        &["10.202.2.1/24", "fd00:2022::1/64"],
        &router,
        ("b", &["10.202.2.2/24", "fd00:2022::2/64"]),
    );
    for forwarding in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
        router.run("sh", &["-c", &format!("echo 1 > /proc/sys/net/{forwarding}")]);
    }
    router.run(
        "nft",
        &["table inet nat {
             chain in { type nat hook prerouting priority -100;
                 ip daddr 10.202.1.2 tcp dport 80 dnat ip to 10.202.2.1:8080;
                 ip6 daddr fd00:2021::2 tcp dport 80 dnat ip6 to [fd00:2022::1]:8081; }
             chain out { type nat hook postrouting priority 100; oifname b masquerade; }
         }"],
    );
    let mut sensor = Sensor::start(&node);
    for (port, target, from, to) in [
        (PORT, "10.202.1.2:80", "10.202.2.2", "10.202.2.1"),
        (PORT + 1, "[fd00:2021::2]:80", "fd00:2022::2", "fd00:2022::1"),
    ] {
        let nginx = Server::start_inside(&node, Kind::Nginx, to, port, &server);
        let target = target.parse().unwrap();
        inside(&client, || {
            keep_alive(target, 0..100, 2);
            one_each(target, 100..200, 2);
        });
        let events = sensor.wait_events(port, 200);
        check_counted(&events, &sensor.settings.key(), 0..200);
        for event in &events {
            check(event, from, to, &nginx);
        }
    }
    sensor.stop();
    assert_eq!(sensor.events(PORT).len() + sensor.events(PORT + 1).len(), 400);
    // The clients' ends, which know the server by another address, are muted all the same.
    let twice = sensor.events(80);
    assert!(twice.is_empty(), "{} exchanges twice, such as {:?}", twice.len(), twice[0]);
}

fn check(event: &Event, from: &str, to: &str, server: &Server) {
    assert_eq!(event.text("sensor.role"), "server", "{event:?}");
    assert_eq!(event.text("client.address"), from, "{event:?}");
    assert_eq!(event.text("server.address"), to, "{event:?}");
    let pid = event.number("process.pid");
    assert!(pid.is_some_and(|pid| server.pids().contains(&(pid as u32))), "{event:?}");
    let own = std::process::id();
    assert_eq!(event.number("client.process.pid"), Some(own.into()), "{event:?}");
    let path = executable(own);
    assert_eq!(event.text("client.process.executable.path"), path.to_string_lossy(), "{event:?}");
}
