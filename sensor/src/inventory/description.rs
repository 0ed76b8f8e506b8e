//! What an operation takes and gives, in the words of `OpenAPI` and JSON Schema (2020-12): the
//! common language of what was learned from traffic and what a specification declares.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// An operation: a method on a path template of a host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Operation {
    /// The authority; empty when a specification names none.
    pub host: String,
    /// Request method, upper case.
    pub method: String,
    /// Path template, such as `/users/{userId}`.
    pub route: String,
    /// Name of a `GraphQL` operation (`query Users`) or JSON-RPC method under the route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Declared deprecated. Never true of a learned operation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// Parameters outside the body, in the order of place and name.
    pub parameters: Vec<Parameter>,
    /// Request bodies by media type.
    pub request: BTreeMap<String, Schema>,
    /// Response bodies by status (`200`, `4XX`, `default`), then media type. A status whose
    /// responses have no body has an empty map.
    pub responses: BTreeMap<String, BTreeMap<String, Schema>>,
    /// Ways to authenticate, each enough by itself; empty when none is asked for.
    pub security: BTreeSet<String>,
}

/// A parameter outside the body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Parameter {
    /// Where it is sent.
    pub place: Place,
    /// Its name as sent; of a field, in lower case.
    pub name: String,
    /// Every request carries it.
    pub required: bool,
    /// Its values.
    pub schema: Schema,
}

/// Where a parameter is sent.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A segment of the path, or a part of one.
    Path,
    /// The query.
    Query,
    /// A field of the head.
    Header,
    /// A cookie.
    Cookie,
}

/// A type of JSON Schema.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// null
    Null,
    /// true or false
    Boolean,
    /// A number without fraction.
    Integer,
    /// A number.
    Number,
    /// Text.
    String,
    /// A list.
    Array,
    /// Fields by name.
    Object,
}

/// The values that a place may hold: the part of JSON Schema that is learned and compared.
/// Serialises as JSON Schema.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Schema {
    /// Any of these; empty when nothing is known.
    #[serde(rename = "type", skip_serializing_if = "BTreeSet::is_empty")]
    pub types: BTreeSet<Type>,
    /// `date-time`, `uuid`, `email`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// Greatest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// Least length of a text, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u64>,
    /// Greatest length of a text, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
    /// Regular expression that every text matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// All values, when they are few and stable.
    #[serde(rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Least number of items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_items: Option<u64>,
    /// Greatest number of items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_items: Option<u64>,
    /// Items of an array.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Schema>>,
    /// Fields of an object.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Schema>,
    /// Of those, the ones that are always there.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub required: BTreeSet<String>,
    /// Values of an object whose keys are data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_properties: Option<Box<Schema>>,
    /// How many values were seen; 0 of a declared one.
    #[serde(rename = "x-seen", skip_serializing_if = "is_zero")]
    pub seen: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
