//! The way of one path through a tree.

use super::{MANY_NODES, MAX_NODES, NONE, ROOT, Sight, Tree};
use crate::inventory::{
    paths::{evidence, vocabulary},
    template::Step,
};

/// The label of a segment that is a value as a whole.
pub(super) const VALUE: &str = "/{}";

/// A way down a tree, step by step.
pub(in crate::inventory::paths) struct Walk<'t> {
    tree: &'t mut Tree,
    /// The path is evidence: nodes are made, unless there is no room.
    is_evidence: bool,
    may_grow: bool,
    /// Where it is in the tree; `NONE` where the tree has nothing.
    node: u32,
    /// Where it is in the view, known also where the tree has nothing.
    view: u32,
    folded: bool,
}

/// What became of a path.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::inventory::paths) struct Outcome {
    /// Where it ended; `None` when the tree had no room for it.
    pub node: Option<u32>,
    pub folded: bool,
}

impl<'t> Walk<'t> {
    pub(super) fn new(tree: &'t mut Tree, is_evidence: bool, may_grow: bool) -> Self {
        Self { tree, is_evidence, may_grow, node: ROOT, view: ROOT, folded: false }
    }

    /// Takes a step. Gives whether it is a word that is a value.
    pub(in crate::inventory::paths) fn step(&mut self, step: Step<'_>) -> bool {
        let (Step::Word(label) | Step::Fixed(label) | Step::Value(label)) = step;
        let found = if self.node == NONE { None } else { self.tree.find(self.node, label) };
        if let Some(id) = found {
            let node = &self.tree.nodes[id as usize];
            self.node = id;
            self.view = node.view;
            return node.is_value;
        }
        self.step_into_unknown(label)
    }

    /// Ends the path here.
    pub(in crate::inventory::paths) fn end(self, is_whole: bool, sight: Sight<'_>) -> Outcome {
        let node = Some(self.node).filter(|&node| node != NONE && is_whole);
        match node {
            Some(node) => self.tree.count(node, sight),
            None => self.tree.add_requests(sight),
        }
        Outcome { node, folded: self.folded }
    }

    /// What the tree has not seen is what the view says of its like, until it is judged. Bias: a
    /// word beside values is a value, unless it is one of those that name a thing to do.
    fn step_into_unknown(&mut self, label: &str) -> bool {
        let known = self.tree.find_in_view(self.view, label);
        let values = self.tree.values_of(self.view);
        let is_absorbed = known == NONE && self.tree.absorbs(self.view, label);
        let is_value = is_absorbed
            || known == NONE
                && values != NONE
                && evidence::may_be_value(label)
                && !vocabulary::is_reserved(label);
        self.view = match (is_absorbed, is_value) {
            (true, _) => self.view,
            (_, true) => values,
            _ => known,
        };
        if self.node == NONE || !self.is_evidence {
            self.node = NONE;
            return is_value;
        }
        let is_many = self.tree.len() >= MANY_NODES;
        let is_folded = is_value && !is_absorbed && is_many;
        let label = if is_folded { VALUE } else { label };
        self.folded |= is_folded;
        let existing = self.tree.find(self.node, label);
        let node = match existing {
            Some(node) => node,
            None if self.may_grow && self.tree.len() < MAX_NODES => {
                let node = self.tree.insert(self.node, label);
                self.tree.nodes[node as usize].view = self.view;
                self.tree.nodes[node as usize].is_value = is_value && label != VALUE;
                node
            }
            None => NONE,
        };
        self.node = node;
        is_value
    }
}
