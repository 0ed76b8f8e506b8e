//! How the names of a host are written, and where.

use std::{
    collections::{BTreeSet, HashMap},
    hash::BuildHasher as _,
};

use foldhash::fast::FixedState;

use super::{Before, facts::Facts};
use crate::inventory::paths::{tree::Tree, vocabulary::Look};

/// In what words may be alike that are far from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::inventory::paths) enum Likeness {
    /// Marks and cases, and whether it is made of words of APIs.
    Class(u8, bool),
    /// What is before it, and whether it is made of words of APIs.
    Place(Before, bool),
    /// They are the same word.
    Word(u32),
}

/// How many words were taken for values, and how many for literals.
pub(in crate::inventory::paths) type Verdicts = HashMap<Likeness, [f32; 2], FixedState>;

/// Adds a word of which is said whether it is a value.
pub(super) fn add(verdicts: &mut Verdicts, before: Before, word: &Facts<'_>, is_value: bool) {
    let is_known = word.look.known > 0.6;
    for key in [
        Likeness::Class(word.look.class(), is_known),
        Likeness::Place(before, is_known),
        Likeness::Word(hash(word.label)),
    ] {
        verdicts.entry(key).or_default()[usize::from(!is_value)] += 1.0;
    }
}

/// What is known of a host as a whole.
#[derive(Debug, Default)]
pub(in crate::inventory::paths) struct Host {
    /// Shares of its words that are most likely literals.
    pub(super) capitalised: f32,
    pub(super) hyphens: f32,
    pub(super) humps: f32,
    pub(super) underscores: f32,
    /// Behind how many different words each word stands.
    places: HashMap<u32, u32, FixedState>,
    verdicts: Verdicts,
}

impl Host {
    pub(in crate::inventory::paths) fn of(tree: &Tree) -> Self {
        let mut host = Self::default();
        let mut count = 1.0;
        for look in tree.labels().map(Look::of).filter(|look| look.is_plural || look.is_reserved) {
            count += 1.0;
            host.capitalised += f32::from(look.is_capitalised);
            host.hyphens += f32::from(look.hyphens > 0);
            host.humps += f32::from(look.has_hump);
            host.underscores += f32::from(look.underscores > 0);
        }
        for share in
            [&mut host.capitalised, &mut host.hyphens, &mut host.humps, &mut host.underscores]
        {
            *share /= count;
        }
        let pairs: BTreeSet<(u32, u32)> =
            tree.edges().map(|(parent, label)| (hash(label), hash(parent))).collect();
        for (label, _) in pairs {
            *host.places.entry(label).or_default() += 1;
        }
        host
    }

    /// With what its words were taken for by the second judgement.
    pub(in crate::inventory::paths) fn with(self, verdicts: Verdicts) -> Self {
        Self { verdicts, ..self }
    }

    /// What words that are alike were taken for, without one that was taken for `own`.
    pub(super) fn verdicts(&self, key: Likeness, own: bool) -> [f32; 2] {
        let mut counts = self.verdicts.get(&key).copied().unwrap_or_default();
        let count = &mut counts[usize::from(!own)];
        *count = (*count - 1.0).max(0.0);
        counts
    }

    /// Behind how many different words a word stands, at least one.
    pub(super) fn places_of(&self, label: &str) -> f32 {
        self.places.get(&hash(label)).copied().unwrap_or(1) as f32
    }
}

pub(super) fn hash(label: &str) -> u32 {
    FixedState::default().hash_one(label) as u32
}
