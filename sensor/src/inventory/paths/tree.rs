//! The paths of one host, as a tree of steps.

mod view;
mod walk;

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, Hash},
};

use hashbrown::HashTable;

use super::{Sight, evidence, vocabulary::Look};
use crate::{exchange::Role, inventory::template::Template};
use view::View;
pub(super) use walk::Walk;

/// Nodes of a tree beyond which values that are new are counted together.
const MANY_NODES: usize = 1 << 14;

/// Nodes of a tree.
const MAX_NODES: usize = 2 * MANY_NODES;

/// Requests up to which a host without shapes is judged by [`evidence::early`].
const EARLY: u64 = 40;

/// Methods told apart; further ones are counted together.
const MAX_METHODS: usize = 32;

/// Shapes remembered of a method of a node.
const SHAPES: usize = 3;

/// The first node.
pub(super) const ROOT: u32 = 0;

/// No node.
const NONE: u32 = u32::MAX;

/// Whose paths: a role, and a host in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Host<'a> {
    /// The side of the captured socket.
    pub role: Role,
    /// The service.
    pub name: &'a [u8],
}

/// Where the requests of rows went when the routes of a host were judged again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moves {
    /// The side of the captured socket.
    pub role: Role,
    /// The host.
    pub host: Box<[u8]>,
    /// Method, route before, route now, and how many requests, in the order of the first three.
    /// Of each route that moved, all.
    pub moved: Vec<(Box<str>, String, String, u64)>,
}

/// The paths of a host.
pub(super) struct Tree {
    role: Role,
    host: Box<[u8]>,
    /// Tells it from others that had its place.
    pub generation: u32,
    /// Requests, of late more than long ago.
    pub uses: u32,
    nodes: Vec<Node>,
    edges: HashTable<u32>,
    hasher: foldhash::fast::RandomState,
    methods: Vec<Box<str>>,
    view: View,
    /// Nodes and methods that are new since the tree was judged.
    news: usize,
    /// Requests at that time, and now.
    judged: u64,
    requests: u64,
}

/// A step, and what was seen of it.
pub(super) struct Node {
    parent: u32,
    first_child: u32,
    next_sibling: u32,
    /// Its node of the view.
    view: u32,
    /// A word that is a value.
    pub is_value: bool,
    /// What it adds to a route, with `{}` for a value.
    pub label: Box<str>,
    /// It looks like a name of a resource or an action.
    pub is_name: bool,
    /// Requests for it and all below, when the tree was judged.
    pub requests: u32,
    /// Requests that end here.
    pub ends: Vec<End>,
}

/// Requests of a method that end at a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub method: u8,
    pub requests: u32,
    /// The first different shapes; 0 where there are fewer.
    pub shapes: [u32; SHAPES],
}

impl Tree {
    pub(super) fn new(host: Host<'_>, generation: u32) -> Self {
        let mut tree = Self {
            role: host.role,
            host: host.name.into(),
            generation,
            uses: 0,
            nodes: Vec::new(),
            edges: HashTable::new(),
            hasher: foldhash::fast::RandomState::default(),
            methods: Vec::new(),
            view: View::default(),
            news: 0,
            judged: 0,
            requests: 0,
        };
        tree.nodes.push(Node::new(NONE, ""));
        tree.view.clear();
        tree
    }

    pub(super) fn host(&self) -> Host<'_> {
        Host { role: self.role, name: &self.host }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn node(&self, id: u32) -> &Node {
        &self.nodes[id as usize]
    }

    /// Labels of all nodes.
    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(|node| &*node.label)
    }

    /// Labels of all nodes behind those of their parents.
    pub(super) fn edges(&self) -> impl Iterator<Item = (&str, &str)> {
        let nodes = self.nodes.iter().skip(1);
        nodes.map(|node| (&*self.node(node.parent).label, &*node.label))
    }

    pub(super) fn children(&self, id: u32) -> impl Iterator<Item = u32> {
        let mut next = self.node(id).first_child;
        std::iter::from_fn(move || {
            let child = next;
            next = self.nodes.get(child as usize)?.next_sibling;
            Some(child)
        })
    }

    pub(super) fn walk(&mut self, count: bool, may_grow: bool) -> Walk<'_> {
        Walk::new(self, count, may_grow)
    }

    /// Judges when so much is new that routes may be others: an eighth more nodes, or twice the
    /// requests.
    pub(super) fn judge_when_due(&mut self) -> Option<Moves> {
        let is_due =
            self.news >= 16 + self.nodes.len() / 8 || self.requests >= 32 + self.judged * 2;
        if is_due { self.judge() } else { None }
    }

    pub(super) fn has_changed(&self) -> bool {
        self.requests != self.judged
    }

    /// Judges all words. Gives what moved, if anything.
    pub(super) fn judge(&mut self) -> Option<Moves> {
        self.news = 0;
        self.judged = self.requests;
        self.sum_requests();
        let values = if self.is_early() {
            self.make_view(&evidence::Host::of(self), evidence::early::judge)
        } else {
            let host = self.look_over();
            self.make_view(&host, evidence::judge_again)
        };
        let has_moved = self.nodes.iter().zip(&values).any(|(node, value)| node.is_value != *value);
        let moves = has_moved.then(|| self.moves(&values));
        for (node, value) in self.nodes.iter_mut().zip(values) {
            node.is_value = value;
        }
        moves
    }

    /// Few requests, and none of their answers has a shape.
    fn is_early(&self) -> bool {
        let has_shape = |end: &End| end.shapes[0] != 0;
        self.requests <= EARLY && !self.nodes.iter().any(|node| node.ends.iter().any(has_shape))
    }

    /// Shows what is weighed of each word of the tree, with its whole path and whether `truth` says
    /// that it is a value. Places are joined as that says.
    pub(super) fn examples(
        &mut self,
        mut truth: impl FnMut(&str) -> Option<bool>,
        mut show: impl FnMut([&[f32]; 3], u32, bool),
    ) {
        self.sum_requests();
        let host = self.look_over();
        self.make_view(&host, |tree, context, siblings| {
            let truths = siblings.iter().map(|sibling| {
                sibling.nodes.iter().find_map(|&node| truth(&tree.path(node))).unwrap_or(false)
            });
            let truths = truths.collect();
            evidence::weigh(tree, context, siblings, |word| {
                let path = tree.path(word.sibling.nodes[0]);
                let requests: u32 = word.sibling.nodes.iter().map(|&n| tree.node(n).requests).sum();
                if let Some(is_value) = truth(&path) {
                    let third = word.third(context);
                    show([&word.first, &word.second, &third], requests, is_value);
                }
                false
            });
            truths
        });
    }

    /// The first two judgements: what is taken for what.
    fn look_over(&mut self) -> evidence::Host {
        let host = evidence::Host::of(self);
        let mut verdicts = evidence::Verdicts::default();
        self.make_view(&host, |tree, context, siblings| {
            evidence::judge(tree, context, siblings, &mut verdicts)
        });
        host.with(verdicts)
    }

    /// The labels down to a node.
    fn path(&self, id: u32) -> String {
        let mut labels = Vec::new();
        let mut node = id;
        while node != ROOT && node != NONE {
            labels.push(&*self.node(node).label);
            node = self.node(node).parent;
        }
        labels.reverse();
        labels.concat()
    }

    /// Requests are counted where they end. A node comes behind its parent.
    fn sum_requests(&mut self) {
        for node in &mut self.nodes {
            let ends = node.ends.iter().map(|end| end.requests);
            node.requests = ends.fold(0, u32::saturating_add);
        }
        for id in (1..self.nodes.len()).rev() {
            let (parent, requests) = (self.nodes[id].parent, self.nodes[id].requests);
            let parent = &mut self.nodes[parent as usize];
            parent.requests = parent.requests.saturating_add(requests);
        }
    }

    /// Only routes of which a part moved are listed, so a first look finds those.
    fn moves(&self, values: &[bool]) -> Moves {
        let hash = |route: &str| self.hasher.hash_one(route);
        let mut is_other = vec![false; self.nodes.len()];
        let mut left: HashSet<u64, foldhash::fast::FixedState> = HashSet::default();
        let (mut before, mut now) = (Template::default(), Template::default());
        for id in 0..self.nodes.len() {
            let node = &self.nodes[id];
            // A node comes behind its parent.
            is_other[id] = node.is_value != values[id]
                || is_other.get(node.parent as usize).copied().unwrap_or(false);
            if is_other[id] && !node.ends.is_empty() {
                self.route(id as u32, |node| self.node(node).is_value, &mut before);
                left.insert(hash(&before.route));
            }
        }
        let mut moved = Vec::new();
        for id in 0..self.nodes.len() as u32 {
            if self.node(id).ends.is_empty() {
                continue;
            }
            self.route(id, |node| self.node(node).is_value, &mut before);
            if !left.contains(&hash(&before.route)) {
                continue;
            }
            self.route(id, |node| values[node as usize], &mut now);
            for end in &self.node(id).ends {
                let method = self.methods.get(usize::from(end.method)).cloned();
                moved.push((
                    method.unwrap_or_default(),
                    before.route.clone(),
                    now.route.clone(),
                    u64::from(end.requests),
                ));
            }
        }
        moved.sort_unstable();
        moved.dedup_by(|next, first| {
            let is_same = (&next.0, &next.1, &next.2) == (&first.0, &first.1, &first.2);
            first.3 += if is_same { next.3 } else { 0 };
            is_same
        });
        let mut kept = Vec::new();
        for group in moved.chunk_by(|left, right| (&left.0, &left.1) == (&right.0, &right.1)) {
            if group.iter().any(|(_, before, now, _)| before != now) {
                kept.extend_from_slice(group);
            }
        }
        Moves { role: self.role, host: self.host.clone(), moved: kept }
    }

    fn route(&self, id: u32, is_value: impl Fn(u32) -> bool, out: &mut Template) {
        let mut steps = Vec::new();
        let mut node = id;
        while node != ROOT && node != NONE {
            steps.push((&*self.node(node).label, is_value(node)));
            node = self.node(node).parent;
        }
        out.set_steps(steps.into_iter().rev());
    }

    pub(super) fn method_name(&self, method: u8) -> &str {
        self.methods.get(usize::from(method)).map_or("", |name| name)
    }

    fn find(&self, parent: u32, label: &str) -> Option<u32> {
        let is_same = |&id: &u32| {
            let node = &self.nodes[id as usize];
            node.parent == parent && *node.label == *label
        };
        self.edges.find(self.hash(parent, label), is_same).copied()
    }

    fn insert(&mut self, parent: u32, label: &str) -> u32 {
        let id = self.nodes.len() as u32;
        let mut node = Node::new(parent, label);
        node.next_sibling = self.nodes[parent as usize].first_child;
        self.nodes[parent as usize].first_child = id;
        self.nodes.push(node);
        let hash = self.hash(parent, label);
        let Self { edges, nodes, hasher, .. } = self;
        edges.insert_unique(hash, id, |&id| {
            let node = &nodes[id as usize];
            hasher.hash_one((node.parent, &*node.label))
        });
        self.news += 1;
        id
    }

    /// Counts requests that end at a node.
    pub(super) fn count(&mut self, id: u32, sight: Sight<'_>) {
        self.add_requests(sight);
        let method = self.method(sight.method);
        let ends = &mut self.nodes[id as usize].ends;
        let known = ends.iter().position(|end| end.method == method);
        let place = known.unwrap_or_else(|| {
            self.news += 1;
            ends.push(End { method, requests: 0, shapes: [0; SHAPES] });
            ends.len() - 1
        });
        let end = &mut ends[place];
        end.requests = end.requests.saturating_add(sight.requests);
        if sight.shape != 0
            && let Some(place) =
                end.shapes.iter_mut().find(|shape| **shape == 0 || **shape == sight.shape)
        {
            *place = sight.shape;
        }
    }

    /// Counts requests, wherever they end.
    fn add_requests(&mut self, sight: Sight<'_>) {
        self.requests += u64::from(sight.requests);
        self.uses = self.uses.saturating_add(sight.requests);
    }

    fn method(&mut self, name: &str) -> u8 {
        let known = self.methods.iter().position(|known| **known == *name);
        known.unwrap_or_else(|| {
            if self.methods.len() < MAX_METHODS {
                self.methods.push(name.into());
            }
            self.methods.len() - 1
        }) as u8
    }

    fn hash(&self, parent: u32, label: &str) -> u64 {
        self.hasher.hash_one((parent, label))
    }
}

impl Node {
    fn new(parent: u32, label: &str) -> Self {
        Self {
            parent,
            first_child: NONE,
            next_sibling: NONE,
            view: NONE,
            is_value: false,
            label: label.into(),
            is_name: Look::of(label).is_name(),
            requests: 0,
            ends: Vec::new(),
        }
    }
}
