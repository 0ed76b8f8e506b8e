//! What is known of the children of a place.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;

use crate::inventory::paths::{
    tree::{Node, Tree},
    vocabulary::Look,
};

/// How far below a word its paths are looked at: what is farther tells nothing that is not told
/// before.
const DEPTH: u8 = 3;

/// Children of one label of a place.
pub(in crate::inventory::paths) struct Sibling {
    pub label: Box<str>,
    /// Their nodes.
    pub nodes: Vec<u32>,
}

/// Whether a label is a word, or a word before a value: `/alice`, `/report-{}`.
pub(in crate::inventory::paths) fn may_be_value(label: &str) -> bool {
    label.len() > 1 && label.starts_with('/') && label != "/{}"
}

/// What may be seen below a word. Words of which much is alike tend to be values of one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Trait {
    /// A method is answered here.
    Method(u8),
    /// A method is answered here in a shape.
    Shape(u8, u32),
    /// A word that looks like a name of a resource or an action is behind it.
    Child(u32),
    /// Such a word is farther behind it.
    Descendant(u32),
    /// Another word is behind it.
    Other(u32),
    /// A method is answered in a shape so far behind it.
    ShapeBelow(u8, u8, u32),
    /// A value by its form is behind it.
    Value,
    /// Nothing is behind it.
    Leaf,
}

/// Kinds of traits, by which they are counted.
pub(super) const KINDS: usize = 6;

impl Trait {
    /// Its kind; `None` of those that are too common to tell anything alone.
    pub(super) fn kind(self) -> Option<usize> {
        match self {
            Self::Method(_) => Some(0),
            Self::Shape(..) => Some(1),
            Self::Child(_) => Some(2),
            Self::Descendant(_) => Some(3),
            Self::ShapeBelow(..) => Some(4),
            Self::Other(_) => Some(5),
            Self::Value | Self::Leaf => None,
        }
    }
}

/// What is known of a sibling.
pub(super) struct Facts<'a> {
    pub label: &'a str,
    pub look: Look,
    pub requests: f32,
    /// Under how many of the joined parents it was seen.
    pub parents: f32,
    /// Methods of requests that end here, a bit each.
    pub methods: u32,
    /// One of them changes or deletes; one creates.
    pub changes: bool,
    pub creates: bool,
    /// In order, each once.
    pub traits: Vec<Trait>,
    /// Some children are words, some are values by their form.
    pub has_words: bool,
    pub has_values: bool,
}

impl<'a> Facts<'a> {
    pub(super) fn new(tree: &'a Tree, sibling: &'a Sibling) -> Self {
        let mut facts = Self {
            label: &sibling.label,
            look: Look::of(&sibling.label),
            requests: 0.0,
            parents: sibling.nodes.len() as f32,
            methods: 0,
            changes: false,
            creates: false,
            traits: Vec::new(),
            has_words: false,
            has_values: false,
        };
        for &id in &sibling.nodes {
            let node = tree.node(id);
            facts.requests += node.requests as f32;
            facts.look_at(tree, node);
            for child in tree.children(id) {
                facts.look_below(tree, child, 1);
            }
        }
        if facts.is_leaf() {
            facts.traits.push(Trait::Leaf);
        }
        facts.traits.sort_unstable();
        facts.traits.dedup();
        facts
    }

    fn look_at(&mut self, tree: &Tree, node: &Node) {
        for end in &node.ends {
            self.methods |= 1 << (end.method & 31);
            self.traits.push(Trait::Method(end.method));
            let shapes = end.shapes.iter().filter(|&&shape| shape != 0);
            self.traits.extend(shapes.map(|&shape| Trait::Shape(end.method, shape)));
            match tree.method_name(end.method) {
                "PUT" | "PATCH" | "DELETE" => self.changes = true,
                "POST" => self.creates = true,
                _ => {}
            }
        }
    }

    fn look_below(&mut self, tree: &Tree, id: u32, depth: u8) {
        let node = tree.node(id);
        let label = &*node.label;
        // An extension or a verb belongs to the segment.
        let is_segment = label.starts_with('/');
        if label == "/{}" {
            self.has_values |= depth == 1;
            if depth == 1 {
                self.traits.push(Trait::Value);
            }
        } else {
            self.has_words |= depth == 1;
            let hash = FixedState::default().hash_one(label) as u32;
            match (node.is_name, depth) {
                (true, 1) => self.traits.push(Trait::Child(hash)),
                (true, _) => self.traits.push(Trait::Descendant(hash)),
                (false, 1) => self.traits.push(Trait::Other(hash)),
                (false, _) => {}
            }
        }
        for end in &node.ends {
            let shapes = end.shapes.iter().filter(|&&shape| shape != 0);
            self.traits.extend(shapes.map(|&shape| Trait::ShapeBelow(depth, end.method, shape)));
        }
        if depth < DEPTH {
            for child in tree.children(id) {
                self.look_below(tree, child, depth + u8::from(is_segment));
            }
        }
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
        !self.has_words && !self.has_values
    }
}
