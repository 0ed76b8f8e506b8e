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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{
        event::{EventIds, sample},
        inventory::{Inventory, Limits, description::Schema, rules::Rules},
    };

    fn inventory() -> Inventory {
        let limits = Limits { endpoints: 10, fields: 1000, learn_rate: 1000 };
        Inventory::new(limits, 7, Rules::default()).unwrap()
    }

    fn detail() -> EndpointDetail {
        let mut inventory = inventory();
        let text = "GET /users/42?page=1 HTTP/1.1\nHost: shop.example\n\n";
        inventory.record(&mut sample::exchange(text, 200));
        inventory.take_unsent(10, Timestamp(sample::START)).pop().unwrap()
    }

    fn long(count: usize) -> Schema {
        Schema { values: vec!["word".to_owned(); count], ..Schema::default() }
    }

    #[test]
    fn an_endpoint_is_taken_once_for_each_change() {
        let mut inventory = inventory();
        let mut exchange = sample::exchange("GET /a HTTP/1.1\nHost: shop.example\n\n", 200);
        let mut taken = |calls: usize| {
            (0..calls).for_each(|_| drop(inventory.record(&mut exchange).route.clone()));
            inventory.take_unsent(10, Timestamp(sample::START)).len()
        };
        assert_eq!([taken(0), taken(2), taken(0), taken(1)], [0, 1, 0, 1]);
    }

    /// Parts go in the stated order, only as many as must, and the record names them.
    #[test]
    fn a_long_record_is_cut_and_says_so() {
        let check = |responses: usize, requests: usize, expect: Option<&[&str]>| {
            let mut detail = detail();
            let media = |count| ("application/json".to_owned(), long(count));
            detail.operation.responses.insert("200".to_owned(), [media(responses)].into());
            detail.operation.request = [media(requests)].into();
            let id = EventIds::new().make();
            let event = EndpointEvent::new(&detail, id, Timestamp(sample::START), "node-1");
            let mut out = Vec::new();
            let cut = event.append_json(&mut out, 8 * 1024).unwrap();
            assert!(out.len() <= 8 * 1024);
            let record: Value = serde_json::from_slice(&out).unwrap();
            let named = record.get("record.cut").map(|cut| serde_json::from_value(cut.clone()));
            let named: Option<Vec<String>> = named.map(Result::unwrap);
            let expect = expect.map(|names| names.iter().map(ToString::to_string).collect());
            assert_eq!((cut, named), (expect.is_some(), expect));
            assert_eq!(record["endpoint"]["id"], detail.endpoint.id);
        };
        check(10, 10, None);
        check(2000, 10, Some(&["responses"]));
        check(10, 2000, Some(&["responses", "requests"]));
    }

    #[test]
    fn what_cannot_be_cut_enough_is_refused() {
        let (detail, id) = (detail(), EventIds::new().make());
        let event = EndpointEvent::new(&detail, id, Timestamp(0), "node-1");
        let mut out = b"before".to_vec();
        assert!(event.append_json(&mut out, 100).is_err());
        assert_eq!(out, b"before");
        assert_eq!(event.key(), format!("{}@node-1", detail.endpoint.id));
    }
}
