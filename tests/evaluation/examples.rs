//! Examples of parameters, which the importer has no use for.

use std::collections::BTreeMap;

use serde_json::Value;

/// Examples by the name of a path parameter, over the whole document.
pub fn of_path_parameters(document: &Value) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    visit(document, &mut found);
    found
}

fn visit(value: &Value, found: &mut BTreeMap<String, Vec<String>>) {
    match value {
        Value::Object(members) => {
            if members.get("in").and_then(Value::as_str) == Some("path")
                && let Some(name) = members.get("name").and_then(Value::as_str)
            {
                let list: &mut Vec<String> = found.entry(name.to_owned()).or_default();
                for example in examples(value) {
                    if !list.contains(&example) {
                        list.push(example);
                    }
                }
            }
            members.values().for_each(|member| visit(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, found)),
        _ => {}
    }
}

fn examples(parameter: &Value) -> Vec<String> {
    let schema = &parameter["schema"];
    let single = [
        &parameter["example"],
        &parameter["x-example"],
        &schema["example"],
        &schema["x-example"],
        &schema["default"],
        &parameter["default"],
    ];
    let several = parameter["examples"].as_object().into_iter().flat_map(|named| named.values());
    let several = several.map(|example| &example["value"]);
    let listed = schema["examples"].as_array().into_iter().flatten();
    single.into_iter().chain(several).chain(listed).filter_map(text).collect()
}

/// As it stands in a path; none of what cannot.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text)
            if (1..=64).contains(&text.len()) && !text.contains(['/', '{', '<']) =>
        {
            Some(text.clone())
        }
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
