use bytes::Bytes;

use super::*;
use crate::{
    exchange::{Content as Facts, FieldSpan, Head, Method, Problems, Span, Timestamp, Version},
    inventory::{
        description::{Operation, Place, Type},
        schema::Scalar,
    },
};

fn head(raw: &str, lines: &[(&str, &str)]) -> Head {
    let mut text = String::from(raw);
    let mut push = |part: &str| {
        let start = text.len() as u32;
        text.push_str(part);
        Span { start, end: text.len() as u32 }
    };
    let fields = lines
        .iter()
        .map(|(name, value)| FieldSpan { name: push(name), value: push(value) })
        .collect();
    Head { raw: Bytes::from(text), fields }
}

fn request(target: &str, fields: &[(&str, &str)]) -> Request {
    Request {
        head: head(target, fields),
        method: Method::Get,
        target: Span { start: 0, end: target.len() as u32 },
        version: Version::Http11,
        start: Timestamp(0),
        end: Timestamp(0),
        content: Facts::default(),
        body: crate::exchange::Body::default(),
        problems: Problems::empty(),
    }
}

fn response(status: u16, media_type: &str) -> Response {
    let fields: &[(&str, &str)] =
        if media_type.is_empty() { &[] } else { &[("Content-Type", media_type)] };
    Response {
        head: head("", fields),
        status,
        version: Version::Http11,
        start: Timestamp(0),
        end: Timestamp(0),
        content: Facts::default(),
        body: crate::exchange::Body::default(),
        problems: Problems::empty(),
    }
}

#[derive(Default)]
struct Fixture {
    profile: Profile,
    scratch: Scratch,
}

impl Fixture {
    fn ask(&mut self, request: &Request, path: &[(&str, &str)], body: Option<&str>) {
        let mut observer = ();
        let mut learning = Learning {
            settings: Settings::new(1),
            scratch: &mut self.scratch,
            observer: &mut observer,
        };
        let path = path.iter().map(|(name, value)| (*name, value.as_bytes()));
        self.profile.learn_request(request, path, body.map(whole), &mut learning);
    }

    fn answer(&mut self, response: &Response, body: Option<&str>) {
        let mut observer = ();
        let mut learning = Learning {
            settings: Settings::new(1),
            scratch: &mut self.scratch,
            observer: &mut observer,
        };
        self.profile.learn_response(response, body.map(whole), &mut learning);
    }
}

fn whole(body: &str) -> Body<'_> {
    Body { bytes: body.as_bytes(), is_whole: true }
}

fn parameter<'o>(
    operation: &'o Operation,
    place: Place,
    name: &str,
) -> &'o crate::inventory::description::Parameter {
    let found = operation.parameters.iter().find(|it| it.place == place && it.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {:?}", operation.parameters))
}

#[test]
fn parameters_of_all_places() {
    let mut fixture = Fixture::default();
    for page in 0..40 {
        let verbose = if page % 2 == 0 { "&verbose=true" } else { "" };
        let sort = ["name", "price", "age"][page % 3];
        let target = format!("/users/{page}?page={page}&sort={sort}&tag=a&tag=b{verbose}");
        let fields = [
            ("Host", "api.example"),
            ("Authorization", "Bearer s3cret"),
            ("X-Tenant", "0190163d-8694-739b-aea5-966c26f8ad91"),
            ("Cookie", "theme=dark; sid=31d4d96e407aad42"),
        ];
        fixture.ask(&request(&target, &fields), &[("userId", &page.to_string())], None);
    }
    let operation = fixture.profile.describe();
    let page = parameter(&operation, Place::Query, "page");
    assert!(page.required);
    assert_eq!(page.schema.types, [Type::Integer].into());
    assert_eq!((page.schema.minimum, page.schema.maximum), (Some(0.0), Some(39.0)));
    assert_eq!(parameter(&operation, Place::Query, "sort").schema.values, ["age", "name", "price"]);
    let verbose = parameter(&operation, Place::Query, "verbose");
    assert!(!verbose.required);
    assert_eq!(verbose.schema.types, [Type::Boolean].into());
    assert_eq!(parameter(&operation, Place::Query, "tag").schema.types, [Type::Array].into());
    let found = fixture.profile.paths().find(|(_, path)| path == "query.verbose");
    let id = found.expect("learned").0;
    assert_eq!(fixture.profile.share(id), Some((20, 40)));
    assert_eq!(fixture.profile.field(id).expect("learned").seen(), 20);
    let tenant = parameter(&operation, Place::Header, "x-tenant");
    assert_eq!(tenant.schema.format.as_deref(), Some("uuid"));
    assert!(parameter(&operation, Place::Path, "userId").required);
    assert!(parameter(&operation, Place::Cookie, "theme").schema.values.is_empty());
    assert_eq!(operation.parameters.len(), 8, "{:#?}", operation.parameters);
    let text = format!("{:?}", fixture.profile);
    assert!(!text.contains("s3cret") && !text.contains("31d4d") && !text.contains("dark"));
}

#[test]
fn bodies_by_media_type_and_status() {
    let mut fixture = Fixture::default();
    let order = r#"{"id": 7, "items": [{"sku": "A", "price": 1.5}], "note": null}"#;
    let json = ("Content-Type", "application/json; charset=utf-8");
    fixture.ask(&request("/orders", &[json]), &[], Some(order));
    fixture.answer(&response(201, "application/vnd.api+json"), Some(order));
    fixture.answer(&response(204, ""), None);
    fixture.answer(&response(400, "application/json"), Some(r#"{"error": "x y"}"#));
    let operation = fixture.profile.describe();
    let schema = &operation.request["application/json"];
    let keys: Vec<_> = schema.properties.keys().collect();
    assert_eq!(keys, ["id", "items", "note"]);
    assert_eq!(operation.responses["201"]["application/vnd.api+json"].properties.len(), 3);
    assert!(operation.responses["204"].is_empty());
    let item = schema.properties["items"].items.as_ref().expect("items");
    assert_eq!(item.properties["price"].types, [Type::Number].into());
    assert!(item.required.contains("sku"));
    let paths: Vec<_> = fixture.profile.paths().map(|(_, path)| path).collect();
    assert!(paths.contains(&String::from("response 201 items[].price")), "{paths:?}");
}

#[test]
fn an_observer_sees_each_value_with_its_name() {
    struct Seen(Vec<(String, String)>);
    impl Observer for Seen {
        fn value(&mut self, _: FieldId, name: &str, value: Scalar<'_>) -> bool {
            let value = match value {
                Scalar::Text(text) | Scalar::Number(text) | Scalar::Untyped(text) => {
                    String::from_utf8_lossy(text).into_owned()
                }
                other => format!("{other:?}"),
            };
            self.0.push((name.into(), value));
            false
        }
    }
    let (mut profile, mut scratch, mut seen) =
        (Profile::default(), Scratch::default(), Seen(Vec::new()));
    let mut learning =
        Learning { settings: Settings::new(1), scratch: &mut scratch, observer: &mut seen };
    let body = r#"{"card": 4111111111111111, "tags": ["a", "b"], "by": {"me@example.org": true}}"#;
    profile.learn_response(&response(200, "application/json"), Some(whole(body)), &mut learning);
    let seen: Vec<_> = seen.0.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(
        seen,
        [
            ("card", "4111111111111111"),
            ("tags", "a"),
            ("tags", "b"),
            ("by", "me@example.org"),
            ("by", "Boolean(true)"),
        ]
    );
}

/// Five letters that look like no identifier.
fn word(index: usize) -> String {
    let letter = |index: usize| char::from(b'a' + (index % 26) as u8);
    [index, index / 26, index / 676, 7, 11].map(letter).iter().collect()
}

#[test]
fn names_that_scanners_make_up_use_no_room() {
    let mut fixture = Fixture::default();
    for index in 0..2000 {
        let target = format!("/users?page={index}&{}=1", word(index));
        fixture.ask(&request(&target, &[]), &[], None);
    }
    let operation = fixture.profile.describe();
    let names: Vec<_> = operation.parameters.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["page", "{key}"]);
    assert!(parameter(&operation, Place::Query, "page").required);
    assert_eq!(fixture.profile.counters(), Counters::default());
    assert!(fixture.profile.fields() < 80);
}

#[test]
fn a_head_that_lacks_fields_proves_no_absence() {
    let mut fixture = Fixture::default();
    let mut lacking = request("/users?page=1", &[]);
    fixture.ask(&request("/users?page=1", &[("X-Tenant", "a")]), &[], None);
    lacking.problems.insert(Problems::TOO_MANY_FIELDS);
    fixture.ask(&lacking, &[], None);
    assert!(parameter(&fixture.profile.describe(), Place::Header, "x-tenant").required);
    fixture.ask(&request("/users?page=1", &[]), &[], None);
    assert!(!parameter(&fixture.profile.describe(), Place::Header, "x-tenant").required);
}

#[test]
fn statuses_and_media_types_are_bounded() {
    let mut fixture = Fixture::default();
    for status in 200..600 {
        fixture.answer(&response(status, "application/json"), Some("{\"a\": 1}"));
    }
    for index in 0..20 {
        fixture.answer(&response(200, &format!("image/x-{index}")), Some("?"));
    }
    let responses = fixture.profile.describe().responses;
    assert_eq!(responses.len(), MAX_CODES + 4, "{:?}", responses.keys());
    assert_eq!(responses["4XX"]["application/json"].seen, 100);
    assert_eq!(responses["200"].len(), MAX_MEDIA_TYPES);
    assert_eq!(fixture.profile.counters().refused, 15);
}

#[test]
fn profiles_merge_in_any_order() {
    let mut parts = [Fixture::default(), Fixture::default()];
    let json = ("Content-Type", "application/json");
    for (index, fixture) in parts.iter_mut().enumerate() {
        for page in 0..40 {
            let target = format!("/users?page={page}&only{}=x", ["one", "two"][index]);
            let body = format!(r#"{{"id": {page}, "kind": "k{}"}}"#, page % 3);
            fixture.ask(&request(&target, &[json]), &[], Some(&body));
            fixture.answer(&response(200 + index as u16, "application/json"), Some(&body));
        }
    }
    let [one, other] = parts.map(|fixture| fixture.profile);
    let merged = |left: &Profile, right: &Profile| {
        let mut profile = left.clone();
        profile.merge(right, Settings::new(1));
        profile.describe()
    };
    let operation = merged(&one, &other);
    assert_eq!(operation, merged(&other, &one));
    assert!(parameter(&operation, Place::Query, "page").required);
    assert!(!parameter(&operation, Place::Query, "onlytwo").required);
    assert_eq!(operation.request["application/json"].seen, 80);
    assert_eq!(operation.responses.len(), 2);
    let stored = serde_json::to_string(&one).expect("serialises");
    let back: Profile = serde_json::from_str(&stored).expect("comes back");
    assert_eq!(merged(&back, &other), operation);
}
