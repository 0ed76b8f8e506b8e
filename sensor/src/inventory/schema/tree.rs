//! The fields of one body or of the parameters, as a tree in one vector.
//!
//! A parent comes before its children, so every walk is a loop and no depth is too deep. Keys
//! that are data share one child; see [`keys`].

mod describe;
mod keys;
mod learner;
mod merge;
mod stored;

pub use learner::{Frames, Learner};

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use super::field::{Field, may_list};

/// Depth of fields that are learned; what is deeper is counted as refused.
pub const MAX_DEPTH: usize = 64;

/// No node.
const NONE: u16 = u16::MAX;

/// Children of an object at which it is asked for the first time whether its keys are data, and
/// each time that they have doubled.
const CROWD: u16 = 32;

/// Names a field by its place in an endpoint: the same on every node and after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FieldId(pub u64);

impl FieldId {
    /// The id of the root of a part of an endpoint, such as `request application/json`.
    pub fn root(part: &str) -> Self {
        Self(FixedState::with_seed(0).hash_one(part))
    }

    fn child(self, role: Role, name: &str) -> Self {
        Self(FixedState::with_seed(self.0 ^ role as u64).hash_one(name))
    }
}

/// What a node is to its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// It has none.
    Root,
    /// A field with a name.
    Named,
    /// All items of an array.
    Items,
    /// All fields whose keys are data.
    Key,
}

/// What could not be learned.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Counters {
    /// Values that found no place: too many fields, or too deep.
    pub refused: u64,
    /// Bodies that were cut.
    pub truncated: u64,
    /// Bodies that are not what their media type says, or broken inside.
    pub malformed: u64,
}

impl Counters {
    /// Adds the counts of both.
    pub fn merge(&mut self, other: &Self) {
        self.refused = self.refused.saturating_add(other.refused);
        self.truncated = self.truncated.saturating_add(other.truncated);
        self.malformed = self.malformed.saturating_add(other.malformed);
    }
}

/// The fields of a body.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "stored::Stored", into = "stored::Stored")]
pub struct Tree {
    nodes: Vec<Node>,
    /// All names, one behind the other.
    names: String,
    /// Nodes by their ids.
    index: HashTable<u16>,
    /// Rises with each object that is begun.
    serial: u32,
    /// Some object has become crowded since the keys were last judged.
    crowded: bool,
    counters: Counters,
}

/// A field with its place.
#[derive(Clone, Debug)]
struct Node {
    field: Field,
    id: FieldId,
    name_start: u32,
    /// Of the last object that carried it.
    serial: u32,
    parent: u16,
    first_child: u16,
    last_child: u16,
    next: u16,
    children: u16,
    name_length: u8,
    role: Role,
    /// Keys not known yet are data.
    is_map: bool,
    /// Values under it are never listed.
    is_private: bool,
}

impl Tree {
    /// A tree of nothing but its root.
    pub fn new(root: FieldId) -> Self {
        let mut tree = Self {
            nodes: Vec::with_capacity(1),
            names: String::new(),
            index: HashTable::new(),
            serial: 0,
            crowded: false,
            counters: Counters::default(),
        };
        tree.push(NONE, Role::Root, "", root);
        tree
    }

    /// Fields, the root included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing was learned.
    pub fn is_empty(&self) -> bool {
        self.nodes.len() == 1 && self.nodes[0].field.seen() == 0
    }

    /// What could not be learned.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Memory that it holds, in bytes, without the texts of enumerations.
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + self.nodes.capacity() * size_of::<Node>()
            + self.names.capacity()
            + self.index.allocation_size()
    }

    /// Adds a field under the root of which no value is kept.
    pub fn add_private(&mut self, name: &str) {
        if let Some(node) = self.child(0, Role::Named, name, usize::from(NONE)) {
            self.hide(node);
        }
    }

    /// Never keeps values of this node, nor their range, and forgets those kept.
    pub(super) fn hide(&mut self, node: u16) {
        let node = &mut self.nodes[usize::from(node)];
        node.is_private = true;
        node.field.hide();
    }

    /// Every field with how many of its values were seen.
    pub fn values(&self) -> impl Iterator<Item = (FieldId, u64)> {
        self.nodes.iter().map(|node| (node.id, node.field.seen()))
    }

    /// The field of this id.
    pub fn field(&self, field: FieldId) -> Option<&Field> {
        self.find(field).map(|node| &self.nodes[usize::from(node)].field)
    }

    /// How many whole objects above a field carry it, and of how many. A parameter's are the
    /// requests.
    pub fn share(&self, field: FieldId) -> Option<(u64, u64)> {
        let node = &self.nodes[usize::from(self.find(field)?)];
        let above = self.nodes.get(usize::from(node.parent))?;
        (node.role == Role::Named).then_some((node.field.present, above.field.objects))
    }

    fn find(&self, id: FieldId) -> Option<u16> {
        self.index.find(id.0, |&node| self.nodes[usize::from(node)].id == id).copied()
    }

    fn name(&self, node: u16) -> &str {
        let node = &self.nodes[usize::from(node)];
        let start = node.name_start as usize;
        self.names.get(start..start + usize::from(node.name_length)).unwrap_or_default()
    }

    /// The nearest name at or above a node.
    fn nearest_name(&self, mut node: u16) -> &str {
        while matches!(self.nodes[usize::from(node)].role, Role::Items | Role::Key) {
            node = self.nodes[usize::from(node)].parent;
        }
        self.name(node)
    }

    /// The child of a key as sent. `None` when there is no room for it.
    fn keyed(&mut self, parent: u16, key: &[u8], limit: usize) -> Option<u16> {
        if let Some(name) = keys::name(key) {
            let id = self.nodes[usize::from(parent)].id.child(Role::Named, name);
            if let Some(node) = self.find(id) {
                return Some(node);
            }
            if !self.nodes[usize::from(parent)].is_map && !keys::is_data(name) {
                return self.add(parent, Role::Named, name, limit);
            }
        }
        self.child(parent, Role::Key, "", limit)
    }

    /// A child, made where there is none. `None` when there is no room for it.
    fn child(&mut self, parent: u16, role: Role, name: &str, limit: usize) -> Option<u16> {
        let id = self.nodes[usize::from(parent)].id.child(role, name);
        self.find(id).or_else(|| self.add(parent, role, name, limit))
    }

    fn add(&mut self, parent: u16, role: Role, name: &str, limit: usize) -> Option<u16> {
        if self.nodes.len() >= limit.min(usize::from(NONE)) {
            self.refuse();
            return None;
        }
        let id = self.nodes[usize::from(parent)].id.child(role, name);
        let node = self.push(parent, role, name, id);
        let above = &mut self.nodes[usize::from(parent)];
        let before = std::mem::replace(&mut above.last_child, node);
        above.children += 1;
        self.crowded |= above.children >= CROWD && above.children.is_power_of_two();
        match before {
            NONE => above.first_child = node,
            before => self.nodes[usize::from(before)].next = node,
        }
        Some(node)
    }

    /// Counts a refusal. Keys are judged anew when refusals have doubled.
    fn refuse(&mut self) {
        self.counters.refused = self.counters.refused.saturating_add(1);
        self.crowded |= self.counters.refused.is_power_of_two();
    }

    fn push(&mut self, parent: u16, role: Role, name: &str, id: FieldId) -> u16 {
        let above = self.nodes.get(usize::from(parent));
        // What a private object holds is private, as are the items of a private array.
        let is_private = above.is_some_and(|above| above.is_private);
        let is_listed = match role {
            Role::Named => may_list(name),
            Role::Items => may_list(self.nearest_name(parent)),
            Role::Root | Role::Key => true,
        };
        let mut field = if is_listed { Field::default() } else { Field::unlisted() };
        if is_private {
            field.hide();
        }
        let node = self.nodes.len() as u16;
        let name_start = self.names.len() as u32;
        self.names.push_str(name);
        if self.nodes.len() == self.nodes.capacity() {
            // Most trees stay as they are after few bodies: doubling would leave much unused.
            self.nodes.reserve_exact((self.nodes.len() / 4).max(2));
        }
        self.nodes.push(Node {
            field,
            id,
            name_start,
            serial: 0,
            parent,
            first_child: NONE,
            last_child: NONE,
            next: NONE,
            children: 0,
            name_length: u8::try_from(name.len()).unwrap_or(u8::MAX),
            role,
            is_map: false,
            is_private,
        });
        let nodes = &self.nodes;
        self.index.insert_unique(id.0, node, |&other| nodes[usize::from(other)].id.0);
        node
    }
}

#[cfg(test)]
mod tests;
