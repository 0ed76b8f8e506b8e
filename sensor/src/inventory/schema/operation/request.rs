//! Requests of GraphQL over HTTP and of JSON-RPC 2.0: JSON objects, or arrays of such.

use memchr::memmem;

use super::{Operations, graphql};
use crate::inventory::schema::{
    Scalar,
    body::{Body, Buffers, Events, MediaType, read},
};

/// Longest text of a request that is kept to be read, in bytes: longer documents have their
/// operation at the front.
const MAX_TEXT: usize = 8192;

/// What of a request matters.
#[derive(Debug, Default)]
pub struct Request {
    document: Vec<u8>,
    chosen: Vec<u8>,
    method: Vec<u8>,
    is_rpc: bool,
    is_persisted: bool,
}

impl Request {
    fn clear(&mut self) {
        self.document.clear();
        self.chosen.clear();
        self.method.clear();
        self.is_rpc = false;
        self.is_persisted = false;
    }
}

/// Finds the operations of a JSON body, when there is any hint of one in it.
pub fn find(body: Body<'_>, buffers: &mut Buffers, operations: &mut Operations) {
    let is_container = matches!(body.bytes.trim_ascii_start(), [b'{' | b'[', ..]);
    let hints: [&[u8]; 3] = [b"\"jsonrpc\"", b"\"query\"", b"\"operationName\""];
    if !is_container || !hints.iter().any(|hint| memmem::find(body.bytes, hint).is_some()) {
        return;
    }
    let mut collector = Collector { operations, depth: 0, base: 0, field: Field::Other };
    collector.operations.request.clear();
    let json = MediaType::read(b"application/json");
    let _ = read(body, &json, buffers, &mut collector);
    // The object at hand was cut, but may have told its operation.
    collector.tell();
}

/// A field of a request that matters.
#[derive(Clone, Copy)]
enum Field {
    Query,
    OperationName,
    JsonRpc,
    Method,
    Extensions,
    Other,
}

struct Collector<'a> {
    operations: &'a mut Operations,
    depth: usize,
    /// Depth of what holds requests: 1 in a batch.
    base: usize,
    field: Field,
}

impl Collector<'_> {
    fn is_in_request(&self) -> bool {
        self.depth == self.base + 1
    }

    fn tell(&mut self) {
        let mut request = std::mem::take(&mut self.operations.request);
        let Request { document, chosen, method, is_rpc, is_persisted } = &request;
        if *is_rpc {
            let is_name = method.iter().all(|&byte| is_name_byte(byte));
            let method = str::from_utf8(method).ok().filter(|_| is_name);
            self.operations.add(|name| name.push_str(method.unwrap_or_default()));
        } else if !document.is_empty() {
            self.operations.add(|name| graphql::write_name(document, chosen, name));
        } else if *is_persisted && chosen.iter().all(|&byte| is_name_byte(byte)) {
            let chosen = str::from_utf8(chosen).unwrap_or_default();
            self.operations.add(|name| name.push_str(chosen));
        }
        request.clear();
        self.operations.request = request;
    }
}

/// Bytes of names that programs give. What has others is a value, and is not kept.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.:/$".contains(&byte)
}

impl Events for Collector<'_> {
    fn begin_object(&mut self) {
        self.depth += 1;
    }

    fn begin_array(&mut self) {
        if self.depth == 0 {
            self.base = 1;
        }
        self.depth += 1;
    }

    fn end(&mut self) {
        if self.is_in_request() {
            self.tell();
        }
        self.depth = self.depth.saturating_sub(1);
    }

    fn key(&mut self, key: &[u8]) {
        let request = &mut self.operations.request;
        if self.depth == self.base + 2 && matches!(self.field, Field::Extensions) {
            request.is_persisted |= key == b"persistedQuery";
        }
        if self.is_in_request() {
            self.field = match key {
                b"query" => Field::Query,
                b"operationName" => Field::OperationName,
                b"jsonrpc" => Field::JsonRpc,
                b"method" => Field::Method,
                b"extensions" => Field::Extensions,
                _ => Field::Other,
            };
        }
    }

    fn value(&mut self, value: Scalar<'_>) {
        let Scalar::Text(text) = value else { return };
        if !self.is_in_request() {
            return;
        }
        let request = &mut self.operations.request;
        let place = match self.field {
            Field::Query => &mut request.document,
            Field::OperationName => &mut request.chosen,
            Field::Method => &mut request.method,
            Field::JsonRpc => return request.is_rpc = text == b"2.0",
            Field::Extensions | Field::Other => return,
        };
        place.clear();
        place.extend_from_slice(&text[..text.len().min(MAX_TEXT)]);
    }

    fn keys_repeat(&mut self) {}
}
