//! Masked records: the only form in which an exchange leaves the analysis.
//!
//! A record is a view of an [`Exchange`] that serialises straight from its bytes; what must not
//! leave has no field here. Every string that came from the wire is a token of bounded length, a
//! route, or a keyed hash. `docs/events.md` says what each field means, and
//! `docs/schemas/exchange.v1.json` is made from these types.

mod body;
#[cfg(test)]
mod compatibility;
mod endpoint;
mod heartbeat;
mod id;
mod json;
mod names;
mod process;
mod time;

#[cfg(test)]
pub(crate) mod sample;

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    exchange::{Exchange, Request, Response, Timestamp, Version},
    inventory::{
        endpoint::{Host, method, role},
        template::Template,
    },
    mask::{HexDigits, MaskKey},
};
use body::Body;
pub use endpoint::EndpointEvent;
pub use heartbeat::HeartbeatEvent;
pub use id::{EventId, EventIds};
pub use json::JsonError;
use names::{FieldNames, Flags, PathParameters, QueryParameters};
use process::Process;

/// The version of the record's schema. It rises when a consumer of the older one would
/// misunderstand a record; fields may be added without.
pub const SCHEMA_VERSION: u32 = 1;

/// One HTTP exchange, masked. Facts that are not known are left out.
///
/// Keys follow the OpenTelemetry semantic conventions where these have one. All lengths are in
/// bytes, all durations in nanoseconds. Hashes are 128 bits of BLAKE3 under the deployment's
/// key: equal values have equal hashes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Exchange")]
pub struct ExchangeEvent<'a> {
    /// The kind of record: `exchange`.
    #[schemars(extend("const" = "exchange"))]
    schema: &'static str,
    /// Version of the kind's schema: 1.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    schema_version: u32,
    /// Id of the exchange, 32 hex digits: unique over nodes and restarts, the same whenever the
    /// same capture file is replayed.
    #[serde(rename = "event.id")]
    #[schemars(with = "String")]
    id: HexDigits<32>,
    /// When the first byte of the exchange was seen, RFC 3339 in UTC with nanoseconds.
    #[schemars(with = "String")]
    timestamp: time::Rfc3339,
    /// The node that saw it.
    #[serde(rename = "host.name", skip_serializing_if = "str::is_empty")]
    node: &'a str,
    /// The side of the captured socket: `server`, `client`, or `observed` (replayed captures).
    #[serde(rename = "sensor.role")]
    role: &'static str,
    /// The connection, 16 hex digits, unique on the node while the connection is open.
    #[serde(rename = "connection.id")]
    #[schemars(with = "String")]
    connection: HexDigits<16>,
    /// IP address of the client, as the connection shows it.
    #[serde(rename = "client.address")]
    client_address: IpAddr,
    /// TCP port of the client.
    #[serde(rename = "client.port")]
    client_port: u16,
    /// IP address of the server, as the connection shows it.
    #[serde(rename = "server.address")]
    server_address: IpAddr,
    /// TCP port of the server.
    #[serde(rename = "server.port")]
    server_port: u16,
    /// HTTP version of the request, else of the response: `0.9`, `1.0` or `1.1`.
    #[serde(rename = "network.protocol.version", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    version: Option<&'static str>,
    /// Scheme: `http`, or `https` where TLS was read.
    #[serde(rename = "url.scheme")]
    scheme: &'static str,
    /// Version of TLS, `1.0` to `1.3`.
    #[serde(rename = "tls.protocol.version", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    tls_version: Option<&'static str>,
    /// Cipher suite, by its IANA name.
    #[serde(rename = "tls.cipher", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    tls_cipher: Option<&'static str>,
    /// Application protocol chosen in the handshake (ALPN).
    #[serde(rename = "tls.next_protocol", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    tls_protocol: Option<&'a str>,
    /// Host name that the client asked for in the handshake (SNI).
    #[serde(rename = "tls.client.server_name", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    tls_server_name: Option<&'a str>,
    /// Whether an earlier TLS session was resumed.
    #[serde(rename = "tls.resumed", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    tls_resumed: Option<bool>,
    /// Whether the client showed a certificate (mutual TLS).
    #[serde(rename = "tls.client.certificate_shown", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    tls_client_certificate: Option<bool>,

    /// Request method, or `_OTHER` when it is no token of at most 32 bytes.
    #[serde(rename = "http.request.method", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    method: Option<&'a str>,
    /// The host asked for, in lower case, with its port unless that is 80.
    #[serde(rename = "http.request.host", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    host: Option<Host>,
    /// Path template, such as `/users/{userId}`.
    #[serde(rename = "http.route", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    route: Option<&'a str>,
    /// The operations called, where several share the path (GraphQL, JSON-RPC), by name.
    #[serde(rename = "http.request.operations", skip_serializing_if = "<[_]>::is_empty")]
    #[schemars(with = "Vec<String>")]
    operations: &'a [Box<str>],
    /// Facts on the parameters of the path, in its order.
    #[serde(rename = "url.path_parameters", skip_serializing_if = "PathParameters::is_empty")]
    #[schemars(with = "Vec<names::ParameterFacts<'static>>")]
    path_parameters: PathParameters<'a>,
    /// Facts on the parameters of the query, in its order, at most 64.
    #[serde(rename = "url.query_parameters", skip_serializing_if = "QueryParameters::is_empty")]
    #[schemars(with = "Vec<names::ParameterFacts<'static>>")]
    query_parameters: QueryParameters<'a>,
    /// Query parameters beyond the 64 that are listed.
    #[serde(rename = "url.query_parameters_omitted", skip_serializing_if = "is_zero")]
    query_parameters_omitted: usize,
    /// Names of the request's fields in lower case, in the order sent, at most 64.
    #[serde(rename = "http.request.header_names", skip_serializing_if = "FieldNames::is_empty")]
    #[schemars(with = "Vec<String>")]
    request_fields: FieldNames<'a>,
    /// Request fields beyond the 64 that are listed.
    #[serde(rename = "http.request.header_names_omitted", skip_serializing_if = "is_zero")]
    request_fields_omitted: usize,
    /// Media type of the request's content, without parameters, or `invalid`.
    #[serde(rename = "http.request.body.media_type", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    request_media_type: Option<names::Lower<'a>>,
    /// Content codings of the request in the order applied, or `invalid`.
    #[serde(rename = "http.request.body.coding", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    request_coding: Option<names::Lower<'a>>,
    /// How the end of the request's content is known: `length`, `chunked` or `close`.
    #[serde(rename = "http.request.body.framing", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    request_framing: Option<&'static str>,
    /// Content length on the wire, after transfer decoding and before content decoding.
    #[serde(rename = "http.request.body.size", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    request_size: Option<u64>,
    /// How much of it was captured.
    #[serde(rename = "http.request.body.captured_size", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    request_captured: Option<u64>,
    /// Its length after content decoding.
    #[serde(rename = "http.request.body.decoded_size", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    request_decoded: Option<u64>,
    /// What became of the coding: `complete`, `capped`, `partial`, `broken` or `unsupported`.
    #[serde(rename = "http.request.body.decoding", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    request_decoding: Option<&'static str>,
    /// What is odd about the request.
    #[serde(rename = "http.request.problems", skip_serializing_if = "Flags::is_empty")]
    #[schemars(with = "Vec<String>")]
    request_problems: Flags,

    /// Status code, 100 to 999; 0 for an HTTP/0.9 response, which has none.
    #[serde(rename = "http.response.status_code", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u16")]
    status: Option<u16>,
    /// Names of the response's fields in lower case, in the order sent, at most 64.
    #[serde(rename = "http.response.header_names", skip_serializing_if = "FieldNames::is_empty")]
    #[schemars(with = "Vec<String>")]
    response_fields: FieldNames<'a>,
    /// Response fields beyond the 64 that are listed.
    #[serde(rename = "http.response.header_names_omitted", skip_serializing_if = "is_zero")]
    response_fields_omitted: usize,
    /// Media type of the response's content, without parameters, or `invalid`.
    #[serde(rename = "http.response.body.media_type", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    response_media_type: Option<names::Lower<'a>>,
    /// Content codings of the response in the order applied, or `invalid`.
    #[serde(rename = "http.response.body.coding", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    response_coding: Option<names::Lower<'a>>,
    /// How the end of the response's content is known: `length`, `chunked` or `close`.
    #[serde(rename = "http.response.body.framing", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    response_framing: Option<&'static str>,
    /// Content length on the wire, after transfer decoding and before content decoding.
    #[serde(rename = "http.response.body.size", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    response_size: Option<u64>,
    /// How much of it was captured.
    #[serde(rename = "http.response.body.captured_size", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    response_captured: Option<u64>,
    /// Its length after content decoding.
    #[serde(rename = "http.response.body.decoded_size", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    response_decoded: Option<u64>,
    /// What became of the coding: `complete`, `capped`, `partial`, `broken` or `unsupported`.
    #[serde(rename = "http.response.body.decoding", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    response_decoding: Option<&'static str>,
    /// What is odd about the response.
    #[serde(rename = "http.response.problems", skip_serializing_if = "Flags::is_empty")]
    #[schemars(with = "Vec<String>")]
    response_problems: Flags,

    /// From the first byte of the request to the last of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    duration_ns: Option<u64>,
    /// From the first byte of the request to the first of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    time_to_first_byte_ns: Option<u64>,
    /// Which parts were not seen, or not whole. No conclusion may rest on their absence.
    #[serde(skip_serializing_if = "Flags::is_empty")]
    #[schemars(with = "Vec<String>")]
    missing: Flags,

    /// Id of the process behind the captured socket, in the node's PID namespace.
    #[serde(rename = "process.pid", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    pid: Option<u32>,
    /// Name of its executable, else the kernel's name of the process.
    #[serde(rename = "process.executable.name", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    executable_name: Option<&'a str>,
    /// Path of its executable in its own mount namespace.
    #[serde(rename = "process.executable.path", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    executable_path: Option<&'a str>,
    /// Its container.
    #[serde(rename = "container.id", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    container: Option<&'a str>,
    /// Its Kubernetes pod.
    #[serde(rename = "k8s.pod.uid", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pod: Option<&'a str>,
    /// Id of the calling process, when it runs on this node too.
    #[serde(rename = "client.process.pid", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    client_pid: Option<u32>,
    /// Name of the caller's executable, else the kernel's name of the process.
    #[serde(rename = "client.process.executable.name", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    client_executable_name: Option<&'a str>,
    /// Path of the caller's executable in its own mount namespace.
    #[serde(rename = "client.process.executable.path", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    client_executable_path: Option<&'a str>,
    /// The caller's container.
    #[serde(rename = "client.container.id", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    client_container: Option<&'a str>,
    /// The caller's Kubernetes pod.
    #[serde(rename = "client.k8s.pod.uid", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    client_pod: Option<&'a str>,
}

impl<'a> ExchangeEvent<'a> {
    /// The record of an exchange seen on `node`; `template` is that of its request's path, and
    /// is not read where the exchange has no request.
    pub fn new(
        exchange: &'a Exchange,
        template: &'a Template,
        key: &'a MaskKey,
        node: &'a str,
    ) -> Self {
        let request = exchange.request.as_ref();
        let response = exchange.response.as_ref();
        let request_body =
            request.map(|request| Body::of(&request.head, &request.content)).unwrap_or_default();
        let response_body = response
            .map(|response| Body::of(&response.head, &response.content))
            .unwrap_or_default();
        let request_fields = FieldNames::of(request.map(|request| &request.head), key);
        let response_fields = FieldNames::of(response.map(|response| &response.head), key);
        let query_parameters = QueryParameters::of(request.and_then(Request::query), key);
        let workload = Process::of(exchange.workload.as_deref());
        let caller = Process::of(exchange.caller.as_deref());
        let tls = exchange.tls.as_deref();
        Self {
            schema: "exchange",
            schema_version: SCHEMA_VERSION,
            id: HexDigits::new(&exchange.id.to_be_bytes()),
            timestamp: time::Rfc3339(start(request, response)),
            node,
            role: role(exchange.role),
            connection: HexDigits::new(&exchange.connection.0.to_be_bytes()),
            client_address: exchange.client.ip().to_canonical(),
            client_port: exchange.client.port(),
            server_address: exchange.server.ip().to_canonical(),
            server_port: exchange.server.port(),
            version: request
                .map(|request| request.version)
                .or(response.map(|response| response.version))
                .map(Version::as_str),
            scheme: if tls.is_some() { "https" } else { "http" },
            tls_version: tls.and_then(|tls| tls.version),
            tls_cipher: tls.and_then(|tls| tls.cipher),
            tls_protocol: tls.and_then(|tls| tls.protocol.as_deref()),
            tls_server_name: tls.and_then(|tls| tls.server_name.as_deref()),
            tls_resumed: tls.map(|tls| tls.resumed),
            tls_client_certificate: tls.map(|tls| tls.client_certificate),
            method: request.map(|request| method(&request.method)),
            host: request.and_then(Host::of),
            route: request.map(|_| &template.route[..]),
            path_parameters: PathParameters::of(request, template, key),
            operations: &exchange.operations,
            query_parameters_omitted: query_parameters.omitted(),
            query_parameters,
            request_fields_omitted: request_fields.omitted(),
            request_fields,
            request_media_type: request_body.media_type,
            request_coding: request_body.coding,
            request_framing: request_body.framing,
            request_size: request_body.size,
            request_captured: request_body.captured,
            request_decoded: request_body.decoded,
            request_decoding: request_body.decoding,
            request_problems: Flags::problems(request.map(|request| request.problems)),
            status: response.map(|response| response.status),
            response_fields_omitted: response_fields.omitted(),
            response_fields,
            response_media_type: response_body.media_type,
            response_coding: response_body.coding,
            response_framing: response_body.framing,
            response_size: response_body.size,
            response_captured: response_body.captured,
            response_decoded: response_body.decoded,
            response_decoding: response_body.decoding,
            response_problems: Flags::problems(response.map(|response| response.problems)),
            duration_ns: elapsed(request, response.map(|response| response.end)),
            time_to_first_byte_ns: elapsed(request, response.map(|response| response.start)),
            missing: Flags::missing(exchange.missing),
            pid: workload.pid,
            executable_name: workload.name,
            executable_path: workload.path,
            container: workload.container,
            pod: workload.pod,
            client_pid: caller.pid,
            client_executable_name: caller.name,
            client_executable_path: caller.path,
            client_container: caller.container,
            client_pod: caller.pod,
        }
    }
}

impl ExchangeEvent<'_> {
    /// What consumers that follow a caller need together: the keyed hash of its address.
    pub fn partition_key(&self, key: &MaskKey) -> HexDigits<32> {
        match self.client_address {
            IpAddr::V4(address) => key.hash(&address.octets()),
            IpAddr::V6(address) => key.hash(&address.octets()),
        }
        .digits()
    }

    /// Appends the record to `out` as JSON on one line, without a line end.
    pub fn append_json(&self, out: &mut Vec<u8>) -> Result<(), JsonError> {
        json::append(self, out)
    }
}

/// The JSON Schemas (draft 2020-12) of all records with the names of their files in
/// `docs/schemas/`.
pub fn schemas() -> [(&'static str, schemars::Schema); 3] {
    [
        ("exchange.v1.json", schema_of::<ExchangeEvent<'static>>()),
        ("endpoint.v1.json", schema_of::<EndpointEvent<'static>>()),
        ("sensor.v1.json", schema_of::<HeartbeatEvent<'static>>()),
    ]
}

fn schema_of<T: JsonSchema>() -> schemars::Schema {
    schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>()
}

fn start(request: Option<&Request>, response: Option<&Response>) -> Timestamp {
    request
        .map(|request| request.start)
        .or(response.map(|response| response.start))
        .unwrap_or_default()
}

fn elapsed(request: Option<&Request>, end: Option<Timestamp>) -> Option<u64> {
    Some(end?.since(request?.start))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests;
