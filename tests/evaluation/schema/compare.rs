//! What was learned of an operation, compared field by field.

use std::collections::BTreeSet;

use sensor::inventory::description::{Operation, Place, Schema, Type};

use super::drive::{Driven, Made, is_single};
use crate::evaluation::{bodies, texts};

/// Values from which on a field counts.
const ENOUGH: u64 = 50;

/// So many of so many.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    /// That agree.
    pub right: usize,
    /// That were compared.
    pub whole: usize,
}

impl Share {
    /// `None` when nothing was compared.
    pub fn share(self) -> Option<f64> {
        (self.whole > 0).then(|| self.right as f64 / self.whole as f64)
    }

    fn count(&mut self, is_right: bool) -> bool {
        self.whole += 1;
        self.right += usize::from(is_right);
        is_right
    }

    fn add(&mut self, other: Self) {
        self.right += other.right;
        self.whole += other.whole;
    }
}

/// What agrees.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Sets of types.
    pub types: Share,
    /// Formats of texts.
    pub formats: Share,
    /// Flags of fields.
    pub required: Share,
    /// Bounds.
    pub ranges: Share,
    /// Fields that were learned, of those made.
    pub found: Share,
    /// Disagreements, as many as asked for.
    pub shown: Vec<String>,
}

impl Tally {
    /// Adds the counts of another.
    pub fn add(&mut self, other: &Self) {
        self.types.add(other.types);
        self.formats.add(other.formats);
        self.required.add(other.required);
        self.ranges.add(other.ranges);
        self.found.add(other.found);
    }
}

/// How the values are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Json,
    Text,
}

/// Compares an operation.
pub fn operation(declared: &Operation, driven: &Driven, show: usize, tally: &mut Tally) {
    let mut compare = Compare { operation: declared, show, tally };
    compare.parameters(driven);
    if let Some(made) = &driven.request {
        compare.body(&declared.request, &driven.learned.request, made, "request");
    }
    if let Some(made) = &driven.response
        && let Some(bodies) = declared.responses.get(&made.status)
    {
        let learned = driven.learned.responses.get(&made.status).cloned().unwrap_or_default();
        compare.body(bodies, &learned, made, "response");
    }
}

struct Compare<'c> {
    operation: &'c Operation,
    show: usize,
    tally: &'c mut Tally,
}

impl Compare<'_> {
    fn parameters(&mut self, driven: &Driven) {
        for declared in &self.operation.parameters {
            let key = (declared.place, declared.name.clone());
            let made = driven.parameters.get(&key).copied().unwrap_or(0);
            let path = format!("{:?} {}", declared.place, declared.name);
            let mut learned = driven.learned.parameters.iter();
            let learned = learned.find(|one| one.place == key.0 && one.name == key.1);
            if made < ENOUGH {
                continue;
            }
            // A field that HTTP or a proxy has is no parameter of an API.
            if learned.is_none() && declared.place == Place::Header {
                continue;
            }
            self.tally.found.count(learned.is_some());
            let Some(learned) = learned else {
                self.show(&path, "found", "learned", "not");
                continue;
            };
            if declared.place != Place::Path && driven.exchanges >= ENOUGH {
                // A share of 0.7 of 50 and more is not all by chance.
                let is_right = self.tally.required.count(declared.required == learned.required);
                if !is_right {
                    self.show(&path, "required", declared.required, learned.required);
                }
            }
            self.single(&declared.schema, &learned.schema, Written::Text, &path);
        }
    }

    fn body(
        &mut self,
        declared: &std::collections::BTreeMap<String, Schema>,
        learned: &std::collections::BTreeMap<String, Schema>,
        made: &Made,
        name: &str,
    ) {
        let Some(declared) = declared.get(&made.media_type) else { return };
        let Some(learned) = learned.get(&made.media_type) else {
            self.tally.found.count(false);
            return self.show(name, "found", "learned", "not");
        };
        let is_json = made.media_type.ends_with("json");
        let written = if is_json { Written::Json } else { Written::Text };
        self.value(declared, Some(learned), made, written, ("", 0), name);
    }

    fn value(
        &mut self,
        declared: &Schema,
        learned: Option<&Schema>,
        made: &Made,
        written: Written,
        (path, level): (&str, usize),
        name: &str,
    ) {
        if made.bodies.made.get(path).copied().unwrap_or(0) < ENOUGH {
            return;
        }
        let shown = format!("{name} {path}");
        self.tally.found.count(learned.is_some());
        let Some(learned) = learned else { return self.show(&shown, "found", "learned", "not") };
        self.single(declared, learned, written, &shown);
        if !bodies::has_fields(level) {
            return;
        }
        if let (Some(items), true) = (&declared.items, declared.types.contains(&Type::Array)) {
            let place = (&*format!("{path}[]"), level + 1);
            self.value(items, learned.items.as_deref(), made, written, place, name);
        }
        if !declared.types.contains(&Type::Object) {
            return;
        }
        if let Some(values) =
            declared.additional_properties.as_ref().filter(|_| bodies::is_map(declared))
        {
            let place = (&*format!("{path}.{{key}}"), level + 1);
            let learned = learned.additional_properties.as_deref();
            self.value(values, learned, made, written, place, name);
        }
        for (field, schema) in bodies::fields(declared) {
            if written == Written::Text && !is_single(schema) {
                continue;
            }
            let path = format!("{path}.{field}");
            let known = learned.properties.get(field);
            if known.is_some() && learned.seen >= ENOUGH && is_only_object(declared) {
                let required = declared.required.contains(field);
                let seen = learned.required.contains(field);
                if !self.tally.required.count(required == seen) {
                    self.show(&format!("{name} {path}"), "required", required, seen);
                }
            }
            self.value(schema, known, made, written, (&path, level + 1), name);
        }
    }

    /// What is said of a value alone.
    fn single(&mut self, declared: &Schema, learned: &Schema, written: Written, path: &str) {
        if learned.seen < ENOUGH {
            return;
        }
        let types = expected_types(declared, written);
        if !types.is_empty() {
            let found = without_integer(learned.types.clone());
            if !self.tally.types.count(types == found) {
                self.show(path, "types", format!("{types:?}"), format!("{found:?}"));
            }
        }
        if types.contains(&Type::String) {
            self.format(declared, learned, path);
        }
        self.ranges(declared, learned, path);
    }

    fn format(&mut self, declared: &Schema, learned: &Schema, path: &str) {
        let known = texts::format_of(declared);
        let is_free = declared.values.is_empty()
            && declared.pattern.is_none()
            && declared.format.is_none()
            && declared.max_length.is_none_or(|most| most > 20);
        let is_told = known.is_some() && declared.values.is_empty();
        if !(is_told || is_free)
            || declared.types.len() > 1 && !declared.types.contains(&Type::Null)
        {
            return;
        }
        if !self.tally.formats.count(known == learned.format.as_deref()) {
            self.show(path, "format", known.unwrap_or("none"), format!("{:?}", learned.format));
        }
    }

    fn ranges(&mut self, declared: &Schema, learned: &Schema, path: &str) {
        let of_text = texts::format_of(declared).is_none() && declared.values.is_empty();
        let number = |count: Option<u64>| count.filter(|_| of_text).map(|count| count as f64);
        let items = |count: Option<u64>| count.map(|count| count as f64);
        let bounds = [
            (declared.minimum, learned.minimum, 1.0),
            (declared.maximum, learned.maximum, -1.0),
            (number(declared.min_length), number(learned.min_length), 1.0),
            (number(declared.max_length), number(learned.max_length), -1.0),
            (items(declared.min_items), items(learned.min_items), 1.0),
            (items(declared.max_items), items(learned.max_items), -1.0),
        ];
        for (declared, learned, sign) in bounds {
            if let (Some(declared), Some(learned)) = (declared, learned)
                && !self.tally.ranges.count(learned * sign >= declared * sign)
            {
                self.show(path, "range", declared, learned);
            }
        }
    }

    fn show(
        &mut self,
        path: &str,
        what: &str,
        declared: impl std::fmt::Display,
        learned: impl std::fmt::Display,
    ) {
        if self.tally.shown.len() < self.show {
            let Operation { method, route, .. } = self.operation;
            let line = format!("{method} {route} {path}: {what}: {declared}, learned {learned}");
            self.tally.shown.push(line);
        }
    }
}

fn is_only_object(declared: &Schema) -> bool {
    declared.types.iter().all(|one| matches!(one, Type::Object | Type::Null))
}

/// The types that values made from the schema have. As text, what all looks like a number is one.
fn expected_types(declared: &Schema, written: Written) -> BTreeSet<Type> {
    let mut types = declared.types.clone();
    if written == Written::Text && !declared.values.is_empty() {
        types = declared.values.iter().map(|value| looks_like(value)).collect();
        if types.len() > 1 && types != [Type::Integer, Type::Number].into() {
            types = [Type::String].into();
        }
    }
    if written == Written::Text && types.len() > 1 && types.contains(&Type::String) {
        types = [Type::String].into();
    }
    without_integer(types)
}

fn looks_like(text: &str) -> Type {
    match text {
        "true" | "false" => Type::Boolean,
        _ if text.parse::<i64>().is_ok() => Type::Integer,
        _ if text.parse::<f64>().is_ok() => Type::Number,
        _ => Type::String,
    }
}

/// Every integer is a number.
fn without_integer(mut types: BTreeSet<Type>) -> BTreeSet<Type> {
    if types.contains(&Type::Number) {
        types.remove(&Type::Integer);
    }
    types
}
