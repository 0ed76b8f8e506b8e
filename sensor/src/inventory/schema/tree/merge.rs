//! Joining trees: of several nodes, and of fields whose keys turned out to be data.

use super::{NONE, Role, Tree};

impl Tree {
    /// Joins what was learned elsewhere of the same part, up to `limit` fields. The result does
    /// not depend on the order while there is room for all.
    pub fn merge(&mut self, other: &Self, limit: usize) {
        self.absorb(other, &[], limit);
        self.counters.merge(&other.counters);
    }

    /// The same fields, with `rare` ones joined as values of a key. Objects in `maps` take no new
    /// names, but for those of queries, whose callers make names up.
    pub(super) fn joined(&self, rare: &[bool], maps: &[u16]) -> Self {
        let mut tree = Self::new(self.nodes[0].id);
        let places = tree.absorb(self, rare, usize::from(NONE));
        for &map in maps {
            let is_untyped =
                self.children(map).any(|child| self.nodes[usize::from(child)].field.is_untyped());
            let place = places.get(usize::from(map)).copied().unwrap_or(NONE);
            if let Some(node) = tree.nodes.get_mut(usize::from(place)) {
                node.is_map = !is_untyped;
            }
        }
        tree.counters = self.counters;
        tree.serial = self.serial;
        tree.crowded = false;
        tree.nodes.shrink_to_fit();
        tree
    }

    /// Adds the fields of another tree. Returns where each of them went.
    fn absorb(&mut self, other: &Self, rare: &[bool], limit: usize) -> Vec<u16> {
        let mut places = vec![NONE; other.nodes.len()];
        for (index, node) in other.nodes.iter().enumerate() {
            let name = other.name(index as u16);
            let is_rare = rare.get(index).copied().unwrap_or(false);
            let parent = places.get(usize::from(node.parent)).copied().unwrap_or(NONE);
            let place = match node.role {
                Role::Root => Some(0),
                _ if parent == NONE => None,
                _ if is_rare => self.child(parent, Role::Key, "", limit),
                role => self.child(parent, role, name, limit),
            };
            let Some(place) = place else { continue };
            places[index] = place;
            let own = &mut self.nodes[usize::from(place)];
            own.is_map |= node.is_map;
            own.is_private |= node.is_private;
            own.field.merge(&node.field);
        }
        places
    }
}
