use std::sync::Arc;

use super::*;
use crate::{
    event::sample::{self, START},
    inventory::template,
};

fn exchange(method: &str, path: &str, status: u16) -> Exchange {
    sample::exchange(&format!("{method} {path} HTTP/1.1\nHost: shop.example\n\n"), status)
}

fn record(endpoints: &mut Endpoints, exchange: &Exchange) {
    let mut made = Template::default();
    if let Some(request) = &exchange.request {
        template::template(request.path(), &mut made);
    }
    endpoints.record(exchange, &made);
}

fn rows(exchanges: &[Exchange]) -> Vec<EndpointRow> {
    let mut endpoints = Endpoints::new(100);
    for exchange in exchanges {
        record(&mut endpoints, exchange);
    }
    endpoints.rows(Timestamp(START + 1_000_000_000))
}

#[test]
fn exchanges_of_one_endpoint_are_one_row() {
    let mut late = exchange("GET", "/users/3", 503);
    late.request.as_mut().unwrap().start = Timestamp(START + 10_000_000_000);
    let response = late.response.as_mut().unwrap();
    response.end = Timestamp(START + 10_000_000_000);
    let unanswered = sample::unanswered("GET /users/4 HTTP/1.1\nHost: SHOP.example:80\n\n");
    let found = rows(&[
        exchange("GET", "/users/1", 200),
        exchange("GET", "/users/2", 404),
        late,
        unanswered,
    ]);
    let [row] = &found[..] else { panic!("{found:?}") };
    assert_eq!((&row.host[..], &row.role[..]), ("shop.example", "server"));
    assert_eq!((&row.method[..], &row.route[..]), ("GET", "/users/{userId}"));
    assert_eq!((row.requests, row.errors, row.unanswered), (4, 2, 1));
    assert_eq!(row.statuses, BTreeMap::from([(200, 1), (404, 1), (503, 1)]));
    assert_eq!(row.first_seen, "2024-05-31T12:00:00Z");
    assert_eq!(row.last_seen, "2024-05-31T12:00:10Z");
    assert_eq!((row.process.as_deref(), row.pid), (Some("nginx"), Some(4711)));
    let latency = row.latency_ms.unwrap();
    assert!((latency.p50 - 5.0).abs() < 0.05, "{latency:?}");
    assert_eq!(row.id.len(), 16);
    assert_eq!(row.id, rows(&[exchange("GET", "/users/9", 200)])[0].id);
}

#[test]
fn service_role_method_and_route_each_make_a_row() {
    let mut client = exchange("GET", "/a", 200);
    client.role = Role::Client;
    let found = rows(&[
        exchange("GET", "/a", 200),
        exchange("GET", "/b", 200),
        exchange("POST", "/a", 200),
        client,
        sample::exchange("GET /a HTTP/1.1\nHost: other.example\n\n", 200),
    ]);
    let found: Vec<_> = found.iter().map(EndpointRow::order).collect();
    let expect = [
        ("other.example", "/a", "GET", "server"),
        ("shop.example", "/a", "GET", "client"),
        ("shop.example", "/a", "GET", "server"),
        ("shop.example", "/a", "POST", "server"),
        ("shop.example", "/b", "GET", "server"),
    ];
    assert_eq!(found, expect);
}

#[test]
fn a_request_without_a_valid_host_is_the_servers() {
    let check = |fields: &str, expect: &str| {
        let found = rows(&[sample::exchange(&format!("GET / HTTP/1.1\n{fields}\n"), 200)]);
        assert_eq!(found[0].host, expect, "{fields}");
    };
    let server = "198.51.100.2:8080";
    check("Host: shop.example\n", "shop.example");
    check("Host: Shop.Example:8080\n", "shop.example:8080");
    check("Host: shop.example:80\n", "shop.example");
    check("Host: user:secret@shop.example\n", "shop.example");
    check("Host: 10.0.0.1:9000\n", "10.0.0.1:9000");
    check("Host: [2001:DB8::1]:9000\n", "[2001:db8::1]:9000");
    check("", server);
    check("Host: \n", server);
    check("Host: a b\n", server);
    check("Host: a/b\n", server);
    check("Host: a:port\n", server);
    check("Host: a:1:2\n", server);
    check("Host: [::1\n", server);
    check("Host: [::1]x\n", server);
    check("Host: [zz]\n", server);
    check("Host: <script>\n", server);
    check(&format!("Host: {}\n", "a".repeat(300)), server);
    let absolute = rows(&[sample::exchange("GET http://a.example/b HTTP/1.1\nHost: c\n\n", 200)]);
    assert_eq!((&absolute[0].host[..], &absolute[0].route[..]), ("a.example", "/b"));
    let connect = rows(&[sample::exchange("CONNECT a.example:443 HTTP/1.1\n\n", 200)]);
    assert_eq!((&connect[0].host[..], &connect[0].route[..]), ("a.example:443", "a.example:443"));
}

#[test]
fn methods_are_bounded() {
    let check = |sent: &str, expect: &str| {
        assert_eq!(rows(&[exchange(sent, "/", 200)])[0].method, expect);
    };
    check("PROPFIND", "PROPFIND");
    check("M-SEARCH", "M-SEARCH");
    check(&"X".repeat(33), "_OTHER");
    check("G\u{e9}T", "_OTHER");
}

#[test]
fn routes_that_may_not_exist_wait_for_a_status_that_shows_that_they_do() {
    let check = |statuses: &[u16], requests: Option<u64>| {
        let exchanges: Vec<_> =
            statuses.iter().map(|&status| exchange("GET", "/x", status)).collect();
        assert_eq!(rows(&exchanges).first().map(|row| row.requests), requests, "{statuses:?}");
    };
    check(&[404], None);
    check(&[404, 405, 400, 501, 404], None);
    check(&[404, 404, 200], Some(3));
    check(&[200, 404], Some(2));
    check(&[401], Some(1));
    check(&[500], Some(1));
    assert_eq!(rows(&[sample::unanswered("GET /slow HTTP/1.1\n\n")]).len(), 1);
}

#[test]
fn a_scan_makes_no_rows_and_is_counted() {
    let mut endpoints = Endpoints::new(10);
    let known = exchange("GET", "/known", 404);
    for number in 0..5000 {
        record(&mut endpoints, &exchange("GET", &format!("/scan-{number}x"), 404));
        // What is asked for again and again is not forgotten.
        record(&mut endpoints, &known);
    }
    assert!(endpoints.is_empty());
    let waiting = endpoints.candidates.len() + endpoints.older_candidates.len();
    assert!(waiting <= MAX_CANDIDATES);
    let forgotten = endpoints.counters().forgotten;
    assert!((3900..=5000).contains(&forgotten), "{forgotten}");
    record(&mut endpoints, &exchange("GET", "/known", 200));
    assert_eq!(endpoints.rows(Timestamp(START))[0].requests, 5001);
}

#[test]
fn rows_over_the_cap_are_refused_and_counted() {
    let mut endpoints = Endpoints::new(2);
    for path in ["/a", "/b", "/c", "/c", "/a"] {
        record(&mut endpoints, &exchange("GET", path, 200));
    }
    assert_eq!(endpoints.len(), 2);
    assert_eq!(endpoints.counters(), Counters { refused: 2, ..Counters::default() });
    assert_eq!(endpoints.rows(Timestamp(START))[0].requests, 2);
}

#[test]
fn a_response_without_a_request_is_counted_apart() {
    let mut endpoints = Endpoints::new(2);
    let mut lone = exchange("GET", "/a", 200);
    lone.request = None;
    record(&mut endpoints, &lone);
    assert!(endpoints.is_empty());
    assert_eq!(endpoints.counters().unpaired_responses, 1);
}

#[test]
fn the_rate_follows_the_requests() {
    let mut endpoints = Endpoints::new(2);
    let mut time = START;
    let mut run = |seconds: u64, per_second: u64| {
        for _ in 0..seconds * per_second {
            time += 1_000_000_000 / per_second;
            let mut exchange = exchange("GET", "/a", 200);
            exchange.request.as_mut().unwrap().start = Timestamp(time);
            record(&mut endpoints, &exchange);
        }
        endpoints.rows(Timestamp(time))[0].rate
    };
    for (seconds, per_second) in [(3, 100), (200, 20), (200, 5)] {
        let rate = run(seconds, per_second);
        assert!((rate / per_second as f64 - 1.0).abs() < 0.05, "{rate} of {per_second}");
    }
    let later = endpoints.rows(Timestamp(time + 300_000_000_000))[0].rate;
    assert!(later < 0.01, "{later}");
}

#[test]
fn the_process_last_seen_is_shown() {
    let mut after = exchange("GET", "/a", 200);
    after.workload = Some(Arc::new(Workload {
        pid: Some(5000),
        comm: Some("python3".into()),
        ..Workload::default()
    }));
    let mut unknown = exchange("GET", "/a", 200);
    unknown.workload = None;
    let found = rows(&[exchange("GET", "/a", 200), after, unknown]);
    assert_eq!((found[0].process.as_deref(), found[0].pid), (Some("python3"), Some(5000)));
}
