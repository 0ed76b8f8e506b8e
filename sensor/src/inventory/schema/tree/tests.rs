use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::inventory::{
    description::{Schema, Type},
    schema::body::{Body, Buffers, MediaType, read},
};

const LIMIT: usize = 512;

fn learn_bytes(tree: &mut Tree, bytes: &[u8], is_whole: bool) {
    let (mut frames, mut observer) = (Frames::default(), ());
    let mut learner = Learner::new(tree, &mut frames, &mut observer, LIMIT, 1);
    let media_type = MediaType::read(b"application/json");
    let ending = read(Body { bytes, is_whole }, &media_type, &mut Buffers::default(), &mut learner);
    learner.finish(ending);
}

fn new() -> Tree {
    Tree::new(FieldId::root("test"))
}

fn learn(values: &[Value]) -> Tree {
    let mut tree = new();
    for value in values {
        learn_bytes(&mut tree, value.to_string().as_bytes(), true);
    }
    tree
}

/// A schema as JSON, without how often its fields were seen.
fn plain(tree: &Tree) -> Value {
    fn strip(value: &mut Value) {
        if let Value::Object(object) = value {
            object.remove("x-seen");
            object.values_mut().for_each(strip);
        }
    }
    let mut value = serde_json::to_value(tree.describe()).expect("serialises");
    strip(&mut value);
    value
}

#[track_caller]
fn check(values: &[Value], expected: &Value) {
    let found = plain(&learn(values));
    assert_eq!(&found, expected, "{found:#}");
}

#[test]
fn objects_and_arrays() {
    check(
        &[
            json!({"id": 1, "tags": ["a b"], "owner": {"email": "me@example.org"}, "note": null}),
            json!({"id": 20, "tags": [], "owner": {"email": "you@example.org"}, "size": 2.5}),
        ],
        &json!({
            "type": ["object"],
            "required": ["id", "owner", "tags"],
            "properties": {
                "id": {"type": ["integer"], "minimum": 1.0, "maximum": 20.0},
                "tags": {
                    "type": ["array"], "minItems": 0, "maxItems": 1,
                    "items": {"type": ["string"], "minLength": 3, "maxLength": 3},
                },
                "owner": {
                    "type": ["object"],
                    "required": ["email"],
                    "properties": {
                        "email": {
                            "type": ["string"], "format": "email", "minLength": 14, "maxLength": 15,
                        },
                    },
                },
                "note": {"type": ["null"]},
                "size": {"type": ["number"], "minimum": 2.5, "maximum": 2.5},
            },
        }),
    );
}

#[test]
fn a_list_of_records() {
    let items: Vec<_> = (0..40)
        .map(|index| {
            json!({
                "uuid": format!("0190163d-8694-739b-aea5-966c26f8ad{index:02}"),
                "state": (["on", "off"][index % 2]),
                "at": format!("2024-01-{:02}T00:00:00Z", index % 28 + 1),
            })
        })
        .collect();
    check(
        &[json!(items)],
        &json!({
            "type": ["array"], "minItems": 40, "maxItems": 40,
            "items": {
                "type": ["object"],
                "required": ["at", "state", "uuid"],
                "properties": {
                    "uuid": {"type": ["string"], "format": "uuid", "minLength": 36, "maxLength": 36},
                    "state": {
                        "type": ["string"], "minLength": 2, "maxLength": 3, "enum": ["off", "on"],
                    },
                    "at": {
                        "type": ["string"], "format": "date-time", "minLength": 20, "maxLength": 20,
                    },
                },
            },
        }),
    );
}

#[test]
fn keys_that_look_like_data_are_one_field() {
    check(
        &[
            json!({"507f1f77bcf86cd799439011": 1, "total": 3, "2024-01-01": 2}),
            json!({"0190163d-8694-739b-aea5-966c26f8ad91": 4, "42": 5, "me@example.org": 6, "total": 0}),
        ],
        &json!({
            "type": ["object"],
            "required": ["total"],
            "properties": {"total": {"type": ["integer"], "minimum": 0.0, "maximum": 3.0}},
            "additionalProperties": {"type": ["integer"], "minimum": 1.0, "maximum": 6.0},
        }),
    );
}

/// Words that look like no identifier.
fn word(index: usize) -> String {
    let letter = |index: usize| char::from(b'a' + (index % 26) as u8);
    [index, index / 26, index / 676, 7, 11].map(letter).iter().collect()
}

#[test]
fn rare_keys_of_like_values_are_one_field() {
    let values: Vec<_> = (0..100)
        .map(|index| json!({"count": 1, "by": {word(index): {"views": index, "likes": 0}}}))
        .collect();
    let tree = learn(&values);
    let schema = tree.describe();
    let by = &schema.properties["by"];
    assert!(by.properties.is_empty(), "{by:#?}");
    let views = &by.additional_properties.as_ref().expect("a map").properties["views"];
    assert_eq!((views.maximum, views.seen), (Some(99.0), 100));
    assert!(tree.len() < 64, "{}", tree.len());
    assert_eq!(tree.counters().refused, 0);
}

#[test]
fn a_record_of_many_fields_stays_one() {
    let all: Value =
        (0..60).map(|index| (word(index), json!("x y"))).collect::<serde_json::Map<_, _>>().into();
    let schema = learn(&vec![all; 50]).describe();
    assert_eq!((schema.properties.len(), schema.required.len()), (60, 60));
    assert_eq!(schema.additional_properties, None);
}

#[test]
fn fields_and_depth_are_bounded() {
    let wide: Value = (0..100_000)
        .map(|index| (word(index) + &word(index / 1000), json!(index)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let mut tree = learn(std::slice::from_ref(&wide));
    assert!(tree.len() <= LIMIT);
    assert!(tree.counters().refused > 90_000);
    let schema = tree.describe();
    assert!(schema.properties.is_empty() && schema.additional_properties.is_some());
    // From then on there is room again.
    let before = tree.counters().refused;
    learn_bytes(&mut tree, wide.to_string().as_bytes(), true);
    assert_eq!(tree.counters().refused, before);
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"b\":", "}]")] {
        let mut tree = new();
        let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        learn_bytes(&mut tree, deep.as_bytes(), true);
        assert!(tree.len() <= MAX_DEPTH + 1 && tree.counters().refused == 1, "{open}");
        assert_eq!(tree.counters().malformed, 0);
        let _ = (tree.describe(), tree.paths().count());
    }
}

#[test]
fn different_fields_beyond_the_limit_are_refused() {
    let mixed: Value = (0..2000)
        .map(|index| {
            (word(index), [json!(1), json!("a"), json!([]), json!(true)][index % 4].clone())
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    let tree = learn(&[mixed]);
    assert_eq!(tree.len(), LIMIT);
    assert_eq!(tree.describe().properties.len(), LIMIT - 1);
    assert!(tree.counters().refused >= 1000);
}

#[test]
fn what_is_cut_proves_no_absence() {
    let mut tree = learn(&[json!({"a": 1, "b": {"c": 1, "d": 2}})]);
    for cut in [r#"{"a": 1"#, r#"{"b": {"d": 5,"#, "{", r#"{"b": {"c": "x"#] {
        learn_bytes(&mut tree, cut.as_bytes(), false);
    }
    let schema = tree.describe();
    assert_eq!(schema.required.len(), 2, "{schema:#?}");
    assert_eq!(schema.properties["b"].required.len(), 2);
    assert_eq!(schema.properties["b"].properties["d"].maximum, Some(5.0), "learned all the same");
    assert_eq!(tree.counters(), Counters { refused: 0, truncated: 4, malformed: 0 });
    learn_bytes(&mut tree, b"{}", true);
    assert!(tree.describe().required.is_empty());
    learn_bytes(&mut tree, b"{", true);
    assert_eq!(tree.counters().malformed, 1);
}

#[test]
fn a_key_twice_counts_once() {
    let mut tree = new();
    learn_bytes(&mut tree, br#"{"a": 1, "a": 2}"#, true);
    learn_bytes(&mut tree, br#"{"b": 1}"#, true);
    let schema = tree.describe();
    assert!(schema.required.is_empty());
    assert_eq!(schema.properties["a"].types, [Type::Integer].into());
    assert_eq!(schema.properties["a"].seen, 2);
}

#[test]
fn values_of_names_of_persons_are_not_kept() {
    let people = ["alice", "bob", "carol"];
    let values: Vec<_> = (0..90)
        .map(|index| json!({"userName": people[index % 3], "names": [people[index % 3]], "kind": (["x", "y"][index % 2])}))
        .collect();
    let tree = learn(&values);
    let text = format!("{tree:?}");
    assert!(people.iter().all(|name| !text.contains(name)));
    assert_eq!(tree.describe().properties["kind"].values, ["x", "y"]);
}

#[test]
fn a_field_can_be_made_private() {
    let values: Vec<_> =
        (0..40).map(|index| json!({"kind": (["dark", "bright"][index % 2])})).collect();
    let mut tree = learn(&values);
    let kind = tree.paths().find(|(_, path)| path == "kind").expect("learned").0;
    assert!(format!("{tree:?}").contains("bright"));
    let node = tree.find(kind).expect("learned");
    tree.hide(node);
    learn_bytes(&mut tree, br#"{"kind": "bright"}"#, true);
    assert!(!format!("{tree:?}").contains("bright"));
}

#[test]
fn stored_trees_come_back() {
    let values: Vec<_> =
        (0..100).map(|index| json!({"by": {word(index): 1}, "kind": ["x", "y"]})).collect();
    let tree = learn(&values);
    let stored = serde_json::to_string(&tree).expect("serialises");
    let back: Tree = serde_json::from_str(&stored).expect("valid");
    assert_eq!(back.describe(), tree.describe());
    assert_eq!(back.counters(), tree.counters());
    assert_eq!(serde_json::to_string(&back).expect("serialises"), stored);
}

#[test]
fn stored_trees_that_are_none_are_refused() {
    let stored = serde_json::to_value(learn(&[json!({"a": {"b": 1}})])).expect("serialises");
    for (field, key, value) in [
        (1, "parent", json!(1)),
        (1, "parent", json!(9)),
        (2, "parent", json!(0)),
        (1, "role", json!("Root")),
        (0, "role", json!("Named")),
    ] {
        let mut changed = stored.clone();
        changed["fields"][field][key] = value.clone();
        if field == 2 {
            changed["fields"][2]["name"] = json!("a");
        }
        let read = serde_json::from_value::<Tree>(changed);
        assert!(read.is_err(), "{field} {key} {value}");
    }
}

#[test]
fn a_node_is_small() {
    assert!(size_of::<Node>() <= 224, "{}", size_of::<Node>());
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        (-1000_i64..1000).prop_map(Value::from),
        prop::sample::select(vec!["on", "off", "2024-01-01", "me@example.org", "two words", ""])
            .prop_map(Value::from),
    ];
    let key = prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "kind", "userId", "507f1f77bcf86cd799439011", "7"])
            .prop_map(String::from),
        1 => "[a-z]{2}",
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => prop::collection::btree_map(key.clone(), inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Without what depends on order by a stated window: texts of enumerations.
fn without_values(mut schema: Schema) -> Schema {
    schema.values.clear();
    schema.pattern = None;
    for inner in schema.properties.values_mut() {
        *inner = without_values(std::mem::take(inner));
    }
    for inner in [&mut schema.items, &mut schema.additional_properties].into_iter().flatten() {
        **inner = without_values(std::mem::take(&mut **inner));
    }
    schema
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn merging_is_commutative_and_associative(
        parts in prop::array::uniform3(prop::collection::vec(document(), 0..12)),
    ) {
        let [a, b, c] = parts.map(|values| learn(&values));
        let merged = |left: &Tree, right: &Tree| {
            let mut tree = left.clone();
            tree.merge(right, LIMIT);
            tree
        };
        prop_assert_eq!(merged(&a, &b).describe(), merged(&b, &a).describe());
        prop_assert_eq!(
            merged(&merged(&a, &b), &c).describe(), merged(&a, &merged(&b, &c)).describe()
        );
        prop_assert_eq!(merged(&a, &new()).describe(), a.describe());
    }

    #[test]
    fn merging_is_learning_all_in_any_order(
        values in prop::collection::vec(document(), 0..24), at in any::<prop::sample::Index>(),
    ) {
        let all = without_values(learn(&values).describe());
        let (left, right) = values.split_at(at.index(values.len() + 1));
        let mut merged = learn(left);
        merged.merge(&learn(right), LIMIT);
        prop_assert_eq!(without_values(merged.describe()), all.clone());
        let turned: Vec<_> = right.iter().chain(left).cloned().collect();
        prop_assert_eq!(without_values(learn(&turned).describe()), all);
    }

    #[test]
    fn cut_bodies_leave_nothing_open(value in document(), at in any::<prop::sample::Index>()) {
        let text = value.to_string();
        let mut tree = learn(std::slice::from_ref(&value));
        let before = tree.describe();
        learn_bytes(&mut tree, &text.as_bytes()[..at.index(text.len())], false);
        // Learned again in part: nothing new, and what is required stays so.
        let mut after = tree.describe();
        let mut before = before;
        for schema in [&mut before, &mut after] {
            *schema = without_seen(std::mem::take(schema));
        }
        prop_assert_eq!(after, before);
    }
}

fn without_seen(mut schema: Schema) -> Schema {
    schema.seen = 0;
    for inner in schema.properties.values_mut() {
        *inner = without_seen(std::mem::take(inner));
    }
    for inner in [&mut schema.items, &mut schema.additional_properties].into_iter().flatten() {
        **inner = without_seen(std::mem::take(&mut **inner));
    }
    // An array that was cut has fewer items, and what has been seen more often may show more.
    schema.format = None;
    schema.pattern = None;
    schema.values.clear();
    schema
}
