//! What specifications declare, as the inventory uses it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{description::Operation, endpoint::Declaration};

/// Operations kept.
pub const MAX_OPERATIONS: usize = 1 << 16;

/// Declared operations by host, method and route.
#[derive(Default)]
pub struct Specifications {
    operations: Vec<Operation>,
    /// Whether each is deprecated.
    known: BTreeMap<(String, String, String), bool>,
    hosts: BTreeSet<String>,
}

/// What became of a declaration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// Operations that are known now.
    pub operations: usize,
    /// Operations that were not taken: without a host, or over the bound.
    pub refused: usize,
    /// Routes that are not preferred for paths: over a bound, or no ASCII.
    pub routes_refused: usize,
}

impl Specifications {
    /// Puts operations in place of all that the same hosts declared before. Gives how many were
    /// not taken.
    pub fn replace(&mut self, operations: Vec<Operation>) -> usize {
        let hosts: BTreeSet<String> = operations.iter().map(|one| one.host.clone()).collect();
        self.operations.retain(|one| !hosts.contains(&one.host));
        self.known.retain(|(host, ..), _| !hosts.contains(host));
        let before = operations.len();
        let room = MAX_OPERATIONS.saturating_sub(self.operations.len());
        let named = operations.into_iter().filter(|one| !one.host.is_empty()).take(room);
        let named: Vec<_> = named.collect();
        let taken = named.len();
        for one in named {
            self.hosts.insert(one.host.clone());
            let key = (one.host.clone(), one.method.clone(), one.route.clone());
            *self.known.entry(key).or_default() |= one.deprecated;
            self.operations.push(one);
        }
        before - taken
    }

    /// How an endpoint is known; `None` when nothing is declared for its host.
    pub fn of(&self, host: &str, method: &str, route: &str) -> Option<Declaration> {
        if !self.hosts.contains(host) {
            return None;
        }
        let key = (host.to_owned(), method.to_owned(), route.to_owned());
        Some(match self.known.get(&key) {
            Some(false) => Declaration::Declared,
            Some(true) => Declaration::Zombie,
            None => Declaration::Shadow,
        })
    }

    /// Everything declared.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(host: &str, method: &str, route: &str, deprecated: bool) -> Operation {
        let text = str::to_owned;
        Operation {
            host: text(host),
            method: text(method),
            route: text(route),
            deprecated,
            ..Operation::default()
        }
    }

    #[test]
    fn endpoints_are_declared_shadows_or_zombies() {
        let mut known = Specifications::default();
        assert_eq!(known.of("api", "GET", "/a"), None);
        let refused = known.replace(vec![
            operation("api", "GET", "/a", false),
            operation("api", "GET", "/old", true),
            operation("", "GET", "/nowhere", false),
        ]);
        assert_eq!(refused, 1);
        assert_eq!(known.of("api", "GET", "/a"), Some(Declaration::Declared));
        assert_eq!(known.of("api", "GET", "/old"), Some(Declaration::Zombie));
        assert_eq!(known.of("api", "POST", "/a"), Some(Declaration::Shadow));
        assert_eq!(known.of("other", "GET", "/a"), None);
        // A later document of the host takes the place of the earlier.
        known.replace(vec![operation("api", "GET", "/b", false)]);
        assert_eq!(known.of("api", "GET", "/a"), Some(Declaration::Shadow));
        assert_eq!(known.operations().len(), 1);
    }
}
