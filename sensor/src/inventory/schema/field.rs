//! What is learned of one field: its types, ranges, format and few values, in about 150 bytes.
//!
//! [`Field::merge`] is commutative and associative, so fields learned on several nodes join into
//! what one node would have learned. Exact up to 2^32 of a kind: counts, lengths, item counts,
//! numbers within 2^53. Bounded: formats (more than four different ones are none), values of an
//! enumeration (more than twelve are none).

mod bounds;
mod enumeration;
mod evidence;
mod number;
mod text;

pub use enumeration::may_list;
pub use number::Number;
pub use text::Text;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::inventory::{
    description::{Schema, Type},
    schema::format::{Classes, Format},
};
use bounds::Bounds;
use enumeration::Enumeration;
use evidence::Evidence;

/// Texts before their classes are shown as a pattern.
const MIN_PATTERN: u64 = 10;

/// One value of so many may be of another type where all values are texts, as in a query: what
/// scanners send must not unmake what is known.
const EXCEPTIONS: u64 = 100;

/// What is known of a field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Field {
    /// Whole objects that carry it.
    pub(super) present: u64,
    /// Times that it was a whole object itself.
    pub(super) objects: u64,
    pub(super) arrays: u32,
    nulls: u32,
    booleans: u32,
    integers: u32,
    fractions: u32,
    strings: u32,
    /// Of texts, in characters.
    lengths: Bounds<u32>,
    numbers: Bounds<f64>,
    pub(super) items: Bounds<u32>,
    formats: Evidence,
    classes: Classes,
    /// Of identifiers, the word before them; spaces fill it up.
    prefix: Option<[u8; 8]>,
    /// Identifiers do not share a prefix.
    prefixes_differ: bool,
    /// All values were texts whose types are found from the text.
    untyped: bool,
    /// No value, not even the least, is kept.
    is_hidden: bool,
    /// One object carried it several times.
    pub(super) repeated: bool,
    enumeration: Enumeration,
}

impl Field {
    /// A field whose values are never listed.
    pub fn unlisted() -> Self {
        Self { enumeration: Enumeration::Closed, ..Self::default() }
    }

    /// Forgets the texts and the range of its values, and keeps none from now on.
    pub fn hide(&mut self) {
        self.enumeration = Enumeration::Closed;
        self.numbers = Bounds::default();
        self.is_hidden = true;
    }

    /// Values seen.
    pub fn seen(&self) -> u64 {
        let scalars =
            [self.nulls, self.booleans, self.integers, self.fractions, self.strings, self.arrays];
        scalars.iter().map(|&count| u64::from(count)).sum::<u64>() + self.objects
    }

    /// Values that were null.
    pub fn nulls(&self) -> u64 {
        u64::from(self.nulls)
    }

    /// The format of its texts, with how many do not have it.
    pub fn format(&self) -> Option<(Format, u64)> {
        self.formats.shown(self.texts())
    }

    /// Whether values were texts whose types are found from the text.
    pub fn is_untyped(&self) -> bool {
        self.untyped
    }

    /// The types seen but null, a bit for each: to compare, not to show.
    pub fn type_mask(&self) -> u8 {
        let types = [
            self.booleans > 0,
            self.integers > 0 || self.fractions > 0,
            self.strings > 0,
            self.arrays > 0,
            self.objects > 0,
        ];
        types.iter().rev().fold(0, |mask, &is_seen| mask << 1 | u8::from(is_seen))
    }

    /// Counts a null.
    pub fn learn_null(&mut self) {
        increment(&mut self.nulls);
    }

    /// Counts a truth value.
    pub fn learn_boolean(&mut self) {
        increment(&mut self.booleans);
    }

    /// Counts a number.
    pub fn learn_number(&mut self, number: Number) {
        increment(if number.is_integer { &mut self.integers } else { &mut self.fractions });
        if let Some(value) = number.value.filter(|_| !self.is_hidden) {
            self.numbers.include(value);
        }
    }

    /// Counts a text that is one by its type.
    pub fn learn_text(&mut self, text: &Text<'_>, seed: u64) {
        increment(&mut self.strings);
        self.learn_form(text, seed);
    }

    /// Counts a text whose type is found from the text, as in a query.
    pub fn learn_untyped(&mut self, text: &Text<'_>, seed: u64) {
        self.untyped = true;
        if let Some(number) = text.number() {
            self.learn_number(number);
        } else if matches!(text.bytes, b"true" | b"false") {
            increment(&mut self.booleans);
        } else {
            increment(&mut self.strings);
            return self.learn_form(text, seed);
        }
        self.lengths.include(text.length());
        self.classes = self.classes.union(text.classes);
    }

    /// Counts a file of so many bytes.
    pub fn learn_file(&mut self, size: usize) {
        self.formats.add(Format::Binary);
        self.learn_length(size);
    }

    /// Counts a text that is a body: nothing but its length.
    pub fn learn_document(&mut self, text: &[u8]) {
        self.learn_length(text::length(text));
    }

    fn learn_length(&mut self, length: usize) {
        increment(&mut self.strings);
        self.enumeration = Enumeration::Closed;
        self.classes = self.classes.union(Classes::WILD);
        self.lengths.include(u32::try_from(length).unwrap_or(u32::MAX));
    }

    fn learn_form(&mut self, text: &Text<'_>, seed: u64) {
        self.lengths.include(text.length());
        self.classes = self.classes.union(text.classes);
        let format = Format::of(text.bytes, text.classes);
        if let Some(format) = format {
            self.formats.add(format);
        }
        if format == Some(Format::PrefixedId) {
            self.learn_prefix(text::prefix(text.bytes));
        }
        self.enumeration.learn(text, format, seed);
    }

    fn learn_prefix(&mut self, prefix: Option<[u8; 8]>) {
        match (self.prefix, prefix) {
            _ if self.prefixes_differ => {}
            (None, Some(_)) => self.prefix = prefix,
            (Some(known), Some(prefix)) if known == prefix => {}
            _ => (self.prefix, self.prefixes_differ) = (None, true),
        }
    }

    /// Joins what was learned elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.present = self.present.saturating_add(other.present);
        self.objects = self.objects.saturating_add(other.objects);
        for (count, more) in [
            (&mut self.arrays, other.arrays),
            (&mut self.nulls, other.nulls),
            (&mut self.booleans, other.booleans),
            (&mut self.integers, other.integers),
            (&mut self.fractions, other.fractions),
            (&mut self.strings, other.strings),
        ] {
            *count = count.saturating_add(more);
        }
        self.lengths.merge(&other.lengths);
        self.numbers.merge(&other.numbers);
        if self.is_hidden || other.is_hidden {
            self.hide();
        }
        self.items.merge(&other.items);
        self.formats.merge(&other.formats);
        self.classes = self.classes.union(other.classes);
        if other.prefixes_differ {
            (self.prefix, self.prefixes_differ) = (None, true);
        } else if other.prefix.is_some() {
            self.learn_prefix(other.prefix);
        }
        self.untyped |= other.untyped;
        self.repeated |= other.repeated;
        self.enumeration.merge(&other.enumeration);
    }

    /// As a schema, without what is under it.
    pub fn describe(&self) -> Schema {
        let types = self.types();
        let mut schema = Schema { seen: self.seen(), ..Schema::default() };
        if types.contains(&Type::Integer) || types.contains(&Type::Number) {
            (schema.minimum, schema.maximum) = self.numbers.split();
        }
        if types.contains(&Type::Array) && !self.repeated {
            let (least, most) = self.items.split();
            (schema.min_items, schema.max_items) = (least.map(u64::from), most.map(u64::from));
        }
        if types.contains(&Type::String) {
            let (least, most) = self.lengths.split();
            (schema.min_length, schema.max_length) = (least.map(u64::from), most.map(u64::from));
            let format = self.format().map(|(format, _)| format);
            schema.format = format.and_then(Format::name).map(Into::into);
            schema.values = self.enumeration.listed();
            schema.pattern = self.pattern(format).filter(|_| schema.values.is_empty());
        }
        schema.types = types;
        schema
    }

    /// Values that were texts, of any type that a text may show.
    fn texts(&self) -> u64 {
        let others = [self.booleans, self.integers, self.fractions];
        let others = others.iter().map(|&count| u64::from(count)).sum::<u64>();
        u64::from(self.strings) + if self.untyped { others } else { 0 }
    }

    fn types(&self) -> BTreeSet<Type> {
        let (mut booleans, mut integers, mut fractions, mut strings) =
            (self.booleans, self.integers, self.fractions, self.strings);
        if self.untyped {
            let texts = self.texts();
            let is_rare = |count: u32| u64::from(count) * EXCEPTIONS <= texts;
            if is_rare(strings) {
                strings = 0;
            }
            if is_rare(booleans) {
                booleans = 0;
            }
            if is_rare(integers) && is_rare(fractions) {
                (integers, fractions) = (0, 0);
            }
            let is_mixed = booleans > 0 && (integers > 0 || fractions > 0);
            if strings > 0 || is_mixed {
                (booleans, integers, fractions, strings) = (0, 0, 0, 1);
            }
        }
        let seen = [
            (Type::Null, self.nulls > 0),
            (Type::Boolean, booleans > 0),
            (Type::Integer, integers > 0 && fractions == 0),
            (Type::Number, fractions > 0),
            (Type::String, strings > 0),
            (Type::Array, self.arrays > 0),
            (Type::Object, self.objects > 0),
        ];
        seen.iter().filter(|(_, is_seen)| *is_seen).map(|(kind, _)| *kind).collect()
    }

    /// Every text matches it.
    fn pattern(&self, format: Option<Format>) -> Option<String> {
        let has_grammar = format.is_some_and(|format| {
            !matches!(format, Format::Digits | Format::PrefixedId | Format::Token)
        });
        let texts = self.texts();
        if has_grammar || texts < MIN_PATTERN {
            return None;
        }
        // Anything else than an identifier in between, and the prefix is not that of every text.
        let are_prefixed = self.formats.count(Format::PrefixedId) == texts;
        if let Some(prefix) = self.prefix.filter(|_| are_prefixed) {
            let prefix = String::from_utf8_lossy(&prefix);
            return Some(format!("^{}[A-Za-z0-9]+$", prefix.trim_end()));
        }
        let classes = self.classes.expression()?;
        let times = if self.lengths.split().0 == Some(0) { '*' } else { '+' };
        Some(format!("^[{classes}]{times}$"))
    }
}

fn increment(count: &mut u32) {
    *count = count.saturating_add(1);
}

#[cfg(test)]
mod tests;
