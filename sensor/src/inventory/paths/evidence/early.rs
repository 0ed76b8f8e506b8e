//! The judgement of hosts of which little is known: few requests, and no shapes of answers.
//!
//! What the three judgements weigh is mostly missing then, and what is missing speaks for literals
//! there. These two were fitted with far fewer numbers, of which most are there after a dozen
//! requests: what is before a word, what it looks like, and which words are right below it.

mod features;
mod siblings;
mod weights;

use super::{CERTAIN, Context, MIN_PATTERNS, Sibling, score};
use crate::inventory::paths::tree::Tree;
use features::{Place, Values};
use siblings::Facts;

/// Gives of each sibling whether it is a word that is a value.
pub(in crate::inventory::paths) fn judge(
    tree: &Tree,
    context: &Context<'_>,
    siblings: &[Sibling],
) -> Vec<bool> {
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
