//! The keywords that tell of one value alone, without the schemas within.

use serde_json::Value;

use crate::{
    inventory::description::{Schema, Type},
    specification::{
        Kind,
        place::Place,
        reader::{Reader, Version},
    },
};

/// What a schema says of its own values.
pub(super) fn own<'d>(reader: &mut Reader<'d>, value: &'d Value, at: &Place<'_>) -> Schema {
    let mut schema = Schema::default();
    types(reader, &mut schema, value, at);
    if let Some(format) = reader.text(value, at, "format") {
        // `type: file` has said it already.
        schema.format = Some(format.to_owned()).filter(|format| !format.is_empty());
    }
    schema.minimum = bound(reader, value, at, "minimum", "exclusiveMinimum");
    schema.maximum = bound(reader, value, at, "maximum", "exclusiveMaximum");
    schema.min_length = count(reader, value, at, "minLength");
    schema.max_length = count(reader, value, at, "maxLength");
    schema.min_items = count(reader, value, at, "minItems");
    schema.max_items = count(reader, value, at, "maxItems");
    schema.pattern = reader.text(value, at, "pattern").map(str::to_owned);
    values(reader, &mut schema, value, at);
    required(reader, &mut schema, value, at);
    if is_nullable(value) && !schema.types.is_empty() {
        schema.types.insert(Type::Null);
    }
    schema
}

/// `nullable` of `OpenAPI` 3.0, and what Swagger 2 has in its place.
pub(super) fn is_nullable(value: &Value) -> bool {
    ["nullable", "x-nullable"].iter().any(|name| value.get(name) == Some(&Value::Bool(true)))
}

/// The type that fields or items speak of, where none is named: most authors mean it so.
pub(super) fn imply_type(schema: &mut Schema) {
    if !schema.types.is_empty() {
        return;
    }
    if !schema.properties.is_empty() || schema.additional_properties.is_some() {
        schema.types.insert(Type::Object);
    } else if schema.items.is_some() {
        schema.types.insert(Type::Array);
    }
}

/// The schema with at most so many fields, and nothing in them.
pub(super) fn cut(mut schema: Schema, fields: usize) -> Schema {
    while schema.properties.len() > fields {
        schema.properties.pop_last();
    }
    for property in schema.properties.values_mut() {
        property.properties.clear();
    }
    schema
}

fn types<'d>(reader: &mut Reader<'d>, schema: &mut Schema, value: &'d Value, at: &Place<'_>) {
    let at = at.member("type");
    match value.get("type") {
        None | Some(Value::Null) => {}
        Some(Value::String(name)) => one_type(reader, schema, name, &at),
        Some(Value::Array(names)) => {
            for (index, name) in names.iter().enumerate() {
                let at = at.item(index);
                if let Some(name) = reader.expect(name.as_str(), &at, "a text") {
                    one_type(reader, schema, name, &at);
                }
            }
        }
        Some(_) => reader.problem(&at, Kind::Type("a text or a list of texts")),
    }
}

fn one_type(reader: &mut Reader<'_>, schema: &mut Schema, name: &str, at: &Place<'_>) {
    let found = match name {
        "null" => Type::Null,
        "boolean" => Type::Boolean,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "string" => Type::String,
        "array" => Type::Array,
        "object" => Type::Object,
        "file" if reader.version == Version::Two => Type::String,
        other => return reader.problem(at, Kind::Value(format!("type {other}"))),
    };
    schema.types.insert(found);
}

/// A bound of numbers. An exclusive one counts as inclusive, which lets one value more pass.
fn bound(
    reader: &mut Reader<'_>,
    value: &Value,
    at: &Place<'_>,
    name: &str,
    exclusive: &str,
) -> Option<f64> {
    if let Some(found) = value.get(name).filter(|value| !value.is_null()) {
        return reader.expect(found.as_f64(), &at.member(name), "a number");
    }
    // A number since 3.1, before a flag beside the bound.
    value.get(exclusive)?.as_f64()
}

fn count(reader: &mut Reader<'_>, value: &Value, at: &Place<'_>, name: &str) -> Option<u64> {
    let found = value.get(name).filter(|value| !value.is_null())?;
    let whole = found.as_f64().filter(|count| *count >= 0.0 && count.fract() == 0.0);
    reader.expect(whole.map(|count| count as u64), &at.member(name), "a whole number")
}

fn values<'d>(reader: &mut Reader<'d>, schema: &mut Schema, value: &'d Value, at: &Place<'_>) {
    if let Some(only) = value.get("const") {
        schema.values.extend(text_of(only));
        return;
    }
    let Some(list) = value.get("enum").filter(|value| !value.is_null()) else { return };
    let Some(list) = reader.array(list, &at.member("enum")) else { return };
    schema.values.extend(list.iter().filter_map(text_of));
}

/// A value of an enum as it is sent; `None` of what is no single value.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn required<'d>(reader: &mut Reader<'d>, schema: &mut Schema, value: &'d Value, at: &Place<'_>) {
    let Some(list) = value.get("required").filter(|value| !value.is_null()) else { return };
    // In Swagger 2 a parameter is a schema itself, and its flag has the same name.
    if reader.version == Version::Two && list.is_boolean() {
        return;
    }
    let at = at.member("required");
    let Some(list) = reader.array(list, &at) else { return };
    schema.required.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
}
