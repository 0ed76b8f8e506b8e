//! Security schemes, and which an operation asks for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    Kind,
    place::Place,
    reader::{Reader, Version},
    reference,
};

/// The way that is no authentication, beside others.
pub(super) const NONE: &str = "none";

/// The kinds of the schemes declared, by name: `basic`, `bearer`, `digest` and other schemes of
/// HTTP by their names, `apiKey header x-api-key` (or `query`, `cookie`), `oauth2`,
/// `openIdConnect`, `mutualTLS`.
pub(super) fn schemes(reader: &mut Reader<'_>) -> BTreeMap<String, String> {
    let (parent, name) = match reader.version {
        Version::Two => (reader.document, "securityDefinitions"),
        Version::Three => (&reader.document["components"], "securitySchemes"),
    };
    let around = Place::Target(match reader.version {
        Version::Two => "#",
        Version::Three => "#/components",
    });
    let at = around.member(name);
    let Some(found) = parent.get(name).filter(|value| !value.is_null()) else {
        return BTreeMap::new();
    };
    let Some(found) = reader.object(found, &at) else { return BTreeMap::new() };
    let mut schemes = BTreeMap::new();
    for (name, scheme) in found {
        let at = at.member(name);
        if let Some(kind) = kind(reader, scheme, &at) {
            schemes.insert(name.clone(), kind);
        }
    }
    schemes
}

fn kind<'d>(reader: &mut Reader<'d>, scheme: &'d Value, at: &Place<'_>) -> Option<String> {
    let target = reference::follow(reader, scheme, at)?;
    let (scheme, at) = (target.value, target.place(*at));
    reader.object(scheme, &at)?;
    let Some(kind) = reader.text(scheme, &at, "type") else {
        reader.problem(&at, Kind::Absent("`type`"));
        return None;
    };
    if let Some(kind) = scheme.get(super::export::KIND).and_then(Value::as_str) {
        return Some(kind.to_owned());
    }
    match kind {
        "http" => Some(reader.text(scheme, &at, "scheme")?.to_ascii_lowercase()),
        "apiKey" => {
            let place = reader.text(scheme, &at, "in")?;
            let name = reader.text(scheme, &at, "name")?;
            let name = if place == "header" { name.to_ascii_lowercase() } else { name.to_owned() };
            Some(format!("apiKey {place} {name}"))
        }
        "basic" | "oauth2" | "openIdConnect" | "mutualTLS" => Some(kind.to_owned()),
        _ => {
            reader.problem(&at.member("type"), Kind::Value(kind.to_owned()));
            None
        }
    }
}

/// The ways that `object` (the document or an operation) asks for, each enough by itself: kinds,
/// joined with ` + ` where several are asked for together, and [`NONE`] where it may be left out.
/// Empty when none is asked for; `None` when it says nothing, so that what is around it holds.
pub(super) fn required<'d>(
    reader: &mut Reader<'d>,
    object: &'d Value,
    at: &Place<'_>,
    schemes: &BTreeMap<String, String>,
) -> Option<BTreeSet<String>> {
    let at = at.member("security");
    let list = object.get("security").filter(|value| !value.is_null())?;
    let list = reader.array(list, &at)?;
    let mut ways = BTreeSet::new();
    for (index, requirement) in list.iter().enumerate() {
        let at = at.item(index);
        let requirement = reader.object(requirement, &at)?;
        let mut kinds = BTreeSet::new();
        for name in requirement.keys() {
            match schemes.get(name) {
                Some(kind) => {
                    kinds.insert(kind.as_str());
                }
                None => reader.problem(&at.member(name), Kind::Absent("the security scheme")),
            }
        }
        if requirement.is_empty() {
            ways.insert(NONE.to_owned());
        } else if !kinds.is_empty() {
            ways.insert(kinds.into_iter().collect::<Vec<_>>().join(" + "));
        }
    }
    // No authentication and no other way: none is asked for.
    if ways.len() == 1 {
        ways.remove(NONE);
    }
    Some(ways)
}
