//! Specifications of APIs: read, compared with what was learned, and written.
//!
//! `OpenAPI` 3.0 and 3.1 and Swagger 2, as JSON or YAML, become [`Operation`]s, the language in
//! which the inventory tells what it learned. Broken input is data here too: what cannot be
//! taken from a document is a [`Problem`] with its place, and the rest is taken.

mod diff;
mod document;
mod export;
mod operation;
mod parameter;
mod place;
mod problem;
mod reader;
mod reference;
mod route;
mod schema;
mod security;
mod server;

pub use diff::{Difference, DifferenceKind, Hosts, diff};
pub use export::export;
pub use problem::{Kind, Location, Problem};

use std::collections::BTreeMap;

use crate::inventory::description::Operation;

/// Longest document in bytes.
pub const MAX_DOCUMENT: usize = 64 << 20;

/// What a document declares.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Specification {
    /// Its title; empty when it has none.
    pub title: String,
    /// The version of the API that it describes; empty when it names none.
    pub version: String,
    /// What it declares, in the order of host, route, method and name. Every place that its servers name is an operation of
    /// its own where their paths differ; the host is empty when there are several or none.
    pub operations: Vec<Operation>,
    /// Security schemes by name: the kind, as in [`Operation::security`].
    pub security: BTreeMap<String, String>,
    /// What could not be taken from it, in the order found.
    pub problems: Vec<Problem>,
}

/// Reads a document. `$ref`s are followed within it alone: nothing is fetched or opened.
///
/// A document that is neither JSON nor YAML gives no operations, and a problem that names the
/// line.
pub fn read(bytes: &[u8]) -> Specification {
    match document::parse(bytes) {
        Ok(document) => reader::read(&document),
        Err(problem) => Specification { problems: vec![problem], ..Specification::default() },
    }
}

#[cfg(test)]
mod tests;
