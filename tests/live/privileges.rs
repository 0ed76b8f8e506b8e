//! The sensor with just the capabilities that docs/operations.md names.

use tests::harness::{
    Container, Kind, Sensor, Server, Settings, check_counted, free_port, keep_alive, require_live,
    tls::{Certificate, Load, Manner, Peer, Phase, TlsKind, start},
};

use super::tls::{loopback, warm_up};

/// Sees all that the sensor sees as root: the chart's `capabilities` less IPC_LOCK, which only
/// keeps its memory from being swapped.
const ALL_THAT_IS_READ: &str = "net_admin,sys_admin,sys_ptrace,dac_read_search";

/// Without TLS.
const PLAIN_TRAFFIC: &str = "bpf,perfmon,net_admin,sys_ptrace,dac_read_search";

#[test]
fn plain_traffic_with_its_process_and_container() {
    let Some(node) = require_live() else { return };
    for (number, capabilities) in [(1, ALL_THAT_IS_READ), (2, PLAIN_TRAFFIC)] {
        let container = Container::new(&node.cgroup, number);
        let settings = Settings::new(&node).flag("--no-tls").capabilities(capabilities);
        let mut sensor = Sensor::start_with(settings);
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()));
        let server =
            Server::start_as(&node, Kind::Python, &address, |command| container.wrap(&command));
        keep_alive(address, 0..20, 2);
        let events = sensor.finish(address.port(), 20);
        check_counted(&events, &sensor.settings.key(), 0..20);
        for event in &events {
            assert_eq!(event.text("container.id"), container.id, "{capabilities}: {event:?}");
            assert!(event.text("process.executable.path").contains("python"), "{event:?}");
        }
        drop(server);
    }
}

#[test]
fn tls_is_read() {
    let Some(node) = require_live() else { return };
    let settings = Settings::new(&node).capabilities(ALL_THAT_IS_READ);
    let mut sensor = Sensor::start_with(settings);
    let certificate = Certificate::new();
    let address = loopback(free_port());
    let _server = start(&node, TlsKind::Nginx, &certificate, address, |command| command);
    let peer = Peer::dark();
    let ask = |load: &Load| drop(peer.ask(address, load, 1, |command| command));
    warm_up(&mut sensor, address.port(), ask);
    let before = sensor.events(address.port()).len();
    let phase = Phase { method: "GET", ids: 0..20, body: 0, manner: Manner::Fresh };
    ask(&Load(vec![phase]));
    assert_eq!(sensor.finish(address.port(), before + 20).len(), before + 20);
}
