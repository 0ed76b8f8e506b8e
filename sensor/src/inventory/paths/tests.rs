use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::exchange::Role;

mod table;

const HOST: Host<'static> = Host { role: Role::Server, name: b"api.example" };

fn see(paths: &mut Paths, method: &str, path: &str) -> String {
    let mut made = Template::default();
    let _ = paths.template(
        HOST,
        path.as_bytes(),
        Some(Sight { method, requests: 1, shape: 0 }),
        &mut made,
    );
    made.route
}

fn route(paths: &mut Paths, path: &str) -> String {
    let mut made = Template::default();
    let _ = paths.template(HOST, path.as_bytes(), None, &mut made);
    made.route
}

/// The routes of requests, `METHOD path`, once all were seen.
fn routes<'a>(requests: impl IntoIterator<Item = &'a str> + Clone) -> BTreeSet<String> {
    let mut paths = Paths::default();
    for request in requests.clone() {
        let (method, path) = request.split_once(' ').unwrap();
        see(&mut paths, method, path);
    }
    paths.settle();
    let routes = requests.into_iter().map(|request| request.split_once(' ').unwrap());
    routes.map(|(method, path)| format!("{method} {}", route(&mut paths, path))).collect()
}

#[test]
fn paths_of_known_kinds_of_api_have_their_routes() {
    let tables = [
        table::FORGE,
        table::PAYMENTS,
        table::CLUSTER,
        table::MANAGEMENT,
        table::FUNCTIONS,
        table::PROCEDURES,
        table::VERBS,
        table::ODATA,
        table::SHOP,
        table::MARKET,
    ];
    let mut wrong = Vec::new();
    let mut count = 0;
    for table in tables {
        let mut paths = Paths::default();
        for line in table {
            let mut words = line.split(' ');
            see(&mut paths, words.next().unwrap(), words.next().unwrap());
        }
        paths.settle();
        for line in table {
            let mut words = line.split(' ').skip(1);
            let path = words.next().unwrap();
            let expect = words.next().unwrap_or(path);
            let found = route(&mut paths, path);
            count += 1;
            if found != expect {
                wrong.push(format!("{path}: {found}, not {expect}"));
            }
        }
    }
    assert!(count >= 150, "{count}");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Regions are values at first sight; two of them turn out to have a life of their own.
#[test]
fn a_join_is_taken_back_when_the_evidence_turns() {
    let mut paths = Paths::default();
    let names = ["north-1", "south-2", "east-3", "west-4", "central-5"];
    for name in names {
        see(&mut paths, "GET", &format!("/v1/regions/{name}"));
    }
    paths.settle();
    for name in names {
        assert_eq!(route(&mut paths, &format!("/v1/regions/{name}")), "/v1/regions/{regionId}");
    }
    for count in 0..400 {
        for name in &names[..2] {
            for part in ["map", "rules", "people"] {
                see(&mut paths, "POST", &format!("/v1/regions/{name}/{name}-{part}/{count}"));
            }
        }
    }
    paths.settle();
    for name in &names[..2] {
        let path = format!("/v1/regions/{name}");
        assert_eq!(route(&mut paths, &path), path);
    }
    assert_eq!(route(&mut paths, "/v1/regions/west-4"), "/v1/regions/{regionId}");
}

#[test]
fn hosts_and_roles_are_apart() {
    let mut paths = Paths::default();
    for name in ["alice", "bob7", "carol", "dave", "erin", "frank", "grace", "heidi"] {
        see(&mut paths, "GET", &format!("/users/{name}"));
    }
    paths.settle();
    let mut made = Template::default();
    let mut check = |role, name: &'static str, expect: &str| {
        let host = Host { role, name: name.as_bytes() };
        let _ = paths.template(host, b"/users/zoe", None, &mut made);
        assert_eq!(made.route, expect);
    };
    check(Role::Server, "api.example", "/users/{userId}");
    check(Role::Client, "api.example", "/users/zoe");
    check(Role::Server, "other.example", "/users/zoe");
}

#[test]
fn trees_are_bounded_and_what_finds_no_room_is_counted() {
    let mut paths = Paths::default();
    for index in 0..MAX_HOSTS + 10 {
        let name = format!("h{index}.example");
        let host = Host { role: Role::Server, name: name.as_bytes() };
        let sight = Sight { method: "GET", requests: 1, shape: 0 };
        let _ = paths.template(host, b"/a/b/c", Some(sight), &mut Template::default());
    }
    assert_eq!(paths.trees.len(), MAX_HOSTS);
    assert_eq!(paths.by_host.len(), MAX_HOSTS);
    assert_eq!(paths.counters().forgotten, 10);
    let mut random = 1u64;
    for _ in 0..MAX_NODES {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let name = format!("h{}.example", random % 64);
        let host = Host { role: Role::Server, name: name.as_bytes() };
        let sight = Sight { method: "GET", requests: 1, shape: 0 };
        let path = format!("/x{}/y{}", random >> 40, random >> 20 & 0xff);
        let _ = paths.template(host, path.as_bytes(), Some(sight), &mut Template::default());
    }
    // A path that finds room for its first step may still take the rest of its steps.
    assert!(paths.nodes <= MAX_NODES + 64, "{}", paths.nodes);
    let nodes: usize = paths.trees.iter().map(Tree::len).sum();
    assert_eq!(nodes, paths.nodes + paths.trees.len());
}

/// A flood of hosts, each asked once, takes places of its own kind and not that of a host in use.
#[test]
fn made_up_hosts_do_not_crowd_out_real_ones() {
    let mut paths = Paths::default();
    for name in ["alice", "bob7", "carol", "dave", "erin", "frank", "grace", "heidi"] {
        see(&mut paths, "GET", &format!("/users/{name}"));
    }
    paths.settle();
    for _ in 0..100 {
        see(&mut paths, "GET", "/users/alice");
    }
    let made = |paths: &mut Paths, name: &str| {
        let host = Host { role: Role::Server, name: name.as_bytes() };
        let sight = Sight { method: "GET", requests: 1, shape: 0 };
        paths.template(host, b"/x", Some(sight), &mut Template::default()).place
    };
    let early = made(&mut paths, "early.example").unwrap();
    assert!(paths.knows(early));
    for index in 0..MAX_HOSTS * 2 {
        made(&mut paths, &format!("h{index}.example"));
        if index % 100 == 0 {
            see(&mut paths, "GET", "/users/alice");
        }
    }
    assert_eq!(route(&mut paths, "/users/zoe"), "/users/{userId}");
    assert!(!paths.knows(early));
    paths.add(early, Sight { method: "PUT", requests: 1, shape: 0 });
    assert!(paths.counters().forgotten > MAX_HOSTS as u64 / 2);
}

proptest! {
    /// The routes of requests do not depend on their order, once they are settled.
    #[test]
    fn order_does_not_matter(
        requests in proptest::collection::vec(
            "(GET|POST) (/(users|items|me|v1|[a-c]{1,2}|[a-z]{5}|[0-9]{1,3}|x[0-9]y)){1,4}(\\.json|:go)?",
            1..120,
        ).prop_shuffle(),
        seed in any::<u64>(),
    ) {
        let first = routes(requests.iter().map(|request| &**request));
        let mut other = requests.clone();
        let mut random = seed;
        for index in (1..other.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            other.swap(index, (random >> 33) as usize % (index + 1));
        }
        prop_assert_eq!(first, routes(other.iter().map(|request| &**request)));
    }
}
