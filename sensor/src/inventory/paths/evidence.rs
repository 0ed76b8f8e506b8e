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

pub(super) mod early;
mod facts;
mod features;
mod host;
mod weights;

use std::collections::HashMap;

use super::{
    tree::Tree,
    vocabulary::{self, Look},
};
use facts::Facts;
pub(super) use facts::{Sibling, may_be_value};
pub use features::{FIRST, SECOND, THIRD};
use features::{Place, Values};
pub(super) use host::{Host, Verdicts};

/// Different words before values, as in `/report-{}`, below which each is the name of a kind.
const MIN_PATTERNS: usize = 3;

/// Words of one place that look like no name of a resource, beyond which they are a [`Crowd`].
const CROWD: usize = 128;

/// Scores of the first judgement are cut off here: certain is certain.
const CERTAIN: f32 = 4.0;

/// What lies before a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'h> {
    before: Before,
    host: &'h Host,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Before {
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

impl<'h> Context<'h> {
    pub(super) fn root(host: &'h Host) -> Self {
        Self { before: Before::Root, host }
    }

    /// Whether a word that looks like this is a version or the name of a procedure or a name space, and
    /// no value.
    /// Bias: nobody is called `alice.smith` right behind the root.
    fn names_procedures(&self, look: Look) -> bool {
        look.is_version
            || look.is_name_space
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

/// Gives of each sibling whether it is a word that is a value, and adds that to `verdicts`: the
/// first two judgements.
pub(super) fn judge(
    tree: &Tree,
    context: &Context<'_>,
    siblings: &[Sibling],
    verdicts: &mut Verdicts,
) -> Vec<bool> {
    weigh(tree, context, siblings, |word| {
        let is_value = word.score > 0.0;
        host::add(verdicts, context.before, word.facts, is_value);
        is_value
    })
}

/// The third judgement, which knows what words elsewhere were taken for.
pub(super) fn judge_again(tree: &Tree, context: &Context<'_>, siblings: &[Sibling]) -> Vec<bool> {
    weigh(tree, context, siblings, |word| score(&word.third(context), &weights::THIRD) > 0.0)
}

/// The numbers of a word, and its score by the second judgement.
pub(super) struct Weighed<'a> {
    pub sibling: &'a Sibling,
    facts: &'a Facts<'a>,
    pub first: [f32; FIRST.len()],
    pub second: [f32; SECOND.len()],
    score: f32,
}

impl Weighed<'_> {
    pub(super) fn third(&self, context: &Context<'_>) -> [f32; THIRD.len()] {
        features::third(context, self.facts, &self.second, self.score)
    }
}

/// Weighs the words among siblings. `decide` says whether one is a value.
pub(super) fn weigh(
    tree: &Tree,
    context: &Context<'_>,
    siblings: &[Sibling],
    mut decide: impl FnMut(Weighed<'_>) -> bool,
) -> Vec<bool> {
    let mut is_value = vec![false; siblings.len()];
    let facts: Vec<Facts<'_>> = siblings.iter().map(|sibling| Facts::new(tree, sibling)).collect();
    let patterns = facts.iter().filter(|facts| facts.is_pattern()).count();
    let is_judged = |facts: &Facts<'_>| {
        facts.is_word()
            && (patterns >= MIN_PATTERNS || !facts.is_pattern())
            && !context.names_procedures(facts.look)
    };
    let judged: Vec<usize> = (0..facts.len()).filter(|&index| is_judged(&facts[index])).collect();
    if judged.is_empty() {
        return is_value;
    }
    let words: Vec<&Facts<'_>> = judged.iter().map(|&index| &facts[index]).collect();
    let known = facts.iter().find(|facts| facts.is_values());
    let place = Place::new(context, &words, known);
    let firsts: Vec<_> = words.iter().map(|word| place.first(word)).collect();
    let scores: Vec<f32> =
        firsts.iter().map(|first| score(first, &weights::FIRST).clamp(-CERTAIN, CERTAIN)).collect();
    let crowd = Crowd::of(&words);
    let values = Values::new(&words, &scores, known);
    for (index, (&at, first)) in judged.iter().zip(firsts).enumerate() {
        let second = values.second(index, words[index], &first);
        let score = score(&second, &weights::SECOND).clamp(-CERTAIN, CERTAIN);
        let (sibling, facts) = (&siblings[at], words[index]);
        let is_value_alone = decide(Weighed { sibling, facts, first, second, score });
        is_value[at] = is_value_alone || crowd.has(facts.look);
    }
    is_value
}

/// More words at one place than any API names: the unknown ones are values, and so are those that
/// are written like many of them, with marks or capitals.
struct Crowd {
    is_one: bool,
    classes: HashMap<u8, usize, foldhash::fast::FixedState>,
}

impl Crowd {
    fn of(words: &[&Facts<'_>]) -> Self {
        let mut classes = HashMap::default();
        for word in words.iter().filter(|word| !word.look.is_name()) {
            *classes.entry(word.look.class()).or_default() += 1;
        }
        Self { is_one: classes.values().sum::<usize>() > CROWD, classes }
    }

    fn has(&self, look: Look) -> bool {
        let (class, like) = (look.class(), CROWD / 4);
        let is_like = || class != 0 && self.classes.get(&class).is_some_and(|count| *count > like);
        self.is_one && !look.is_reserved && (!look.is_name() || is_like())
    }
}

fn score(features: &[f32], weights: &[f32]) -> f32 {
    features.iter().zip(weights).map(|(feature, weight)| feature * weight).sum()
}
