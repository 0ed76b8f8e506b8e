use proptest::prelude::*;

use super::*;

fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Field {
    let mut field = Field::default();
    for text in texts {
        field.learn_text(&Text::new(text.as_bytes()), 7);
    }
    field
}

fn untyped<'t>(texts: impl IntoIterator<Item = &'t str>) -> Field {
    let mut field = Field::default();
    for text in texts {
        field.learn_untyped(&Text::new(text.as_bytes()), 7);
    }
    field
}

fn types(field: &Field) -> Vec<Type> {
    field.describe().types.into_iter().collect()
}

#[test]
fn types_of_texts_that_stand_for_any() {
    use Type::{Boolean, Integer, Number, String};
    for (values, expected) in [
        (&["1", "42", "-3"][..], Integer),
        (&["1", "2.5"], Number),
        (&["true", "false"], Boolean),
        (&["true", "1"], String),
        (&["1", "a"], String),
        (&["01234", "99999"], String),
        (&["1.2.3"], String),
        (&[""], String),
        (&["1e5"], String),
        (&["12345678901234567890"], String),
        (&["0"], Integer),
        (&["0.5"], Number),
        (&["00.5"], String),
    ] {
        assert_eq!(types(&untyped(values.iter().copied())), [expected], "{values:?}");
    }
}

#[test]
fn one_odd_text_of_a_hundred_changes_no_type() {
    let numbers: Vec<_> = (0..200).map(|number| number.to_string()).collect();
    let odd = "1' OR '1'='1";
    let field = untyped(numbers.iter().map(|text| &**text).chain([odd]));
    assert_eq!(types(&field), [Type::Integer]);
    let field = untyped(numbers.iter().take(50).map(|text| &**text).chain([odd]));
    assert_eq!(types(&field), [Type::String]);
    assert_eq!(field.describe().max_length, Some(odd.len() as u64));
}

#[test]
fn json_types_are_exact() {
    let mut field = texts(["a"]);
    field.learn_null();
    field.learn_number(Number::read(b"7"));
    assert_eq!(types(&field), [Type::Null, Type::Integer, Type::String]);
    field.learn_number(Number::read(b"7.5"));
    field.learn_boolean();
    assert_eq!(types(&field), [Type::Null, Type::Boolean, Type::Number, Type::String]);
    assert_eq!((field.seen(), field.nulls()), (5, 1));
}

#[test]
fn numbers_of_any_size() {
    for (literal, is_integer, value) in [
        ("0", true, Some(0.0)),
        ("-0", true, Some(0.0)),
        ("-42", true, Some(-42.0)),
        ("999999999999999999", true, Some(999_999_999_999_999_999.0)),
        ("1000000000000000000000000", true, Some(1e24)),
        ("1.5", false, Some(1.5)),
        ("-1e-3", false, Some(-0.001)),
        ("1e400", false, None),
        (&"9".repeat(400), true, None),
    ] {
        assert_eq!(Number::read(literal.as_bytes()), Number { is_integer, value }, "{literal}");
    }
}

#[test]
fn a_format_holds_for_99_of_100() {
    let dates: Vec<_> = (1..=28).map(|day| format!("2024-02-{day:02}")).collect();
    let many = || (0..4).flat_map(|_| dates.iter().map(|text| &**text));
    assert_eq!(texts(many()).format(), Some((Format::Date, 0)));
    assert_eq!(texts(many().chain(["none"])).format(), Some((Format::Date, 1)));
    assert_eq!(texts(many().chain(["none", "what"])).format(), None);
}

#[test]
fn formats_widen() {
    let hash = "d41d8cd98f00b204e9800998ecf8427e";
    let plain_uuid = "0190163d8694739baea5966c26f8ad91";
    let object = "507f1f77bcf86cd799439011";
    for (values, expected) in [
        (&[plain_uuid][..], Some("uuid")),
        (&[plain_uuid, hash], Some("hash")),
        (&[plain_uuid, hash, object], Some("hex")),
        (&["12", "12.50", "3.99"], Some("decimal")),
        (&["12", "15"], None),
        (&["US", "DE"], None),
        (&["US", "DE", "FR"], Some("country-code")),
        (&["2024-01-01", "1.2.3.4"], None),
    ] {
        let field = texts(values.iter().copied());
        assert_eq!(field.describe().format.as_deref(), expected, "{values:?}");
    }
}

#[test]
fn more_than_four_formats_are_none() {
    let dates = vec!["2024-01-01"; 2000];
    let odd = ["1.2.3.4", "::1", "me@example.org", "https://a.example"];
    assert_eq!(texts(dates.iter().chain(&odd[..3]).copied()).format(), Some((Format::Date, 3)));
    assert_eq!(texts(dates.iter().chain(&odd).copied()).format(), None);
}

#[test]
fn lengths_are_in_characters() {
    let schema = texts(["größe", "日本", ""]).describe();
    assert_eq!((schema.min_length, schema.max_length), (Some(0), Some(5)));
}

fn listed(values: &[&str], times: usize) -> Vec<String> {
    texts((0..times).flat_map(|_| values.iter().copied())).describe().values
}

#[test]
fn few_stable_words_are_listed() {
    assert_eq!(listed(&["open", "closed", "in_progress"], 20), ["closed", "in_progress", "open"]);
    assert_eq!(listed(&["EUR", "USD"], 20), ["EUR", "USD"]);
    assert_eq!(listed(&["v1", "v2"], 20), ["v1", "v2"]);
    // Too few of them, or one alone.
    assert!(listed(&["open", "closed"], 10).is_empty());
    assert!(listed(&["open"], 100).is_empty());
    // Too many.
    let many = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"];
    assert!(listed(&many, 20).is_empty());
    assert_eq!(listed(&many[..12], 20).len(), 12);
}

#[test]
fn what_is_no_word_is_never_listed() {
    for odd in [
        "two words",
        "42",
        "4x",
        "me@example.org",
        "0190163d-8694-739b-aea5-966c26f8ad91",
        "größe",
        "user12345",
        "",
        "cus_9s6XKzkNRiz8i3",
        "a/b",
        "abcdefghijklmnopqrstuvwxyzabcdefg",
        "2024-01-01",
        "nQ7vT2kLp9XcR4mB8wYd",
    ] {
        assert!(listed(&["open", "closed", odd], 20).is_empty(), "{odd}");
    }
}

#[test]
fn no_text_is_kept_before_the_set_is_stable() {
    let values = ["alpha", "beta", "gamma"];
    let field = texts((0..9).flat_map(|_| values));
    assert!(!format!("{field:?}").contains("alpha"));
    let field =
        texts((0..9).flat_map(|_| values).chain(["delta"]).chain((0..9).flat_map(|_| values)));
    assert!(!format!("{field:?}").contains("alpha"), "one value came only once");
}

#[test]
fn names_of_what_is_private() {
    for name in [
        "firstName",
        "user",
        "email",
        "api_key",
        "customerId",
        "address",
        "city",
        "q",
        "password",
        "comment",
        "X-Api-Key",
        "sessionToken",
        "id",
        "title",
    ] {
        assert!(!may_list(name), "{name}");
    }
    for name in ["status", "type", "sort", "currency", "order", "lang", "color", "priority", ""] {
        assert!(may_list(name), "{name}");
    }
}

#[test]
fn patterns() {
    let repeat = |values: &[&'static str]| -> Vec<&'static str> {
        (0..10).flat_map(|_| values.to_vec()).collect()
    };
    for (values, expected) in [
        (&["ab-1", "cd-22"][..], Some("^[a-z0-9-]+$")),
        (&["A", ""], Some("^[A-Z]*$")),
        (&["cus_9s6XKzkNRiz8i3", "cus_8s6XKzkNRiz8i4"], Some("^cus_[A-Za-z0-9]+$")),
        (&["cus_9s6XKzkNRiz8i3", "in_1MtHbELkdIwHu7ix"], Some("^[A-Za-z0-9_]+$")),
        (&["a b", "c"], None),
        (&["größe"], None),
        (&["2024-01-01"], None),
        (&["0012", "1234"], Some("^[0-9]+$")),
    ] {
        assert_eq!(texts(repeat(values)).describe().pattern.as_deref(), expected, "{values:?}");
    }
    assert_eq!(texts(["ab-1", "cd-22"]).describe().pattern, None, "two values prove nothing");
}

#[test]
fn a_field_is_small() {
    assert!(size_of::<Field>() <= 184, "{}", size_of::<Field>());
}

/// A value of a kind that fields meet.
fn value() -> impl Strategy<Value = (u8, String)> {
    let text = prop_oneof![
        4 => prop::sample::select(vec![
            "open", "closed", "2024-01-01", "me@example.org", "42", "1.5", "true", "", "US", "1.2.3.4",
            "d41d8cd98f00b204e9800998ecf8427e", "cus_9s6XKzkNRiz8i3", "in_1MtHbELkdIwHu7ix",
        ]).prop_map(String::from),
        1 => "[a-f]{1}",
        1 => any::<String>(),
    ];
    (0_u8..5, text)
}

fn learn(values: &[(u8, String)]) -> Field {
    let mut field = Field::default();
    for (kind, text) in values {
        match kind {
            0 => field.learn_null(),
            1 => field.learn_number(Number::read(text.as_bytes())),
            2 => field.learn_untyped(&Text::new(text.as_bytes()), 7),
            3 => field.learn_boolean(),
            _ => field.learn_text(&Text::new(text.as_bytes()), 7),
        }
    }
    field
}

proptest! {
    #[test]
    fn merging_is_commutative_and_associative(
        parts in prop::array::uniform3(prop::collection::vec(value(), 0..60)),
    ) {
        let [a, b, c] = parts.map(|values| learn(&values));
        let merged = |left: &Field, right: &Field| {
            let mut field = left.clone();
            field.merge(right);
            field
        };
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(merged(&a, &Field::default()), a.clone());
    }

    /// But for the texts of an enumeration, which are only kept when they come again.
    #[test]
    fn merging_is_learning_all(
        values in prop::collection::vec(value(), 0..80), at in any::<prop::sample::Index>(),
    ) {
        let at = at.index(values.len() + 1);
        let mut merged = learn(&values[..at]);
        merged.merge(&learn(&values[at..]));
        let (mut merged, mut all) = (merged.describe(), learn(&values).describe());
        if merged.values.is_empty() || all.values.is_empty() {
            for schema in [&mut merged, &mut all] {
                schema.values.clear();
                schema.pattern = None;
            }
        }
        prop_assert_eq!(merged, all);
    }

    #[test]
    fn order_does_not_matter(
        values in prop::collection::vec(value(), 0..80), shift in any::<prop::sample::Index>(),
    ) {
        let mut shifted = values.clone();
        shifted.rotate_left(shift.index(values.len().max(1)));
        let (mut one, mut other) = (learn(&values).describe(), learn(&shifted).describe());
        for schema in [&mut one, &mut other] {
            schema.values.clear();
            schema.pattern = None;
        }
        prop_assert_eq!(one, other);
    }
}
