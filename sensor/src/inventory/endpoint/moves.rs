//! Rows that follow their routes, when those turn out to be others.

use std::collections::VecDeque;

use super::{Endpoints, Key, Row, role, row::id};
use crate::inventory::paths::Moves;

/// Ids that ended and were not asked for yet.
const MAX_MOVED: usize = 4096;

/// Ids that ended, with those that took their place.
#[derive(Default)]
pub struct Moved {
    ids: VecDeque<(String, String)>,
}

impl Moved {
    /// The longest waiting goes when there are too many.
    fn push(&mut self, old: &[u8], new: &[u8]) {
        if self.ids.len() >= MAX_MOVED {
            self.ids.pop_front();
        }
        self.ids.push_back((id(old), id(new)));
    }

    pub(super) fn take(&mut self) -> Vec<(String, String)> {
        self.ids.drain(..).collect()
    }
}

impl Endpoints {
    /// Moves rows to the routes that their paths have now.
    ///
    /// When all paths of a route went one way its row goes with them. Else each way gets its
    /// number of requests ([`Row::split`] says what else), and what is not known to belong to a
    /// way stays, or goes the way of most.
    pub(super) fn move_rows(&mut self, moves: &Moves) {
        let key = |method: &str, route: &str| {
            let role = role(moves.role).as_bytes();
            Key::of([role, method.as_bytes(), &moves.host, route.as_bytes(), b""])
        };
        // All are taken out first: one may move to where another moves from.
        let groups: Vec<_> = moves
            .moved
            .chunk_by(|left, right| (&left.0, &left.1) == (&right.0, &right.1))
            .filter_map(|group| {
                let (method, before, ..) = group.first()?;
                let old = key(method, before);
                let mut row = self.take(&old);
                // Told now, for its place is not that of the rows that come of it.
                if let Some(row) = &mut row
                    && let Some((place, sight)) = row.place.zip(row.take_evidence(method))
                {
                    self.paths.add(place, sight);
                }
                let operations = self.take_operations(&old);
                Some((old, row, operations, group))
            })
            .collect();
        for (old, row, operations, group) in groups {
            let stays = group.iter().find(|(_, before, now, _)| before == now);
            let most = || group.iter().max_by_key(|(_, _, now, count)| (count, now));
            let Some(main) = stays.or_else(most) else { continue };
            let new = key(&main.0, &main.2);
            // How often each way had an operation is not known.
            for (name, row) in operations {
                self.put_moved(&old.with_operation(&name), &new.with_operation(&name), row);
            }
            let Some(mut row) = row else { continue };
            for other in group.iter().filter(|other| other.2 != main.2) {
                // At least one stays, for what cannot be divided.
                let count = other.3.min(row.requests().saturating_sub(1));
                if count > 0 {
                    self.put(&key(&other.0, &other.2), row.split(count));
                }
            }
            self.put_moved(&old, &new, row);
        }
    }

    /// Takes a row out of the list.
    fn take(&mut self, key: &Key) -> Option<Row> {
        let row = self.listed.remove(&key.bytes[..])?;
        self.gone.push(key.bytes[..].into());
        Some(row)
    }

    /// Takes the rows of a path's operations out of the list, with their names.
    fn take_operations(&mut self, path: &Key) -> Vec<(Box<[u8]>, Row)> {
        let names = self.operations.take(path);
        let row = |name: Box<[u8]>| Some((self.take(&path.with_operation(&name))?, name));
        names.into_iter().filter_map(row).map(|(row, name)| (name, row)).collect()
    }

    fn put_moved(&mut self, old: &Key, new: &Key, row: Row) {
        if new.bytes != old.bytes {
            self.moved.push(&old.bytes, &new.bytes);
        }
        self.put(new, row);
    }

    /// Joins the rows of a host that match a declared route.
    pub(super) fn rejoin_declared(&mut self, host: &str) {
        let host = host.to_ascii_lowercase();
        let mut moved = Vec::new();
        for (key, row) in &self.listed {
            let [_, _, its_host, route, _] = row.key_parts(key);
            if its_host == host.as_bytes()
                && self.declared.template(its_host, route, &mut self.template)
                && self.template.route.as_bytes() != route
            {
                moved.push((key.clone(), self.template.route.clone()));
            }
        }
        moved.sort_unstable();
        for (old, route) in moved {
            let Some(row) = self.listed.get(&old) else { continue };
            let [role, method, host, old_route, operation] = row.key_parts(&old);
            let [old, new] = [old_route, route.as_bytes()]
                .map(|route| Key::of([role, method, host, route, operation]));
            let Some(row) = self.take(&old) else { continue };
            self.operations.remove(&old);
            self.put_moved(&old, &new, row);
        }
    }

    /// Adds a row, or merges it into the one that is there.
    fn put(&mut self, key: &Key, mut row: Row) {
        row.rename(key);
        if let Some(known) = self.listed.get_mut(&key.bytes[..]) {
            known.merge(row);
        } else if self.listed.len() < self.max_rows {
            self.operations.add(key);
            self.listed.insert(key.bytes[..].into(), row);
        } else {
            self.counters.refused += row.requests();
        }
    }
}
