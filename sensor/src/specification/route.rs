//! Which declared route a learned one belongs to. Names of parameters do not count.

use std::cmp::Ordering;

/// How well a declared route fits a learned one; the greater the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    /// The same but for names.
    same: bool,
    /// Bytes of the learned route that are literals of the declared one.
    literals: usize,
    /// Both end in `/`, or neither does.
    same_end: bool,
}

/// How the routes fit. A parameter declared stands for a parameter or a literal that was seen; a
/// literal declared for itself alone. A `/` at the end makes no route of its own.
pub(super) fn fit(declared: &str, learned: &str) -> Option<Fit> {
    let trimmed = |route: &str| route.strip_suffix('/').unwrap_or(route).to_owned();
    let (short_declared, short_learned) = (trimmed(declared), trimmed(learned));
    let (mut same, mut literals) = (true, 0);
    let mut seen = short_learned.split('/');
    for segment in short_declared.split('/') {
        let (declared, seen) = (nameless(segment), nameless(seen.next()?));
        if !matches(&declared, &seen) {
            return None;
        }
        same &= declared == seen;
        literals += declared.replace("{}", "").len();
    }
    if seen.next().is_some() {
        return None;
    }
    Some(Fit { same, literals, same_end: declared.ends_with('/') == learned.ends_with('/') })
}

/// The best fit; of equals the first.
pub(super) fn best<'d, T>(
    declared: impl Iterator<Item = (&'d str, T)>,
    learned: &str,
) -> Option<T> {
    let fits = declared.filter_map(|(route, what)| Some((fit(route, learned)?, what)));
    // `max_by` takes the last of equals.
    let order = |(left, _): &(Fit, T), (right, _): &(Fit, T)| match left.cmp(right) {
        Ordering::Equal => Ordering::Greater,
        other => other,
    };
    fits.max_by(order).map(|(_, what)| what)
}

/// A route in which every parameter is `{}`.
pub(super) fn nameless(route: &str) -> String {
    let mut text = String::with_capacity(route.len());
    let mut rest = route;
    while let Some((literal, behind)) = rest.split_once('{') {
        let Some((_, after)) = behind.split_once('}') else { break };
        text.push_str(literal);
        text.push_str("{}");
        rest = after;
    }
    text + rest
}

/// Whether a nameless segment stands for another, or for a literal: each `{}` for at least one
/// byte.
fn matches(declared: &str, seen: &str) -> bool {
    if declared == seen || declared == "{}" {
        return declared == seen || !seen.is_empty();
    }
    let mut parts = declared.split("{}");
    let Some(mut rest) = parts.next().and_then(|first| seen.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        // One byte at least is the parameter's.
        let Some((first, _)) = rest.char_indices().nth(1).or(Some((rest.len(), ' '))) else {
            return false;
        };
        if rest.is_empty() {
            return false;
        }
        if parts.peek().is_none() {
            return rest[first..].ends_with(part);
        }
        let Some(at) = rest[first..].find(part) else { return false };
        rest = &rest[first + at + part.len()..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_fit() {
        let check = |declared: &str, learned: &str, expected: bool| {
            assert_eq!(fit(declared, learned).is_some(), expected, "{declared} {learned}");
        };
        check("/pets", "/pets", true);
        check("/pets", "/pets/", true);
        check("/pets/", "/pets", true);
        check("/", "/", true);
        check("/pets", "/pet", false);
        check("/pets", "/pets/{petId}", false);
        check("/pets/{petId}", "/pets/{petId2}", true);
        check("/pets/{petId}", "/pets/17", true);
        check("/pets/{petId}", "/pets/", false);
        check("/pets/{petId}", "/pets", false);
        check("/pets/me", "/pets/{petId}", false);
        check("/pets/{a}/toys", "/pets/{b}/toys", true);
        check("/{id}.json", "/{name}.json", true);
        check("/{id}.json", "/17.json", true);
        check("/{id}.json", "/.json", false);
        check("/{id}.json", "/{id}", false);
        check("/{id}.json", "/17.xml", false);
        check("/{id}", "/{id}.json", true);
        check("/{a}..{b}", "/v1..v2", true);
        check("/{a}..{b}", "/v1..", false);
        check("/{a}:cancel", "/é:cancel", true);
        check("/{a}-{b}", "/é", false);
        check("/a{", "/a{", true);
        check("*", "*", true);
    }

    #[test]
    fn the_best_fit_is_the_most_literal() {
        let check = |declared: &[&str], learned: &str, expected: Option<usize>| {
            let routes = declared.iter().enumerate().map(|(index, &route)| (route, index));
            assert_eq!(best(routes, learned), expected, "{declared:?} {learned}");
        };
        check(&["/users/{id}", "/users/me"], "/users/me", Some(1));
        check(&["/users/{id}", "/users/me"], "/users/{userId}", Some(0));
        check(&["/users/{id}", "/users/me"], "/users/17", Some(0));
        check(&["/{a}", "/{b}"], "/{c}", Some(0));
        check(&["/{a}", "/{a}.json"], "/7.json", Some(1));
        check(&["/a", "/a/"], "/a/", Some(1));
        check(&["/a/", "/a"], "/a", Some(1));
        check(&["/{a}/b", "/a/{b}"], "/a/b", Some(0));
        check(&["/x"], "/y", None);
    }
}
