use super::*;
use crate::{
    event::sample::exchange,
    exchange::{Body as Kept, Timestamp},
    inventory::{Inventory, Limits, description::Type, rules::Rules},
};

fn with_bodies(request: &str, sent: &str, status: u16, answer: &str) -> Exchange {
    let mut exchange = exchange(request, status);
    let keep = |text: &str| Kept { bytes: text.as_bytes().to_vec(), whole: true };
    if let Some(request) = &mut exchange.request {
        request.body = keep(sent);
    }
    if let Some(response) = &mut exchange.response {
        response.body = keep(answer);
    }
    exchange
}

fn inventory() -> Inventory {
    let limits = Limits { endpoints: 100, fields: 10_000, learn_rate: u32::MAX };
    Inventory::new(limits, 7, Rules::default()).unwrap()
}

const POST: &str = "POST /users/17 HTTP/1.1\nHost: api\nContent-Type: application/json\n";

#[test]
fn an_exchange_tells_what_the_endpoint_takes_and_gives() {
    let mut inventory = inventory();
    for number in 0..40 {
        let sent = format!(r#"{{"email": "user{number}@example.com", "age": {number}}}"#);
        let answer = format!(r#"{{"id": {number}, "tags": ["a"], "note": null}}"#);
        inventory.record(&mut with_bodies(POST, &sent, 201, &answer));
    }
    let details = inventory.details(Timestamp::default());
    let [detail] = &details[..] else { panic!("{details:?}") };
    assert_eq!(detail.endpoint.route, "/users/{userId}");
    let request = &detail.operation.request["application/json"];
    assert!(request.required.contains("email") && request.required.contains("age"));
    assert_eq!(request.properties["email"].format.as_deref(), Some("email"));
    assert_eq!(request.properties["email"].values, Vec::<String>::new());
    let age = &request.properties["age"];
    assert!(age.types.contains(&Type::Integer) && age.maximum == Some(39.0), "{age:?}");
    let found: Vec<_> = detail.data.iter().map(|found| (&*found.kind, &*found.direction)).collect();
    assert_eq!(found, [("email", "request")]);
    assert_eq!(detail.data[0].values, 40);
    assert!((detail.data[0].share - 1.0).abs() < 1e-9, "{:?}", detail.data[0]);
    assert_eq!(detail.endpoint.authentication, ["none"]);
    // Personal data, written without authentication, which answers.
    assert_eq!(detail.endpoint.risk.score, 40 + 25 + 15 + 5 + 5);
}

#[test]
fn credentials_and_internals_raise_the_risk() {
    let mut inventory = inventory();
    let head = "GET /report?api_key=sk_live_0123456789abcdefghijkl HTTP/1.1\nHost: api\n";
    let trace = "Traceback (most recent call last):\n  File \"/srv/app.py\", line 3, in get\nKeyError: 'x'\n";
    inventory.record(&mut with_bodies(head, "", 500, trace));
    let details = inventory.details(Timestamp::default());
    let reasons = details[0].endpoint.risk.reasons.join("; ");
    assert!(reasons.contains("errors show internals"), "{reasons}");
    assert!(reasons.contains("credentials without TLS or in the URL"), "{reasons}");
    assert_eq!(details[0].endpoint.authentication, ["api_key_query"]);
}

/// The names become one `{key}` at the end of the very message that carries the values.
#[test]
fn values_under_names_that_are_data_are_not_kept() {
    let mut inventory = inventory();
    let name = |number: u8| {
        char::from(b'a' + number % 26).to_string().repeat(2 + usize::from(number) / 26)
    };
    let query: Vec<_> =
        (0..40).map(|number| format!("{}=4539578763621486", name(number))).collect();
    let body: Vec<_> =
        (0..200).map(|number| format!("\"{}\": 4539578763621486", name(number))).collect();
    let head = format!(
        "POST /x?{} HTTP/1.1\nHost: api\nContent-Type: application/json\n",
        query.join("&")
    );
    inventory.record(&mut with_bodies(&head, &format!("{{{}}}", body.join(", ")), 200, "{}"));
    let shown = serde_json::to_string(&inventory.details(Timestamp::default())).unwrap();
    assert!(!shown.contains("4539578763621486"), "{shown}");
    assert!(shown.contains("card_number"), "{shown}");
}

/// What leaves the process has no value in it, of whatever kind.
#[test]
fn no_planted_value_is_shown() {
    let planted = [
        "4539578763621486",
        "GB33BUKB20201555555555",
        "AKIAIOSFODNN7EXAMPLE",
        "maria.silva@example.org",
        "123-45-6789",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtYXJpYSJ9.c2lnbmF0dXJl",
    ];
    let mut inventory = inventory();
    for _ in 0..200 {
        for (index, secret) in planted.iter().enumerate() {
            let head = format!(
                "POST /pay/{secret}?q={secret} HTTP/1.1\nHost: api\nContent-Type: application/json\n\
                 Authorization: Bearer {secret}\nCookie: session={secret}\nX-Custom: {secret}\n"
            );
            let body = format!(
                r#"{{"f{index}": "{secret}", "password": "{secret}", "list": ["{secret}"], "{secret}": 1, "words": "hunter2-correct-horse"}}"#
            );
            inventory.record(&mut with_bodies(&head, &body, 200, &body));
        }
    }
    let shown = serde_json::to_string(&inventory.details(Timestamp::default())).unwrap()
        + &serde_json::to_string(&inventory.rows(Timestamp::default())).unwrap();
    for secret in planted.iter().chain(&["hunter2-correct-horse"]) {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
