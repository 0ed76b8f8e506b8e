//! The operations of a path.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    Kind,
    export::{OPERATIONS, OTHER_METHODS},
    parameter,
    place::Place,
    reader::{Reader, Version},
    reference, schema, security,
    server::{self, Base},
};
use crate::inventory::description::{Operation, Parameter, Place as Where, Schema};

/// `query` came with `OpenAPI` 3.2.
const METHODS: [&str; 9] =
    ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/// What the document declares for all operations.
pub(super) struct Declared {
    pub bases: Vec<Base>,
    pub security: BTreeSet<String>,
    pub schemes: BTreeMap<String, String>,
}

/// The operations of a path, once for each place of the API.
pub(super) fn read<'d>(
    reader: &mut Reader<'d>,
    path: &str,
    item: &'d Value,
    at: &Place<'_>,
    declared: &Declared,
) -> Vec<Operation> {
    let Some(target) = reference::follow(reader, item, at) else { return Vec::new() };
    let (item, at) = (target.value, target.place(*at));
    let Some(members) = reader.object(item, &at) else { return Vec::new() };
    let shared = parameter::list(reader, item, &at);
    let path_bases = match reader.version {
        Version::Two => None,
        Version::Three => server::bases(reader, item, &at),
    };
    let mut found = Vec::new();
    for (name, value) in members {
        let at = at.member(name);
        if METHODS.contains(&name.as_str()) {
            found.push((name.as_str(), value, at.pointer()));
        } else if (name == "additionalOperations" || name == OTHER_METHODS)
            && let Some(others) = reader.object(value, &at)
        {
            let pointer = |method: &String| at.member(method).pointer();
            found.extend(others.iter().map(|(name, value)| (name.as_str(), value, pointer(name))));
        }
    }
    let mut operations = Vec::new();
    for (name, value, pointer) in found {
        let at = Place::Target(&pointer);
        if reader.object(value, &at).is_none() {
            continue;
        }
        let operation = one(reader, path, name, value, &at, &shared, declared);
        let own_bases = match reader.version {
            Version::Two => None,
            Version::Three => server::bases(reader, value, &at),
        };
        let bases = own_bases.as_ref().or(path_bases.as_ref()).unwrap_or(&declared.bases);
        for (base, name) in
            bases.iter().flat_map(|base| names_of(value).into_iter().map(move |name| (base, name)))
        {
            operations.push(Operation {
                host: base.host.clone(),
                route: format!("{}{}", base.path, operation.route),
                operation: name,
                ..operation.clone()
            });
        }
    }
    operations
}

/// The names of the operations that share this one, in a document of our own; else none.
fn names_of(operation: &Value) -> Vec<Option<String>> {
    let list = operation.get(OPERATIONS).and_then(Value::as_array).into_iter().flatten();
    let names: Vec<_> = list.map(|one| one["name"].as_str().map(str::to_owned)).collect();
    if names.is_empty() { vec![None] } else { names }
}

fn one<'d>(
    reader: &mut Reader<'d>,
    path: &str,
    method: &str,
    value: &'d Value,
    at: &Place<'_>,
    shared: &[parameter::Declared<'d>],
    declared: &Declared,
) -> Operation {
    let mut parameters: Vec<_> = shared.to_vec();
    for own in parameter::list(reader, value, at) {
        parameters.retain(|other| !other.same(&own));
        parameters.push(own);
    }
    // A query or fragment in a path tells operations apart that are one for a router.
    let route = path.split(['?', '#']).next().unwrap_or_default();
    let mut operation = Operation {
        method: method.to_ascii_uppercase(),
        route: route.to_owned(),
        deprecated: reader.flag(value, at, "deprecated"),
        security: security::required(reader, value, at, &declared.schemes)
            .unwrap_or_else(|| declared.security.clone()),
        ..Operation::default()
    };
    for one in &parameters {
        operation.parameters.extend(parameter::outside_body(reader, one));
    }
    note_undeclared(&mut operation, route, reader, at);
    operation
        .parameters
        .sort_by(|left, right| (left.place, &left.name).cmp(&(right.place, &right.name)));
    operation.request = match reader.version {
        Version::Two => parameter::body(reader, &parameters, value),
        Version::Three => request(reader, value, at),
    };
    operation.responses = responses(reader, value, at);
    operation
}

/// Parameters that the path names and nothing declares: texts.
fn note_undeclared(
    operation: &mut Operation,
    route: &str,
    reader: &mut Reader<'_>,
    at: &Place<'_>,
) {
    for name in parameter::names(route) {
        let is_declared = operation
            .parameters
            .iter()
            .any(|parameter| parameter.place == Where::Path && parameter.name == name);
        if !is_declared {
            reader.problem(&at.member("parameters"), Kind::Absent("a parameter of the path"));
            operation.parameters.push(Parameter {
                place: Where::Path,
                name: name.to_owned(),
                required: true,
                schema: schema::text(),
            });
        }
    }
}

fn request<'d>(
    reader: &mut Reader<'d>,
    operation: &'d Value,
    at: &Place<'_>,
) -> BTreeMap<String, Schema> {
    let at = at.member("requestBody");
    let Some(body) = operation.get("requestBody").filter(|value| !value.is_null()) else {
        return BTreeMap::new();
    };
    let Some(target) = reference::follow(reader, body, &at) else { return BTreeMap::new() };
    let at = target.place(at);
    content(reader, target.value, &at)
}

fn responses<'d>(
    reader: &mut Reader<'d>,
    operation: &'d Value,
    at: &Place<'_>,
) -> BTreeMap<String, BTreeMap<String, Schema>> {
    let mut found = BTreeMap::new();
    let Some(list) = reader.member(operation, at, "responses") else {
        if reader.needs_responses() {
            reader.problem(at, Kind::Absent("`responses`"));
        }
        return found;
    };
    let at = at.member("responses");
    let Some(list) = reader.object(list, &at) else { return found };
    for (status, response) in list {
        if status.starts_with("x-") {
            continue;
        }
        let at = at.member(status);
        let Some(status) = status_name(status) else {
            reader.problem(&at, Kind::Value(format!("status {status}")));
            continue;
        };
        let Some(target) = reference::follow(reader, response, &at) else { continue };
        let at = target.place(at);
        if reader.object(target.value, &at).is_none() {
            continue;
        }
        let bodies = match reader.version {
            Version::Two => swagger_content(reader, target.value, &at, operation),
            Version::Three => content(reader, target.value, &at),
        };
        found.insert(status, bodies);
    }
    found
}

/// `200`, `4XX` or `default`.
fn status_name(status: &str) -> Option<String> {
    if status == "default" {
        return Some(status.to_owned());
    }
    let bytes = status.as_bytes();
    let is_class = matches!(bytes, [b'1'..=b'5', b'x' | b'X', b'x' | b'X']);
    let is_code = matches!(bytes, [b'1'..=b'9', second, third]
        if second.is_ascii_digit() && third.is_ascii_digit());
    (is_class || is_code).then(|| status.to_ascii_uppercase())
}

/// The schemas of `content`, by media type.
fn content<'d>(
    reader: &mut Reader<'d>,
    holder: &'d Value,
    at: &Place<'_>,
) -> BTreeMap<String, Schema> {
    let mut found = BTreeMap::new();
    let Some(content) = reader.member(holder, at, "content") else { return found };
    let at = at.member("content");
    let Some(content) = reader.object(content, &at) else { return found };
    for (name, media) in content {
        let at = at.member(name);
        let Some(target) = reference::follow(reader, media, &at) else { continue };
        let at = target.place(at);
        if reader.object(target.value, &at).is_none() {
            continue;
        }
        let schema = target.value.get("schema").filter(|value| !value.is_null());
        let schema = schema
            .map(|schema| schema::read(reader, schema, &at.member("schema")))
            .unwrap_or_default();
        found.insert(media_type(name), schema);
    }
    found
}

/// The schema of a response of Swagger 2, under each type that the operation produces.
fn swagger_content<'d>(
    reader: &mut Reader<'d>,
    response: &'d Value,
    at: &Place<'_>,
    operation: &'d Value,
) -> BTreeMap<String, Schema> {
    let Some(schema) = response.get("schema").filter(|value| !value.is_null()) else {
        return BTreeMap::new();
    };
    let schema = schema::read(reader, schema, &at.member("schema"));
    media_types(reader, operation, "produces").map(|name| (name, schema.clone())).collect()
}

/// What an operation of Swagger 2 consumes or produces: its own list or the document's, JSON
/// when there is none.
pub(super) fn media_types(
    reader: &Reader<'_>,
    operation: &Value,
    name: &str,
) -> impl Iterator<Item = String> + use<> {
    let list = operation.get(name).or_else(|| reader.document.get(name));
    let names: BTreeSet<_> = list
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(media_type)
        .collect();
    let default = names.is_empty().then(|| "application/json".to_owned());
    names.into_iter().chain(default)
}

/// A media type without parameters, in lower case.
fn media_type(name: &str) -> String {
    name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
