//! Processes in cgroups like those of containers.

use std::process::Command;

use tests::harness::{
    Container, Kind, Sensor, Server, check_counted, free_port, keep_alive, read_output,
    require_live, status_of,
};

#[test]
fn server_and_client_are_found_in_their_containers() {
    let Some(node) = require_live() else { return };
    let inner = Container::new(&node.cgroup, 1);
    let outer = Container::new(&node.cgroup, 2);
    let mut sensor = Sensor::start(&node);
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()));
    let server = Server::start_as(&node, Kind::Python, &address, |command| inner.wrap(&command));
    keep_alive(address, 0..20, 2);
    for id in 20..30 {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "-o", "/dev/null", "-w", "%{http_code}"]);
        curl.arg(format!("http://{address}/items/{id}"));
        assert_eq!(read_output(&mut outer.wrap(&curl)), status_of(id).to_string());
    }
    let events = sensor.finish(address.port(), 30);
    check_counted(&events, &sensor.settings.key(), 0..30);
    for event in &events {
        assert_eq!(event.text("container.id"), inner.id, "{event:?}");
        assert_eq!(event.text("k8s.pod.uid"), inner.pod, "{event:?}");
    }
    let of_curl = events.iter().filter(|event| event.text("client.container.id") == outer.id);
    assert_eq!(of_curl.count(), 10, "{events:?}");
    let of_pod = events.iter().filter(|event| event.text("client.k8s.pod.uid") == outer.pod);
    assert_eq!(of_pod.count(), 10, "{events:?}");
    drop(server);
}
