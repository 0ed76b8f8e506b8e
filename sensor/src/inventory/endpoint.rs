//! Endpoint rows: one per (service, method, path template), with counts, status codes and latency.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A row of the endpoint list, as the control socket and `--output json` give it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EndpointRow {
    /// Stable id: 16 hex digits over (service, role, method, route).
    pub id: String,
    /// The service: the authority asked for, else the server's address.
    pub host: String,
    /// `server`, `client` or `observed`: the side of the captured socket.
    pub role: String,
    /// Request method.
    pub method: String,
    /// Path template, such as `/users/{userId}`.
    pub route: String,
    /// Requests seen.
    pub requests: u64,
    /// Of those, answered with a status of 400 or above.
    pub errors: u64,
    /// Of those, without a response.
    pub unanswered: u64,
    /// Responses by status code.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests a second, decayed over about half a minute.
    pub rate: f64,
    /// Time from the first request byte to the last response byte, in milliseconds.
    pub latency_ms: Option<Latency>,
    /// First and last seen, RFC 3339.
    pub first_seen: String,
    /// See `first_seen`.
    pub last_seen: String,
    /// The process that serves (role `server`) or calls (role `client`): name of the executable.
    pub process: Option<String>,
    /// Its process id.
    pub pid: Option<u32>,
    /// Its container id.
    pub container: Option<String>,
    /// Its Kubernetes pod uid.
    pub pod: Option<String>,
}

/// Quantiles in milliseconds, within 1% of the true value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Latency {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
}
