//! Precision and recall.

use std::{collections::BTreeSet, iter::Sum};

/// What agrees, what was learned in excess and what was missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Learned and true.
    pub right: usize,
    /// Learned and not true.
    pub wrong: usize,
    /// True and not learned.
    pub missed: usize,
}

impl Score {
    /// Compares sets. What is in `uncounted` is neither right nor wrong.
    pub fn of<T: Ord>(truth: &BTreeSet<T>, learned: &BTreeSet<T>, uncounted: &BTreeSet<T>) -> Self {
        let wrong = learned.difference(truth).filter(|one| !uncounted.contains(one)).count();
        let right = learned.intersection(truth).count();
        Self { right, wrong, missed: truth.len() - right }
    }

    /// Share of what was learned that is true; 1 when nothing was learned.
    pub fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    /// Share of what is true that was learned; 1 when nothing is.
    pub fn recall(&self) -> f64 {
        share(self.right, self.right + self.missed)
    }

    /// Harmonic mean of the two.
    pub fn f1(&self) -> f64 {
        share(2 * self.right, 2 * self.right + self.wrong + self.missed)
    }
}

impl Sum for Score {
    fn sum<I: Iterator<Item = Self>>(scores: I) -> Self {
        scores.fold(Self::default(), |sum, score| Self {
            right: sum.right + score.right,
            wrong: sum.wrong + score.wrong,
            missed: sum.missed + score.missed,
        })
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores() {
        let set = |text: &str| text.chars().collect::<BTreeSet<_>>();
        let check = |truth, learned, uncounted, expected: [f64; 3]| {
            let score = Score::of(&set(truth), &set(learned), &set(uncounted));
            let found = [score.precision(), score.recall(), score.f1()];
            let is_near = found.iter().zip(expected).all(|(one, other)| (one - other).abs() < 1e-9);
            assert!(is_near, "{learned}: {found:?}");
        };
        check("", "", "", [1.0, 1.0, 1.0]);
        check("abcd", "abcd", "", [1.0, 1.0, 1.0]);
        check("abcd", "abxy", "", [0.5, 0.5, 0.5]);
        check("abcd", "abx", "x", [1.0, 0.5, 2.0 / 3.0]);
        check("", "x", "", [0.0, 1.0, 0.0]);
        check("a", "", "", [1.0, 0.0, 0.0]);
    }
}
