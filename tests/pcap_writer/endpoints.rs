//! A capture of many endpoints with bodies of many fields, for benchmarks of the inventory.

use std::{fmt::Write as _, io, path::Path};

use super::load::{Turn, connection, side_by_side};

/// Exchanges of a connection.
const PER_CONNECTION: usize = 100;

const COLLECTIONS: [&str; 5] = ["orders", "customers", "invoices", "shipments", "products"];
const PARTS: [&str; 5] = ["items", "notes", "history", "prices", "owner"];
const METHODS: [&str; 4] = ["GET", "PUT", "POST", "DELETE"];

/// Endpoints of a host: every method on every part of every collection.
const OF_HOST: usize = COLLECTIONS.len() * PARTS.len() * METHODS.len();

/// Fields of a response's JSON object, of about 15 bytes each.
const FIELDS: [&str; 20] = [
    "id", "total", "tax", "count", "state", "size", "note", "page", "code", "rank", "shop", "unit",
    "kind", "open", "cost", "lot", "rate", "rev", "mark", "zone",
];

/// How often each endpoint is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Popularity {
    /// As often as any other.
    Even,
    /// As traffic is: the n-th in proportion to 1/n.
    Skewed,
}

/// Writes a capture of `count` exchanges over `endpoints` endpoints of several hosts. A response
/// has JSON content of about 300 bytes in 20 fields; a path has an identifier that no other
/// exchange has. The first `endpoints` exchanges are one of each.
pub fn endpoints(
    path: &Path,
    count: usize,
    endpoints: usize,
    popularity: Popularity,
) -> io::Result<()> {
    let endpoints = endpoints.max(1);
    let exchange = |connection: &mut super::Conversation, turn: &Turn| {
        if turn.first {
            connection.handshake();
        }
        let endpoint = choose(turn.number, endpoints, popularity);
        connection
            .client(request(endpoint, turn.number).as_bytes())
            .server(response(endpoint, turn.number).as_bytes());
        if turn.last {
            connection.close();
        }
    };
    side_by_side(path, count, PER_CONNECTION, connection, exchange)
}

/// The endpoint of an exchange.
fn choose(number: usize, endpoints: usize, popularity: Popularity) -> usize {
    if number < endpoints {
        return number;
    }
    // Uniform in [0, 1), by the numbers' golden ratio sequence: no two runs differ.
    let uniform = (number as f64 * 0.618_033_988_749_894_9).fract();
    let chosen = match popularity {
        Popularity::Even => uniform * endpoints as f64,
        // The inverse of ln(n) / ln(endpoints), the distribution of 1/n.
        Popularity::Skewed => (endpoints as f64).powf(uniform) - 1.0,
    };
    // Endpoints that are called alike are not neighbours.
    (chosen as usize).min(endpoints - 1).wrapping_mul(7_919) % endpoints
}

fn request(endpoint: usize, number: usize) -> String {
    let collection = COLLECTIONS[endpoint / METHODS.len() % COLLECTIONS.len()];
    let part = PARTS[endpoint / METHODS.len() / COLLECTIONS.len() % PARTS.len()];
    format!(
        "{} /v1/{collection}/{}/{part} HTTP/1.1\r\n\
         Host: service-{}.example.com\r\n\
         User-Agent: shop-client/4.2 (linux; x86_64)\r\n\
         Accept: application/json\r\n\
         Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n\r\n",
        METHODS[endpoint % METHODS.len()],
        1_000_000 + number,
        endpoint / OF_HOST,
    )
}

fn response(endpoint: usize, number: usize) -> String {
    let mut body = String::from("{");
    for (index, field) in FIELDS.iter().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        let value = (number * 31 + index * 7 + endpoint) % 1_000_000;
        // Writing to a string cannot fail.
        let _ = match index % 4 {
            0 => write!(body, "{separator}\"{field}\":{value}"),
            1 => write!(body, "{separator}\"{field}\":\"s{value}\""),
            2 => write!(body, "{separator}\"{field}\":{}.25", value % 1000),
            _ => write!(body, "{separator}\"{field}\":{}", value.is_multiple_of(2)),
        };
    }
    body.push('}');
    format!(
        "HTTP/1.1 200 OK\r\n\
         Content-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len(),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sensor::capture::{Segment, pcap};

    use super::*;

    #[test]
    fn every_endpoint_is_called_and_some_more_than_others() {
        let file = std::env::temp_dir().join(format!("endpoints-{}.pcap", std::process::id()));
        let calls = |popularity| {
            endpoints(&file, 4_000, 250, popularity).expect("the temporary folder is writable");
            let mut calls = BTreeMap::new();
            let mut sink = |segment: &Segment<'_>| {
                let text = String::from_utf8(segment.payload.to_vec()).expect("text");
                if let Some((_, body)) =
                    text.split_once("\r\n\r\n").filter(|_| text.starts_with("HTTP"))
                {
                    assert!((250..350).contains(&body.len()), "{} bytes: {body}", body.len());
                } else if let [method, path, _, _, host, ..] =
                    text.split([' ', '\r', '\n']).collect::<Vec<_>>()[..]
                {
                    let parts: Vec<_> = path.split('/').collect();
                    let endpoint =
                        (method.to_owned(), parts[2].to_owned(), parts[4].to_owned(), host.len());
                    *calls
                        .entry((endpoint, text.lines().nth(1).unwrap_or("").to_owned()))
                        .or_insert(0) += 1;
                }
            };
            pcap::read(&file, &mut |_| {}, &mut sink).expect("a capture");
            calls.into_values().collect::<Vec<u32>>()
        };
        let (even, skewed) = (calls(Popularity::Even), calls(Popularity::Skewed));
        assert_eq!((even.len(), skewed.len()), (250, 250));
        let most = |calls: &[u32]| calls.iter().copied().max().unwrap_or(0);
        assert!(most(&even) < 25, "{}", most(&even));
        assert!(most(&skewed) > 300, "{}", most(&skewed));
        std::fs::remove_file(&file).expect("it was there");
    }
}
