use super::{MAX_OPERATIONS, OTHER};
use crate::{
    event::sample::{self, START},
    exchange::{Body, Exchange, Timestamp},
    inventory::{Inventory, Limits, description::Operation, rules::Rules},
};

fn post(path: &str, body: &str) -> Exchange {
    let head = format!("POST {path} HTTP/1.1\nHost: api\nContent-Type: application/json\n\n");
    let mut exchange = sample::exchange(&head, 200);
    exchange.request.as_mut().unwrap().body = Body { bytes: body.as_bytes().to_vec(), whole: true };
    exchange
}

fn call(method: &str) -> Exchange {
    post("/rpc", &format!(r#"{{"jsonrpc": "2.0", "id": 1, "method": "{method}"}}"#))
}

fn inventory() -> Inventory {
    let limits = Limits { endpoints: 2000, fields: 10_000, learn_rate: u32::MAX };
    Inventory::new(limits, 7, Rules::default()).unwrap()
}

/// Route, operation and requests of each row.
fn rows(inventory: &mut Inventory) -> Vec<(String, Option<String>, u64)> {
    let rows = inventory.rows(Timestamp(START + 1_000_000_000));
    rows.into_iter().map(|row| (row.route, row.operation, row.requests)).collect()
}

fn row(route: &str, operation: &str, requests: u64) -> (String, Option<String>, u64) {
    let operation = (!operation.is_empty()).then(|| operation.to_owned());
    (route.to_owned(), operation, requests)
}

#[test]
fn each_operation_of_a_path_has_its_own_row() {
    let mut inventory = inventory();
    for body in [
        r#"{"query": "query Users($n: Int) { users(first: $n) { id } }", "variables": {"n": 2}}"#,
        r#"{"query": "mutation { login(name: \"a\") { token } }"}"#,
        r#"{"operationName": "Users", "query": "query Users { users { id } }"}"#,
        r#"{"query": "shoes", "page": 2}"#,
    ] {
        inventory.record(&mut post("/graphql", body));
    }
    inventory.record(&mut call("eth_call"));
    inventory.record(&mut sample::exchange(
        "GET /graphql?query=query%20Me%7Bme%7Bid%7D%7D HTTP/1.1\nHost: api\n\n",
        200,
    ));
    assert_eq!(
        rows(&mut inventory),
        [
            // A search with a field of that name is no document.
            row("/graphql", "", 1),
            row("/graphql", "mutation {login}", 1),
            row("/graphql", "query Me", 1),
            row("/graphql", "query Users", 2),
            row("/rpc", "eth_call", 1),
        ]
    );
}

#[test]
fn what_an_operation_takes_is_learned_of_it_alone() {
    let mut inventory = inventory();
    let call = |method: &str, field: &str| {
        let body = format!(
            r#"{{"jsonrpc": "2.0", "id": 1, "method": "{method}", "params": {{"{field}": 1}}}}"#
        );
        post("/rpc", &body)
    };
    inventory.record(&mut call("get", "amount"));
    inventory.record(&mut call("put", "price"));
    let fields: Vec<_> = inventory
        .details(Timestamp(START))
        .into_iter()
        .map(|detail| {
            let operation = detail.operation.operation.unwrap();
            let params = &detail.operation.request["application/json"].properties["params"];
            (operation, params.properties.keys().cloned().collect::<Vec<_>>())
        })
        .collect();
    let expect = [("get", "amount"), ("put", "price")];
    assert_eq!(fields, expect.map(|(name, field)| (name.to_owned(), vec![field.to_owned()])));
}

#[test]
fn a_batch_counts_for_each_and_tells_of_none() {
    let mut inventory = inventory();
    inventory.record(&mut post(
        "/rpc",
        r#"[{"jsonrpc": "2.0", "method": "a"}, {"jsonrpc": "2.0", "method": "b"}]"#,
    ));
    assert_eq!(rows(&mut inventory), [row("/rpc", "a", 1), row("/rpc", "b", 1)]);
    let details = inventory.details(Timestamp(START));
    assert!(details.iter().all(|detail| detail.operation.request.is_empty()), "{details:?}");
}

#[test]
fn invented_names_share_a_row_and_values_are_no_names() {
    let mut inventory = inventory();
    let count = MAX_OPERATIONS as u64 + 40;
    for number in 0..count {
        inventory.record(&mut call(&format!("m{number}")));
    }
    inventory.record(&mut call("m3"));
    inventory.record(&mut call("mail to someone@example.com"));
    let rows = rows(&mut inventory);
    assert_eq!(rows.len(), MAX_OPERATIONS + 2);
    assert!(rows.contains(&row("/rpc", OTHER, 40)), "{rows:?}");
    assert!(rows.contains(&row("/rpc", "m3", 2)), "{rows:?}");
    assert!(rows.contains(&row("/rpc", "", 1)), "{rows:?}");
}

#[test]
fn operations_follow_their_path_and_survive() {
    let mut inventory = inventory();
    for tenant in ["acme", "initech"] {
        let path = format!("/{tenant}/rpc");
        inventory.record(&mut post(&path, r#"{"jsonrpc": "2.0", "method": "a"}"#));
    }
    let declared = Operation {
        host: "api".to_owned(),
        method: "POST".to_owned(),
        route: "/{tenant}/rpc".to_owned(),
        ..Operation::default()
    };
    inventory.declare(vec![declared]);
    assert_eq!(rows(&mut inventory), [row("/{tenant}/rpc", "a", 2)]);

    let mut restored = self::inventory();
    for change in inventory.take_changes(usize::MAX) {
        if let Some(value) = change.value {
            assert!(restored.restore(&change.key, &value));
        }
    }
    restored.record(&mut post("/hooli/rpc", r#"{"jsonrpc": "2.0", "method": "a"}"#));
    assert_eq!(rows(&mut restored), [row("/{tenant}/rpc", "a", 3)]);
}
