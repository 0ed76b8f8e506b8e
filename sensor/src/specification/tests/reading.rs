//! Documents, and what is wrong with them.

use crate::{
    inventory::description::{Operation, Place, Schema, Type},
    specification::{Specification, read},
};

fn problems(text: &str) -> Vec<String> {
    read(text.as_bytes()).problems.iter().map(ToString::to_string).collect()
}

/// A document of version 3.0 with these paths and components, in YAML's flow style.
fn three(paths: &str, components: &str) -> Specification {
    let text = format!(
        "openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\npaths: {paths}\n\
         components: {components}\n"
    );
    read(text.as_bytes())
}

fn only(specification: &Specification) -> &Operation {
    assert_eq!(specification.operations.len(), 1, "{specification:?}");
    &specification.operations[0]
}

/// The schema of the body of one operation's 200, with these components.
fn body(schema: &str, components: &str) -> (Schema, Vec<String>) {
    let paths = format!(
        "{{/a: {{get: {{responses: {{'200': {{description: d, content: \
         {{application/json: {{schema: {schema}}}}}}}}}}}}}}}"
    );
    let found = three(&paths, &format!("{{schemas: {components}}}"));
    let schema = only(&found).responses["200"]["application/json"].clone();
    (schema, found.problems.iter().map(ToString::to_string).collect())
}

const SWAGGER: &str = "
swagger: '2.0'
info: {title: Pets, version: 1.2.0}
host: API.example.com
basePath: /v1/
consumes: [application/json]
produces: [application/json; charset=utf-8]
securityDefinitions:
  key: {type: apiKey, in: header, name: X-Key}
  login: {type: basic}
security: [{key: []}, {login: []}]
paths:
  /pets/{petId}:
    parameters:
      - {name: petId, in: path, required: true, type: integer, format: int64}
      - {name: X-Trace, in: header, type: string}
    get:
      deprecated: true
      parameters:
        - {name: limit, in: query, type: integer, minimum: 1, maximum: 50}
      responses:
        200: {description: d, schema: {$ref: '#/definitions/Pet'}}
        4xx: {description: d}
        default: {description: d}
    put:
      security: []
      parameters:
        - {name: body, in: body, schema: {$ref: '#/definitions/Pet'}}
      responses: {204: {description: d}}
    post:
      consumes: [multipart/form-data]
      security: [{key: [], login: []}]
      parameters:
        - {name: petId, in: path, required: true, type: string}
        - {name: photo, in: formData, type: file, required: true}
      responses: {201: {description: d}}
definitions:
  Pet:
    type: object
    required: [id]
    properties:
      id: {type: integer}
      name: {type: string, x-nullable: true, maxLength: 80}
      country: {type: string, enum: [no, se]}
";

#[test]
fn swagger_is_read() {
    let found = read(SWAGGER.as_bytes());
    assert_eq!(found.problems, []);
    assert_eq!((found.title.as_str(), found.version.as_str()), ("Pets", "1.2.0"));
    let [get, post, put] = &found.operations[..] else { panic!("{found:?}") };
    assert_eq!(get.host, "api.example.com");
    assert_eq!(get.route, "/v1/pets/{petId}");
    assert!(get.deprecated && !put.deprecated);
    let parameters: Vec<_> = get.parameters.iter().map(|one| (one.place, &*one.name)).collect();
    assert_eq!(
        parameters,
        [(Place::Path, "petId"), (Place::Query, "limit"), (Place::Header, "x-trace")]
    );
    assert_eq!(get.parameters[1].schema.maximum, Some(50.0));
    assert_eq!(get.security.iter().collect::<Vec<_>>(), ["apiKey header x-key", "basic"]);
    assert!(put.security.is_empty());
    assert_eq!(post.security.iter().collect::<Vec<_>>(), ["apiKey header x-key + basic"]);
    let statuses: Vec<_> = get.responses.keys().map(String::as_str).collect();
    assert_eq!(statuses, ["200", "4XX", "default"]);
    let pet = &get.responses["200"]["application/json"];
    assert_eq!(*pet, put.request["application/json"]);
    assert_eq!(pet.properties["country"].values, ["no", "se"]);
    assert_eq!(pet.properties["name"].types, [Type::Null, Type::String].into());
    let form = &post.request["multipart/form-data"];
    assert!(form.required.contains("photo"));
    assert_eq!(form.properties["photo"].types, [Type::String].into());
    assert_eq!(post.parameters[0].schema.types, [Type::String].into());
}

#[test]
fn servers_become_hosts_and_paths() {
    let check = |servers: &str, expected: &[(&str, &str)]| {
        let text = format!("openapi: 3.1.0\nservers: {servers}\npaths: {{/a: {{get: {{}}}}}}");
        let found = read(text.as_bytes());
        assert_eq!(found.problems, [], "{servers}");
        let found: Vec<_> =
            found.operations.iter().map(|one| (one.host.as_str(), one.route.as_str())).collect();
        assert_eq!(found, expected, "{servers}");
    };
    check("[]", &[("", "/a")]);
    check("[{url: /v1}]", &[("", "/v1/a")]);
    check("[{url: ./}]", &[("", "/./a")]);
    check("[{url: 'https://A.example:443/'}]", &[("a.example", "/a")]);
    check("[{url: 'http://a.example:443'}]", &[("a.example:443", "/a")]);
    check("[{url: 'http://u@a.example:80/v2/?q'}]", &[("a.example", "/v2/a")]);
    check("[{url: '//a.example/v2'}]", &[("a.example", "/v2/a")]);
    check("[{url: 'https://a.example/v1'}, {url: 'https://b.example/v1'}]", &[("", "/v1/a")]);
    check(
        "[{url: 'https://a.example/v1'}, {url: 'https://a.example/v2'}]",
        &[("a.example", "/v1/a"), ("a.example", "/v2/a")],
    );
    check(
        "[{url: 'https://{region}.example:{port}/{base}', variables: \
         {region: {default: eu}, port: {default: 8443}, base: {default: v3}}}]",
        &[("eu.example:8443", "/v3/a")],
    );
    check("[{url: 'https://{tenant}.example/x'}]", &[("", "/x/a")]);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let check = |text: &str, expected: &[&str]| assert_eq!(problems(text), expected, "{text}");
    check("{\"openapi\": }", &["line 1:13: expected value"]);
    check("{}", &["#: neither `openapi` nor `swagger` names a version: expected 2.0 or 3.x"]);
    check("[1]", &["#: expected an object"]);
    check("swagger: 1.2", &["#: version 1.2 is not known: expected 2.0 or 3.x"]);
    check("openapi: 4.0.0", &["#: version 4.0.0 is not known: expected 2.0 or 3.x"]);
    check("openapi: 3.0.0", &["#: `paths` is absent"]);
    check("openapi: 3.1.0\nwebhooks: {}", &[]);
    check("openapi: 3.1.0\npaths: 7", &["#/paths: expected an object"]);
    check("openapi: 3.1.0\npaths: {a: {}, x-b: 1}", &["#/paths/a: path a is not known here"]);
    check("openapi: 3.1.0\npaths: {/c: []}", &["#/paths/~1c: expected an object"]);
    check(
        "openapi: 3.1.0\npaths: {'/c/{d}': {get: {}}}",
        &["#/paths/~1c~1{d}/get/parameters: a parameter of the path is absent"],
    );
    check("openapi: 3.0.1\npaths: {/c: {get: {}}}", &["#/paths/~1c/get: `responses` is absent"]);
    check(
        "openapi: 3.1.0\npaths: {/c: {get: {responses: {'20': {}, 299: {}}}}}",
        &["#/paths/~1c/get/responses/20: status 20 is not known here"],
    );
    check(
        "openapi: 3.1.0\npaths: {/c: {get: {parameters: [{name: a}, {name: a, in: sky}]}}}",
        &[
            "#/paths/~1c/get/parameters/0: `name` or `in` is absent",
            "#/paths/~1c/get/parameters/1/in: sky is not known here",
        ],
    );
    check(
        "openapi: 3.1.0\npaths: {/c: {$ref: other.yaml}}",
        &["#/paths/~1c: other.yaml is in another document: bundle them into one"],
    );
    check(
        "openapi: 3.1.0\npaths: {/c: {$ref: '#/paths/~1d'}, /d: {$ref: '#/paths/~1c'}}",
        &[
            "#/paths/~1c: #/paths/~1c leads back to itself",
            "#/paths/~1d: #/paths/~1d leads back to itself",
        ],
    );
    check(
        "openapi: 3.1.0\npaths: {/c: {$ref: '#/nowhere'}}",
        &["#/paths/~1c: #/nowhere leads nowhere"],
    );
    check(
        "openapi: 3.1.0\npaths: {/c: {get: {security: [{k: []}]}}}",
        &["#/paths/~1c/get/security/0/k: the security scheme is absent"],
    );
}

#[test]
fn yaml_that_is_none_names_the_line() {
    let found = problems("openapi: 3.0.0\npaths:\n  /a: {get\n  b: ]\n");
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("line 3:7: "), "{found:?}");
    let found = read(b"openapi: 3.0.0\nx: \xff");
    assert_eq!(found.problems[0].to_string(), "line 2:4: not UTF-8");
}

#[test]
fn schemas_are_put_together() {
    let string: std::collections::BTreeSet<_> = [Type::String].into();
    let (found, problems) = body(
        "{allOf: [{$ref: '#/components/schemas/A'}, {type: object, required: [b], properties: \
         {b: {type: string}}}]}",
        "{A: {type: object, required: [a], properties: {a: {type: string, nullable: true}}}}",
    );
    assert_eq!(problems, [""; 0]);
    assert_eq!(found.required, ["a".to_owned(), "b".to_owned()].into());
    assert_eq!(found.properties["b"].types, string);
    assert!(found.properties["a"].types.contains(&Type::Null));

    let (found, _) = body(
        "{oneOf: [{type: string, maxLength: 3}, {type: integer, minimum: 2}, {type: string, \
         maxLength: 5}]}",
        "{}",
    );
    assert_eq!(found.types, [Type::Integer, Type::String].into());
    assert_eq!((found.max_length, found.minimum), (Some(5), Some(2.0)));

    let (found, _) = body("{type: string, enum: [1, yes, 'on', null]}", "{}");
    assert_eq!(found.values, ["1", "yes", "on"]);

    let (found, _) = body("{additionalProperties: {type: string}}", "{}");
    assert_eq!(found.types, [Type::Object].into());
    assert_eq!(found.additional_properties.map(|one| one.types), Some(string));

    let (found, _) = body("{additionalProperties: false, properties: {a: {}}}", "{}");
    assert!(found.additional_properties.is_none() && found.properties.contains_key("a"));
}

#[test]
fn a_schema_that_contains_itself_is_told_once() {
    let (found, problems) = body(
        "{$ref: '#/components/schemas/Node'}",
        "{Node: {type: object, properties: {next: {$ref: '#/components/schemas/Node'}}}}",
    );
    assert_eq!(
        problems,
        ["#/components/schemas/Node: #/components/schemas/Node contains itself: told once, not \
         at every level"]
    );
    assert_eq!(found.properties["next"].types, [Type::Object].into());
    assert!(found.properties["next"].properties.is_empty());
    let (_, problems) = body(
        "{$ref: '#/components/schemas/A'}",
        "{A: {allOf: [{$ref: '#/components/schemas/A'}]}}",
    );
    assert_eq!(problems.len(), 1);
}

/// Every schema holds two of the next: 2^40 nodes, were they all told.
#[test]
fn a_schema_that_grows_without_end_is_bounded() {
    let mut components = String::from("{");
    for level in 0..40 {
        let next = level + 1;
        components += &format!(
            "S{level}: {{type: object, properties: {{a: {{$ref: '#/components/schemas/S{next}'}}, \
             b: {{$ref: '#/components/schemas/S{next}'}}}}}}, "
        );
    }
    components += "S40: {type: string}}";
    let (found, problems) = body("{$ref: '#/components/schemas/S0'}", &components);
    assert!(problems.iter().any(|problem| problem.contains("a large schema")), "{problems:?}");
    assert!(found.properties["a"].properties["b"].properties.contains_key("a"));
}

#[test]
fn hostile_documents_end() {
    let nested = |open: &str, count: usize| open.repeat(count);
    let bomb = (0..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        let next = level + 1;
        text + &format!("a{next}: &a{next} [*a{level}, *a{level}, *a{level}]\n")
    });
    let deep = format!("openapi: 3.1.0\npaths: {}", nested("{a: ", 100_000));
    let list = format!("{{\"openapi\": {}", nested("[", 100_000));
    for text in [&bomb, &deep, &list, &nested("- ", 50_000), &nested("&a ", 1000)] {
        let found = read(text.as_bytes());
        assert_eq!(found.operations, []);
        assert_eq!(found.problems.len(), 1, "{:?}", found.problems);
    }
    let wide = format!(
        "openapi: 3.1.0\npaths: {{/a: {{get: {{requestBody: {{content: {{a/b: {{schema: \
         {{properties: {{{}}}}}}}}}}}}}}}}}",
        (0..5000)
            .map(|number| format!("p{number}: {{properties: {{q: {{}}}}}}, "))
            .collect::<String>()
    );
    let found = read(wide.as_bytes());
    assert_eq!(found.operations[0].request["a/b"].properties.len(), 1000);
}
