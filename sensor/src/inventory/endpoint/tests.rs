use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::event::sample::{self, START};

fn exchange(method: &str, path: &str, status: u16) -> Exchange {
    sample::exchange(&format!("{method} {path} HTTP/1.1\nHost: shop.example\n\n"), status)
}

fn record(endpoints: &mut Endpoints, exchange: &Exchange) {
    endpoints.record(exchange, 0, |_, _| ());
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
        ("other.example", "/a", None, "GET", "server"),
        ("shop.example", "/a", None, "GET", "client"),
        ("shop.example", "/a", None, "GET", "server"),
        ("shop.example", "/a", None, "POST", "server"),
        ("shop.example", "/b", None, "GET", "server"),
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

/// Requests and routes of the rows of `GET`.
fn counts(endpoints: &Endpoints) -> Vec<(String, u64)> {
    let rows = endpoints.rows(Timestamp(START));
    rows.into_iter().map(|row| (row.route, row.requests)).collect()
}

const NAMES: [&str; 12] = [
    "alice",
    "bob",
    "carol",
    "dave99",
    "erin",
    "frank",
    "grace.hopper",
    "heidi",
    "ivan",
    "judy",
    "mallory",
    "niaj",
];

fn visit_users(endpoints: &mut Endpoints) {
    for name in NAMES {
        record(endpoints, &exchange("GET", &format!("/users/{name}"), 200));
        record(endpoints, &exchange("GET", &format!("/users/{name}/posts"), 200));
    }
}

#[test]
fn rows_of_values_are_joined_and_their_ids_follow() {
    let mut endpoints = Endpoints::new(100);
    let mut first = exchange("GET", "/users/alice", 200);
    first.request.as_mut().unwrap().start = Timestamp(START - 1_000_000_000);
    record(&mut endpoints, &first);
    let old = endpoints.rows(Timestamp(START))[0].id.clone();
    visit_users(&mut endpoints);
    endpoints.settle();
    let expect = [("/users/{userId}".into(), 13), ("/users/{userId}/posts".into(), 12)];
    assert_eq!(counts(&endpoints), expect);
    let rows = endpoints.rows(Timestamp(START));
    assert_eq!(rows[0].first_seen, "2024-05-31T11:59:59Z");
    assert_eq!(rows[0].statuses, BTreeMap::from([(200, 13)]));
    assert!(endpoints.take_moved().contains(&(old, rows[0].id.clone())));
    assert!(endpoints.take_moved().is_empty());
    // Nobody has seen this one, and it is known for what it is.
    let template = endpoints.record(&exchange("GET", "/users/zoe/posts", 404), 0, |_, _| ());
    assert_eq!(template.route, "/users/{userId}/posts");
}

/// As `a_join_is_taken_back_when_the_evidence_turns` of paths: the counts go where they belong.
#[test]
fn rows_of_a_join_that_is_taken_back_are_apart_again() {
    let mut endpoints = Endpoints::new(100);
    for name in ["north-1", "north-1", "south-2", "east-3", "west-4", "central-5"] {
        record(&mut endpoints, &exchange("GET", &format!("/v1/regions/{name}"), 200));
    }
    endpoints.settle();
    assert_eq!(counts(&endpoints), [("/v1/regions/{regionId}".to_owned(), 6)]);
    for count in 0..400 {
        for name in ["north-1", "south-2"] {
            for part in ["map", "rules", "people"] {
                let path = format!("/v1/regions/{name}/{name}-{part}/{count}");
                record(&mut endpoints, &exchange("POST", &path, 200));
            }
        }
    }
    endpoints.settle();
    let found = counts(&endpoints);
    let of = |route: &str| found.iter().find(|(found, _)| found == route).map(|(_, count)| *count);
    assert_eq!(of("/v1/regions/north-1"), Some(2));
    assert_eq!(of("/v1/regions/south-2"), Some(1));
    assert_eq!(of("/v1/regions/{regionId}"), Some(3));
    assert_eq!(found.iter().map(|(_, count)| count).sum::<u64>(), 2406);
}

#[test]
fn learning_is_given_the_row_and_the_template() {
    let mut endpoints = Endpoints::new(1);
    let mut learned = Vec::new();
    for (path, status) in [("/a/1", 200), ("/a/2", 404), ("/b/1", 404), ("/c/1", 200)] {
        endpoints.record(&exchange("GET", path, status), 0, |row, template| {
            learned.push((template.route.clone(), row.requests()));
        });
    }
    // The third is one that may not exist yet, the last finds no room.
    let expect = [("/a/{aId}", 1), ("/a/{aId}", 2), ("/b/{bId}", 1)];
    assert_eq!(learned, expect.map(|(route, count)| (route.to_owned(), count)));
}

#[test]
fn declared_routes_go_before_learned_ones_and_join_rows() {
    let mut endpoints = Endpoints::new(100);
    for path in ["/pets/rex", "/pets/7", "/pets/findByStatus", "/Pets/rex"] {
        record(&mut endpoints, &exchange("GET", path, 200));
    }
    let routes = ["/pets/{petName}", "/pets/findByStatus", "no route"];
    assert_eq!(endpoints.declare("SHOP.example", routes.into_iter()), 1);
    let expect = [("/Pets/rex", 1), ("/pets/findByStatus", 1), ("/pets/{petName}", 2)];
    assert_eq!(counts(&endpoints), expect.map(|(route, count)| (route.to_owned(), count)));
    record(&mut endpoints, &exchange("GET", "/pets/bella", 200));
    record(&mut endpoints, &exchange("GET", "/pets/findByStatus", 200));
    let expect = [("/Pets/rex", 1), ("/pets/findByStatus", 2), ("/pets/{petName}", 3)];
    assert_eq!(counts(&endpoints), expect.map(|(route, count)| (route.to_owned(), count)));
}

#[test]
fn a_scan_that_is_answered_is_one_row_and_bounded() {
    let mut endpoints = Endpoints::new(20_000);
    let mut random = 1u64;
    for _ in 0..100_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let path = format!("/{}", word(random));
        record(&mut endpoints, &exchange("GET", &path, 200));
    }
    endpoints.settle();
    assert!(endpoints.len() <= 10, "{:?}", counts(&endpoints).first());
    assert!(endpoints.counters().paths.folded > 50_000);
}

/// Random paths of up to three segments that are not found never become rows or evidence.
#[test]
fn a_scan_that_is_not_answered_teaches_nothing() {
    let mut endpoints = Endpoints::new(20_000);
    visit_users(&mut endpoints);
    endpoints.settle();
    let before = counts(&endpoints);
    let mut random = 1u64;
    for index in 0..100_000u64 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let words = [word(random), word(random.rotate_left(20)), word(random.rotate_left(40))];
        let path = format!("/{}", words[..=(index % 3) as usize].join("/"));
        record(&mut endpoints, &exchange("GET", &path, [400, 404, 405, 501][(index % 4) as usize]));
    }
    endpoints.settle();
    assert_eq!(counts(&endpoints), before);
    assert_eq!(endpoints.counters().paths, paths::Counters::default());
}

/// Eight letters.
fn word(random: u64) -> String {
    (0..8).map(|index| char::from(b'a' + (random >> (8 * index)) as u8 % 26)).collect()
}

#[test]
fn rows_are_split_by_what_is_known() {
    let found = |statuses: &[(u16, u64)], count: u64| {
        let exchanges: Vec<_> = statuses
            .iter()
            .flat_map(|&(status, count)| (0..count).map(move |_| exchange("GET", "/a", status)))
            .collect();
        let mut endpoints = Endpoints::new(10);
        for exchange in &exchanges {
            record(&mut endpoints, exchange);
        }
        let (key, mut row) = endpoints.listed.drain().next().unwrap();
        let part = row.split(count);
        let show = |row: &Row| {
            let shown = row.show(&key, Timestamp(START));
            (shown.requests, shown.errors, shown.statuses.into_iter().collect::<Vec<_>>())
        };
        let both = (show(&row), show(&part));
        row.merge(part);
        assert_eq!(show(&row).2, statuses);
        both
    };
    assert_eq!(
        found(&[(200, 8), (500, 4)], 3),
        ((9, 3, vec![(200, 6), (500, 3)]), (3, 1, vec![(200, 2), (500, 1)]))
    );
    assert_eq!(found(&[(200, 2)], 5), ((0, 0, vec![(200, 0)]), (2, 0, vec![(200, 2)])));
}

proptest! {
    /// Rows are those of the routes, and no request is lost, whatever the order.
    #[test]
    fn rows_do_not_depend_on_order(
        requests in proptest::collection::vec(
            ("(GET|PUT)", "(/(users|items|me|[a-c]{1,2}|[a-z]{5}|[0-9]{1,3})){1,3}", 0..8u8),
            1..150,
        ),
        seed in any::<u64>(),
    ) {
        let run = |requests: &[(String, String, u8)]| {
            let mut endpoints = Endpoints::new(1000);
            for (method, path, status) in requests {
                let status = if *status == 0 { 404 } else { 200 };
                record(&mut endpoints, &exchange(method, path, status));
            }
            endpoints.settle();
            let rows = endpoints.rows(Timestamp(START));
            let found: u64 = rows.iter().map(|row| row.statuses.get(&200).unwrap_or(&0)).sum();
            let sent = requests.iter().filter(|(.., status)| *status != 0).count() as u64;
            assert_eq!(found, sent);
            rows.into_iter().map(|row| (row.method, row.route)).collect::<Vec<_>>()
        };
        let mut other = requests.clone();
        let mut random = seed;
        for index in (1..other.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            other.swap(index, (random >> 33) as usize % (index + 1));
        }
        prop_assert_eq!(run(&requests), run(&other));
    }
}
