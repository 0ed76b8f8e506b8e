//! A map with a bound, for facts that can be found again.

use std::hash::Hash;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// A map of at most `capacity` entries that forgets what was not used lately.
///
/// Two generations instead of a list of uses: when the young one holds half of the capacity it
/// becomes the old one, and the old one is dropped. A lookup moves an entry back to the young
/// one. Which entry goes is therefore approximate; the bound is exact.
#[derive(Debug)]
pub struct Cache<K, V> {
    young: HashMap<K, V, RandomState>,
    old: HashMap<K, V, RandomState>,
    half: usize,
}

impl<K: Hash + Eq + Copy, V> Cache<K, V> {
    /// An empty cache of at most `capacity` (two or more) entries.
    pub fn new(capacity: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), half: (capacity / 2).max(1) }
    }

    /// The entry, which counts as used.
    pub fn get(&mut self, key: K) -> Option<&mut V> {
        if !self.young.contains_key(&key) {
            let value = self.old.remove(&key)?;
            self.insert(key, value);
        }
        self.young.get_mut(&key)
    }

    /// The entry, made by `default` where there is none.
    pub fn get_or_insert_with(&mut self, key: K, default: impl FnOnce() -> V) -> &mut V {
        let mut kept = None;
        if !self.young.contains_key(&key) {
            kept = self.old.remove(&key);
            self.make_room();
        }
        self.young.entry(key).or_insert_with(|| kept.unwrap_or_else(default))
    }

    /// Sets the entry.
    pub fn insert(&mut self, key: K, value: V) {
        if !self.young.contains_key(&key) {
            self.old.remove(&key);
            self.make_room();
        }
        self.young.insert(key, value);
    }

    fn make_room(&mut self) {
        if self.young.len() >= self.half {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_holds_more_than_its_capacity_and_keeps_what_is_used() {
        let mut cache = Cache::new(8);
        for key in 0..1000_u32 {
            cache.insert(key, key * 2);
            assert!(cache.len() <= 8, "{} entries", cache.len());
            assert_eq!(cache.get(0).copied(), Some(0), "used at every step, so kept");
            assert_eq!(cache.get(key).copied(), Some(key * 2));
        }
        assert_eq!(cache.get(500), None);
    }

    #[test]
    fn the_newest_value_wins() {
        let mut cache = Cache::new(4);
        cache.insert(1, "a");
        cache.insert(2, "b");
        cache.insert(3, "c");
        cache.insert(1, "d");
        assert_eq!(cache.get(1).copied(), Some("d"));
        assert_eq!(*cache.get_or_insert_with(1, || "e"), "d");
        assert_eq!(*cache.get_or_insert_with(9, || "e"), "e");
    }
}
