//! Bodies, statuses and schemas.

use std::collections::{BTreeMap, BTreeSet};

use super::{DifferenceKind, Found};
use crate::inventory::description::{Operation, Schema, Type};

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Values {
    /// With their types, as in JSON.
    Typed,
    /// As text, so that what looks like a number may be declared a text.
    Text,
}

pub(super) fn compare(declared: &Operation, learned: &Operation, found: &mut Found<'_>) {
    bodies(&declared.request, &learned.request, "request", found);
    if declared.responses.is_empty() {
        return;
    }
    for (status, seen) in &learned.responses {
        let place = format!("response {status}");
        let known = statuses(&declared.responses, status);
        if known.is_empty() {
            let declared: Vec<_> = declared.responses.keys().map(String::as_str).collect();
            found.push(DifferenceKind::UndeclaredStatus, &place, &declared.join(", "), status);
            continue;
        }
        for (media_type, seen) in seen {
            let one = BTreeMap::from([(media_type.clone(), seen.clone())]);
            // Of a class of statuses, the first that has such a body.
            let with_type = known.iter().find(|bodies| find(bodies, media_type).is_some());
            bodies(with_type.unwrap_or(&known[0]), &one, &place, found);
        }
    }
}

/// What is declared for a status: itself, else its class, else the default; for a class seen,
/// all of it.
fn statuses<'d>(
    declared: &'d BTreeMap<String, BTreeMap<String, Schema>>,
    status: &str,
) -> Vec<&'d BTreeMap<String, Schema>> {
    let class = format!("{}XX", status.get(..1).unwrap_or_default());
    let exact = declared.get(status).or_else(|| declared.get(&class));
    let mut found: Vec<_> = exact.into_iter().collect();
    if status.ends_with("XX") {
        let of_class = |name: &str| name.get(..1) == status.get(..1) && name != status;
        found.extend(declared.iter().filter(|(name, _)| of_class(name)).map(|(_, bodies)| bodies));
    }
    if found.is_empty() {
        found.extend(declared.get("default"));
    }
    found
}

fn bodies(
    declared: &BTreeMap<String, Schema>,
    learned: &BTreeMap<String, Schema>,
    place: &str,
    found: &mut Found<'_>,
) {
    for (media_type, seen) in learned {
        let place = format!("{place} {media_type}");
        let Some(known) = find(declared, media_type) else {
            let declared: Vec<_> = declared.keys().map(String::as_str).collect();
            found.push(
                DifferenceKind::UndeclaredMediaType,
                &place,
                &declared.join(", "),
                media_type,
            );
            continue;
        };
        let values = if is_json(media_type) { Values::Typed } else { Values::Text };
        schema(known, seen, values, &place, found);
    }
}

/// The media type itself, else the range that it is of (RFC 9110 section 12.5.1).
fn find<'d>(declared: &'d BTreeMap<String, Schema>, media_type: &str) -> Option<&'d Schema> {
    let range = format!("{}/*", media_type.split('/').next().unwrap_or_default());
    [media_type, range.as_str(), "*/*"].iter().find_map(|name| declared.get(*name))
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.ends_with("+json") || media_type == "*/*"
}

/// Compares values: types, bounds, fields and items. What is declared open holds for anything.
pub(super) fn schema(
    declared: &Schema,
    learned: &Schema,
    values: Values,
    place: &str,
    found: &mut Found<'_>,
) {
    let other: BTreeSet<_> = learned
        .types
        .iter()
        .filter(|one| !declared.types.is_empty() && !is_type(&declared.types, **one, values))
        .map(|one| type_name(*one))
        .collect();
    if !other.is_empty() {
        let other: Vec<_> = other.into_iter().collect();
        found.push(DifferenceKind::UndeclaredType, place, &types_text(declared), &other.join(", "));
    }
    bounds(declared, learned, values, place, found);
    fields(declared, learned, values, place, found);
    if let (Some(known), Some(seen)) = (&declared.items, &learned.items) {
        schema(known, seen, values, &format!("{place}[]"), found);
    }
}

fn fields(declared: &Schema, learned: &Schema, values: Values, place: &str, found: &mut Found<'_>) {
    let rest = declared.additional_properties.as_deref();
    for (name, seen) in &learned.properties {
        let place = field_place(place, name);
        match declared.properties.get(name).or(rest) {
            Some(known) => schema(known, seen, values, &place, found),
            // An object of which no field is declared is open.
            None if declared.properties.is_empty() => {}
            None => {
                found.push(DifferenceKind::UndeclaredField, &place, "", &types_text(seen));
            }
        }
    }
    if let (Some(known), Some(seen)) = (rest, &learned.additional_properties) {
        schema(known, seen, values, &field_place(place, "{key}"), found);
    }
}

/// `request application/json` and `a` give `request application/json a`, and then `a.b`.
fn field_place(place: &str, name: &str) -> String {
    let is_field = place.rsplit(' ').next().is_some_and(|last| !last.contains('/'));
    let separator = if is_field || place.ends_with(']') { '.' } else { ' ' };
    format!("{place}{separator}{name}")
}

fn is_type(declared: &BTreeSet<Type>, seen: Type, values: Values) -> bool {
    let has = |one| declared.contains(&one);
    has(seen)
        || seen == Type::Integer && has(Type::Number)
        // Any text may stand there, and a list is written as one, or as one item.
        || values == Values::Text
            && (has(Type::String) || has(Type::Array) || has(Type::Object) || seen == Type::Null)
}

/// Bounds of values that both sides have. What was seen of another kind than declared is told by
/// its type.
fn bounds(declared: &Schema, learned: &Schema, values: Values, place: &str, found: &mut Found<'_>) {
    let mut below = |name: &str, declared: Option<f64>, seen: Option<f64>| {
        if let (Some(declared), Some(seen)) = (declared, seen)
            && seen < declared
        {
            found.push(
                DifferenceKind::OutOfRange,
                place,
                &format!("{name} {declared}"),
                &seen.to_string(),
            );
        }
    };
    let number = |count: Option<u64>| count.map(|count| count as f64);
    below("at least", declared.minimum, learned.minimum);
    below("length at least", number(declared.min_length), number(learned.min_length));
    below("items at least", number(declared.min_items), number(learned.min_items));
    let mut above = |name: &str, declared: Option<f64>, seen: Option<f64>| {
        if let (Some(declared), Some(seen)) = (declared, seen)
            && seen > declared
        {
            found.push(
                DifferenceKind::OutOfRange,
                place,
                &format!("{name} {declared}"),
                &seen.to_string(),
            );
        }
    };
    above("at most", declared.maximum, learned.maximum);
    above("length at most", number(declared.max_length), number(learned.max_length));
    above("items at most", number(declared.max_items), number(learned.max_items));
    let is_list = values == Values::Text && declared.types.contains(&Type::Array);
    if !declared.values.is_empty() && !is_list {
        let others = learned.values.iter().filter(|value| !declared.values.contains(value));
        let others: Vec<_> = others.map(String::as_str).collect();
        if !others.is_empty() {
            found.push(
                DifferenceKind::OutOfRange,
                place,
                &declared.values.join(", "),
                &others.join(", "),
            );
        }
    }
}

/// The types as text, `anything` when it is open.
pub(super) fn types_text(schema: &Schema) -> String {
    if schema.types.is_empty() {
        return "anything".to_owned();
    }
    schema.types.iter().map(|one| type_name(*one)).collect::<Vec<_>>().join(", ")
}

fn type_name(one: Type) -> &'static str {
    match one {
        Type::Null => "null",
        Type::Boolean => "boolean",
        Type::Integer => "integer",
        Type::Number => "number",
        Type::String => "string",
        Type::Array => "array",
        Type::Object => "object",
    }
}
