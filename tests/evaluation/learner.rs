//! The inventory, as the evaluations drive it: the one place that knows its interface.

use std::collections::BTreeSet;

use sensor::{exchange::Timestamp, inventory::endpoint::Endpoints};

use super::traffic::Sample;

/// Rows, more than any specification gives.
const MAX_ENDPOINTS: usize = 50_000;

/// The rows that the inventory has after these exchanges, as (method, template).
pub fn rows(samples: impl Iterator<Item = Sample>) -> BTreeSet<(String, String)> {
    let mut endpoints = Endpoints::new(MAX_ENDPOINTS);
    let mut last = Timestamp(0);
    for Sample { exchange, shape, .. } in samples {
        last = exchange.request.as_ref().map_or(last, |request| request.end);
        endpoints.record(&exchange, shape, |_, _| {});
    }
    endpoints.settle();
    endpoints.rows(last).into_iter().map(|row| (row.method, row.route)).collect()
}
