//! The record of an endpoint: everything about it at a time.

use schemars::JsonSchema;
use serde::Serialize;

use super::{EventId, JsonError, SCHEMA_VERSION, time};
use crate::{
    exchange::Timestamp,
    inventory::{
        EndpointDetail,
        description::Operation,
        endpoint::EndpointRow,
        learned::{AuthenticationView, SensitiveView},
        schema::tree,
    },
};

/// What is known of an endpoint on one node at a time. A later record of the same endpoint and
/// node takes the place of this one.
///
/// Unlike exchanges, the parts are objects as `sensor endpoint ID --output json` gives them.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Endpoint")]
pub struct EndpointEvent<'a> {
    /// The kind of record: `endpoint`.
    #[schemars(extend("const" = "endpoint"))]
    schema: &'static str,
    /// Version of the kind's schema: 1.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    schema_version: u32,
    /// Id of the record, 32 hex digits.
    #[serde(rename = "event.id")]
    #[schemars(with = "String")]
    id: EventId,
    /// When it was so, RFC 3339 in UTC with nanoseconds.
    #[schemars(with = "String")]
    timestamp: time::Rfc3339,
    /// The node.
    #[serde(rename = "host.name")]
    node: &'a str,
    /// Parts left out because the record was too long: `responses`, `requests`, `data`,
    /// `parameters`.
    #[serde(rename = "record.cut", skip_serializing_if = "Vec::is_empty")]
    cut: Vec<&'static str>,
    /// Its row of the list.
    endpoint: &'a EndpointRow,
    /// Parameters, requests and responses.
    operation: &'a Operation,
    /// How requests authenticate.
    access: &'a AuthenticationView,
    /// Sensitive data by field.
    data: &'a [SensitiveView],
    /// Values and bodies that were not learned from.
    not_learned: &'a tree::Counters,
}

/// A part that may be left out.
type Part = (&'static str, fn(&mut EndpointDetail));

/// Parts in the order in which they are left out: the longest that says the least first.
const PARTS: [Part; 4] = [
    ("responses", |detail| detail.operation.responses.clear()),
    ("requests", |detail| detail.operation.request.clear()),
    ("data", |detail| detail.data.clear()),
    ("parameters", |detail| detail.operation.parameters.clear()),
];

impl<'a> EndpointEvent<'a> {
    /// The record of an endpoint on `node` at `now`.
    pub fn new(detail: &'a EndpointDetail, id: EventId, now: Timestamp, node: &'a str) -> Self {
        let EndpointDetail { endpoint, operation, access, data, not_learned } = detail;
        Self {
            schema: "endpoint",
            schema_version: SCHEMA_VERSION,
            id,
            timestamp: time::Rfc3339(now),
            node,
            cut: Vec::new(),
            endpoint,
            operation,
            access,
            data,
            not_learned,
        }
    }

    /// What its topic is compacted by: the endpoint and the node.
    pub fn key(&self) -> String {
        Self::key_of(&self.endpoint.id, self.node)
    }

    /// The key of the endpoint of an id.
    pub fn key_of(id: &str, node: &str) -> String {
        format!("{id}@{node}")
    }

    /// Appends the record to `out` as JSON on one line, in at most `limit` bytes. True when parts
    /// had to be left out; an error when that was not enough.
    pub fn append_json(&self, out: &mut Vec<u8>, limit: usize) -> Result<bool, JsonError> {
        let whole = to_json(self)?;
        if whole.len() <= limit {
            out.extend_from_slice(&whole);
            return Ok(false);
        }
        let mut detail = EndpointDetail {
            endpoint: self.endpoint.clone(),
            operation: self.operation.clone(),
            access: self.access.clone(),
            data: self.data.to_vec(),
            not_learned: *self.not_learned,
        };
        let mut cut = Vec::new();
        for (name, leave_out) in PARTS {
            leave_out(&mut detail);
            cut.push(name);
            let time::Rfc3339(now) = self.timestamp;
            let shorter =
                EndpointEvent { cut, ..EndpointEvent::new(&detail, self.id, now, self.node) };
            let json = to_json(&shorter)?;
            if json.len() <= limit {
                out.extend_from_slice(&json);
                return Ok(true);
            }
            cut = shorter.cut;
        }
        Err(JsonError::too_long(limit))
    }
}

fn to_json(record: &impl Serialize) -> Result<Vec<u8>, JsonError> {
    serde_json::to_vec(record).map_err(serde::ser::Error::custom)
}
