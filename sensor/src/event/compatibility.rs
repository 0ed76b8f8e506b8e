//! A schema may grow within its major version, and never lose or change what consumers rely on.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::schemas;

/// Deeper than any record; a schema that contains itself ends here.
const DEPTH: usize = 12;

/// What a consumer of `old` would miss in records of `new`, a line each.
fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare((old, old), (new, new), "", DEPTH, &mut found);
    found
}

/// Each side is a schema with the document that its references are in.
fn compare(
    old: (&Value, &Value),
    new: (&Value, &Value),
    place: &str,
    depth: usize,
    found: &mut Vec<String>,
) {
    let ((old, old_root), (new, new_root)) = (resolved(old), resolved(new));
    if depth == 0 {
        return;
    }
    for word in ["type", "const"] {
        let (before, now) = (&old[word], &new[word]);
        if before != now {
            found.push(format!("{place}: {word} was {before} and is {now}"));
        }
    }
    let list = |schema: &Value, word: &str| schema[word].as_array().cloned().unwrap_or_default();
    for name in list(old, "required") {
        if !list(new, "required").contains(&name) {
            found.push(format!("{place}: {name} was always there and is no more"));
        }
    }
    for (name, before) in old["properties"].as_object().into_iter().flatten() {
        let place = format!("{place}/{name}");
        match new["properties"].get(name) {
            Some(now) => {
                compare((before, old_root), (now, new_root), &place, depth - 1, found);
            }
            None => found.push(format!("{place}: gone")),
        }
    }
    for word in ["items", "additionalProperties"] {
        if old[word].is_object() {
            let place = format!("{place}/{word}");
            compare((&old[word], old_root), (&new[word], new_root), &place, depth - 1, found);
        }
    }
    let (before, now) = (list(old, "anyOf"), list(new, "anyOf"));
    for (index, one) in before.iter().enumerate() {
        let other = now.get(index).unwrap_or(&Value::Null);
        compare((one, old_root), (other, new_root), place, depth - 1, found);
    }
}

fn resolved<'v>((schema, root): (&'v Value, &'v Value)) -> (&'v Value, &'v Value) {
    let target =
        schema["$ref"].as_str().and_then(|path| root.pointer(path.trim_start_matches('#')));
    (target.unwrap_or(schema), root)
}

/// To release a version, copy `docs/schemas/*.json` to a folder of its name in
/// `docs/schemas/released`. A change that this test refuses needs a new major version: a new
/// file, and the old one stays.
#[test]
fn records_keep_what_was_released() {
    let released = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/released");
    let mut checked = 0;
    for version in fs::read_dir(released).unwrap() {
        let version = version.unwrap().path();
        for (name, schema) in schemas() {
            let Ok(text) = fs::read_to_string(version.join(name)) else { continue };
            let old: Value = serde_json::from_str(&text).unwrap();
            let found = breaks(&old, schema.as_value());
            assert!(found.is_empty(), "{name} of {}: {found:#?}", version.display());
            checked += 1;
        }
    }
    assert!(checked >= 3);
}

#[test]
fn a_field_that_goes_or_changes_is_found() {
    fn check(change: impl FnOnce(&mut Value), expect: &[&str]) {
        let old = json!({
            "type": "object",
            "required": ["a"],
            "properties": {
                "a": {"type": "string"},
                "b": {"$ref": "#/$defs/part"},
                "c": {"type": "array", "items": {"type": ["integer", "null"]}},
            },
            "$defs": {"part": {"type": "object", "properties": {"d": {"type": "integer"}}}},
        });
        let mut new = old.clone();
        change(&mut new);
        assert_eq!(breaks(&old, &new), expect);
    }
    check(|_| (), &[]);
    check(|new| new["properties"]["e"] = json!({"type": "string"}), &[]);
    check(
        |new| new["properties"]["a"]["type"] = json!("integer"),
        &["/a: type was \"string\" and is \"integer\""],
    );
    check(|new| new["properties"]["a"] = Value::Null, &["/a: type was \"string\" and is null"]);
    check(|new| drop(new["properties"].as_object_mut().unwrap().remove("c")), &["/c: gone"]);
    check(|new| new["required"] = json!([]), &[": \"a\" was always there and is no more"]);
    check(|new| new["$defs"]["part"]["properties"] = json!({}), &["/b/d: gone"]);
    check(
        |new| new["properties"]["c"]["items"]["type"] = json!("integer"),
        &["/c/items: type was [\"integer\",\"null\"] and is \"integer\""],
    );
}
