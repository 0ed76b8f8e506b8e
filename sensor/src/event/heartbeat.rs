//! The record that the sensor writes about itself.

use schemars::JsonSchema;
use serde::Serialize;

use super::{EventId, JsonError, SCHEMA_VERSION, time};
use crate::{exchange::Timestamp, mask::HexDigits, stats::Status};

/// How the sensor of a node is, every few seconds: with every counter of loss.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Sensor")]
pub struct HeartbeatEvent<'a> {
    /// The kind of record: `sensor`.
    #[schemars(extend("const" = "sensor"))]
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
    /// The boot of the machine that runs the sensor, 16 hex digits: two at a time under one
    /// `host.name` are two nodes with one name.
    #[serde(rename = "host.boot.id")]
    #[schemars(with = "String")]
    boot: HexDigits<16>,
    /// The answer of `sensor status --output json`.
    status: &'a Status,
}

impl<'a> HeartbeatEvent<'a> {
    /// The record of `status` at `now`.
    pub fn new(status: &'a Status, id: EventId, now: Timestamp) -> Self {
        Self {
            schema: "sensor",
            schema_version: SCHEMA_VERSION,
            id,
            timestamp: time::Rfc3339(now),
            node: &status.node,
            boot: boot(),
            status,
        }
    }

    /// Appends the record to `out` as JSON on one line.
    pub fn append_json(&self, out: &mut Vec<u8>) -> Result<(), JsonError> {
        serde_json::to_writer(out, self).map_err(serde::ser::Error::custom)
    }
}

/// A hash of the kernel's id of this boot.
fn boot() -> HexDigits<16> {
    let boot = std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    HexDigits::new(&blake3::hash(&boot).as_bytes()[..8])
}
