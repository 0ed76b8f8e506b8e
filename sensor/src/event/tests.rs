use std::{env, fs, path::Path, sync::Arc};

use serde_json::{Map, Value};

use super::{sample, *};
use crate::{
    exchange::{Content, Decoding, Framing, Missing, Problems, Workload},
    inventory::template,
};

fn exchange_schema() -> schemars::Schema {
    let [(_, schema), ..] = schemas();
    schema
}

/// The record of an exchange, as JSON.
fn record(exchange: &Exchange) -> Map<String, Value> {
    let mut made = Template::default();
    if let Some(request) = &exchange.request {
        template::template(request.path(), &mut made);
    }
    let key = MaskKey::from_bytes([7; 32]);
    let text = serde_json::to_vec(&ExchangeEvent::new(exchange, &made, &key, "node-1")).unwrap();
    assert!(text.len() < 64 * 1024, "{} bytes", text.len());
    serde_json::from_slice(&text).unwrap()
}

fn full() -> Exchange {
    let mut exchange = sample::exchange(
        "POST /users/42/orders?expand=items&token=s3cr3t HTTP/1.1\n\
         Host: Shop.Example:80\n\
         Authorization: Bearer s3cr3t\n\
         Content-Type: application/json; note=s3cr3t\n\
         Content-Encoding: GZIP\n\n",
        201,
    );
    let request = exchange.request.as_mut().unwrap();
    request.content = Content {
        framing: Framing::Chunked,
        length: 120,
        captured: 100,
        decoded: Some(300),
        decoding: Decoding::Partial,
    };
    request.problems.insert(Problems::CONFLICTING_FRAMING);
    exchange.missing.insert(Missing::REQUEST_TRUNCATED);
    exchange.caller = Some(Arc::new(Workload {
        pid: Some(99),
        comm: Some("curl".into()),
        container: Some("c0ffee".into()),
        pod: Some("550e8400-e29b-41d4-a716-446655440000".into()),
        ..Workload::default()
    }));
    exchange
}

/// The example of the documentation: curl posts to nginx on the same node.
fn documented() -> Exchange {
    let mut exchange = sample::exchange(
        "POST /users/42/orders?expand=items HTTP/1.1\n\
         Host: shop.example\n\
         User-Agent: curl/7.88.1\n\
         Accept: */*\n\
         Authorization: Bearer s3cr3t\n\
         Content-Type: application/json\n\
         Content-Length: 53\n\n",
        201,
    );
    let length = |length| Content {
        framing: Framing::Length,
        length,
        captured: length,
        ..Content::default()
    };
    exchange.id = 0x6a3f_91c2_07d4_4e8b_b5f0_2c1d_9e7a_8843;
    exchange.connection.0 = 0x5031;
    exchange.client = "127.0.0.1:44060".parse().unwrap();
    exchange.server = "127.0.0.1:8080".parse().unwrap();
    exchange.request.as_mut().unwrap().content = length(53);
    exchange.response = Some(sample::response(
        "HTTP/1.1 201 Created\n\
         Server: nginx\n\
         Date: Fri, 31 May 2024 12:00:00 GMT\n\
         Content-Type: application/json; charset=utf-8\n\
         Content-Length: 118\n\
         Connection: keep-alive\n\n",
        201,
    ));
    exchange.response.as_mut().unwrap().content = length(118);
    exchange.caller = Some(Arc::new(Workload {
        pid: Some(5120),
        comm: Some("curl".into()),
        executable: Some("/usr/bin/curl".into()),
        ..Workload::default()
    }));
    exchange
}

#[test]
fn a_record_holds_the_facts_and_no_value() {
    let found = Value::Object(record(&full()));
    let hash = |value: &[u8]| MaskKey::from_bytes([7; 32]).hash(value).to_string();
    let expect = serde_json::json!({
        "schema": "exchange",
        "schema_version": 1,
        "event.id": "0123456789abcdef0123456789abcdef",
        "timestamp": "2024-05-31T12:00:00.000000000Z",
        "host.name": "node-1",
        "sensor.role": "server",
        "connection.id": "0000000000000007",
        "client.address": "192.0.2.1",
        "client.port": 50000,
        "server.address": "198.51.100.2",
        "server.port": 8080,
        "network.protocol.version": "1.1",
        "url.scheme": "http",
        "http.request.method": "POST",
        "http.request.host": "shop.example",
        "http.route": "/users/{userId}/orders",
        "url.path_parameters": [
            {"name": "userId", "type": "integer", "length": 2, "hash": hash(b"42")},
        ],
        "url.query_parameters": [
            {"name": "expand", "type": "string", "length": 5, "hash": hash(b"items")},
            {"name": "token", "type": "string", "length": 6, "hash": hash(b"s3cr3t")},
        ],
        "http.request.header_names":
            ["host", "authorization", "content-type", "content-encoding"],
        "http.request.body.media_type": "application/json",
        "http.request.body.coding": "gzip",
        "http.request.body.framing": "chunked",
        "http.request.body.size": 120,
        "http.request.body.captured_size": 100,
        "http.request.body.decoded_size": 300,
        "http.request.body.decoding": "partial",
        "http.request.problems": ["conflicting_framing"],
        "http.response.status_code": 201,
        "http.response.body.framing": "length",
        "http.response.body.size": 17,
        "http.response.body.captured_size": 17,
        "duration_ns": 5_000_000,
        "time_to_first_byte_ns": 4_000_000,
        "missing": ["request_truncated"],
        "process.pid": 4711,
        "process.executable.name": "nginx",
        "process.executable.path": "/usr/sbin/nginx",
        "client.process.pid": 99,
        "client.process.executable.name": "curl",
        "client.container.id": "c0ffee",
        "client.k8s.pod.uid": "550e8400-e29b-41d4-a716-446655440000",
    });
    assert_eq!(found, expect);
    assert!(!found.to_string().contains("s3cr3t"));
}

#[test]
fn what_is_not_known_is_left_out() {
    let mut lone = sample::exchange("GET / HTTP/1.1\n\n", 200);
    lone.request = None;
    lone.workload = None;
    lone.missing.insert(Missing::REQUEST);
    let found = record(&lone);
    for absent in ["http.request.method", "http.route", "duration_ns", "process.pid"] {
        assert!(!found.contains_key(absent), "{absent}");
    }
    assert_eq!(found["timestamp"], "2024-05-31T12:00:00.004000000Z");
    assert_eq!(found["missing"], serde_json::json!(["request"]));
    assert!(!found.values().any(Value::is_null));

    let unanswered = record(&sample::unanswered("GET / HTTP/1.1\n\n"));
    assert!(!unanswered.contains_key("http.response.status_code"));
    assert!(!unanswered.contains_key("http.request.host"));
    assert!(!unanswered.contains_key("http.request.body.size"));
}

#[test]
fn names_that_may_be_values_are_masked() {
    let check = |query: &str, name: &str| {
        let found = record(&sample::exchange(&format!("GET /a?{query} HTTP/1.1\n\n"), 200));
        let shown = found["url.query_parameters"][0]["name"].as_str().unwrap().to_owned();
        if name.is_empty() {
            assert!(shown.starts_with("masked:") && shown.len() < 60, "{query}: {shown}");
        } else {
            assert_eq!(shown, name, "{query}");
        }
    };
    check("page=1", "page");
    check("page", "page");
    check("filter%5Bstate%5D=open", "filter[state]");
    check("filter[state]=open", "filter[state]");
    check("$top=5", "$top");
    check("12345", "");
    check("alice@example.com", "");
    check("alice%40example.com=1", "");
    check("John+Smith", "");
    check("550e8400-e29b-41d4-a716-446655440000", "");
    check("a%00b=1", "");
    check("caf%C3%A9=1", "");
    check("caf\u{e9}=1", "");
    check(&"n".repeat(129), "");
    let found = record(&sample::exchange("GET /a HTTP/1.1\nX-\u{e9}: 1\nA b: 1\nOK: 1\n", 200));
    let names = found["http.request.header_names"].as_array().unwrap();
    assert!(names[0].as_str().unwrap().starts_with("masked:4:"), "{names:?}");
    assert!(names[1].as_str().unwrap().starts_with("masked:3:"), "{names:?}");
    assert_eq!(names[2], "ok");
}

#[test]
fn equal_values_have_equal_hashes_however_they_were_encoded() {
    let hash = |target: &str, list: &str| {
        let found = record(&sample::exchange(&format!("GET {target} HTTP/1.1\n\n"), 200));
        found[list][0]["hash"].as_str().unwrap().to_owned()
    };
    let expect = hash("/users/alice@example.com", "url.path_parameters");
    assert_eq!(hash("/users/alice%40example.com", "url.path_parameters"), expect);
    assert_eq!(hash("/?user=alice@example.com", "url.query_parameters"), expect);
    assert_eq!(hash("/?user=%61lice%40example.com", "url.query_parameters"), expect);
    assert_eq!(hash("/?q=a+b", "url.query_parameters"), hash("/?q=a%20b", "url.query_parameters"));
}

#[test]
fn lists_are_bounded_and_say_what_they_leave_out() {
    let fields = (0..200).map(|number| format!("x{number}{}: 1\n", "y".repeat(200)));
    let fields = fields.collect::<Vec<_>>().concat();
    let query = (0..200).map(|number| format!("x{number}=%41{}", "z".repeat(500)));
    let query = query.collect::<Vec<_>>().join("&");
    let path = "/7777".repeat(200);
    let found = record(&sample::exchange(&format!("GET {path}?{query} HTTP/1.1\n{fields}\n"), 200));
    assert_eq!(found["http.request.header_names"].as_array().unwrap().len(), 64);
    assert_eq!(found["http.request.header_names_omitted"], 136);
    assert_eq!(found["url.query_parameters"].as_array().unwrap().len(), 64);
    assert_eq!(found["url.query_parameters_omitted"], 136);
    assert_eq!(found["url.path_parameters"].as_array().unwrap().len(), 64);
}

#[test]
fn media_types_and_codings_are_shown_only_when_they_are_such() {
    let check = |field: &str, key: &str, expect: &str| {
        let found = record(&sample::exchange(&format!("POST / HTTP/1.1\n{field}\n"), 200));
        assert_eq!(found[key], expect, "{field}");
    };
    for (value, expect) in [
        ("application/json", "application/json"),
        ("Text/HTML ; charset=utf-8", "text/html"),
        ("application/vnd.api+json", "application/vnd.api+json"),
        ("json", "invalid"),
        ("a/b/c", "invalid"),
        ("alice smith/x", "invalid"),
        ("", "invalid"),
        (&format!("a/{}", "b".repeat(200)), "invalid"),
    ] {
        check(&format!("Content-Type: {value}"), "http.request.body.media_type", expect);
    }
    check("Content-Encoding: gzip, BR", "http.request.body.coding", "gzip, br");
    check("Content-Encoding: my secret", "http.request.body.coding", "invalid");
}

#[test]
fn odd_methods_and_hosts_are_not_passed_on() {
    let found = record(&sample::exchange(
        "G\u{e9}T / HTTP/1.1\nHost: alice:s3cr3t@shop.example:8080\n\n",
        200,
    ));
    assert_eq!(found["http.request.method"], "_OTHER");
    assert_eq!(found["http.request.host"], "shop.example:8080");
    let found = record(&sample::exchange("GET / HTTP/1.1\nHost: a b\n\n", 200));
    assert!(!found.contains_key("http.request.host"));
}

#[test]
fn an_ipv4_address_is_shown_as_such() {
    let mut exchange = full();
    exchange.client = "[::ffff:192.0.2.9]:1".parse().unwrap();
    exchange.server = "[2001:db8::1]:80".parse().unwrap();
    let found = record(&exchange);
    assert_eq!(found["client.address"], "192.0.2.9");
    assert_eq!(found["server.address"], "2001:db8::1");
}

/// Dotted keys become nested objects in some stores, so none may be the parent of another.
#[test]
fn no_key_is_the_parent_of_another() {
    let schema = exchange_schema();
    let keys: Vec<_> = schema.get("properties").unwrap().as_object().unwrap().keys().collect();
    for key in &keys {
        let parent = format!("{key}.");
        assert!(!keys.iter().any(|other| other.starts_with(&parent)), "{key}");
    }
}

#[test]
fn the_checked_in_schemas_are_those_of_the_types() {
    for (name, schema) in schemas() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas").join(name);
        let mut expect = serde_json::to_string_pretty(&schema).unwrap();
        expect.push('\n');
        if env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&path, &expect).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(found == expect, "{} is old: run with UPDATE_EXPECT=1", path.display());
    }
}

/// Every key of a record is in the schema with its type, and every required key is there.
#[test]
fn records_fit_the_schema() {
    let schema = exchange_schema();
    let mut lone = full();
    lone.request = None;
    for exchange in [full(), lone, sample::unanswered("GET /a?b HTTP/1.1\n\n")] {
        validate(&Value::Object(record(&exchange)), schema.as_value(), schema.as_value());
    }
}

fn validate(value: &Value, schema: &Value, root: &Value) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap();
        return validate(value, target, root);
    }
    let is_of_type = match schema["type"].as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        other => panic!("type {other} in {schema}"),
    };
    assert!(is_of_type, "{value} is not {schema}");
    if let Some(expect) = schema.get("const") {
        assert_eq!(value, expect);
    }
    for item in value.as_array().into_iter().flatten() {
        validate(item, &schema["items"], root);
    }
    if let Some(object) = value.as_object() {
        for required in schema["required"].as_array().unwrap() {
            assert!(object.contains_key(required.as_str().unwrap()), "{required}");
        }
        for (key, value) in object {
            let property = schema["properties"].get(key);
            validate(value, property.unwrap_or_else(|| panic!("{key} is not in the schema")), root);
        }
    }
}

/// The documentation names every key and every word, and its example is a record.
#[test]
fn the_documentation_is_complete() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/events.md");
    let text = fs::read_to_string(path).unwrap();
    let schema = exchange_schema();
    let keys = schema.get("properties").unwrap().as_object().unwrap().keys();
    let missing = Missing::ALL.iter().map(|(_, word)| *word);
    let problems = Problems::ALL.iter().map(|(_, word)| *word);
    for word in keys.map(String::as_str).chain(missing).chain(problems) {
        assert!(text.contains(&format!("`{word}`")), "{word} is not in docs/events.md");
    }
    let example = text.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let found = serde_json::to_string_pretty(&record(&documented())).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(example).unwrap(),
        Value::Object(record(&documented())),
        "{found}"
    );
}
