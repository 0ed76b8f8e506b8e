//! A tree in the words of JSON Schema.

use std::{borrow::Cow, collections::BTreeSet};

use super::{FieldId, NONE, Role, Tree};
use crate::inventory::description::{Schema, Type};

impl Tree {
    /// What was learned, as a schema.
    pub fn describe(&self) -> Schema {
        let tree = self.settled().map_or(Cow::Borrowed(self), Cow::Owned);
        let mut schemas: Vec<Schema> =
            tree.nodes.iter().map(|node| node.field.describe()).collect();
        // Children come after their parents, so from the back each is complete when it is hung in.
        while schemas.len() > 1 {
            let Some(schema) = schemas.pop() else { break };
            let index = schemas.len() as u16;
            let node = &tree.nodes[usize::from(index)];
            let Some(above) = schemas.get_mut(usize::from(node.parent)) else { continue };
            let schema = if node.field.repeated { list_of(schema) } else { schema };
            match node.role {
                Role::Root => {}
                Role::Items => above.items = Some(Box::new(schema)),
                Role::Key => above.additional_properties = Some(Box::new(schema)),
                Role::Named => {
                    let objects = tree.nodes[usize::from(node.parent)].field.objects;
                    if objects > 0 && node.field.present >= objects {
                        above.required.insert(tree.name(index).into());
                    }
                    above.properties.insert(tree.name(index).into(), schema);
                }
            }
        }
        schemas.pop().unwrap_or_default()
    }

    /// Every field with its path: names with dots between them, `[]` for items and `{key}` for
    /// keys that are data. That of the root is empty.
    pub fn paths(&self) -> impl Iterator<Item = (FieldId, String)> {
        (0..self.nodes.len() as u16).map(|node| (self.nodes[usize::from(node)].id, self.path(node)))
    }

    /// The path of a field, as [`Tree::paths`] has it.
    pub fn path_of(&self, field: FieldId) -> Option<String> {
        self.find(field).map(|node| self.path(node))
    }

    fn path(&self, node: u16) -> String {
        let above = |&node: &u16| {
            let parent = self.nodes[usize::from(node)].parent;
            (parent != NONE).then_some(parent)
        };
        let mut line: Vec<u16> = std::iter::successors(Some(node), above).collect();
        line.reverse();
        let mut path = String::new();
        for node in line {
            let dot = if path.is_empty() { "" } else { "." };
            match self.nodes[usize::from(node)].role {
                Role::Root => {}
                Role::Items => path.push_str("[]"),
                Role::Key => path.push_str(&format!("{dot}{{key}}")),
                Role::Named => path.push_str(&format!("{dot}{}", self.name(node))),
            }
        }
        path
    }
}

/// What a text that came several times is: a list.
fn list_of(items: Schema) -> Schema {
    Schema {
        types: BTreeSet::from([Type::Array]),
        seen: items.seen,
        items: Some(Box::new(items)),
        ..Schema::default()
    }
}
