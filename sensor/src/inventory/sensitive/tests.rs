use super::*;

mod body;
mod docs;
mod national;
mod stats;
mod values;

pub(super) fn detector() -> Detector {
    Detector::new(&[]).unwrap()
}

/// What a value in a field of that name is found to be, candidates left out.
pub(super) fn found<'a>(detector: &'a Detector, field: &str, value: &str) -> Option<&'a str> {
    let found = detector.value(detector.field(field), value)?;
    (found.confidence > Confidence::Low).then(|| detector.name(found.kind))
}

/// The kinds whose check digits a value passes in a field whose name says nothing.
pub(super) fn candidates<'a>(detector: &'a Detector, value: &str) -> Vec<&'a str> {
    let found = detector.value(NameHints::default(), value);
    let set = found.map_or(0, |found| found.candidates);
    bits(set).map(|kind| detector.name(kind)).collect()
}

#[test]
fn kinds_have_names_of_their_own() {
    let mut names: Vec<_> = descriptions().map(|kind| kind.name).collect();
    assert!(names.len() >= 40, "{}", names.len());
    assert!(names.iter().all(|name| {
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    }));
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn a_kind_is_found_by_its_name() {
    let detector = detector();
    for kind in descriptions() {
        assert_eq!(detector.kind(kind.name).map(|found| detector.name(found)), Some(kind.name));
    }
    assert_eq!(detector.kind("nothing"), None);
}

#[test]
fn the_configuration_adds_kinds() {
    let kind = |name: &str, field: Option<&str>, value: Option<&str>| Custom {
        name: name.into(),
        class: Class::Phi,
        field: field.map(Into::into),
        value: value.map(Into::into),
    };
    let detector = Detector::new(&[
        kind("staff_number", Some("staff|employee.?no"), Some("E[0-9]{5}")),
        kind("badge", None, Some("BDG-[A-F0-9]{6}")),
        kind("nickname", Some("^nick"), None),
    ])
    .unwrap();
    assert_eq!(found(&detector, "employeeNo", "E12345"), Some("staff_number"));
    assert_eq!(found(&detector, "employeeNo", "E1234"), None);
    assert_eq!(found(&detector, "other", "E12345"), None);
    assert_eq!(found(&detector, "other", "BDG-00FF00"), Some("badge"));
    assert_eq!(found(&detector, "other", "BDG-00FF00-1"), None);
    assert_eq!(found(&detector, "Nick", "bob"), Some("nickname"));
    assert_eq!(detector.class(detector.kind("badge").unwrap()), Class::Phi);

    let error = |custom: &[Custom]| Detector::new(custom).err().unwrap().to_string();
    assert!(error(&[kind("x", None, Some("("))]).contains("`value` of the kind `x`"));
    assert!(error(&[kind("x", None, None)]).contains("matches nothing"));
    assert!(error(&[kind("email", None, Some("x"))]).contains("called `email`"));
    assert!(error(&vec![kind("x", None, Some("x")); MAX_CUSTOM + 1]).contains("at most 32"));
}

#[test]
fn whatever_a_target_sends_is_looked_at_and_no_more() {
    let detector = detector();
    let mut values: Vec<String> = vec![
        "é".repeat(3000),
        "\u{1F600}".repeat(1025),
        "1".repeat(100_000),
        "a@".repeat(10_000),
        " 1".repeat(10_000),
        "+".repeat(100),
        "-----BEGIN ".into(),
        "eyJ".into(),
        "eyJ..".into(),
        "://@:".into(),
        "a://b:@".into(),
        "\0".into(),
    ];
    for length in 0..64 {
        values.push("9".repeat(length));
        values.push("A1".repeat(length));
        values.push("é1-".repeat(length));
    }
    for kind in REGISTRY {
        for name in kind.names.iter().chain(&[""]) {
            let hints = detector.field(name);
            for value in &values {
                let _ = detector.value(hints, value);
            }
        }
    }
    for value in &values {
        let _ = detector.field(value);
        for kind in REGISTRY {
            let _ = (kind.check)(&Text::new(truncate(value)));
        }
    }
}
