//! Whether the words below a place in a path are literals or values of one parameter.
//!
//! Two logistic regressions. The first judges each word by what lies before it, what it looks
//! like, what lies below it, and by what all words of the place have in common: many that are seen
//! once each, with the same words below, are values. The second judges it again beside those that
//! the first took for values, so that `me` stays apart from the names of users, and a name that
//! looks like a resource does not. The weights are in [`weights`].
//!
//! Bias: values that are few, and each of which has children of its own, are literals; literals
//! that differ in nothing that is seen (`/export/pdf`, `/export/csv`) may become values.

mod features;
mod siblings;
mod weights;

use super::{
    tree::Tree,
    vocabulary::{self, Look},
};
use features::{Place, Values};
use siblings::Facts;
pub(super) use siblings::{Sibling, may_be_value};

/// Different words before values, as in `/report-{}`, below which each is the name of a kind.
const MIN_PATTERNS: usize = 3;

/// Scores of the first judgement are cut off here: certain is certain.
const CERTAIN: f32 = 4.0;

/// How the names of a host are written: the share of its words that are most likely literals.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    capitalised: f32,
    hyphens: f32,
    humps: f32,
}

impl Style {
    pub(super) fn of<'a>(labels: impl Iterator<Item = &'a str>) -> Self {
        let mut style = Self::default();
        let mut count = 1.0;
        for look in labels.map(Look::of).filter(|look| look.is_plural || look.is_reserved) {
            count += 1.0;
            style.capitalised += f32::from(look.is_capitalised);
            style.hyphens += f32::from(look.hyphens > 0);
            style.humps += f32::from(look.has_hump);
        }
        Self {
            capitalised: style.capitalised / count,
            hyphens: style.hyphens / count,
            humps: style.humps / count,
        }
    }
}

/// What lies before a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    before: Before,
    style: Style,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// The start of the path, or what is before the collections of an API: a version, `api`.
    Root,
    Value,
    Plural,
    Reserved,
    /// A service of remote procedures, such as `shop.Cart`, or a provider, `Microsoft.Batch`.
    NameSpace,
    Word,
}

/// Words that are before the collections of an API.
const ROOTS: [&str; 7] = ["admin", "api", "apis", "public", "rest", "service", "services"];

impl Context {
    pub(super) fn root(style: Style) -> Self {
        Self { before: Before::Root, style }
    }

    /// Whether a word that looks like this is the name of a procedure or a name space, and no value.
    /// Bias: nobody is called `alice.smith` right behind the root.
    fn names_procedures(&self, look: Look) -> bool {
        look.is_name_space
            || self.before == Before::NameSpace
            || self.before == Before::Root && look.is_dotted
    }

    /// The context below a label.
    pub(super) fn behind(&self, label: &str) -> Self {
        let word = label.strip_prefix('/').unwrap_or(label);
        let is_root = || ROOTS.contains(&word) || vocabulary::is_version(word);
        let before = if label.contains("{}") {
            Before::Value
        } else if self.before == Before::Root && is_root() {
            Before::Root
        } else if vocabulary::is_service(word) {
            Before::NameSpace
        } else if vocabulary::is_reserved(label) {
            Before::Reserved
        } else if vocabulary::is_plural(word) {
            Before::Plural
        } else {
            Before::Word
        };
        Self { before, ..*self }
    }
}

/// Gives of each sibling whether it is a word that is a value.
pub(super) fn judge(tree: &Tree, context: &Context, siblings: &[Sibling]) -> Vec<bool> {
    let mut is_value = vec![false; siblings.len()];
    let facts: Vec<Facts<'_>> = siblings.iter().map(|sibling| Facts::new(tree, sibling)).collect();
    let patterns = facts.iter().filter(|facts| facts.is_pattern()).count();
    let is_judged = |facts: &&Facts<'_>| {
        facts.is_word()
            && (patterns >= MIN_PATTERNS || !facts.is_pattern())
            && !context.names_procedures(facts.look)
    };
    let words: Vec<&Facts<'_>> = facts.iter().filter(is_judged).collect();
    if words.is_empty() {
        return is_value;
    }
    let known = facts.iter().find(|facts| facts.is_values());
    let place = Place::new(context, &words, known);
    let firsts: Vec<_> = words.iter().map(|word| place.first(word)).collect();
    let scores: Vec<f32> =
        firsts.iter().map(|first| score(first, &weights::FIRST).clamp(-CERTAIN, CERTAIN)).collect();
    let values = Values::new(&words, &scores, known);
    let mut verdicts = words.iter().zip(&firsts).enumerate().map(|(index, (word, first))| {
        score(&values.second(index, word, first), &weights::SECOND) > 0.0
    });
    for (facts, is_value) in facts.iter().zip(&mut is_value) {
        *is_value = is_judged(&facts) && verdicts.next().unwrap_or(false);
    }
    is_value
}

fn score(features: &[f32], weights: &[f32]) -> f32 {
    features.iter().zip(weights).map(|(feature, weight)| feature * weight).sum()
}
