//! Names of path parameters, from the literal before them: `users` gives `userId`.

use std::ops::Range;

/// Longest literal that gives a name.
const MAX_LITERAL: usize = 48;

/// Plurals that the rules get wrong, as far as paths have them.
const IRREGULAR: [(&str, &str); 10] = [
    ("addresses", "address"),
    ("aliases", "alias"),
    ("children", "child"),
    ("cookies", "cookie"),
    ("movies", "movie"),
    ("news", "news"),
    ("people", "person"),
    ("series", "series"),
    ("statuses", "status"),
    ("viruses", "virus"),
];

/// Appends the name of the parameter that follows the literal segment at `literal` in `route`:
/// camel case, ending in `Id`; `id` where the literal gives none.
pub(super) fn push(route: &mut String, literal: Range<usize>) {
    // Copied out, for the route grows while it is read.
    let mut copy = [0; MAX_LITERAL];
    let literal = match (route.as_bytes().get(literal.clone()), copy.get_mut(..literal.len())) {
        (Some(source), Some(copy)) => {
            copy.copy_from_slice(source);
            &*copy
        }
        _ => &[],
    };
    if !gives_name(literal) {
        return route.push_str("id");
    }
    let (stem, ending) = singular(literal);
    let mut upper = false;
    for (index, &byte) in stem.iter().chain(ending.as_bytes()).enumerate() {
        match byte {
            b'-' | b'_' => upper = true,
            _ if upper => {
                route.push(char::from(byte.to_ascii_uppercase()));
                upper = false;
            }
            _ if index == 0 => route.push(char::from(byte.to_ascii_lowercase())),
            _ => route.push(char::from(byte)),
        }
    }
    route.push_str("Id");
}

fn gives_name(literal: &[u8]) -> bool {
    literal.first().is_some_and(u8::is_ascii_alphabetic)
        && literal.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        && !is_version(literal)
}

/// `v1`, `v12`: the parameter after it is not a version's.
fn is_version(literal: &[u8]) -> bool {
    matches!(literal, [b'v' | b'V', digits @ ..] if !digits.is_empty()
        && digits.iter().all(u8::is_ascii_digit))
}

/// The singular of an English plural, as a stem and what comes behind it.
fn singular(plural: &[u8]) -> (&[u8], &'static str) {
    for (irregular, singular) in IRREGULAR {
        if plural.eq_ignore_ascii_case(irregular.as_bytes()) {
            return (&[], singular);
        }
    }
    let without = |count: usize| &plural[..plural.len() - count];
    match plural {
        [.., b'i', b'e', b's'] if plural.len() > 4 => (without(3), "y"),
        [.., b'e', b's'] if ends_in_es(plural) => (without(2), ""),
        [.., b's' | b'u' | b'i', b's'] => (plural, ""),
        [_, _, .., b's'] => (without(1), ""),
        _ => (plural, ""),
    }
}

/// Boxes, classes, dishes, matches, branches, searches; but caches, cases, houses.
fn ends_in_es(plural: &[u8]) -> bool {
    [&b"xes"[..], b"sses", b"shes", b"tches", b"nches", b"rches"]
        .iter()
        .any(|ending| plural.ends_with(ending))
}
