//! The operations of each path that has several.

use hashbrown::HashMap;

use super::Key;

/// Operations of a path that have rows of their own. A client may invent names.
const MAX_OPERATIONS: usize = 256;

/// What those beyond share.
pub(super) const OTHER: &str = "_OTHER";

/// Names of the operations that are listed, by the key of their path.
#[derive(Default)]
pub(super) struct Operations {
    of_path: HashMap<Box<[u8]>, Names, foldhash::fast::RandomState>,
}

type Names = Vec<Box<[u8]>>;

impl Operations {
    /// Whether no further operation of the key's path is listed.
    pub fn is_full(&self, key: &Key) -> bool {
        self.of_path.get(key.path()).is_some_and(|names| names.len() >= MAX_OPERATIONS)
    }

    /// Notes the operation of a key that is listed now, if it has one.
    pub fn add(&mut self, key: &Key) {
        let name = key.operation();
        if name.is_empty() {
            return;
        }
        let names = self.of_path.entry_ref(key.path()).or_default();
        if !names.iter().any(|known| **known == *name) {
            names.push(name.into());
        }
    }

    /// Forgets the operation of a key that is listed no more.
    pub fn remove(&mut self, key: &Key) {
        if let Some(names) = self.of_path.get_mut(key.path()) {
            names.retain(|name| **name != *key.operation());
        }
    }

    /// Takes all names of a path out.
    pub fn take(&mut self, key: &Key) -> Vec<Box<[u8]>> {
        self.of_path.remove(key.path()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
