//! Specifications against what was learned.

use crate::{
    inventory::description::Operation,
    specification::{Difference, Hosts, diff, read},
};

/// The operations of a document of version 3.1 with these paths.
fn operations(paths: &str) -> Vec<Operation> {
    let text = format!(
        "openapi: 3.1.0\npaths: {paths}\ncomponents: {{securitySchemes: \
         {{key: {{type: apiKey, in: header, name: X-Key}}, login: {{type: http, scheme: basic}}}}}}"
    );
    let found = read(text.as_bytes());
    assert_eq!(found.problems, [], "{paths}");
    found.operations
}

fn text(one: &Difference) -> String {
    let parts = [&one.place, &one.declared, &one.seen];
    let mut text = format!("{:?} {} {}", one.kind, one.method, one.route);
    for part in parts.iter().filter(|part| !part.is_empty()) {
        text += &format!(" | {part}");
    }
    text
}

#[track_caller]
fn check(declared: &str, learned: &str, expected: &[&str]) {
    let found = diff(&operations(declared), &[], &operations(learned), Hosts::Any);
    assert_eq!(found.iter().map(text).collect::<Vec<_>>(), expected, "{declared} {learned}");
}

fn path(name: &str) -> String {
    format!("{{name: {name}, in: path, required: true, schema: {{type: string}}}}")
}

#[test]
fn shadows_orphans_and_zombies() {
    let id = path("id");
    check("{/a: {get: {}}}", "{/a: {get: {}}}", &[]);
    check("{/a: {get: {}}}", "{/b: {get: {}}}", &["Shadow GET /b", "Orphan GET /a"]);
    check("{/a: {get: {}}}", "{/a: {get: {}, post: {}}}", &["Shadow POST /a"]);
    check("{/a: {get: {deprecated: true}}}", "{/a: {get: {}}}", &["Zombie GET /a | deprecated"]);
    check("{/a: {get: {deprecated: true}}}", "{}", &["Orphan GET /a"]);
    let pets =
        |name: &str| format!("{{'/pets/{{{name}}}': {{parameters: [{}], get: {{}}}}}}", path(name));
    check(&pets("petId"), &pets("petId2"), &[]);
    check(&pets("petId"), "{/pets/17: {get: {}}, /pets/18: {get: {}}}", &[]);
    check("{/pets/17: {get: {}}}", &pets("id"), &["Shadow GET /pets/{id}", "Orphan GET /pets/17"]);
    check(
        &format!("{{'/u/{{id}}': {{parameters: [{id}], get: {{}}}}, /u/me: {{get: {{}}}}}}"),
        "{/u/me: {get: {}}}",
        &["Orphan GET /u/{id}"],
    );
    // Servers answer these by themselves.
    check("{/a: {get: {}}}", "{/a: {get: {}, head: {}, options: {}}}", &[]);
    check("{/a: {post: {}}}", "{/a: {post: {}, head: {}}}", &["Shadow HEAD /a"]);
}

#[test]
fn what_an_earlier_version_declared_is_a_zombie() {
    let of = |paths| operations(paths);
    let (current, earlier) = (of("{/a: {get: {}}}"), of("{/a: {get: {}}, /b: {get: {}}}"));
    let learned = of("{/a: {get: {}}, /b: {get: {}}, /c: {get: {}}}");
    let found = diff(&current, &earlier, &learned, Hosts::Any);
    let found: Vec<_> = found.iter().map(text).collect();
    assert_eq!(found, ["Shadow GET /c", "Zombie GET /b | by an earlier version"]);
}

#[test]
fn hosts_count_when_asked_for() {
    let at = |host: &str| {
        let mut found = operations("{/a: {get: {}}}");
        found[0].host = host.to_owned();
        found
    };
    let check = |declared: &str, learned: &str, hosts, expected: usize| {
        let found = diff(&at(declared), &[], &at(learned), hosts);
        assert_eq!(found.len(), expected, "{declared} {learned}");
    };
    check("a.example", "a.example", Hosts::Declared, 0);
    check("", "b.example", Hosts::Declared, 0);
    check("a.example", "b.example", Hosts::Declared, 2);
    check("a.example", "b.example", Hosts::Any, 0);
}

#[test]
fn parameters_are_compared() {
    let get = |parameters: &str| format!("{{/a: {{get: {{parameters: [{parameters}]}}}}}}");
    let query =
        |name: &str, schema: &str| format!("{{name: '{name}', in: query, schema: {schema}}}");
    let check_query = |declared: (&str, &str), learned: (&str, &str), expected: &[&str]| {
        let learned = get(&query(learned.0, learned.1));
        check(&get(&query(declared.0, declared.1)), &learned, expected);
    };
    let text = "{type: string}";
    check_query(("q", text), ("q", text), &[]);
    check_query(("q", text), ("r", text), &["UndeclaredParameter GET /a | query r | string"]);
    // As text, a number is a text too; a text is no number.
    check_query(("q", text), ("q", "{type: integer}"), &[]);
    check_query(("q", "{type: number}"), ("q", "{type: integer}"), &[]);
    check_query(
        ("q", "{type: integer}"),
        ("q", text),
        &["UndeclaredType GET /a | query q | integer | string"],
    );
    check_query(("q", "{type: array}"), ("q", text), &[]);
    check_query(
        ("q", "{maximum: 50}"),
        ("q", "{maximum: 70}"),
        &["OutOfRange GET /a | query q | at most 50 | 70"],
    );
    check_query(
        ("q", "{minLength: 2}"),
        ("q", "{minLength: 1}"),
        &["OutOfRange GET /a | query q | length at least 2 | 1"],
    );
    check_query(
        ("q", "{enum: [a, b]}"),
        ("q", "{enum: [a, c]}"),
        &["OutOfRange GET /a | query q | a, b | c"],
    );
    check_query(("f", "{type: object}"), ("f[name]", text), &[]);
    check_query(("ids[]", "{type: array}"), ("ids", text), &[]);
    check_query(
        ("p", "{type: object, properties: {x: {type: integer}}}"),
        ("x", text),
        &["UndeclaredType GET /a | query x | integer | string"],
    );
    let header = "{name: X-Key, in: header, schema: {}}";
    let secured = "{/a: {get: {security: [{key: []}]}}}";
    check(secured, &get(header), &[]);
    check(&get(""), &get(header), &["UndeclaredParameter GET /a | header x-key | anything"]);
}

#[test]
fn bodies_and_statuses_are_compared() {
    let post = |schema: &str| {
        format!(
            "{{/a: {{post: {{requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}}}}}}}"
        )
    };
    let object = |fields: &str| post(&format!("{{type: object, properties: {{{fields}}}}}"));
    check(&object("a: {type: string}"), &object("a: {type: string}"), &[]);
    check(
        &object("a: {type: string}"),
        &object("b: {type: string}"),
        &["UndeclaredField POST /a | request application/json b | string"],
    );
    check(
        &object("a: {type: string}"),
        &object("a: {type: [integer, 'null']}"),
        &["UndeclaredType POST /a | request application/json a | string | integer, null"],
    );
    check(
        &object("a: {type: array, items: {type: object, properties: {b: {type: integer}}}}"),
        &object("a: {type: array, items: {type: object, properties: {b: {type: string}}}}"),
        &["UndeclaredType POST /a | request application/json a[].b | integer | string"],
    );
    check(&post("{}"), &object("a: {type: string}"), &[]);
    check(
        &post("{additionalProperties: {type: integer}}"),
        &object("a: {type: string}"),
        &["UndeclaredType POST /a | request application/json a | integer | string"],
    );
    check(
        "{/a: {post: {}}}",
        &post("{}"),
        &["UndeclaredMediaType POST /a | request application/json | application/json"],
    );
    let any = "{/a: {post: {requestBody: {content: {'*/*': {}}}}}}";
    check(any, &post("{}"), &[]);
    let statuses = |list: &str| format!("{{/a: {{get: {{responses: {{{list}}}}}}}}}");
    check(
        &statuses("200: {}"),
        &statuses("200: {}, 404: {}"),
        &["UndeclaredStatus GET /a | response 404 | 200 | 404"],
    );
    check(&statuses("200: {}, 4XX: {}"), &statuses("404: {}"), &[]);
    check(&statuses("200: {}, default: {}"), &statuses("500: {}"), &[]);
    check(&statuses("204: {}"), &statuses("2XX: {}"), &[]);
    check("{/a: {get: {}}}", &statuses("500: {}"), &[]);
}

#[test]
fn missing_authentication_is_told_where_it_was_accepted() {
    let declared = "{/a: {get: {security: [{key: []}, {login: []}]}}}";
    let seen = |status: &str| format!("{{/a: {{get: {{responses: {{{status}: {{}}}}}}}}}}");
    let told = "MissingAuthentication GET /a | apiKey header x-key, basic | none";
    check(declared, &seen("200"), &[told]);
    check(declared, &seen("401"), &[]);
    check("{/a: {get: {}}}", &seen("200"), &[]);
    check("{/a: {get: {security: [{key: []}, {}]}}}", &seen("200"), &[]);
    let with = "{/a: {get: {security: [{login: []}], responses: {200: {}}}}}";
    check(declared, with, &[]);
}

#[test]
fn named_operations_belong_to_theirs_or_to_the_route() {
    let plain = operations("{/graphql: {post: {}}}");
    let named =
        operations("{/graphql: {post: {x-operations: [{name: query A}, {name: query B}]}}}");
    assert_eq!(named.len(), 2);
    assert_eq!(diff(&plain, &[], &named, Hosts::Any), []);
    let found = diff(&named, &[], &named[..1], Hosts::Any);
    assert_eq!(found.iter().map(text).collect::<Vec<_>>(), ["Orphan POST /graphql"]);
    assert_eq!(found[0].operation.as_deref(), Some("query B"));
}
