use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::exchange::Role;

mod table;

const HOST: Host<'static> = Host { role: Role::Server, name: b"api.example" };

fn see(paths: &mut Paths, method: &str, path: &str) -> String {
    let mut made = Template::default();
    let _ = paths.template(HOST, path.as_bytes(), Some(Sight { method, shape: 0 }), &mut made);
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
