//! Parameters outside the body.

use super::{
    DifferenceKind, Found,
    body::{Values, schema},
};
use crate::inventory::description::{Operation, Parameter, Place, Schema, Type};

/// What a specification describes elsewhere than among parameters.
const DESCRIBED_ELSEWHERE: [&str; 3] = ["accept", "authorization", "content-type"];

pub(super) fn compare(declared: &Operation, learned: &Operation, found: &mut Found<'_>) {
    for seen in &learned.parameters {
        let place = format!("{} {}", name_of(seen.place), seen.name);
        // Names in a path are the learner's own; what they stand for is the route's matter.
        if seen.place == Place::Path {
            if let Some(known) = same_position(declared, learned, seen) {
                schema(&known.schema, &seen.schema, Values::Text, &place, found);
            }
            continue;
        }
        match find(declared, seen) {
            Known::Parameter(known) => schema(known, &seen.schema, Values::Text, &place, found),
            Known::Elsewhere => {}
            Known::Nowhere => {
                found.push(DifferenceKind::UndeclaredParameter, &place, "", &types(seen));
            }
        }
    }
}

enum Known<'d> {
    Parameter(&'d Schema),
    /// A part of another parameter, or what carries the authentication.
    Elsewhere,
    Nowhere,
}

fn find<'d>(declared: &'d Operation, seen: &Parameter) -> Known<'d> {
    let of_place = || declared.parameters.iter().filter(|known| known.place == seen.place);
    if let Some(known) = of_place().find(|known| is_name(known, &seen.name)) {
        return Known::Parameter(&known.schema);
    }
    if seen.place == Place::Header && DESCRIBED_ELSEWHERE.contains(&seen.name.as_str()) {
        return Known::Elsewhere;
    }
    let scheme = format!("apiKey {} {}", name_of(seen.place), seen.name);
    if declared.security.iter().any(|way| way.split(" + ").any(|kind| kind == scheme)) {
        return Known::Elsewhere;
    }
    // `filter[name]` of `filter` (deepObject), `ids[]` of `ids`.
    let base = seen.name.split('[').next().unwrap_or_default();
    if base.len() < seen.name.len() && of_place().any(|known| is_name(known, base)) {
        return Known::Elsewhere;
    }
    // An object whose fields are parameters of their own (style form, exploded).
    for known in of_place().filter(|known| known.schema.types.contains(&Type::Object)) {
        if let Some(property) = known.schema.properties.get(&seen.name) {
            return Known::Parameter(property);
        }
        if known.schema.additional_properties.is_some() {
            return Known::Elsewhere;
        }
    }
    Known::Nowhere
}

fn is_name(known: &Parameter, name: &str) -> bool {
    known.name == name
        || known.place == Place::Header && known.name.eq_ignore_ascii_case(name)
        || known.name.strip_suffix("[]") == Some(name)
}

/// The declared parameter of the path that a learned one stands for: the one of the same number,
/// where the routes have the same parameters.
fn same_position<'d>(
    declared: &'d Operation,
    learned: &Operation,
    seen: &Parameter,
) -> Option<&'d Parameter> {
    if super::route::nameless(&declared.route) != super::route::nameless(&learned.route) {
        return None;
    }
    let at = names(&learned.route).position(|name| name == seen.name)?;
    let name = names(&declared.route).nth(at)?;
    declared.parameters.iter().find(|known| known.place == Place::Path && known.name == name)
}

fn names(route: &str) -> impl Iterator<Item = &str> {
    route.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

fn types(parameter: &Parameter) -> String {
    super::body::types_text(&parameter.schema)
}

pub(super) fn name_of(place: Place) -> &'static str {
    match place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
        Place::Cookie => "cookie",
    }
}
