use std::collections::BTreeMap;

use super::*;
use crate::{
    cli::human,
    inventory::{endpoint::Latency, lifecycle::Lifecycle, risk::Risk},
};

fn row(
    method: &str,
    host: &str,
    route: &str,
    statuses: &[(u16, u64)],
    (rate, p50): (f64, f64),
) -> EndpointRow {
    let errors = statuses.iter().filter(|(code, _)| *code >= 400).map(|(_, count)| count).sum();
    EndpointRow {
        id: "0123456789abcdef".to_owned(),
        host: host.to_owned(),
        role: "server".to_owned(),
        method: method.to_owned(),
        route: route.to_owned(),
        operation: None,
        requests: statuses.iter().map(|(_, count)| count).sum(),
        errors,
        unanswered: 0,
        statuses: statuses.iter().copied().collect::<BTreeMap<_, _>>(),
        rate,
        latency_ms: Some(Latency { p50, p95: p50 * 3.0, p99: p50 * 7.0 }),
        first_seen: "2026-01-01T00:00:00Z".to_owned(),
        last_seen: "2026-01-01T00:00:10Z".to_owned(),
        process: None,
        pid: None,
        container: None,
        pod: None,
        kubernetes: None,
        authentication: Vec::new(),
        sensitive: Vec::new(),
        lifecycle: Lifecycle::New,
        owner: None,
        declared: None,
        risk: Risk::default(),
    }
}

/// Four rows of different kinds.
pub fn rows() -> Vec<EndpointRow> {
    let orders = [(200, 880_000), (502, 210)];
    vec![
        EndpointRow {
            process: Some("nginx".to_owned()),
            pid: Some(812),
            ..row("GET", "shop.example", "/", &[(200, 1_200_345), (404, 9)], (120.4, 0.21))
        },
        EndpointRow {
            last_seen: "2026-01-01T00:00:12Z".to_owned(),
            ..row("GET", "api.shop.example:8443", "/api/orders/{orderId}", &orders, (3400.0, 14.2))
        },
        EndpointRow {
            role: "client".to_owned(),
            process: Some("python3.11".to_owned()),
            pid: Some(4242),
            container: Some("c0ffee".repeat(11)),
            last_seen: "2026-01-01T00:00:09Z".to_owned(),
            unanswered: 2,
            ..row("POST", "api.stripe.example", "/v1/charges", &[(200, 31)], (0.0, 612.0))
        },
        EndpointRow {
            last_seen: "2026-01-01T00:00:01Z".to_owned(),
            ..row("POST", "shop.example", "/api/login", &[(200, 300), (401, 77)], (0.3, 8.0))
        },
    ]
}

fn now() -> jiff::Timestamp {
    "2026-01-01T00:00:13Z".parse().unwrap()
}

fn table(rows: &[EndpointRow], width: Option<usize>) -> Vec<String> {
    endpoints(rows, Look { width, colors: false }, now())
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let mut all = rows();
    let long = "/organisations/{organisationId}/teams/{teamId}/members/{memberId}/permissions";
    let host = "a-very-long-service-name.with-a-long-namespace.svc.cluster.local:8080";
    all.push(row("PROPPATCH", host, long, &[(207, 1)], (99.0, 70_000.0)));
    all.push(row(
        "GET",
        "例え.テスト",
        "/日本語/日本語/日本語/日本語/日本語",
        &[(200, 1)],
        (1.0, 1.0),
    ));
    for rows in [&all[..], &rows()[..], &all[4..], &[]] {
        for width in [40, 41, 60, 79, 80, 100, 120, 140, 200, 300] {
            let lines = table(rows, Some(width));
            assert_eq!(lines.len(), rows.len() + 1, "one line a row at {width}: {lines:#?}");
            for line in &lines {
                assert!(human::width(line) <= width, "{width}: {line}");
            }
        }
    }
}

#[test]
fn columns_come_with_the_room() {
    fn check(width: Option<usize>, expect: &str) {
        let lines = table(&rows(), width);
        let header = lines[0].split("  ").map(str::trim).filter(|title| !title.is_empty());
        assert_eq!(header.collect::<Vec<_>>().join(","), expect, "{width:?}");
    }
    check(Some(40), "METHOD,ROUTE,REQUESTS,P95");
    check(Some(80), "METHOD,HOST,ROUTE,REQUESTS,REQ/S,4XX,5XX,P95");
    check(Some(120), "METHOD,HOST,ROUTE,REQUESTS,REQ/S,4XX,5XX,P50,P95,ROLE,PROCESS");
    let all = "METHOD,HOST,ROUTE,REQUESTS,REQ/S,2XX,3XX,4XX,5XX,NO REPLY,P50,P95,P99,SEEN AGO,\
               ROLE,PROCESS,CONTAINER,ID";
    check(Some(200), all);
    check(None, all);
}

#[test]
fn a_pipe_gets_whole_texts() {
    let long = format!("/{}", "x".repeat(300));
    let lines = table(&[row("GET", "h", &long, &[(200, 1)], (0.0, 1.0))], None);
    assert!(lines[1].contains(&long));
}

#[test]
fn the_table_reads_well() {
    let expect = "\
METHOD  HOST             ROUTE                REQUESTS  REQ/S  4XX  5XX     P95
GET     shop.example     /                      1.20 M    120    9    -  630 µs
GET     api.sho…le:8443  /api/orde…{orderId}   880,210  3,400    -  210   43 ms
POST    api.str…example  /v1/charges                31      0    -    -   1.8 s
POST    shop.example     /api/login                377    0.3   77    -   24 ms";
    assert_eq!(table(&rows(), Some(79)).join("\n"), expect);
}

#[test]
fn colours_mark_errors_and_nothing_else_is_added_without_them() {
    let look = Look { width: Some(200), colors: true };
    let lines = endpoints(&rows(), look, now());
    assert!(lines[2].contains("\x1b[38;5;9m210\x1b[39m"), "{:?}", lines[2]);
    assert!(lines[1].contains("\x1b[38;5;11m9\x1b[39m"), "{:?}", lines[1]);
    assert!(lines[1].contains("\x1b[2mGET"), "{:?}", lines[1]);
    assert!(!table(&rows(), Some(200)).concat().contains('\x1b'));
}

#[test]
fn names_from_the_wire_cannot_steer_the_terminal() {
    let rows = [row("GET", "a\x1b[2Jb", "/\r\n\u{9b}31m", &[(200, 1)], (0.0, 1.0))];
    let lines = table(&rows, Some(120));
    assert_eq!(lines.len(), 2);
    assert!(!lines[1].contains(char::is_control), "{:?}", lines[1]);
}
