//! A specification and what was learned, compared.

mod body;
mod parameters;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{route, security::NONE};
use crate::inventory::description::Operation;

/// Something that is not as declared.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Difference {
    /// What it is.
    pub kind: DifferenceKind,
    /// The host: of the learned operation, of an orphan the declared one.
    pub host: String,
    /// Its route, of the learned operation; of an orphan the declared one.
    pub route: String,
    /// Its method.
    pub method: String,
    /// Its name under the route, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Where in it: `query limit`, `request application/json items[].name`, `response 404`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// What is declared there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub declared: String,
    /// What was seen.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seen: String,
}

/// What is not as declared.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// Seen and not declared.
    Shadow,
    /// Still called, though declared deprecated or declared only by an earlier version.
    Zombie,
    /// Declared and never called.
    Orphan,
    /// Accepted without the authentication that is declared.
    MissingAuthentication,
    /// A parameter that is not declared.
    UndeclaredParameter,
    /// A field of a body that is not declared.
    UndeclaredField,
    /// A status code that is not declared.
    UndeclaredStatus,
    /// A media type that is not declared.
    UndeclaredMediaType,
    /// Values of a type that is not declared.
    UndeclaredType,
    /// Values outside the bounds or the enum declared.
    OutOfRange,
}

/// Whether hosts must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// A declared operation is that of its host, of any when it names none.
    Declared,
    /// Hosts do not count: what is called `api.example.com` outside has other names within.
    Any,
}

/// Compares what `current` declares with what was learned. `earlier` holds the operations of
/// earlier versions of the specification.
///
/// A learned operation belongs to the declared one with the same method whose route fits best. HEAD beside a
/// declared GET and OPTIONS on a declared path are no shadows: servers answer them by themselves.
/// Sorted by kind, host and route.
pub fn diff(
    current: &[Operation],
    earlier: &[Operation],
    learned: &[Operation],
    hosts: Hosts,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut called = BTreeSet::new();
    for seen in learned {
        if let Some(index) = find(current, seen, hosts) {
            called.insert(index);
            if current[index].deprecated {
                differences.push(zombie(seen, "deprecated"));
            }
            compare(&current[index], seen, &mut differences);
        } else if find(earlier, seen, hosts).is_some() {
            differences.push(zombie(seen, "by an earlier version"));
        } else if !is_automatic(current, seen, hosts) {
            differences.push(difference(seen, DifferenceKind::Shadow));
        }
    }
    let is_called = |index| is_same_called(current, &called, index);
    let orphans = current.iter().enumerate().filter(|(index, _)| !is_called(*index));
    differences.extend(orphans.map(|(_, one)| difference(one, DifferenceKind::Orphan)));
    differences.sort();
    differences.dedup();
    differences
}

/// The declared operation that a learned one belongs to.
fn find(declared: &[Operation], learned: &Operation, hosts: Hosts) -> Option<usize> {
    let candidates = |named: bool| {
        let candidate = move |one: &Operation| {
            one.method == learned.method
                && is_host(one, learned, hosts)
                && if named { one.operation == learned.operation } else { one.operation.is_none() }
        };
        let all = declared.iter().enumerate();
        all.filter(move |(_, one)| candidate(one)).map(|(index, one)| (&*one.route, index))
    };
    // A specification that does not tell operations under a route apart declares them all.
    route::best(candidates(true), &learned.route)
        .or_else(|| route::best(candidates(false), &learned.route))
}

fn is_host(declared: &Operation, learned: &Operation, hosts: Hosts) -> bool {
    hosts == Hosts::Any || declared.host.is_empty() || declared.host == learned.host
}

fn is_automatic(declared: &[Operation], learned: &Operation, hosts: Hosts) -> bool {
    let fits = |one: &&Operation| {
        is_host(one, learned, hosts) && route::fit(&one.route, &learned.route).is_some()
    };
    match learned.method.as_str() {
        "HEAD" => declared.iter().filter(|one| one.method == "GET").any(|one| fits(&one)),
        "OPTIONS" => declared.iter().any(|one| fits(&one)),
        _ => false,
    }
}

/// Whether this operation was called, or one that it cannot be told from: a document may declare
/// one twice, and a server that is another's in all but its path.
fn is_same_called(declared: &[Operation], called: &BTreeSet<usize>, index: usize) -> bool {
    if called.contains(&index) {
        return true;
    }
    let one = &declared[index];
    let name = route::nameless(&one.route);
    called.iter().map(|&other| &declared[other]).any(|other| {
        (&one.method, &one.host, &one.operation) == (&other.method, &other.host, &other.operation)
            && route::nameless(&other.route) == name
    })
}

fn compare(declared: &Operation, learned: &Operation, differences: &mut Vec<Difference>) {
    let mut found = Found { learned, differences };
    authentication(declared, learned, &mut found);
    parameters::compare(declared, learned, &mut found);
    body::compare(declared, learned, &mut found);
}

fn authentication(declared: &Operation, learned: &Operation, found: &mut Found<'_>) {
    let is_open = |one: &Operation| one.security.is_empty() || one.security.contains(NONE);
    let was_accepted = learned.responses.keys().any(|status| status.starts_with(['2', '3']));
    if !is_open(declared) && is_open(learned) && was_accepted {
        let ways: Vec<_> = declared.security.iter().map(String::as_str).collect();
        found.push(DifferenceKind::MissingAuthentication, "", &ways.join(", "), NONE);
    }
}

/// Where differences of one operation go.
struct Found<'f> {
    learned: &'f Operation,
    differences: &'f mut Vec<Difference>,
}

impl Found<'_> {
    fn push(&mut self, kind: DifferenceKind, place: &str, declared: &str, seen: &str) {
        self.differences.push(Difference {
            place: place.to_owned(),
            declared: declared.to_owned(),
            seen: seen.to_owned(),
            ..difference(self.learned, kind)
        });
    }
}

fn zombie(operation: &Operation, declared: &str) -> Difference {
    let declared = declared.to_owned();
    Difference { declared, ..difference(operation, DifferenceKind::Zombie) }
}

fn difference(operation: &Operation, kind: DifferenceKind) -> Difference {
    Difference {
        kind,
        host: operation.host.clone(),
        route: operation.route.clone(),
        method: operation.method.clone(),
        operation: operation.operation.clone(),
        place: String::new(),
        declared: String::new(),
        seen: String::new(),
    }
}
