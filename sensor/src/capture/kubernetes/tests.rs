//! Against a server that answers as an API server does: lists with a resource version, watches
//! as chunked lines, bookmarks, and 410 when a version is too old.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::*;

/// A container id of which each digit is `digit`.
fn id(digit: char) -> String {
    digit.to_string().repeat(64)
}

/// A pod of a Deployment, as an API server gives it.
fn pod(number: u8, container: Option<&str>, version: u32) -> Value {
    let statuses: Vec<_> = container
        .map(|id| {
            json!({
                "name": "app", "containerID": format!("containerd://{id}"), "image": "shop:1",
                "imageID": "", "ready": true, "restartCount": 0, "state": {}, "lastState": {}
            })
        })
        .into_iter()
        .collect();
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": format!("shop-5d4f8c7b9-{number}"), "namespace": "web",
            "uid": format!("uid-{number}"), "resourceVersion": version.to_string(),
            "labels": { "app": "shop", "pod-template-hash": "5d4f8c7b9" },
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "shop-5d4f8c7b9",
                "uid": "r", "controller": true
            }]
        },
        "spec": { "nodeName": "n1", "containers": [{ "name": "app" }] },
        "status": { "phase": "Running", "containerStatuses": statuses }
    })
}

/// What the server is to say: answers to lists, and lines and ends of watches.
enum Say {
    List(u32, Vec<Value>),
    Watch(Vec<Value>),
}

/// Says it, in this order, and tells what it was asked. What comes after all is said waits.
struct Server {
    address: SocketAddr,
    asked: Receiver<String>,
}

impl Server {
    fn start(script: Vec<Say>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, asked) = channel();
        std::thread::spawn(move || {
            let mut script = script.into_iter();
            let mut open = Vec::new();
            while let Ok((stream, _)) = listener.accept() {
                answer(stream, &mut script, &sender, &mut open);
            }
        });
        Self { address, asked }
    }

    fn next_question(&self) -> String {
        self.asked.recv_timeout(Duration::from_secs(10)).expect("it asks")
    }
}

fn answer(
    mut stream: TcpStream,
    script: &mut impl Iterator<Item = Say>,
    asked: &Sender<String>,
    open: &mut Vec<TcpStream>,
) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(line)) = lines.next() else { return };
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let _ = asked.send(line);
    const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
    match script.next() {
        Some(Say::List(version, items)) => {
            let list = json!({
                "apiVersion": "v1", "kind": "PodList",
                "metadata": { "resourceVersion": version.to_string() }, "items": items
            });
            let text = list.to_string();
            let _ = write!(stream, "{HEAD}Content-Length: {}\r\n\r\n{text}", text.len());
        }
        Some(Say::Watch(events)) => {
            let _ = write!(stream, "{HEAD}Transfer-Encoding: chunked\r\n\r\n");
            for event in events {
                let line = format!("{event}\n");
                let _ = write!(stream, "{:x}\r\n{line}\r\n", line.len());
            }
            let _ = write!(stream, "0\r\n\r\n");
        }
        // A watch without news stays open.
        None => {
            let _ = write!(stream, "{HEAD}Transfer-Encoding: chunked\r\n\r\n");
            open.push(stream);
        }
    }
}

fn event(kind: &str, object: Value) -> Value {
    json!({ "type": kind, "object": object })
}

/// Runs a watcher against the script until `check` says that it has seen enough.
fn follow(script: Vec<Say>, check: impl FnOnce(&Server, &Board)) {
    let server = Server::start(script);
    let board = Arc::new(Board::default());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let url = format!("http://{}", server.address);
    let theirs = Arc::clone(&board);
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let watcher = Watcher::at(&url, "n1", theirs).unwrap();
            watcher.run(async { drop(stopped.await) }).await;
        });
    });
    check(&server, &board);
    stop.send(()).unwrap();
    thread.join().unwrap();
}

fn workload(container: Option<&str>, pod: &str) -> Workload {
    Workload { container: container.map(Into::into), pod: Some(pod.into()), ..Workload::default() }
}

/// Waits until a container is known, or unknown.
fn wait_until(board: &Board, known: bool, container: &str) -> Workload {
    let start = Instant::now();
    loop {
        let workload = workload(Some(container), "");
        let pods = board.picture.lock().unwrap().clone();
        if pods.fill(&workload) == known {
            return workload;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{container} known is not {known}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn the_pods_of_the_node_are_listed_and_followed() {
    let script = vec![
        Say::List(10, vec![pod(1, Some(&id('a')), 9)]),
        Say::Watch(vec![
            event(
                "BOOKMARK",
                json!({
                    "apiVersion": "v1", "kind": "Pod",
                    "metadata": { "resourceVersion": "15", "name": "", "namespace": "" },
                    "spec": { "containers": [] }
                }),
            ),
            event("ADDED", pod(2, None, 16)),
            event("MODIFIED", pod(2, Some(&id('b')), 17)),
            event("DELETED", pod(1, Some(&id('a')), 18)),
        ]),
    ];
    follow(script, |server, board| {
        let list = server.next_question();
        assert!(list.starts_with("GET /api/v1/pods?"), "{list}");
        assert!(list.contains("fieldSelector=spec.nodeName%3Dn1"), "{list}");
        let watch = server.next_question();
        assert!(watch.contains("watch=true") && watch.contains("resourceVersion=10"), "{watch}");
        assert!(watch.contains("fieldSelector=spec.nodeName%3Dn1"), "{watch}");
        let known = wait_until(board, true, &id('b'));
        let known = known.kubernetes.get().unwrap();
        assert_eq!((&*known.namespace, &*known.pod), ("web", "shop-5d4f8c7b9-2"));
        assert_eq!(known.container.as_deref(), Some("app"));
        assert_eq!(known.owner, Some(("Deployment".into(), "shop".into())));
        assert_eq!(&*known.labels["app"], "shop");
        wait_until(board, false, &id('a'));
        assert_eq!(board.counts(), (1, 0));
        // It goes on where the watch ended.
        let again = server.next_question();
        assert!(again.contains("resourceVersion=18"), "{again}");
    });
}

#[test]
fn a_version_that_is_too_old_is_listed_anew() {
    let gone = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "too old resource version: 10 (900)", "reason": "Expired", "code": 410
    });
    let script = vec![
        Say::List(10, vec![pod(1, Some(&id('a')), 9)]),
        Say::Watch(vec![event("ERROR", gone)]),
        // The first pod went while nobody watched.
        Say::List(900, vec![pod(3, Some(&id('c')), 800)]),
    ];
    follow(script, |_, board| {
        wait_until(board, true, &id('c'));
        wait_until(board, false, &id('a'));
    });
}

#[test]
fn an_api_server_that_is_away_costs_names_and_nothing_else() {
    let board = Arc::new(Board::default());
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let watcher = Watcher::at(&format!("http://{closed}"), "n1", Arc::clone(&board)).unwrap();
        let enough = async {
            while board.counts().1 == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), watcher.run(enough)).await.unwrap();
    });
    assert!(board.take_newer(&mut 0).is_none(), "no picture");
}

#[test]
fn a_workload_without_a_container_has_the_pod_alone() {
    let pod: k8s_openapi::api::core::v1::Pod =
        serde_json::from_value(pod(1, Some(&id('a')), 1)).unwrap();
    let pods = Pods(Arc::new(pod::entries(&pod).into_iter().collect()));
    let sandbox = workload(None, "uid-1");
    assert!(pods.fill(&sandbox));
    assert_eq!(sandbox.kubernetes.get().unwrap().container, None);
    // Its status does not name it yet.
    let early = workload(Some(&id('b')), "uid-1");
    assert!(!pods.fill(&early));
    assert_eq!(early.kubernetes.get(), None);
    let stranger = workload(None, "uid-2");
    assert!(!pods.fill(&stranger));
}

#[test]
fn owners_are_what_people_made() {
    let check = |labels: Value, kind: &str, name: &str, expect: (&str, &str)| {
        let mut object = pod(1, None, 1);
        object["metadata"]["labels"] = labels;
        object["metadata"]["ownerReferences"][0]["kind"] = kind.into();
        object["metadata"]["ownerReferences"][0]["name"] = name.into();
        let object = serde_json::from_value(object).unwrap();
        let known = pod::entries(&object).remove(0).1;
        assert_eq!(known.owner, Some((expect.0.into(), expect.1.into())), "{kind} {name}");
    };
    let hash = |hash: &str| json!({ "pod-template-hash": hash });
    check(hash("7f"), "ReplicaSet", "shop-7f", ("Deployment", "shop"));
    check(hash("7f"), "ReplicaSet", "shop-8a", ("ReplicaSet", "shop-8a"));
    check(json!({}), "ReplicaSet", "shop-7f", ("ReplicaSet", "shop-7f"));
    check(hash("7f"), "DaemonSet", "log-7f", ("DaemonSet", "log-7f"));
    check(json!({}), "StatefulSet", "db", ("StatefulSet", "db"));
    check(json!({}), "Job", "backup-29012345", ("Job", "backup-29012345"));
}
