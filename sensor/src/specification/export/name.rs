//! Names that a document needs and traffic does not have.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    inventory::description::{Operation, Parameter, Place},
    specification::{parameter::names, schema},
};

/// The operation under `route`, which has the same structure: parameters of the path take the
/// names in it, and each of them is declared.
pub(super) fn rename(operation: &Operation, route: &str) -> Operation {
    let mut renamed = operation.clone();
    renamed.parameters.retain(|one| one.place != Place::Path);
    let mut known = BTreeSet::new();
    for (new, old) in names(route).zip(names(&operation.route)) {
        let is_old = |one: &&Parameter| one.place == Place::Path && one.name == old;
        let schema = operation.parameters.iter().find(is_old).map(|one| one.schema.clone());
        if known.insert(new) {
            renamed.parameters.push(Parameter {
                place: Place::Path,
                name: new.to_owned(),
                required: true,
                schema: schema.unwrap_or_else(schema::text),
            });
        }
    }
    renamed
        .parameters
        .sort_by(|left, right| (left.place, &left.name).cmp(&(right.place, &right.name)));
    renamed
}

/// A name for each kind of security scheme, of the characters that a component's name may have.
pub(super) fn of_schemes(kinds: &BTreeSet<&str>) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for &kind in kinds {
        let is_plain =
            |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
        let base: String = kind.chars().map(|one| if is_plain(one) { one } else { '-' }).collect();
        let mut name = base.clone();
        let mut number = 2;
        while name.is_empty() || !taken.insert(name.clone()) {
            name = format!("{base}-{number}");
            number += 1;
        }
        names.insert(kind.to_owned(), name);
    }
    names
}
