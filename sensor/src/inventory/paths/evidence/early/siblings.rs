//! What is known of the children of a place.

use super::super::{Sibling, may_be_value};
use crate::inventory::paths::{tree::Tree, vocabulary::Look};

/// What is known of a sibling.
pub(super) struct Facts<'a> {
    pub label: &'a str,
    pub look: Look,
    pub requests: f32,
    /// Methods of requests that end here, a bit each.
    pub methods: u32,
    /// One of them changes or deletes; one creates.
    pub changes: bool,
    pub creates: bool,
    /// Different shapes of answers, in order.
    pub shapes: Vec<u32>,
    /// Different labels of children that are no values, in order; those behind an extension too.
    pub words: Vec<&'a str>,
    /// Different labels of words below those, in order.
    pub deep: Vec<&'a str>,
    /// Some children are values by their form.
    pub has_values: bool,
}

impl<'a> Facts<'a> {
    pub(super) fn new(tree: &'a Tree, sibling: &'a Sibling) -> Self {
        let mut facts = Self {
            label: &sibling.label,
            look: Look::of(&sibling.label),
            requests: 0.0,
            methods: 0,
            changes: false,
            creates: false,
            shapes: Vec::new(),
            words: Vec::new(),
            deep: Vec::new(),
            has_values: false,
        };
        for &id in &sibling.nodes {
            let node = tree.node(id);
            facts.requests += node.requests as f32;
            for end in &node.ends {
                facts.methods |= 1 << (end.method & 31);
                facts.shapes.extend(end.shapes.iter().filter(|&&shape| shape != 0));
                match tree.method_name(end.method) {
                    "PUT" | "PATCH" | "DELETE" => facts.changes = true,
                    "POST" => facts.creates = true,
                    _ => {}
                }
            }
            for child in tree.children(id) {
                match &*tree.node(child).label {
                    "/{}" => facts.has_values = true,
                    label if label.starts_with('.') => {
                        let behind = tree.children(child).map(|id| &*tree.node(id).label);
                        facts.words.extend(behind);
                    }
                    label => {
                        facts.words.push(label);
                        let below = tree.children(child).map(|id| &*tree.node(id).label);
                        facts.deep.extend(below.filter(|label| may_be_value(label)));
                    }
                }
            }
        }
        facts.words.sort_unstable();
        facts.words.dedup();
        facts.deep.sort_unstable();
        facts.deep.dedup();
        facts.shapes.sort_unstable();
        facts.shapes.dedup();
        facts
    }

    pub(super) fn is_word(&self) -> bool {
        may_be_value(self.label)
    }

    /// A word before a value by its form.
    pub(super) fn is_pattern(&self) -> bool {
        self.is_word() && self.label.contains("{}")
    }

    /// The sibling of all that are values by their form.
    pub(super) fn is_values(&self) -> bool {
        self.label == "/{}"
    }

    pub(super) fn is_leaf(&self) -> bool {
        self.words.is_empty() && !self.has_values
    }
}
