//! Containers laid out as a kubelet does, and an API server that names them.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener},
    sync::atomic::{AtomicBool, Ordering},
};

use sensor::inventory::endpoint::EndpointRow;
use serde_json::{Value, json};
use tests::harness::{
    Container, Kind, Sensor, Server, Settings, free_port, keep_alive, require_live, wait_for,
};

/// A pod of a Deployment in which the container runs.
fn pod(container: &Container, name: &str) -> Value {
    json!({
        "metadata": {
            "name": format!("{name}-5d4f8c7b9-x2x4z"), "namespace": "web", "uid": container.pod,
            "resourceVersion": "9",
            "labels": { "app": name, "pod-template-hash": "5d4f8c7b9" },
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "uid": "r", "controller": true,
                "name": format!("{name}-5d4f8c7b9")
            }]
        },
        "spec": { "nodeName": "n1", "containers": [{ "name": "app" }] },
        "status": { "containerStatuses": [{
            "name": "app", "containerID": format!("containerd://{}", container.id),
            "image": "app:1", "imageID": "", "ready": true, "restartCount": 0
        }] }
    })
}

/// Answers each list with the pods, and lets watches stand. Refuses everything until `open`.
fn serve(listener: &TcpListener, pods: &[Value], open: &AtomicBool, end: &AtomicBool) {
    let mut watches = Vec::new();
    for stream in listener.incoming() {
        if end.load(Ordering::Relaxed) {
            return;
        }
        let mut stream = stream.unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let Some(Ok(line)) = lines.next() else { continue };
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        assert!(line.contains("fieldSelector=spec.nodeName%3Dn1"), "{line}");
        let close = "Content-Type: application/json\r\nConnection: close\r\n";
        if !open.load(Ordering::Relaxed) {
            let refusal = "HTTP/1.1 503 Service Unavailable\r\n";
            let _ = write!(stream, "{refusal}{close}Content-Length: 0\r\n\r\n");
        } else if line.contains("watch=true") {
            let _ = write!(stream, "HTTP/1.1 200 OK\r\n{close}Transfer-Encoding: chunked\r\n\r\n");
            watches.push(stream);
        } else {
            let list = json!({
                "apiVersion": "v1", "kind": "PodList",
                "metadata": { "resourceVersion": "10" }, "items": pods
            });
            let text = list.to_string();
            let length = text.len();
            let _ =
                write!(stream, "HTTP/1.1 200 OK\r\n{close}Content-Length: {length}\r\n\r\n{text}");
        }
    }
}

/// The row of the server at `address`.
fn row(sensor: &Sensor, address: SocketAddr) -> Option<EndpointRow> {
    let rows: Vec<EndpointRow> = serde_json::from_value(sensor.ask("/endpoints").ok()?).ok()?;
    rows.into_iter().find(|row| row.host == address.to_string())
}

#[test]
fn pods_are_named_also_on_endpoints_that_were_seen_before() {
    let Some(node) = require_live() else { return };
    let containers = [
        (Container::new(&node.cgroup, 5), "shop"),
        (Container::with_cgroupfs(&node.cgroup, 6), "cart"),
    ];
    let pods = containers.each_ref().map(|(container, name)| pod(container, name));
    let api = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", api.local_addr().unwrap());
    let (open, end) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| serve(&api, &pods, &open, &end));
        let settings = Settings::new(&node).set("kubernetes.node=n1");
        let mut sensor = Sensor::start_with(settings.set(&format!("kubernetes.api={url}")));
        let addresses = containers.each_ref().map(|(container, _)| {
            let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
            let server =
                Server::start_as(&node, Kind::Python, &address, |command| container.wrap(&command));
            keep_alive(address, 0..10, 1);
            (address, server)
        });
        // The API server refuses: the ids are known, and nothing else.
        for ((container, _), (address, _)) in containers.iter().zip(&addresses) {
            sensor.wait_events(address.port(), 10);
            let row = row(&sensor, *address).unwrap();
            assert_eq!(row.pod.as_deref(), Some(&*container.pod));
            assert_eq!(row.container.as_deref(), Some(&*container.id));
            assert_eq!(row.kubernetes, None);
        }
        wait_for("error of the API server", || {
            (sensor.counter("kubernetes_errors") > 0).then_some(())
        });
        open.store(true, Ordering::Relaxed);
        for ((_, name), (address, _)) in containers.iter().zip(&addresses) {
            let known = wait_for("names", || row(&sensor, *address)?.kubernetes);
            assert_eq!((&*known.namespace, known.container.as_deref()), ("web", Some("app")));
            assert_eq!(known.pod, format!("{name}-5d4f8c7b9-x2x4z"));
            assert_eq!(known.owner_kind.as_deref(), Some("Deployment"));
            assert_eq!(known.owner_name.as_deref(), Some(*name));
            assert_eq!(known.labels["app"], *name);
        }
        assert_eq!(sensor.counter("kubernetes_pods"), 2);
        let before = sensor.counter("exchanges_with_pod");
        keep_alive(addresses[0].0, 0..10, 1);
        sensor.wait_events(addresses[0].0.port(), 20);
        assert!(sensor.counter("exchanges_with_pod") >= before + 10);
        sensor.stop();
        end.store(true, Ordering::Relaxed);
        drop(std::net::TcpStream::connect(api.local_addr().unwrap()));
    });
}
