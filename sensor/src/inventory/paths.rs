//! Which literals of a path are really values: learned from what lies beside them and below.
//!
//! Each host has a tree of the paths that were answered with something that shows that they
//! exist. Its nodes only ever count, so it is the same whatever the order of the exchanges;
//! routes are a function of the tree, made anew when it has grown by an eighth (or at
//! [`Paths::settle`]). So a join is taken back as soon as the function says otherwise.

mod declared;
mod evidence;
mod tree;
mod vocabulary;

pub use declared::Declared;
use tree::Tree;
pub use tree::{Host, Moves};

use std::hash::BuildHasher as _;

use hashbrown::HashTable;

use crate::inventory::template::{Template, template, template_with};

/// Hosts with a tree. Paths of others are judged by their form.
const MAX_HOSTS: usize = 4096;

/// Nodes in all trees: about 150 bytes each, and up to 384 of label and 20 for each method.
const MAX_NODES: usize = 1 << 17;

/// Longest path that is taken as evidence.
const MAX_PATH: usize = 512;

/// What the tree is told of exchanges that show that their path exists.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// Request method.
    pub method: &'a str,
    /// How many such exchanges.
    pub requests: u32,
    /// A hash of what an endpoint's exchanges have in common and others have not; 0 when unknown.
    pub shape: u32,
}

/// A place in a tree, where a path ends of which no word is a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceId {
    tree: u32,
    node: u32,
}

/// What came of a path besides its template.
#[derive(Debug, Default)]
pub struct Resolved {
    /// Where it is evidence, when its template follows from its form.
    pub place: Option<PlaceId>,
    /// What moved just before.
    pub moves: Option<Moves>,
}

/// The trees of all hosts.
#[derive(Default)]
pub struct Paths {
    trees: Vec<Tree>,
    by_host: HashTable<u32>,
    hasher: foldhash::fast::RandomState,
    nodes: usize,
    counters: Counters,
}

/// What was not learned from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Paths judged by form alone: too many hosts, nodes, or too long a path.
    pub unlearned: u64,
    /// Values that were new when the host had many, and are counted together.
    pub folded: u64,
}

impl Paths {
    /// Makes the template of a path of a host as far as is known. With a `sight`, the path becomes
    /// evidence.
    pub fn template(
        &mut self,
        host: Host<'_>,
        path: &[u8],
        sight: Option<Sight<'_>>,
        out: &mut Template,
    ) -> Resolved {
        let tree = match sight {
            Some(_) => self.tree_or_new(host),
            None => self.find(host),
        };
        let Some(index) = tree.filter(|_| path.len() <= MAX_PATH) else {
            self.counters.unlearned += u64::from(sight.is_some());
            template(path, out);
            return Resolved::default();
        };
        let tree = &mut self.trees[index];
        // Before this path is counted, so that what moves is what rows have.
        let moves = if sight.is_some() { tree.judge_when_due() } else { None };
        let before = tree.len();
        let mut has_words = false;
        let mut walk = tree.walk(sight.is_some(), self.nodes < MAX_NODES);
        let is_whole = template_with(path, out, |step| {
            let is_value = walk.step(step);
            has_words |= is_value;
            is_value
        });
        let Some(sight) = sight else { return Resolved::default() };
        let outcome = walk.end(is_whole, sight);
        self.counters.unlearned += u64::from(outcome.node.is_none());
        self.counters.folded += u64::from(outcome.folded);
        self.nodes += tree.len() - before;
        let place = outcome.node.filter(|_| !has_words);
        Resolved { place: place.map(|node| PlaceId { tree: index as u32, node }), moves }
    }

    /// Counts requests for a path whose place is known; or gives what moved just before, and counts
    /// nothing, for the path's template may be another.
    pub fn count(&mut self, place: PlaceId, sight: Sight<'_>) -> Option<Moves> {
        let moves = self.trees.get_mut(place.tree as usize)?.judge_when_due();
        if moves.is_none() {
            self.add(place, sight);
        }
        moves
    }

    /// Counts requests without judging.
    pub fn add(&mut self, place: PlaceId, sight: Sight<'_>) {
        if let Some(tree) = self.trees.get_mut(place.tree as usize) {
            tree.count(place.node, sight);
        }
    }

    /// Judges all that has changed since it was last judged, and gives what moved.
    pub fn settle(&mut self) -> Vec<Moves> {
        self.trees.iter_mut().filter(|tree| tree.has_changed()).filter_map(Tree::judge).collect()
    }

    /// What was not learned from.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    fn find(&self, host: Host<'_>) -> Option<usize> {
        let hash = self.hasher.hash_one(host);
        let is_same = |&index: &u32| self.trees[index as usize].host() == host;
        self.by_host.find(hash, is_same).map(|&index| index as usize)
    }

    fn tree_or_new(&mut self, host: Host<'_>) -> Option<usize> {
        if let Some(index) = self.find(host) {
            return Some(index);
        }
        if self.trees.len() >= MAX_HOSTS {
            return None;
        }
        let index = self.trees.len();
        self.trees.push(Tree::new(host));
        let trees = &self.trees;
        let hasher = &self.hasher;
        self.by_host.insert_unique(hasher.hash_one(host), index as u32, |&index| {
            hasher.hash_one(trees[index as usize].host())
        });
        Some(index)
    }
}

#[cfg(test)]
mod tests;
