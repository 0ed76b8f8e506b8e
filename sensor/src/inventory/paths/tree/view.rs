//! The tree as it is judged: all values of a parameter are one node, with all that is below them.

use std::hash::BuildHasher as _;

use hashbrown::HashTable;

use super::{NONE, ROOT, Tree, evidence, walk::VALUE};
use crate::inventory::paths::evidence::{Context, Sibling};

/// Different extensions that show that a value is the name of a file.
const MIN_EXTENSIONS: usize = 3;

/// The nodes of the tree, joined.
#[derive(Default)]
pub(super) struct View {
    nodes: Vec<Joined>,
    /// By parent and label; values are found by their parent.
    edges: HashTable<u32>,
}

struct Joined {
    parent: u32,
    /// A node of the tree with its label.
    example: u32,
    /// The node of all values beside its other children.
    values: u32,
    /// Some of them are words.
    has_words: bool,
    /// File name extensions behind it are a part of it.
    absorbs: bool,
}

impl View {
    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.edges.clear();
        self.nodes.push(Joined {
            parent: NONE,
            example: ROOT,
            values: NONE,
            has_words: false,
            absorbs: false,
        });
    }

    fn push(&mut self, parent: u32, example: u32) -> u32 {
        let id = self.nodes.len() as u32;
        self.nodes.push(Joined { parent, example, values: NONE, has_words: false, absorbs: false });
        id
    }
}

impl Tree {
    /// The child of a node of the view by its label, `NONE` when there is none.
    pub(super) fn find_in_view(&self, parent: u32, label: &str) -> u32 {
        let Some(joined) = self.view.nodes.get(parent as usize) else { return NONE };
        if label == VALUE {
            return joined.values;
        }
        let is_same = |&id: &u32| {
            let joined = &self.view.nodes[id as usize];
            joined.parent == parent && *self.node(joined.example).label == *label
        };
        self.view.edges.find(self.hash(parent, label), is_same).copied().unwrap_or(NONE)
    }

    /// The values among the children of a node of the view, when some of them are words.
    pub(super) fn values_of(&self, parent: u32) -> u32 {
        let joined = self.view.nodes.get(parent as usize);
        joined.filter(|joined| joined.has_words).map_or(NONE, |joined| joined.values)
    }

    /// Whether this label behind a node of the view is an extension that is a part of the value.
    pub(super) fn absorbs(&self, view: u32, label: &str) -> bool {
        self.view.nodes.get(view as usize).is_some_and(|joined| joined.absorbs)
            && is_extension(label)
    }

    /// Makes the view anew. Gives of each node of the tree whether it is a word that is a value.
    pub(super) fn make_view(
        &mut self,
        host: &evidence::Host,
        mut judge: impl FnMut(&Self, &Context<'_>, &[Sibling]) -> Vec<bool>,
    ) -> Vec<bool> {
        let mut values = vec![false; self.nodes.len()];
        self.view.clear();
        let mut open = vec![(ROOT, vec![ROOT], Context::root(host))];
        while let Some((view, mut members, context)) = open.pop() {
            self.absorb(view, &mut members, &mut values);
            for &member in &members {
                self.nodes[member as usize].view = view;
            }
            self.open(view, &members, &context, &mut values, &mut open, &mut judge);
        }
        values
    }

    fn open<'h>(
        &mut self,
        view: u32,
        members: &[u32],
        context: &Context<'h>,
        values: &mut [bool],
        open: &mut Vec<(u32, Vec<u32>, Context<'h>)>,
        judge: &mut impl FnMut(&Self, &Context<'_>, &[Sibling]) -> Vec<bool>,
    ) {
        let siblings = self.siblings(members);
        let is_value = judge(self, context, &siblings);
        let mut joined = Vec::new();
        for (sibling, is_value) in siblings.into_iter().zip(is_value) {
            if *sibling.label == *VALUE {
                joined.extend(&sibling.nodes);
            } else if is_value {
                for &node in &sibling.nodes {
                    values[node as usize] = true;
                }
                self.view.nodes[view as usize].has_words = true;
                joined.extend(&sibling.nodes);
            } else {
                let child = self.view.push(view, sibling.nodes[0]);
                self.add_edge(view, child);
                let context = context.behind(&self.node(sibling.nodes[0]).label);
                open.push((child, sibling.nodes, context));
            }
        }
        if let Some(&example) = joined.first() {
            let child = self.view.push(view, example);
            self.view.nodes[view as usize].values = child;
            open.push((child, joined, context.behind(VALUE)));
        }
    }

    /// Values that end in many extensions are names of files: each with its extension is a value.
    /// Where they end in one or two, that names a format, and stays.
    fn absorb(&mut self, view: u32, members: &mut Vec<u32>, values: &mut [bool]) {
        if *self.node(members[0]).label != *VALUE && !values[members[0] as usize] {
            return;
        }
        let children = members.iter().flat_map(|&member| self.children(member));
        let extensions: Vec<u32> =
            children.filter(|&child| is_extension(&self.node(child).label)).collect();
        let mut labels: Vec<_> = extensions.iter().map(|&child| &self.node(child).label).collect();
        labels.sort_unstable();
        labels.dedup();
        if labels.len() < MIN_EXTENSIONS {
            return;
        }
        self.view.nodes[view as usize].absorbs = true;
        for &child in &extensions {
            values[child as usize] = true;
            self.nodes[child as usize].view = view;
        }
        members.extend(extensions);
        members.sort_unstable();
    }

    /// The children of nodes, those of one label together, in the order of labels.
    fn siblings(&self, members: &[u32]) -> Vec<Sibling> {
        let is_absorbed = |&child: &u32| {
            is_extension(&self.node(child).label) && members.binary_search(&child).is_ok()
        };
        let mut children: Vec<u32> = members
            .iter()
            .flat_map(|&member| self.children(member))
            .filter(|child| !is_absorbed(child))
            .collect();
        children.sort_unstable_by(|&left, &right| {
            (&self.node(left).label, left).cmp(&(&self.node(right).label, right))
        });
        children
            .chunk_by(|&left, &right| self.node(left).label == self.node(right).label)
            .map(|nodes| Sibling {
                label: self.node(nodes[0]).label.clone(),
                nodes: nodes.to_vec(),
            })
            .collect()
    }

    fn add_edge(&mut self, parent: u32, child: u32) {
        let example = self.view.nodes[child as usize].example;
        let hash = self.hash(parent, &self.node(example).label);
        let Self { view, nodes, hasher, .. } = self;
        view.edges.insert_unique(hash, child, |&id| {
            let joined = &view.nodes[id as usize];
            hasher.hash_one((joined.parent, &*nodes[joined.example as usize].label))
        });
    }
}

fn is_extension(label: &str) -> bool {
    label.starts_with('.')
}
