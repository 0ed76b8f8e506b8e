//! Schemas: the part of JSON Schema that is learned and compared, with references put in place.
//!
//! Nothing is refused for its size. A schema is read to a depth at which it has at most
//! [`MAX_SIZE`] nodes, because the upper levels are the ones that traffic is compared with, and
//! a schema that contains itself is told once.

mod combine;
mod keywords;

pub(super) use combine::either;

use serde_json::Value;

use super::{Kind, place::Place, reader::Reader, reference};
use crate::inventory::description::{Schema, Type};

/// Levels tried, deepest first.
const DEPTHS: [usize; 6] = [12, 8, 6, 4, 3, 2];

/// Nodes of a schema beyond which it is read to a lesser depth.
const MAX_SIZE: usize = 1_000;

/// A schema of which a text is all that is known.
pub(super) fn text() -> Schema {
    Schema { types: [Type::String].into(), ..Schema::default() }
}

/// Reads a schema.
pub(super) fn read<'d>(reader: &mut Reader<'d>, value: &'d Value, at: &Place<'_>) -> Schema {
    let mut schema = Schema::default();
    for depth in DEPTHS {
        let mut walk = Walk { reader, depth, nodes: 0, active: Vec::new() };
        schema = walk.schema(value, at, 0);
        let size = walk.nodes;
        if size <= MAX_SIZE.min(reader.nodes) {
            reader.nodes -= size;
            return schema;
        }
        reader.problem(at, Kind::Large);
    }
    // Two levels are larger than that: an object of very many fields, or a document of very many
    // such. Its own type is kept in any case.
    if reader.nodes == 0 {
        return Schema { types: schema.types, ..Schema::default() };
    }
    reader.nodes = reader.nodes.saturating_sub(MAX_SIZE);
    keywords::cut(schema, MAX_SIZE)
}

/// One reading, to one depth.
struct Walk<'r, 'd> {
    reader: &'r mut Reader<'d>,
    depth: usize,
    nodes: usize,
    /// References that are being followed.
    active: Vec<&'d str>,
}

impl<'d> Walk<'_, 'd> {
    fn schema(&mut self, value: &'d Value, at: &Place<'_>, level: usize) -> Schema {
        self.nodes += 1;
        // No need to go on: this depth is too much.
        if self.nodes > MAX_SIZE + 1 && self.depth > DEPTHS[DEPTHS.len() - 1] {
            return Schema::default();
        }
        let Some(target) = reference::follow(self.reader, value, at) else {
            return Schema::default();
        };
        let at = target.place(*at);
        let Some(reference) = target.reference else {
            return self.target(target.value, &at, level);
        };
        if self.active.contains(&reference) {
            self.reader.problem(&at, Kind::Recursive(reference.to_owned()));
            return keywords::own(self.reader, target.value, &at);
        }
        self.active.push(reference);
        let mut schema = self.target(target.value, &at, level);
        self.active.pop();
        // Since 3.1 there may be keywords beside a reference; before, these came with `nullable`.
        if keywords::is_nullable(value) && !schema.types.is_empty() {
            schema.types.insert(Type::Null);
        }
        schema
    }

    fn target(&mut self, value: &'d Value, at: &Place<'_>, level: usize) -> Schema {
        if value.is_boolean() {
            return Schema::default();
        }
        if self.reader.object(value, at).is_none() {
            return Schema::default();
        }
        let mut schema = keywords::own(self.reader, value, at);
        if level < self.depth {
            self.children(&mut schema, value, at, level + 1);
        } else if ["properties", "items"].iter().any(|name| value.get(name).is_some()) {
            self.reader.problem(at, Kind::Large);
        }
        // A combination is of the same level: it is one value.
        if self.active.len() + level < 2 * DEPTHS[0] {
            self.combinations(&mut schema, value, at, level);
        }
        keywords::imply_type(&mut schema);
        schema
    }

    fn children(&mut self, schema: &mut Schema, value: &'d Value, at: &Place<'_>, level: usize) {
        if let Some(properties) = Self::part(value, "properties") {
            let at = at.member("properties");
            for (name, property) in self.reader.object(properties, &at).into_iter().flatten() {
                let found = self.schema(property, &at.member(name), level);
                schema.properties.insert(name.clone(), found);
            }
        }
        if let Some(items) = Self::part(value, "items") {
            // A list of schemas for the items of a tuple, before 3.1.
            let items = items.as_array().and_then(|items| items.first()).unwrap_or(items);
            schema.items = Some(Box::new(self.schema(items, &at.member("items"), level)));
        }
        if let Some(values) = Self::part(value, "additionalProperties")
            && values != &Value::Bool(false)
        {
            let at = at.member("additionalProperties");
            schema.additional_properties = Some(Box::new(self.schema(values, &at, level)));
        }
    }

    fn part(value: &'d Value, name: &str) -> Option<&'d Value> {
        value.get(name).filter(|value| !value.is_null())
    }

    fn combinations(
        &mut self,
        schema: &mut Schema,
        value: &'d Value,
        at: &Place<'_>,
        level: usize,
    ) {
        for part in self.variants(value, at, "allOf", level) {
            combine::both(schema, part);
        }
        for name in ["oneOf", "anyOf"] {
            let variants = self.variants(value, at, name, level);
            if let Some(any) = variants.into_iter().reduce(either) {
                combine::both(schema, any);
            }
        }
    }

    fn variants(
        &mut self,
        value: &'d Value,
        at: &Place<'_>,
        name: &str,
        level: usize,
    ) -> Vec<Schema> {
        let Some(list) = Self::part(value, name) else { return Vec::new() };
        let at = at.member(name);
        let Some(list) = self.reader.array(list, &at) else { return Vec::new() };
        let each = list.iter().enumerate();
        each.map(|(index, variant)| self.schema(variant, &at.item(index), level)).collect()
    }
}
