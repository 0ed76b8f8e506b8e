//! Operations that share a path: of GraphQL, by name or top-level fields, and methods of
//! JSON-RPC 2.0. Each counts as an endpoint of its own under its path.

mod graphql;
mod request;

use super::body::{Body, Buffers, MediaType, decode, pairs};

/// Operations of one request, beyond which the others are left out.
const MAX_OPERATIONS: usize = 16;

/// Longest name of an operation, in bytes.
const MAX_NAME: usize = 128;

/// The operations of a request, each once, in the order sent. Made to be used again.
#[derive(Debug, Default)]
pub struct Operations {
    names: String,
    ends: Vec<usize>,
    request: request::Request,
}

impl Operations {
    /// None.
    pub fn clear(&mut self) {
        self.names.clear();
        self.ends.clear();
    }

    /// Their names: `query Users`, `mutation {login}`, `eth_call`. More than one in a batch.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| self.names.get(start..end).unwrap_or_default())
    }

    /// Whether there is none: the request is none of these protocols.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds the name that `write` writes, when it is new and one at all.
    fn add(&mut self, write: impl FnOnce(&mut String)) {
        let start = self.names.len();
        write(&mut self.names);
        let name = &self.names[start..];
        let is_name = (1..=MAX_NAME).contains(&name.len()) && !name.contains(char::is_control);
        if is_name && self.ends.len() < MAX_OPERATIONS && !self.names().any(|known| known == name) {
            self.ends.push(self.names.len());
        } else {
            self.names.truncate(start);
        }
    }
}

/// Finds the operations of a request in its body, or else in its query.
///
/// Biased towards none: a body with a field `query` is one of GraphQL only when that reads as
/// such a document, or when an `operationName` or a persisted query comes with it.
pub fn find(
    query: Option<&[u8]>,
    media_type: &MediaType<'_>,
    body: Option<Body<'_>>,
    buffers: &mut Buffers,
    operations: &mut Operations,
) {
    operations.clear();
    if let Some(body) = body.filter(|body| !body.bytes.is_empty()) {
        if media_type.name.eq_ignore_ascii_case(b"application/graphql") {
            return operations.add(|name| graphql::write_name(body.bytes, b"", name));
        }
        request::find(body, buffers, operations);
    }
    if let Some(query) = query.filter(|query| operations.is_empty() && has_query(query)) {
        find_in_query(query, operations);
    }
}

/// Whether there is a pair that may hold a document.
fn has_query(query: &[u8]) -> bool {
    query.starts_with(b"query=") || memchr::memmem::find(query, b"&query=").is_some()
}

fn find_in_query(query: &[u8], operations: &mut Operations) {
    let value =
        |name: &[u8]| pairs(query).find(|(found, _)| *found == name).map(|(_, value)| value);
    let (mut document, mut chosen) = (Vec::new(), Vec::new());
    let document = decode(value(b"query").unwrap_or_default(), &mut document);
    let chosen = decode(value(b"operationName").unwrap_or_default(), &mut chosen);
    operations.add(|name| graphql::write_name(document, chosen, name));
}

#[cfg(test)]
mod tests;
