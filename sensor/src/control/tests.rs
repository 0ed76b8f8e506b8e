use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::mpsc::sync_channel,
};

use super::*;

/// A path in a directory of its own, which goes with it.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("sensor-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir(&directory).unwrap();
        Self(directory)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("control.sock")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn status() -> Status {
    Status { node: "n1".to_owned(), pid: 7, ..Status::default() }
}

/// Serves with a pipeline that answers by `answer`, runs `ask`, and shuts down.
fn with_server<T>(
    path: &Path,
    answer: impl Fn(Query) + Send + 'static,
    ask: impl AsyncFnOnce(Client) -> T,
) -> T {
    let (queries, pipeline) = sync_channel(32);
    let thread = std::thread::spawn(move || pipeline.iter().for_each(answer));
    let client = Client::new(path);
    let socket = Socket::bind(path).unwrap();
    let result = runtime().block_on(async {
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(serve(socket, None, queries, async {
            let _ = stopped.await;
        }));
        let result = ask(client).await;
        let _ = stop.send(());
        tokio::time::timeout(Duration::from_secs(1), server).await.unwrap().unwrap().unwrap();
        result
    });
    thread.join().unwrap();
    result
}

#[test]
fn answers_come_from_the_pipeline() {
    let place = Place::new("answers");
    let answer = |query| match query {
        Query::Tls(sender) => sender.send(TlsStatus::default()).unwrap(),
        Query::Status(sender) => sender.send(status()).unwrap(),
        Query::Endpoints(sender) => sender.send(Vec::new()).unwrap(),
        Query::Endpoint(_, sender) => sender.send(None).unwrap(),
        Query::Inventory(sender) => sender.send(Vec::new()).unwrap(),
        Query::Declare(_, sender) => sender.send(Declared::default()).unwrap(),
        Query::Tail(_) => {}
    };
    with_server(&place.socket(), answer, async |client| {
        assert_eq!(client.get::<Status>("/status").await.unwrap(), status());
        assert_eq!(client.get::<Vec<EndpointRow>>("/endpoints").await.unwrap(), []);
        let health: serde_json::Value = client.get("/healthz").await.unwrap();
        assert_eq!(health, json!({ "status": "ok" }));
        let error = client.get::<Status>("/nothing").await.unwrap_err().to_string();
        assert!(error.contains("404 Not Found: no such path: /nothing"), "{error}");
    });
    assert!(!place.socket().exists(), "removed at the end");
}

#[test]
fn a_pipeline_that_does_not_answer_gives_503() {
    let place = Place::new("drops");
    with_server(&place.socket(), drop, async |client| {
        let error = client.get::<Status>("/status").await.unwrap_err().to_string();
        assert!(error.contains("503 Service Unavailable: the sensor is stopping"), "{error}");
    });
    // A pipeline that sits on its queries: they time out.
    let kept = std::sync::Mutex::new(Vec::new());
    let keep = move |query| kept.lock().unwrap().push(query);
    with_server(&place.socket(), keep, async |client| {
        let error = client.get::<Status>("/status").await.unwrap_err().to_string();
        assert!(error.contains("503 Service Unavailable: the sensor is too busy"), "{error}");
    });
}

#[test]
fn tail_streams_lines_and_ends_with_the_pipeline() {
    let place = Place::new("tail");
    let answer = |query| {
        if let Query::Tail(sender) = query {
            for line in ["{\"a\":1}\n", "{\"a\":2}\n"] {
                assert_eq!(Subscriber::new(sender.clone()).send(line.into()), Delivery::Sent);
            }
        }
    };
    with_server(&place.socket(), answer, async |client| {
        let mut lines = client.lines("/tail").await.unwrap();
        assert_eq!(lines.next().await.unwrap().unwrap(), "{\"a\":1}");
        assert_eq!(lines.next().await.unwrap().unwrap(), "{\"a\":2}");
        assert_eq!(lines.next().await.unwrap(), None);
    });
}

#[test]
fn an_open_tail_does_not_hold_up_the_shutdown() {
    let place = Place::new("open-tail");
    let (keep, kept) = sync_channel(64);
    let answer = move |query| keep.send(query).unwrap();
    let mut lines =
        with_server(&place.socket(), answer, async |client| client.lines("/tail").await.unwrap());
    drop(kept);
    drop(runtime().block_on(async { lines.next().await }));
}

#[test]
fn readers_of_tail_are_limited() {
    let place = Place::new("many-tails");
    let (keep, kept) = sync_channel(64);
    let answer = move |query| keep.send(query).unwrap();
    with_server(&place.socket(), answer, async |client| {
        let mut open = Vec::new();
        for _ in 0..MAX_TAILS {
            open.push(client.lines("/tail").await.unwrap());
        }
        let error = client.lines("/tail").await.unwrap_err().to_string();
        assert!(error.contains("503 Service Unavailable: 16 readers"), "{error}");
    });
    drop(kept);
}

#[test]
fn a_slow_reader_is_told_what_it_lost() {
    let (sender, mut receiver) = mpsc::channel(2);
    let mut subscriber = Subscriber::new(sender);
    let record = || Bytes::from_static(b"{}\n");
    assert_eq!(subscriber.send(record()), Delivery::Sent);
    assert_eq!(subscriber.send(record()), Delivery::Sent);
    assert_eq!(subscriber.send(record()), Delivery::Lost);
    assert_eq!(subscriber.send(record()), Delivery::Lost);
    assert_eq!(receiver.try_recv().unwrap(), "{}\n");
    // Room for the notice alone: the record itself is lost, and told with the next notice.
    assert_eq!(subscriber.send(record()), Delivery::Lost);
    assert_eq!(receiver.try_recv().unwrap(), "{}\n");
    assert_eq!(receiver.try_recv().unwrap(), "{\"schema\":\"lost\",\"count\":2}\n");
    assert_eq!(subscriber.send(record()), Delivery::Sent);
    assert_eq!(receiver.try_recv().unwrap(), "{\"schema\":\"lost\",\"count\":1}\n");
    drop(receiver);
    assert_eq!(subscriber.send(record()), Delivery::Gone);
}

#[test]
fn the_socket_is_private_and_its_directory_too() {
    let place = Place::new("modes");
    let path = place.0.join("new/control.sock");
    let socket = Socket::bind(&path).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let names: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing else is left there");
    drop(socket);
    assert!(!path.exists());
}

#[test]
fn a_socket_left_over_from_a_crash_is_replaced() {
    let place = Place::new("left-over");
    drop(std::os::unix::net::UnixListener::bind(place.socket()).unwrap());
    assert_eq!(probe(&place.socket()).unwrap(), Listener::LeftOver);
    let _socket = Socket::bind(&place.socket()).unwrap();
    let pid = std::process::id();
    assert_eq!(probe(&place.socket()).unwrap(), Listener::Process(Some(pid)));
}

#[test]
fn a_second_sensor_is_refused_by_name() {
    let place = Place::new("second");
    let _first = Socket::bind(&place.socket()).unwrap();
    let error = Socket::bind(&place.socket()).unwrap_err().to_string();
    let expect = format!(
        "another sensor (pid {}) already serves {}; stop it or choose another with --set \
         control.socket=",
        std::process::id(),
        place.socket().display()
    );
    assert_eq!(error, expect);
    assert!(place.socket().exists());
}

#[test]
fn what_is_no_socket_is_not_touched() {
    let place = Place::new("file");
    std::fs::write(place.socket(), "precious").unwrap();
    let error = Socket::bind(&place.socket()).unwrap_err().to_string();
    assert!(error.contains("is no socket; remove it"), "{error}");
    assert_eq!(std::fs::read_to_string(place.socket()).unwrap(), "precious");
}

#[test]
fn a_socket_that_is_no_longer_ours_stays() {
    let place = Place::new("replaced");
    let first = Socket::bind(&place.socket()).unwrap();
    std::fs::remove_file(place.socket()).unwrap();
    let second = Socket::bind(&place.socket()).unwrap();
    drop(first);
    assert!(place.socket().exists());
    drop(second);
    assert!(!place.socket().exists());
}

#[test]
fn a_path_that_is_too_long_is_refused() {
    let path = PathBuf::from("/tmp").join("x".repeat(120));
    let error = Socket::bind(&path).unwrap_err().to_string();
    assert!(error.contains("longer than 107 bytes"), "{error}");
}

#[test]
fn clients_say_what_to_do() {
    let ask = |path: &Path| {
        let client = Client::new(path);
        runtime().block_on(client.get::<Status>("/status")).unwrap_err().to_string()
    };
    let place = Place::new("client");
    let expect = format!(
        "no sensor is listening on {}: start one with `sensor run`, or name its socket with \
         --socket",
        place.socket().display()
    );
    assert_eq!(ask(&place.socket()), expect, "no such file");
    let listener = std::os::unix::net::UnixListener::bind(place.socket()).unwrap();
    drop(listener);
    assert_eq!(ask(&place.socket()), expect, "left over");
    std::fs::remove_file(place.socket()).unwrap();

    let listener = std::os::unix::net::UnixListener::bind(place.socket()).unwrap();
    let thread = std::thread::spawn(move || drop(listener.accept().unwrap()));
    let error = ask(&place.socket());
    assert!(error.contains("closed the connection"), "{error}");
    thread.join().unwrap();
}

#[test]
fn an_answer_of_another_version_is_named_as_such() {
    let place = Place::new("version");
    let answer = |query| {
        if let Query::Endpoints(sender) = query {
            sender.send(Vec::new()).unwrap();
        }
    };
    with_server(&place.socket(), answer, async |client| {
        let error = client.get::<Status>("/endpoints").await.unwrap_err().to_string();
        assert!(error.contains("is not understood (another version?)"), "{error}");
    });
}
