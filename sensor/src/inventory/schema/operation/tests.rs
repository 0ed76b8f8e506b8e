use serde_json::json;

use super::*;

fn names(query: Option<&str>, media_type: &str, body: Option<&[u8]>) -> Vec<String> {
    let mut operations = Operations::default();
    find(
        query.map(str::as_bytes),
        &MediaType::read(media_type.as_bytes()),
        body.map(|bytes| Body { bytes, is_whole: true }),
        &mut Buffers::default(),
        &mut operations,
    );
    operations.names().map(String::from).collect()
}

/// The names that a JSON body shows.
fn posted(body: &serde_json::Value) -> Vec<String> {
    names(None, "application/json", Some(body.to_string().as_bytes()))
}

#[track_caller]
fn check(document: &str, chosen: &str, expected: &str) {
    let expected: Vec<_> =
        (!expected.is_empty()).then(|| expected.to_string()).into_iter().collect();
    let body = json!({"query": document, "operationName": chosen, "variables": {"query": "{x}"}});
    assert_eq!(posted(&body), expected, "{document}");
}

#[test]
fn documents() {
    check("query Users { users { id } }", "", "query Users");
    check("query Users($first: Int = 10, $f: F = {a: 1}) @live { users }", "", "query Users");
    check(
        "mutation { login(user: \"a}b\", x: {y: [1]}) { token } logout }",
        "",
        "mutation {login, logout}",
    );
    check("{ me { name } first: users(id: 1) { id } }", "", "query {me, users}");
    check("{me}", "", "query {me}");
    check("query ($id: ID!) { user(id: $id) { id } }", "", "query {user}");
    check("subscription OnOrder{order}", "", "subscription OnOrder");
    check("# a comment {\n\u{feff}query,A{a}", "", "query A");
    check(
        "{ ...Part ... on User { id } ... @include(if: true) { x } a }",
        "",
        "query {...Part, ...User, ..., a}",
    );
    check("{ a @skip(if: $b) b: c }", "", "query {a, c}");
    check("{ a b c d e f g h }", "", "query {a, b, c, d, e, f, …}");
    check("fragment F on User { id { x } } query Q { me { ...F } }", "", "query Q");
    check("query A { a } query B { b }", "B", "query B");
    check("query A { a } mutation B { b }", "", "query A");
    check("query A { a }", "C", "query A");
    check("{ a(t: \"\"\"x } \" y\"\"\") { b } }", "", "query {a}");
    for none in [
        "",
        "select * from users",
        "{}",
        "{",
        "query",
        "}{",
        "users",
        "type Q { a: Int }",
        "\"",
        "{1}",
        "...",
    ] {
        check(none, "", "");
    }
}

#[test]
fn documents_in_other_places() {
    assert_eq!(names(Some("query=%7Bme%7Bid%7D%7D&x=1"), "", None), ["query {me}"]);
    assert_eq!(
        names(Some("x=1&query=query+A%7Ba%7D+query+B%7Bb%7D&operationName=B"), "", None),
        ["query B"]
    );
    assert!(names(Some("query=shoes"), "", None).is_empty());
    assert_eq!(names(None, "application/graphql", Some(b"query A { a }")), ["query A"]);
    assert!(names(Some("subquery={me}"), "", None).is_empty());
}

#[test]
fn persisted_queries_have_their_name() {
    let body = json!({"operationName": "Feed", "extensions": {"persistedQuery": {"version": 1}}});
    assert_eq!(posted(&body), ["Feed"]);
    assert!(posted(&json!({"operationName": "Feed"})).is_empty());
    let odd = json!({"operationName": "a\nb", "extensions": {"persistedQuery": {}}});
    assert!(posted(&odd).is_empty());
}

#[test]
fn methods() {
    let call = |method: &str| json!({"jsonrpc": "2.0", "method": method, "params": {"query": "{a}"}, "id": 1});
    assert_eq!(posted(&call("eth_call")), ["eth_call"]);
    assert!(posted(&json!({"jsonrpc": "1.0", "method": "a"})).is_empty());
    assert!(posted(&json!({"jsonrpc": "2.0", "result": 1})).is_empty());
    assert!(posted(&call(&"m".repeat(200))).is_empty());
    assert!(posted(&call("a b")).is_empty());
    assert!(posted(&json!({"a": call("x")})).is_empty());
}

#[test]
fn batches() {
    let calls = json!([
        {"jsonrpc": "2.0", "method": "a", "id": 1},
        {"jsonrpc": "2.0", "method": "b", "id": 2},
        {"jsonrpc": "2.0", "method": "a", "id": 3},
        {"query": "{me}"},
        1,
    ]);
    assert_eq!(posted(&calls), ["a", "b", "query {me}"]);
    let many: Vec<_> =
        (0..100).map(|n| json!({"jsonrpc": "2.0", "method": format!("m{n}")})).collect();
    assert_eq!(posted(&json!(many)).len(), MAX_OPERATIONS);
}

#[test]
fn what_was_cut_has_a_name_when_that_is_whole() {
    let body = br#"{"operationName":"A","query":"query A($x:Int){a}","variables":{"x":"#;
    assert_eq!(names(None, "application/json", Some(body)), ["query A"]);
    let body = br#"{"jsonrpc":"2.0","method":"sum","params":[1,"#;
    assert_eq!(names(None, "application/json", Some(body)), ["sum"]);
}

#[test]
fn deep_documents_do_no_harm() {
    check(&"{a".repeat(5_000), "", "query {a}");
    check(&format!("{{a({}", "(".repeat(5_000)), "", "query {a}");
    let deep = format!("[{}{{\"query\":\"{{a}}\"", "[".repeat(10_000));
    assert!(names(None, "application/json", Some(deep.as_bytes())).is_empty());
}
