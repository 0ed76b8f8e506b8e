//! `allOf`, `oneOf` and `anyOf` as one schema.

use crate::inventory::description::{Schema, Type};

/// Makes `schema` one of values that `other` holds for too (`allOf`).
pub(super) fn both(schema: &mut Schema, other: Schema) {
    if schema.types.is_empty() {
        schema.types = other.types;
    } else if !other.types.is_empty() {
        let common = &schema.types & &other.types;
        // No value is of no type: the document does not mean what it says.
        schema.types = if common.is_empty() { &schema.types | &other.types } else { common };
    }
    schema.format = schema.format.take().or(other.format);
    schema.minimum = tighter(schema.minimum, other.minimum, f64::max);
    schema.maximum = tighter(schema.maximum, other.maximum, f64::min);
    schema.min_length = tighter(schema.min_length, other.min_length, u64::max);
    schema.max_length = tighter(schema.max_length, other.max_length, u64::min);
    schema.min_items = tighter(schema.min_items, other.min_items, u64::max);
    schema.max_items = tighter(schema.max_items, other.max_items, u64::min);
    schema.pattern = schema.pattern.take().or(other.pattern);
    if schema.values.is_empty() {
        schema.values = other.values;
    } else if !other.values.is_empty() {
        schema.values.retain(|value| other.values.contains(value));
    }
    schema.items = schema.items.take().or(other.items);
    for (name, property) in other.properties {
        match schema.properties.get_mut(&name) {
            Some(known) => both(known, property),
            None => {
                schema.properties.insert(name, property);
            }
        }
    }
    schema.required.extend(other.required);
    schema.additional_properties =
        schema.additional_properties.take().or(other.additional_properties);
}

fn tighter<T>(left: Option<T>, right: Option<T>, choose: fn(T, T) -> T) -> Option<T> {
    match (left, right) {
        (Some(left), Some(right)) => Some(choose(left, right)),
        (left, right) => left.or(right),
    }
}

/// The schema of values that one of the two holds for (`oneOf`, `anyOf`). What is said of a type
/// that only one side has holds on.
pub(in crate::specification) fn either(mut left: Schema, mut right: Schema) -> Schema {
    if left.types.is_empty() || right.types.is_empty() {
        return Schema::default();
    }
    let types = &left.types | &right.types;
    close_neither(&mut left, &mut right);
    let texts = sides(&left, &right, &[Type::String]);
    let numbers = sides(&left, &right, &[Type::Integer, Type::Number]);
    let arrays = sides(&left, &right, &[Type::Array]);
    let objects = sides(&left, &right, &[Type::Object]);
    let scalars = sides(
        &left,
        &right,
        &[Type::String, Type::Integer, Type::Number, Type::Boolean, Type::Array, Type::Object],
    );
    let same =
        |left: Option<String>, right: Option<String>| if left == right { left } else { None };
    let mut properties = left.properties;
    for (name, property) in right.properties {
        let found = match properties.remove(&name) {
            Some(known) => either(known, property),
            None => property,
        };
        properties.insert(name, found);
    }
    Schema {
        types,
        format: scalars.join(left.format, right.format, same),
        minimum: numbers.join(left.minimum, right.minimum, |a, b| Some(a?.min(b?))),
        maximum: numbers.join(left.maximum, right.maximum, |a, b| Some(a?.max(b?))),
        min_length: texts.join(left.min_length, right.min_length, |a, b| Some(a?.min(b?))),
        max_length: texts.join(left.max_length, right.max_length, |a, b| Some(a?.max(b?))),
        pattern: texts.join(left.pattern, right.pattern, same),
        values: scalars.join(left.values, right.values, union),
        min_items: arrays.join(left.min_items, right.min_items, |a, b| Some(a?.min(b?))),
        max_items: arrays.join(left.max_items, right.max_items, |a, b| Some(a?.max(b?))),
        items: arrays.join(left.items, right.items, |a, b| Some(Box::new(either(*a?, *b?)))),
        required: objects.join(left.required, right.required, |a, b| &a & &b),
        additional_properties: match (left.additional_properties, right.additional_properties) {
            (Some(left), Some(right)) => Some(Box::new(either(*left, *right))),
            (left, right) => left.or(right),
        },
        properties,
        seen: 0,
    }
}

/// An object of which no field is declared may have any, and so may one that is it or another.
fn close_neither(left: &mut Schema, right: &mut Schema) {
    let is_object = |schema: &Schema| schema.types.contains(&Type::Object);
    let is_open = |schema: &Schema| {
        is_object(schema) && schema.properties.is_empty() && schema.additional_properties.is_none()
    };
    if is_open(left) && is_object(right) || is_open(right) && is_object(left) {
        for schema in [left, right] {
            schema.properties.clear();
            schema.additional_properties = None;
        }
    }
}

/// All values of both, none when one side is open.
fn union(mut left: Vec<String>, right: Vec<String>) -> Vec<String> {
    if left.is_empty() || right.is_empty() {
        return Vec::new();
    }
    for value in right {
        if !left.contains(&value) {
            left.push(value);
        }
    }
    left
}

/// Which sides may hold a value of some types.
enum Sides {
    Left,
    Right,
    Both,
}

fn sides(left: &Schema, right: &Schema, types: &[Type]) -> Sides {
    let may = |schema: &Schema| {
        schema.types.is_empty() || types.iter().any(|one| schema.types.contains(one))
    };
    match (may(left), may(right)) {
        (true, false) => Sides::Left,
        (false, true) => Sides::Right,
        _ => Sides::Both,
    }
}

impl Sides {
    fn join<T>(&self, left: T, right: T, both: impl FnOnce(T, T) -> T) -> T {
        match self {
            Self::Left => left,
            Self::Right => right,
            Self::Both => both(left, right),
        }
    }
}
