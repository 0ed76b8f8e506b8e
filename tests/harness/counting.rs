//! Requests that carry an id each, and their check: seen once, paired rightly.

use std::{
    collections::HashMap,
    net::SocketAddr,
    ops::Range,
    time::{Duration, Instant},
};

use sensor::mask::MaskKey;

use super::{Client, Event, client::check_item};

/// The route of every counted request.
pub const ITEM_ROUTE: &str = "/items/{itemId}";

/// The status that every server gives to `/items/<id>`. It depends on the id, so that a
/// response paired with another's request shows.
pub fn status_of(id: u64) -> u16 {
    match id % 10 {
        0..=3 => 200,
        4..=6 => 201,
        _ => 404,
    }
}

/// Sends each id over one of so many connections.
pub fn keep_alive(address: SocketAddr, ids: Range<u64>, connections: usize) {
    spread(ids, connections, |ids| {
        let mut client = Client::connect(address);
        ids.for_each(|id| check_item(id, &client.get(&path(id))));
    });
}

/// Sends each id over a connection of its own, so many at a time. The server closes first, so
/// that no port of the client's has to wait before it can be used again.
pub fn one_each(address: SocketAddr, ids: Range<u64>, threads: usize) {
    spread(ids, threads, |ids| {
        ids.for_each(|id| check_item(id, &Client::get_once(address, &path(id))));
    });
}

/// Sends `per_second` ids a second over so many connections, evenly.
pub fn at_rate(address: SocketAddr, ids: Range<u64>, connections: usize, per_second: u32) {
    let step = Duration::from_secs(1) * connections as u32 / per_second;
    spread(ids, connections, |ids| {
        let mut client = Client::connect(address);
        let mut next = Instant::now();
        for id in ids {
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            next += step;
            check_item(id, &client.get(&path(id)));
        }
    });
}

/// Deals the ids to so many threads, like cards.
pub fn spread(
    ids: Range<u64>,
    threads: usize,
    work: impl Fn(&mut dyn Iterator<Item = u64>) + Send + Sync,
) {
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let mut ids = ids.clone().skip(thread).step_by(threads);
            let work = &work;
            scope.spawn(move || work(&mut ids));
        }
    });
}

fn path(id: u64) -> String {
    format!("/items/{id}")
}

/// How often each id was seen. Every event must be an item's, whole, and paired rightly.
pub fn count<'a>(
    events: impl IntoIterator<Item = &'a Event>,
    key: &MaskKey,
    ids: Range<u64>,
) -> HashMap<u64, u32> {
    let hashes: HashMap<String, u64> =
        ids.map(|id| (key.hash(id.to_string().as_bytes()).to_string(), id)).collect();
    let mut seen = HashMap::new();
    for event in events {
        let id = *hashes.get(event.id()).unwrap_or_else(|| panic!("an id never sent: {event:?}"));
        let expect = format!("GET {ITEM_ROUTE} {}", status_of(id));
        assert_eq!(event.summary(), expect, "id {id}: {event:?}");
        *seen.entry(id).or_insert(0) += 1;
    }
    seen
}

/// Every id must have been seen, exactly once, paired rightly.
#[track_caller]
pub fn check_counted<'a>(
    events: impl IntoIterator<Item = &'a Event>,
    key: &MaskKey,
    ids: Range<u64>,
) {
    let seen = count(events, key, ids.clone());
    let twice: Vec<_> = seen.iter().filter(|(_, count)| **count > 1).map(|(id, _)| id).collect();
    let never: Vec<_> = ids.clone().filter(|id| !seen.contains_key(id)).collect();
    let some = |list: &[_]| list.len().min(20);
    assert!(
        twice.is_empty() && never.is_empty(),
        "of {} ids, {} were never seen ({:?}...), {} more than once ({:?}...)",
        ids.count(),
        never.len(),
        &never[..some(&never)],
        twice.len(),
        &twice[..twice.len().min(20)]
    );
}
