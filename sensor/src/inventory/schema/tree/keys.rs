//! Keys that are data: maps whose keys are identifiers, dates, words of users.
//!
//! A key that looks like an identifier is data at once, wherever it comes. Other keys are judged
//! by how they come: where at least 20 keys of an object each come in less than a twentieth of
//! its objects, and hold values of the same types, they are data; so are 128 and more that hold
//! values of the same types. Keys of a query are what a caller made up when each of at least 20
//! came no more than twice, and so are then all others that came no more than twice. Biased
//! towards records: an object of many rare fields of different types stays one.
//!
//! Judged when an object is described, so that the order of arrival does not matter, and when it
//! grows past 32 children, so that data cannot use up the room of fields. Which names come
//! before that is the window within which order matters.

use super::{NONE, Role, Tree};
use crate::inventory::template::kind::SegmentKind;

/// Longest key that is a name, in bytes.
const MAX_NAME: usize = 64;

/// Rare keys that make a map.
const MIN_KEYS: usize = 20;

/// A key is rare when fewer than one of so many objects have it.
const RARE: u64 = 20;

/// Times that a rare key of a query may have come.
const RARE_PARAMETER: u64 = 2;

/// Keys of like values that make a map however often they come.
const MANY_KEYS: usize = 128;

/// The key as a name; `None` of one that cannot be one.
pub fn name(key: &[u8]) -> Option<&str> {
    let is_name = (1..=MAX_NAME).contains(&key.len()) && !key.iter().any(u8::is_ascii_control);
    is_name.then(|| str::from_utf8(key).ok())?
}

/// Whether a name looks like an identifier or another value.
pub fn is_data(name: &str) -> bool {
    !matches!(
        SegmentKind::of(name.as_bytes()),
        None | Some(SegmentKind::Text | SegmentKind::Matrix)
    )
}

impl Tree {
    /// Judges the keys, where objects have become crowded since.
    pub fn settle(&mut self) {
        if std::mem::take(&mut self.crowded)
            && let Some(settled) = self.settled()
        {
            *self = settled;
        }
    }

    /// The tree with keys that are data under one field; `None` when there are none.
    pub(super) fn settled(&self) -> Option<Self> {
        let mut rare = vec![false; self.nodes.len()];
        let mut maps = Vec::new();
        for node in 0..self.nodes.len() as u16 {
            if self.nodes[usize::from(node)].children > 1 {
                maps.extend(self.judge(node, &mut rare).then_some(node));
            }
        }
        (!maps.is_empty()).then(|| self.joined(&rare, &maps))
    }

    /// Marks the children of an object whose keys are data. Returns whether there are any.
    fn judge(&self, parent: u16, rare: &mut [bool]) -> bool {
        let objects = self.nodes[usize::from(parent)].field.objects;
        let named = || {
            self.children(parent)
                .filter(|&child| self.nodes[usize::from(child)].role == Role::Named)
        };
        let is_untyped = named().any(|child| self.nodes[usize::from(child)].field.is_untyped());
        let all = named().count() >= MANY_KEYS && !is_untyped;
        let is_rare = |&child: &u16| {
            let present = self.nodes[usize::from(child)].field.present;
            if is_untyped {
                present <= RARE_PARAMETER
            } else {
                all || present.saturating_mul(RARE) < objects
            }
        };
        let found = || named().filter(is_rare);
        // Where names are made up, those of late are too.
        let is_known = is_untyped
            && self.children(parent).any(|child| {
                let child = &self.nodes[usize::from(child)];
                child.role == Role::Key && child.field.present >= MIN_KEYS as u64
            });
        let least = if is_known { 1 } else { MIN_KEYS };
        let is_map = found().count() >= least && (is_untyped || self.are_alike(found()));
        if is_map {
            found().for_each(|child| rare[usize::from(child)] = true);
        }
        is_map
    }

    /// Whether nine of ten fields have values of the same types.
    fn are_alike(&self, fields: impl Iterator<Item = u16>) -> bool {
        let mut counts = [0_usize; 64];
        for field in fields {
            counts[usize::from(self.nodes[usize::from(field)].field.type_mask() & 63)] += 1;
        }
        counts.iter().max().is_some_and(|most| most * 10 >= counts.iter().sum::<usize>() * 9)
    }

    pub(super) fn children(&self, parent: u16) -> impl Iterator<Item = u16> {
        let first = self.nodes[usize::from(parent)].first_child;
        let some = |node: u16| (node != NONE).then_some(node);
        std::iter::successors(some(first), move |&child| some(self.nodes[usize::from(child)].next))
    }
}
