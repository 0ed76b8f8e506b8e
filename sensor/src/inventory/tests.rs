use super::{budget::FIRST, *};
use crate::event::sample::exchange;

fn learned(rate: u32, exchanges: u32) -> (u64, u64, f64) {
    let limits = Limits { endpoints: 10, fields: 1000, learn_rate: rate };
    let mut inventory = Inventory::new(limits, 1, Rules::default()).unwrap();
    for _ in 0..exchanges {
        inventory.record(&mut exchange("GET /a?b=1 HTTP/1.1\nHost: h\n", 200));
    }
    let details = inventory.details(Timestamp::default());
    let [detail] = &details[..] else { panic!("{details:?}") };
    let parameters = &detail.operation.parameters;
    let seen = parameters.first().map_or(0, |parameter| parameter.schema.seen);
    (detail.endpoint.requests, inventory.not_learned(), seen as f64)
}

#[test]
fn beyond_the_rate_exchanges_are_only_counted() {
    assert_eq!(learned(0, 400), (400, 400, 0.0));
    assert_eq!(learned(10, 400), (400, 400 - FIRST, FIRST as f64));
    assert_eq!(learned(300, 400), (400, 100, 300.0));
    assert_eq!(learned(u32::MAX, 400), (400, 0, 400.0));
}
