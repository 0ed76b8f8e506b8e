//! The traffic is what it says it is, and the same each time.

use std::collections::HashSet;

use sensor::specification;

use super::*;

const PETS: &[u8] = b"
openapi: 3.0.0
paths:
  /pets: {get: {responses: {200: {description: d}}}}
  /pets/search: {get: {responses: {200: {description: d}}}}
  '/pets/{name}':
    parameters: [{name: name, in: path, required: true, schema: {type: string}}]
    get: {responses: {200: {description: d}}}
    delete: {responses: {204: {description: d}}}
  '/pets/{other}': {}
  '/reports/{id}.json':
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get: {responses: {200: {description: d}}}
";

fn exchanges(seed: u64, count: usize) -> (Vec<(String, String, u16)>, Truth) {
    let operations = specification::read(PETS).operations;
    let mut traffic = Traffic::new(&operations, &BTreeMap::new(), seed);
    let told = traffic.by_ref().take(count).map(|Sample { exchange, .. }| {
        let request = exchange.request.expect("there is always one");
        let status = exchange.response.expect("there is always one").status;
        let target = String::from_utf8_lossy(request.target()).into_owned();
        (request.method.as_str().to_owned(), target, status)
    });
    let told = told.collect();
    (told, traffic.truth)
}

#[test]
fn a_seed_decides_everything() {
    assert_eq!(exchanges(1, 300).0, exchanges(1, 300).0);
    assert_ne!(exchanges(1, 300).0, exchanges(2, 300).0);
}

#[test]
fn what_succeeds_is_declared_and_goes_where_a_router_would_send_it() {
    let (told, truth) = exchanges(3, 3_000);
    let expected = ["/pets", "/pets/search", "/pets/{}", "/reports/{}.json"];
    let routes: BTreeSet<_> = truth.succeeded.iter().map(|(_, route)| route.as_str()).collect();
    assert_eq!(routes, expected.into());
    assert_eq!(truth.succeeded.len(), 5);
    for (method, target, status) in &told {
        let is_known = ["/pets", "/reports/"].iter().any(|known| target.starts_with(known));
        assert!(is_known || *status >= 400, "{method} {target} {status}");
        assert!(!(method == "DELETE" && target == "/pets/search"), "{target}");
    }
    let names: HashSet<_> =
        told.iter().filter_map(|(_, target, _)| target.strip_prefix("/pets/")).collect();
    assert!(names.len() > 20, "{names:?}");
    let noise = told.iter().filter(|(_, _, status)| [400, 404, 405].contains(status)).count();
    assert!((90..600).contains(&noise), "{noise}");
}

#[test]
fn templates_without_names() {
    let check = |route: &str, expected: &str| assert_eq!(nameless(route), expected, "{route}");
    check("/", "/");
    check("/a/{b}", "/a/{}");
    check("/a/{b}.json", "/a/{}.json");
    check("/{a}..{b}:do", "/{}..{}:do");
    check("/a b/\u{e9}", "/a%20b/%C3%A9");
    check("/a{", "/a%7B");
}
