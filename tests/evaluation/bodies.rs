//! Values made from declared schemas, and which of their fields were made how often.

use std::collections::BTreeMap;

use sensor::inventory::description::{Schema, Type};
use serde_json::{Map, Value};

use super::{random::Random, texts};

/// Levels below the body. Deeper fields are left out.
const MAX_DEPTH: usize = 4;

/// Fields of an object. A learner has room for several hundred of an endpoint.
const MAX_FIELDS: usize = 25;

/// Share of values that are null where they may be.
const NULLS: f64 = 0.15;

/// Makes bodies of one operation.
pub struct Bodies {
    /// How often each field was made, by its path; the body itself is "".
    pub made: BTreeMap<String, u64>,
    /// Decides what is the same for all values of a field.
    seed: u64,
}

impl Bodies {
    /// One that has made none.
    pub fn new(seed: u64) -> Self {
        Self { made: BTreeMap::new(), seed }
    }

    /// A value of the schema, at `path`.
    pub fn value(
        &mut self,
        schema: &Schema,
        path: &str,
        level: usize,
        random: &mut Random,
    ) -> Value {
        *self.made.entry(path.to_owned()).or_default() += 1;
        let types: Vec<_> = schema.types.iter().filter(|one| **one != Type::Null).collect();
        if schema.types.contains(&Type::Null) && (types.is_empty() || random.chance(NULLS)) {
            return Value::Null;
        }
        if types.is_empty() {
            return Value::from(texts::word(random));
        }
        match **random.pick(&types) {
            Type::Null => Value::Null,
            Type::Boolean => Value::from(random.chance(0.5)),
            Type::Integer => texts::integer(schema, self.of_field(path), random).into(),
            Type::Number => texts::fraction(schema, self.of_field(path), random).into(),
            Type::String => texts::text(schema, self.of_field(path), random).into(),
            Type::Array => self.array(schema, path, level, random),
            Type::Object => self.object(schema, path, level, random),
        }
    }

    /// What chance decides once for a field.
    pub fn of_field(&self, path: &str) -> Random {
        Random::new(self.seed, path)
    }

    fn array(&mut self, schema: &Schema, path: &str, level: usize, random: &mut Random) -> Value {
        let least = schema.min_items.unwrap_or(0).min(20);
        let most = schema.max_items.unwrap_or(least + 4).clamp(least, least + 4);
        let count = random.between(least as i64, most as i64);
        let Some(items) = schema.items.as_ref().filter(|_| level < MAX_DEPTH) else {
            return Value::Array(Vec::new());
        };
        let path = format!("{path}[]");
        (0..count).map(|_| self.value(items, &path, level + 1, random)).collect()
    }

    /// Optional fields are there in 50 to 90% of the objects, each with a share of its own.
    fn object(&mut self, schema: &Schema, path: &str, level: usize, random: &mut Random) -> Value {
        let mut fields = Map::new();
        if level >= MAX_DEPTH {
            return fields.into();
        }
        if let Some(values) = schema.additional_properties.as_ref().filter(|_| is_map(schema)) {
            let path = format!("{path}.{{key}}");
            for _ in 0..random.below(4) {
                let key = texts::key(self.of_field(&path), random);
                fields.insert(key, self.value(values, &path, level + 1, random));
            }
        }
        for (name, property) in schema.properties.iter().take(MAX_FIELDS) {
            let path = format!("{path}.{name}");
            let share = 0.5 + 0.4 * self.of_field(&path).share();
            if schema.required.contains(name) || random.chance(share) {
                fields.insert(name.clone(), self.value(property, &path, level + 1, random));
            }
        }
        fields.into()
    }
}

/// Whether the keys of the object are data.
pub fn is_map(schema: &Schema) -> bool {
    schema.properties.is_empty() && schema.additional_properties.is_some()
}

/// Whether fields of the schema are made at this level.
pub fn has_fields(level: usize) -> bool {
    level < MAX_DEPTH
}

/// The fields of an object that are made.
pub fn fields(schema: &Schema) -> impl Iterator<Item = (&String, &Schema)> {
    schema.properties.iter().take(MAX_FIELDS)
}
