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
            Key::of([role, method.as_bytes(), &moves.host, route.as_bytes()])
        };
        // All are taken out first: one may move to where another moves from.
        let groups: Vec<_> = moves
            .moved
            .chunk_by(|left, right| (&left.0, &left.1) == (&right.0, &right.1))
            .filter_map(|group| {
                let (method, before, ..) = group.first()?;
                let old = key(method, before);
                let mut row = self.listed.remove(&old.bytes[..])?;
                self.gone.push(old.bytes[..].into());
                // Told now, for its place is not that of the rows that come of it.
                if let Some((place, sight)) = row.place.zip(row.take_evidence(method)) {
                    self.paths.add(place, sight);
                }
                Some((old, row, group))
            })
            .collect();
        for (old, mut row, group) in groups {
            let stays = group.iter().find(|(_, before, now, _)| before == now);
            let most = || group.iter().max_by_key(|(_, _, now, count)| (count, now));
            let Some(main) = stays.or_else(most) else { continue };
            for other in group.iter().filter(|other| other.2 != main.2) {
                // At least one stays, for what cannot be divided.
                let count = other.3.min(row.requests().saturating_sub(1));
                if count > 0 {
                    self.put(&key(&other.0, &other.2), row.split(count));
                }
            }
            let new = key(&main.0, &main.2);
            if new.bytes != old.bytes {
                self.moved.push(&old.bytes, &new.bytes);
            }
            self.put(&new, row);
        }
    }

    /// Joins the rows of a host that match a declared route.
    pub(super) fn rejoin_declared(&mut self, host: &str) {
        let host = host.to_ascii_lowercase();
        let mut moved = Vec::new();
        for (key, row) in &self.listed {
            let [_, _, its_host, route] = row.key_parts(key);
            if its_host == host.as_bytes()
                && self.declared.template(its_host, route, &mut self.template)
                && self.template.route.as_bytes() != route
            {
                moved.push((key.clone(), self.template.route.clone()));
            }
        }
        moved.sort_unstable();
        for (old, route) in moved {
            let Some(row) = self.listed.remove(&old) else { continue };
            self.gone.push(old.clone());
            let [role, method, host, _] = row.key_parts(&old);
            let key = Key::of([role, method, host, route.as_bytes()]);
            self.moved.push(&old, &key.bytes);
            self.put(&key, row);
        }
    }

    /// Adds a row, or merges it into the one that is there.
    fn put(&mut self, key: &Key, mut row: Row) {
        row.rename(key);
        if let Some(known) = self.listed.get_mut(&key.bytes[..]) {
            known.merge(row);
        } else if self.listed.len() < self.max_rows {
            self.listed.insert(key.bytes[..].into(), row);
        } else {
            self.counters.refused += row.requests();
        }
    }
}
