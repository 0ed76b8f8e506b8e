use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::sync_channel,
    },
};

use tokio::sync::watch;

use super::*;
use crate::{control::Port, stats::Counters};

/// Serves a port whose pipeline answers with `status`, and gives how often it was asked.
fn with_port(status: &Status, ask: impl FnOnce(SocketAddr) + Send) -> usize {
    let (queries, questions) = sync_channel(32);
    let asked = AtomicUsize::new(0);
    let (stop, stopped) = watch::channel(false);
    let port = Port::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = port.address().unwrap();
    let counter = &asked;
    std::thread::scope(move |scope| {
        // Dropped when `ask` panics, or else the server would go on.
        let stop = stop;
        scope.spawn(move || {
            for query in questions {
                match query {
                    Query::Status(sender) => {
                        counter.fetch_add(1, Ordering::Relaxed);
                        let _ = sender.send(status.clone());
                    }
                    Query::Tls(sender) => drop(sender.send(TlsStatus::default())),
                    _ => {}
                }
            }
        });
        scope.spawn(move || {
            let server = Arc::new(Server::new(queries, stopped.clone()));
            let mut stopped = stopped;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let shutdown = async move {
                let _ = stopped.wait_for(|stopped| *stopped).await;
            };
            runtime.unwrap().block_on(port.serve(port_router(server), shutdown)).unwrap();
        });
        ask(address);
        stop.send(true).unwrap();
    });
    asked.into_inner()
}

fn attached() -> Status {
    let losses = Counters::default().losses();
    let mut status = Status { losses, ..Status::default() };
    status.capture.programs.push("sensor_ingress".to_owned());
    status
}

fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_port_answers_health_and_metrics_and_nothing_else() {
    with_port(&attached(), |address| {
        let check = |path: &str, status: &str, content: &str| {
            let answer = get(address, path);
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
            assert!(answer.contains(content), "{path}: {answer}");
        };
        check("/metrics", "200 OK", "\r\ncontent-type: text/plain; version=0.0.4");
        check("/metrics", "200 OK", "\nsensor_lost_total{cause=\"ring_full\"");
        check("/healthz", "200 OK", "{\"status\":\"ok\"}");
        check("/readyz", "200 OK", "{\"status\":\"ready\"}");
        // What tells more than counts is for the socket alone.
        for path in ["/status", "/endpoints", "/tail", "/tls", "/inventory", "/"] {
            check(path, "404 Not Found", "there are /metrics, /healthz and /readyz");
        }
    });
}

#[test]
fn nothing_attached_is_healthy_and_not_ready() {
    with_port(&Status::default(), |address| {
        assert!(get(address, "/healthz").starts_with("HTTP/1.1 200 OK"));
        let answer = get(address, "/readyz");
        assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable"), "{answer}");
        assert!(answer.contains("no kernel program is attached yet"), "{answer}");
    });
}

#[test]
fn many_who_ask_cost_the_pipeline_one_question_a_second() {
    let start = Instant::now();
    let asked = with_port(&attached(), |address| {
        for _ in 0..200 {
            get(address, "/metrics");
        }
    });
    assert!(asked >= 1);
    assert!(asked as u64 <= 2 + start.elapsed().as_secs(), "asked {asked} times");
}

#[test]
fn whoever_holds_connections_open_does_not_keep_a_kubelet_out() {
    with_port(&attached(), |address| {
        let mut held: Vec<_> = (0..200).map(|_| TcpStream::connect(address).unwrap()).collect();
        for stream in &mut held {
            let _ = stream.write_all(b"GET /healthz HT");
        }
        assert!(get(address, "/healthz").starts_with("HTTP/1.1 200 OK"));
        // The oldest were ended.
        held[0].set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let end = held[0].read(&mut [0; 1]).map_err(|error| error.kind());
        assert!(matches!(end, Ok(0) | Err(io::ErrorKind::ConnectionReset)), "{end:?}");
    });
}
