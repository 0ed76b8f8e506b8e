//! What was learned, as an `OpenAPI` 3.1 document.

mod name;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{route, security::NONE};
use crate::inventory::description::{Operation, Parameter, Place, Schema, Type};

/// The methods that a path of `OpenAPI` 3.1 may have.
const METHODS: [&str; 8] = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"];

/// Operations of other methods, under the name that `OpenAPI` 3.2 gives them.
pub(super) const OTHER_METHODS: &str = "x-additionalOperations";

/// Names of the operations that share a method and a path (`GraphQL`, JSON-RPC).
pub(super) const OPERATIONS: &str = "x-operations";

/// The kind of a security scheme that `OpenAPI` has no words for.
pub(super) const KIND: &str = "x-kind";

/// An `OpenAPI` 3.1 document of the operations of `host`.
///
/// How many values each schema rests on is in its `x-seen`. Operations with a name of their own
/// are told together under their path, with the names in `x-operations`. What has no path (a
/// CONNECT, `OPTIONS *`) is left out, and a status that is none of HTTP's stands under
/// `default`. Read again, it declares all that was learned: [`super::diff`] finds nothing.
pub fn export(host: &str, operations: &[Operation]) -> Value {
    let mut paths: BTreeMap<String, Path> = BTreeMap::new();
    let mut schemes = BTreeSet::new();
    let of_host = |one: &&Operation| one.host == host && one.route.starts_with('/');
    for operation in operations.iter().filter(of_host) {
        schemes.extend(operation.security.iter().flat_map(|way| way.split(" + ")));
        let path = paths
            .entry(route::nameless(&operation.route))
            .or_insert_with(|| Path { route: operation.route.clone(), methods: BTreeMap::new() });
        let renamed = name::rename(operation, &path.route);
        path.methods.entry(operation.method.clone()).or_default().push(renamed);
    }
    schemes.remove(NONE);
    let names = name::of_schemes(&schemes);
    let schemes: Map<_, _> =
        names.iter().map(|(kind, name)| (name.clone(), scheme(kind))).collect();
    let paths: Map<_, _> =
        paths.into_values().map(|path| (path.route.clone(), path.item(&names))).collect();
    let mut document = json!({
        "openapi": "3.1.0",
        "info": { "title": title(host), "version": "learned" },
        "paths": paths,
    });
    if !host.is_empty() {
        document["servers"] = json!([{ "url": format!("//{host}") }]);
    }
    if !schemes.is_empty() {
        document["components"] = json!({ "securitySchemes": schemes });
    }
    document
}

fn title(host: &str) -> &str {
    if host.is_empty() { "unnamed" } else { host }
}

/// The operations of a path, by method.
struct Path {
    route: String,
    methods: BTreeMap<String, Vec<Operation>>,
}

impl Path {
    fn item(self, names: &BTreeMap<String, String>) -> Value {
        let mut item = Map::new();
        let mut others = Map::new();
        for (method, operations) in self.methods {
            let value = operation(operations, names);
            if METHODS.contains(&method.as_str()) {
                item.insert(method.to_ascii_lowercase(), value);
            } else {
                others.insert(method, value);
            }
        }
        if !others.is_empty() {
            item.insert(OTHER_METHODS.to_owned(), others.into());
        }
        item.into()
    }
}

/// One operation, made of all that have the same method and path.
fn operation(operations: Vec<Operation>, names: &BTreeMap<String, String>) -> Value {
    let own: Vec<_> = operations.iter().map(|one| one.operation.clone()).collect();
    let Some(all) = operations.into_iter().reduce(merge) else { return Value::Null };
    let mut value = Map::new();
    if own.iter().any(Option::is_some) {
        // One without a name is told by a member that has none.
        let member = |name: Option<String>| name.map_or(json!({}), |name| json!({ "name": name }));
        let list: Vec<_> = own.into_iter().map(member).collect();
        value.insert(OPERATIONS.to_owned(), list.into());
    }
    if all.deprecated {
        value.insert("deprecated".to_owned(), true.into());
    }
    let parameters: Vec<_> = all.parameters.iter().map(parameter).collect();
    if !parameters.is_empty() {
        value.insert("parameters".to_owned(), parameters.into());
    }
    if !all.request.is_empty() {
        value.insert("requestBody".to_owned(), json!({ "content": content(&all.request) }));
    }
    let responses = responses(&all.responses);
    if !responses.is_empty() {
        value.insert("responses".to_owned(), responses.into());
    }
    let way = |way: &String| {
        // The way that is none has no scheme: an empty requirement.
        let kinds = way.split(" + ").filter_map(|kind| names.get(kind));
        Value::Object(kinds.map(|name| (name.clone(), json!([]))).collect())
    };
    let ways: Vec<_> = all.security.iter().map(way).collect();
    value.insert("security".to_owned(), ways.into());
    value.into()
}

/// One operation that declares what both do.
fn merge(mut left: Operation, right: Operation) -> Operation {
    for mut parameter in right.parameters {
        let same =
            |known: &&mut Parameter| known.place == parameter.place && known.name == parameter.name;
        if let Some(known) = left.parameters.iter_mut().find(same) {
            known.required &= parameter.required;
            join(&mut known.schema, parameter.schema);
        } else {
            parameter.required &= parameter.place == Place::Path;
            left.parameters.push(parameter);
        }
    }
    join_bodies(&mut left.request, right.request);
    for (status, bodies) in right.responses {
        join_bodies(left.responses.entry(status).or_default(), bodies);
    }
    // What one of them asks for, another may not.
    if left.security.is_empty() != right.security.is_empty() {
        left.security.insert(NONE.to_owned());
    }
    left.security.extend(right.security);
    left.deprecated &= right.deprecated;
    left
}

fn join_bodies(left: &mut BTreeMap<String, Schema>, right: BTreeMap<String, Schema>) {
    for (media_type, schema) in right {
        match left.get_mut(&media_type) {
            Some(known) => join(known, schema),
            None => {
                left.insert(media_type, schema);
            }
        }
    }
}

fn join(known: &mut Schema, other: Schema) {
    let seen = known.seen + other.seen;
    *known = super::schema::either(std::mem::take(known), other);
    known.seen = seen;
}

fn parameter(parameter: &Parameter) -> Value {
    json!({
        "in": parameter.place,
        "name": parameter.name,
        "required": parameter.required || parameter.place == Place::Path,
        "schema": schema(&parameter.schema),
    })
}

fn content(bodies: &BTreeMap<String, Schema>) -> Value {
    let media =
        |(name, body): (&String, &Schema)| (name.clone(), json!({ "schema": schema(body) }));
    Value::Object(bodies.iter().map(media).collect())
}

fn responses(responses: &BTreeMap<String, BTreeMap<String, Schema>>) -> Map<String, Value> {
    let mut all: BTreeMap<&str, BTreeMap<String, Schema>> = BTreeMap::new();
    for (status, bodies) in responses {
        let status = if is_status(status) { status.as_str() } else { "default" };
        join_bodies(all.entry(status).or_default(), bodies.clone());
    }
    let response = |(status, bodies): (&str, BTreeMap<String, Schema>)| {
        let mut value = json!({ "description": format!("Seen with status {status}") });
        if !bodies.is_empty() {
            value["content"] = content(&bodies);
        }
        (status.to_owned(), value)
    };
    all.into_iter().map(response).collect()
}

/// `200` to `599` or `4XX`, as `OpenAPI` writes them.
fn is_status(status: &str) -> bool {
    match status.as_bytes() {
        [b'1'..=b'5', b'X', b'X'] => true,
        [b'1'..=b'5', second, third] => second.is_ascii_digit() && third.is_ascii_digit(),
        _ => false,
    }
}

/// The schema as JSON Schema 2020-12 has it: the values of an enum in their types, and one type
/// without a list.
fn schema(one: &Schema) -> Value {
    let mut value = serde_json::to_value(one).unwrap_or_default();
    tidy(&mut value, one);
    value
}

fn tidy(value: &mut Value, one: &Schema) {
    if one.types.len() == 1 {
        value["type"] = value["type"][0].take();
    }
    if !one.values.is_empty() {
        let mut values: Vec<_> = one.values.iter().map(|value| typed(value, &one.types)).collect();
        if one.types.contains(&Type::Null) {
            values.push(Value::Null);
        }
        value["enum"] = values.into();
    }
    if let Some(items) = &one.items {
        tidy(&mut value["items"], items);
    }
    if let Some(values) = &one.additional_properties {
        tidy(&mut value["additionalProperties"], values);
    }
    for (name, property) in &one.properties {
        tidy(&mut value["properties"][name], property);
    }
}

/// A value of an enum: a number or a flag where the schema has no texts.
fn typed(text: &str, types: &BTreeSet<Type>) -> Value {
    if types.is_empty() || types.contains(&Type::String) {
        return text.into();
    }
    serde_json::from_str(text)
        .ok()
        .filter(|value| is_written_so(value, text))
        .unwrap_or_else(|| text.into())
}

/// Whether the text is how the value is written.
fn is_written_so(value: &Value, text: &str) -> bool {
    let written = value.to_string();
    written == text
}

/// A scheme of this kind; the importer has the words.
fn scheme(kind: &str) -> Value {
    let parts: Vec<_> = kind.splitn(3, ' ').collect();
    match parts[..] {
        ["apiKey", place @ ("header" | "query" | "cookie"), name] => {
            json!({ "type": "apiKey", "in": place, "name": name })
        }
        ["mutualTLS"] => json!({ "type": "mutualTLS" }),
        // Kinds that are told from traffic, in the nearest words of OpenAPI.
        ["mutual_tls"] => json!({ "type": "mutualTLS", KIND: kind }),
        ["bearer_jwt"] => {
            json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT", KIND: kind })
        }
        ["aws_sigv4"] => json!({ "type": "http", "scheme": "AWS4-HMAC-SHA256", KIND: kind }),
        ["oauth2"] => json!({ "type": "oauth2", "flows": {} }),
        ["basic" | "bearer" | "digest"] => json!({ "type": "http", "scheme": kind }),
        _ => json!({ "type": "http", "scheme": "other", KIND: kind }),
    }
}
