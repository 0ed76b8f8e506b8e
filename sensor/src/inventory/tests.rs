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

#[test]
fn what_is_declared_survives() {
    let limits = Limits { endpoints: 10, fields: 1000, learn_rate: 10 };
    let new = || Inventory::new(limits, 1, Rules::default()).unwrap();
    let mut inventory = new();
    inventory.record(&mut exchange("GET /pets/7 HTTP/1.1\nHost: h:81\n", 200));
    let declared = Operation {
        host: "h:81".to_owned(),
        method: "GET".to_owned(),
        route: "/pets/{petId}".to_owned(),
        ..Operation::default()
    };
    inventory.declare(vec![declared]);
    let declarations = |inventory: &mut Inventory| {
        let rows = inventory.rows(Timestamp::default());
        rows.into_iter().map(|row| (row.route, row.declared)).collect::<Vec<_>>()
    };
    let expect = [("/pets/{petId}".to_owned(), Some(Declaration::Declared))];
    assert_eq!(declarations(&mut inventory), expect);
    let mut restored = new();
    for change in inventory.take_changes(usize::MAX) {
        if let Some(value) = change.value {
            assert!(restored.restore(&change.key, &value));
        }
    }
    assert_eq!(declarations(&mut restored), expect);
}
