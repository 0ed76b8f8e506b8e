//! Parameters of an operation, and the bodies that Swagger 2 declares as parameters.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Kind, operation,
    place::Place as At,
    reader::{Reader, Version},
    reference, schema,
};
use crate::inventory::description::{Parameter, Place, Schema, Type};

/// Fields that `OpenAPI` describes elsewhere: a parameter of such a name is to be ignored
/// (`OpenAPI` 3.1 section 4.8.12.2).
const DESCRIBED_ELSEWHERE: [&str; 3] = ["accept", "authorization", "content-type"];

/// A parameter with where it is declared.
#[derive(Clone)]
pub(super) struct Declared<'d> {
    value: &'d Value,
    name: &'d str,
    place: &'d str,
    /// For problems.
    pointer: String,
}

impl Declared<'_> {
    /// Whether one takes the place of the other.
    pub fn same(&self, other: &Self) -> bool {
        self.name == other.name && self.place == other.place
    }
}

/// The parameters that a path or an operation lists.
pub(super) fn list<'d>(
    reader: &mut Reader<'d>,
    holder: &'d Value,
    at: &At<'_>,
) -> Vec<Declared<'d>> {
    let at = at.member("parameters");
    let Some(list) = holder.get("parameters").filter(|value| !value.is_null()) else {
        return Vec::new();
    };
    let Some(list) = reader.array(list, &at) else { return Vec::new() };
    let mut found = Vec::new();
    for (index, parameter) in list.iter().enumerate() {
        let at = at.item(index);
        let Some(target) = reference::follow(reader, parameter, &at) else { continue };
        let at = target.place(at);
        let value = target.value;
        if reader.object(value, &at).is_none() {
            continue;
        }
        let name = reader.text(value, &at, "name");
        let place = reader.text(value, &at, "in");
        match (name, place) {
            (Some(name), Some(place)) => {
                found.push(Declared { value, name, place, pointer: at.pointer() });
            }
            _ => reader.problem(&at, Kind::Absent("`name` or `in`")),
        }
    }
    found
}

/// The names between braces in a path.
pub(super) fn names(route: &str) -> impl Iterator<Item = &str> {
    route.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

/// A parameter of path, query, header or cookie; `None` for one of the body.
pub(super) fn outside_body<'d>(
    reader: &mut Reader<'d>,
    declared: &Declared<'d>,
) -> Option<Parameter> {
    let at = At::Target(&declared.pointer);
    let place = match declared.place {
        "path" => Place::Path,
        "query" => Place::Query,
        "header" => Place::Header,
        "cookie" if reader.version == Version::Three => Place::Cookie,
        "body" | "formData" if reader.version == Version::Two => return None,
        other => {
            reader.problem(&at.member("in"), Kind::Value(other.to_owned()));
            return None;
        }
    };
    let mut name = declared.name.to_owned();
    if place == Place::Header {
        name.make_ascii_lowercase();
        if DESCRIBED_ELSEWHERE.contains(&name.as_str()) {
            return None;
        }
    }
    let required = reader.flag(declared.value, &at, "required") || place == Place::Path;
    Some(Parameter { place, name, required, schema: values(reader, declared) })
}

/// The schema: of Swagger 2 the parameter itself, of `OpenAPI` 3 a member, or that of the only
/// media type in `content`.
fn values<'d>(reader: &mut Reader<'d>, declared: &Declared<'d>) -> Schema {
    let at = At::Target(&declared.pointer);
    if reader.version == Version::Two {
        return schema::read(reader, declared.value, &at);
    }
    if let Some(schema) = declared.value.get("schema").filter(|value| !value.is_null()) {
        return schema::read(reader, schema, &at.member("schema"));
    }
    let content = declared.value.get("content").and_then(Value::as_object);
    if let Some((name, media)) = content.and_then(|content| content.iter().next())
        && let Some(schema) = media.get("schema")
    {
        let content = at.member("content");
        return schema::read(reader, schema, &content.member(name).member("schema"));
    }
    Schema::default()
}

/// The request bodies of Swagger 2, by media type.
pub(super) fn body<'d>(
    reader: &mut Reader<'d>,
    parameters: &[Declared<'d>],
    operation: &'d Value,
) -> BTreeMap<String, Schema> {
    if let Some(body) = parameters.iter().find(|parameter| parameter.place == "body") {
        let at = At::Target(&body.pointer);
        let schema = body.value.get("schema").filter(|value| !value.is_null());
        let schema = schema.map(|schema| schema::read(reader, schema, &at.member("schema")));
        let schema = schema.unwrap_or_default();
        let types = operation::media_types(reader, operation, "consumes");
        return types.map(|name| (name, schema.clone())).collect();
    }
    let mut form = Schema::default();
    for field in parameters.iter().filter(|parameter| parameter.place == "formData") {
        let at = At::Target(&field.pointer);
        form.types.insert(Type::Object);
        if reader.flag(field.value, &at, "required") {
            form.required.insert(field.name.to_owned());
        }
        form.properties.insert(field.name.to_owned(), values(reader, field));
    }
    if form.types.is_empty() {
        return BTreeMap::new();
    }
    let is_form = |name: &String| {
        name == "multipart/form-data" || name == "application/x-www-form-urlencoded"
    };
    let mut types: Vec<_> =
        operation::media_types(reader, operation, "consumes").filter(is_form).collect();
    if types.is_empty() {
        types.push("application/x-www-form-urlencoded".to_owned());
    }
    types.into_iter().map(|name| (name, form.clone())).collect()
}
