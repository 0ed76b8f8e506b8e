//! A tree as it is stored: a list of fields in which a parent comes before its children.

use serde::{Deserialize, Serialize};

use super::{Counters, FieldId, NONE, Role, Tree};
use crate::inventory::schema::field::Field;

/// A tree without what can be made from it.
#[derive(Serialize, Deserialize)]
pub struct Stored {
    root: FieldId,
    fields: Vec<StoredField>,
    counters: Counters,
}

#[derive(Serialize, Deserialize)]
struct StoredField {
    parent: u16,
    role: Role,
    name: String,
    is_map: bool,
    is_private: bool,
    field: Field,
}

/// Why a stored tree cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field does not come after its parent.
    #[error("stored field {index} has the parent {parent}, which does not come before it")]
    Parent {
        /// Place of the field in the list.
        index: usize,
        /// Place of its parent.
        parent: u16,
    },
    /// Two fields of a parent have the same name.
    #[error("stored field {index} is there twice")]
    Twice {
        /// Place of the field in the list.
        index: usize,
    },
}

impl From<Tree> for Stored {
    fn from(tree: Tree) -> Self {
        let names: Vec<String> =
            (0..tree.nodes.len() as u16).map(|node| tree.name(node).into()).collect();
        let root = tree.nodes[0].id;
        let fields = tree.nodes.into_iter().zip(names).map(|(node, name)| StoredField {
            parent: node.parent,
            role: node.role,
            name,
            is_map: node.is_map,
            is_private: node.is_private,
            field: node.field,
        });
        Self { root, fields: fields.collect(), counters: tree.counters }
    }
}

impl TryFrom<Stored> for Tree {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self, Error> {
        let mut tree = Self::new(stored.root);
        for (index, stored) in stored.fields.into_iter().enumerate() {
            let node = match (index, stored.role) {
                (0, Role::Root) => 0,
                (_, role) if role != Role::Root && usize::from(stored.parent) < index => tree
                    .child(stored.parent, role, &stored.name, usize::from(NONE))
                    .filter(|&node| usize::from(node) == index)
                    .ok_or(Error::Twice { index })?,
                _ => return Err(Error::Parent { index, parent: stored.parent }),
            };
            let node = &mut tree.nodes[usize::from(node)];
            node.field = stored.field;
            node.is_map = stored.is_map;
            node.is_private = stored.is_private;
        }
        tree.counters = stored.counters;
        Ok(tree)
    }
}
