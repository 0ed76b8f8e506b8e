//! What responses tell of the inside.

use std::net::Ipv4Addr;

use crate::inventory::sensitive::{
    definition::{ANY_COUNT, Class, Definition, Fit, NONE, Shape},
    text::{Bytes, Text},
};

/// Looked for in whole bodies: see [`super::super::body`].
const NOWHERE: Shape = Shape {
    digits: ANY_COUNT,
    first: "",
    length: (1, 0),
    allowed: Bytes::NONE,
    required: Bytes::ANY,
};

pub(in crate::inventory::sensitive) const STACK_TRACE: Definition = Definition {
    name: "stack_trace",
    title: "Stack trace in a response",
    class: Class::Leak,
    regulations: NONE,
    validator: "texts of the runtimes, in whole bodies",
    names: &[],
    shape: NOWHERE,
    alone: false,
    check: |_| Fit::No,
};

pub(in crate::inventory::sensitive) const SQL_ERROR: Definition = Definition {
    name: "sql_error",
    title: "Database error in a response",
    class: Class::Leak,
    regulations: NONE,
    validator: "texts of the databases and their drivers, in whole bodies",
    names: &[],
    shape: NOWHERE,
    alone: false,
    check: |_| Fit::No,
};

pub(in crate::inventory::sensitive) const INTERNAL_ADDRESS: Definition = Definition {
    name: "internal_address",
    title: "Address of the inside in a response",
    class: Class::Leak,
    regulations: NONE,
    validator: "private address (RFC 1918, RFC 3927) or name under .internal, .local, .svc",
    names: &[
        "internal ip",
        "internal host",
        "private ip",
        "upstream host",
        "server ip",
        "node ip",
        "pod ip",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (7, 255),
        allowed: Bytes::TOKEN.or(Bytes::COLON).or(Bytes::SLASH),
        required: Bytes::DOT,
    },
    alone: true,
    check: internal_address,
};

/// Biased towards addresses that no version looks like: `10.2.1.0` may be one, so networks of 10
/// count only with a port or in an address.
fn internal_address(text: &Text<'_>) -> Fit {
    let rest = text.value.split_once("://").map_or(text.value, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    let host = authority.split(':').next().unwrap_or(authority);
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        let inside = address.is_private() || address.is_link_local();
        let certain = address.octets()[0] != 10 || host.len() != text.value.len();
        return if certain { Fit::Rare.when(inside) } else { Fit::Form.when(inside) };
    }
    let endings = [".internal", ".local", ".svc", ".lan", ".intranet", ".corp", ".localdomain"];
    let named = endings.iter().any(|ending| host.len() > ending.len() && host.ends_with(ending));
    Fit::Rare.when(named)
}
