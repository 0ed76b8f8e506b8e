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
pub use evidence::{FIRST, SECOND, THIRD};
use tree::Tree;
pub use tree::{Host, Moves};

use std::hash::BuildHasher as _;

use hashbrown::HashTable;

use crate::inventory::template::{Step, Template, template, template_with};

/// Hosts with a tree. A new one takes the place of one that is hardly used.
const MAX_HOSTS: usize = 4096;

/// Trees among which the least used goes.
const CANDIDATES: usize = 16;

/// Nodes in all trees: about 150 bytes each, and up to 384 of label and 20 for each method.
const MAX_NODES: usize = 1 << 17;

/// Longest path that is taken as evidence.
const MAX_PATH: usize = 512;

/// The steps of a path by its form, as the labels of [`Paths::examples`].
pub fn labels(path: &[u8]) -> Vec<String> {
    let mut labels = Vec::new();
    template_with(path, &mut Template::default(), |step| {
        let (Step::Word(label) | Step::Fixed(label) | Step::Value(label)) = step;
        labels.push(label.to_owned());
        false
    });
    labels
}

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
    /// Which of the trees that had this index.
    generation: u32,
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
    /// The tree that is looked at next when one has to go.
    hand: usize,
    /// Trees made so far.
    generation: u32,
    counters: Counters,
}

/// What was not learned from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Paths judged by form alone: too many nodes, or too long a path.
    pub unlearned: u64,
    /// Hosts whose paths were forgotten, to make room for others.
    pub forgotten: u64,
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
        let generation = tree.generation;
        let place = outcome.node.filter(|_| !has_words);
        let place = place.map(|node| PlaceId { tree: index as u32, node, generation });
        Resolved { place, moves }
    }

    /// Counts requests for a path whose place is known; or gives what moved just before, and counts
    /// nothing, for the path's template may be another.
    pub fn count(&mut self, place: PlaceId, sight: Sight<'_>) -> Option<Moves> {
        let moves = self.tree_of(place)?.judge_when_due();
        if moves.is_none() {
            self.add(place, sight);
        }
        moves
    }

    /// Counts requests without judging.
    pub fn add(&mut self, place: PlaceId, sight: Sight<'_>) {
        if let Some(tree) = self.tree_of(place) {
            tree.count(place.node, sight);
        }
    }

    /// Whether a place is still there: its host may have been forgotten.
    pub fn knows(&self, place: PlaceId) -> bool {
        self.trees.get(place.tree as usize).is_some_and(|tree| tree.generation == place.generation)
    }

    fn tree_of(&mut self, place: PlaceId) -> Option<&mut Tree> {
        let tree = self.trees.get_mut(place.tree as usize)?;
        (tree.generation == place.generation).then_some(tree)
    }

    /// Judges all that has changed since it was last judged, and gives what moved.
    pub fn settle(&mut self) -> Vec<Moves> {
        self.trees.iter_mut().filter(|tree| tree.has_changed()).filter_map(Tree::judge).collect()
    }

    /// Shows what the three judgements weigh of each word of a host, with its requests and whether
    /// `truth` says of the labels down to it that it is a value: to fit the weights.
    pub fn examples(
        &mut self,
        host: Host<'_>,
        truth: impl FnMut(&str) -> Option<bool>,
        show: impl FnMut([&[f32]; 3], u32, bool),
    ) {
        if let Some(index) = self.find(host) {
            self.trees[index].examples(truth, show);
        }
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
        self.generation = self.generation.wrapping_add(1);
        let tree = Tree::new(host, self.generation);
        let is_full = self.trees.len() >= MAX_HOSTS || self.nodes >= MAX_NODES;
        let index = if is_full && !self.trees.is_empty() {
            let index = self.least_used();
            self.forget(index);
            self.trees[index] = tree;
            index
        } else {
            self.trees.push(tree);
            self.trees.len() - 1
        };
        let trees = &self.trees;
        let hasher = &self.hasher;
        self.by_host.insert_unique(hasher.hash_one(host), index as u32, |&index| {
            hasher.hash_one(trees[index as usize].host())
        });
        Some(index)
    }

    /// A tree that may go: the least used of the next few. Each that is passed by counts half from
    /// then on (the clock algorithm), so that made-up hosts, with a request each, go before real ones
    /// and those before long.
    fn least_used(&mut self) -> usize {
        let count = self.trees.len();
        let hand = self.hand % count;
        self.hand = (hand + CANDIDATES) % count;
        let window = (0..CANDIDATES.min(count)).map(|step| (hand + step) % count);
        let victim = window.clone().min_by_key(|&index| self.trees[index].uses).unwrap_or(0);
        for index in window {
            self.trees[index].uses /= 2;
        }
        victim
    }

    fn forget(&mut self, index: usize) {
        let hash = self.hasher.hash_one(self.trees[index].host());
        if let Ok(entry) = self.by_host.find_entry(hash, |&other| other as usize == index) {
            entry.remove();
        }
        self.nodes -= self.trees[index].len() - 1;
        self.counters.forgotten += 1;
    }
}

#[cfg(test)]
mod tests;
