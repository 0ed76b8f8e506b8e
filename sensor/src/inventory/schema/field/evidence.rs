//! How many texts had which format.

use serde::{Deserialize, Serialize};

use super::increment;
use crate::inventory::schema::format::Format;

/// Different formats of one field beyond which it has none.
const MAX_FORMATS: usize = 4;

/// A format is shown when at least so many of a hundred texts have it.
const SHARE: u64 = 99;

/// Texts that it takes to believe a form that a word may have by chance.
const MIN_WEAK: u64 = 3;

/// Counts by format, in the order of formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    formats: [Option<Format>; MAX_FORMATS],
    counts: [u32; MAX_FORMATS],
    /// There were more.
    is_mixed: bool,
}

impl Evidence {
    /// Counts a text of a format.
    pub fn add(&mut self, format: Format) {
        if let Some(count) = self.slot(format) {
            increment(count);
        }
    }

    /// Joins what was learned elsewhere: the union of formats, or none when that is too many,
    /// whatever the order.
    pub fn merge(&mut self, other: &Self) {
        if other.is_mixed {
            *self = Self { is_mixed: true, ..Self::default() };
        }
        for (format, more) in other.formats.iter().zip(other.counts) {
            let Some(format) = format else { break };
            if let Some(count) = self.slot(*format) {
                *count = count.saturating_add(more);
            }
        }
    }

    /// Texts that have this format, wider ones not counted.
    pub fn count(&self, format: Format) -> u64 {
        self.pairs().filter(|(found, _)| *found == format).map(|(_, count)| count).sum()
    }

    /// The most special format that 99 of 100 texts have, with how many do not.
    pub fn shown(&self, texts: u64) -> Option<(Format, u64)> {
        let wider = |format: &Format| format.wider();
        self.pairs()
            .flat_map(|(format, _)| std::iter::successors(Some(format), wider))
            .map(|format| {
                let within = self.pairs().filter(|(found, _)| found.is_within(format));
                (format, within.map(|(_, count)| count).sum::<u64>())
            })
            .filter(|(format, count)| {
                (*count).saturating_mul(100) >= texts.saturating_mul(SHARE)
                    && (!format.is_weak() || *count >= MIN_WEAK)
            })
            .max_by_key(|(format, _)| std::iter::successors(Some(*format), wider).count())
            .map(|(format, count)| (format, texts.saturating_sub(count)))
    }

    fn pairs(&self) -> impl Iterator<Item = (Format, u64)> {
        let pairs = self.formats.iter().zip(self.counts);
        pairs.map_while(|(format, count)| Some((((*format)?), u64::from(count))))
    }

    /// The count of a format, made where there is none; `None` when there are too many.
    fn slot(&mut self, format: Format) -> Option<&mut u32> {
        if self.is_mixed {
            return None;
        }
        let place = self.formats.iter().position(|found| found.is_none_or(|found| found >= format));
        let Some(place) = place.filter(|&place| {
            self.formats[place] == Some(format) || self.formats[MAX_FORMATS - 1].is_none()
        }) else {
            *self = Self { is_mixed: true, ..Self::default() };
            return None;
        };
        if self.formats[place] != Some(format) {
            self.formats[place..].rotate_right(1);
            self.counts[place..].rotate_right(1);
            (self.formats[place], self.counts[place]) = (Some(format), 0);
        }
        self.counts.get_mut(place)
    }
}
