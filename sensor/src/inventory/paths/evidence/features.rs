//! What is known of a word, as numbers for [`super::weights`].

mod titles;

use std::collections::HashMap;

use super::{
    Before, Context,
    facts::{Facts, KINDS, Trait},
    host::{Likeness, hash},
};
pub use titles::{FIRST, SECOND, THIRD};

type Counts<K> = HashMap<K, f32, foldhash::fast::FixedState>;

/// A place with its words.
pub(super) struct Place<'a> {
    context: &'a Context<'a>,
    /// Values by their form beside the words.
    values: Option<&'a Facts<'a>>,
    /// Words, and those that are not reserved with their requests.
    words: f32,
    open: f32,
    requests: f32,
    /// Share of requests for words that were seen once (Good and Turing's estimate of how many
    /// requests are for words not yet seen).
    openness: f32,
    /// How many words have it.
    traits: Counts<Trait>,
    leaves: f32,
    plurals: f32,
    actions: f32,
    /// Sum of the shares of their parts that are words of APIs.
    known: f32,
}

impl<'a> Place<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        words: &[&'a Facts<'a>],
        values: Option<&'a Facts<'a>>,
    ) -> Self {
        let open = || words.iter().filter(|word| !word.look.is_reserved);
        let requests: f32 = open().map(|word| word.requests).sum();
        let once = open().filter(|word| word.requests < 1.5).count() as f32;
        let mut place = Self {
            context,
            values,
            words: words.len() as f32,
            open: open().count() as f32,
            requests,
            openness: if requests > 0.0 { once / requests } else { 1.0 },
            traits: Counts::default(),
            leaves: words.iter().filter(|word| word.is_leaf()).count() as f32,
            plurals: words.iter().filter(|word| word.look.is_plural).count() as f32,
            actions: words.iter().filter(|word| word.look.is_action).count() as f32,
            known: words.iter().map(|word| word.look.known).sum(),
        };
        for word in words {
            for one in &word.traits {
                *place.traits.entry(*one).or_default() += 1.0;
            }
        }
        place
    }

    /// The numbers of a word by itself.
    pub(super) fn first(&self, word: &Facts<'_>) -> [f32; FIRST.len()] {
        let (look, host) = (word.look, self.context.host);
        let is = |before: Before| flag(self.context.before == before);
        let (root, behind_value, behind_plural) =
            (is(Before::Root), is(Before::Value), is(Before::Plural));
        let many = self.open.max(1.0).ln();
        let each = (self.requests / self.open.max(1.0)).max(1.0).ln();
        let others = (self.words - 1.0).max(1.0);
        let is_alone = flag(self.words < 1.5);
        let alike = Alike::of(word, |one| self.traits.get(&one).copied().unwrap_or(1.0) - 1.0);
        let share = |kind: usize| (alike.most[kind] / others).min(1.0);
        let number = |kind: usize| (alike.most[kind] + 1.0).ln();
        let unlike =
            |kind: usize| (1.0 - is_alone) * flag(alike.has[kind] && alike.most[kind] < 0.5);
        let values = self.values_beside(word);
        let unknown = 1.0 - look.known;
        let known = (self.known - look.known) / others;
        let rare_share =
            |kind: usize| (1.0 - is_alone) * alike.rare[kind] / alike.number[kind].max(1.0);
        let rare_number = |kind: usize| (1.0 - is_alone) * (alike.rare[kind] + 1.0).ln();
        let leaves = if word.is_leaf() { self.leaves } else { self.words - self.leaves };
        [
            1.0,
            root,
            behind_value,
            behind_plural,
            is(Before::Reserved),
            flag(look.is_reserved),
            flag(look.is_reserved) * many,
            look.known,
            look.known * root,
            look.known * many,
            flag(look.known > 0.99),
            flag(look.has_digits_inside),
            flag(look.ends_in_digits),
            flag(look.is_number),
            flag(look.is_capitals),
            flag(look.is_capitalised) * (1.0 - host.capitalised),
            flag(look.hyphens > 0) * (1.0 - host.hyphens),
            flag(look.has_hump && !look.is_capitalised),
            flag(look.has_hump) * (1.0 - host.humps),
            flag(look.underscores > 0) * (1.0 - host.underscores),
            flag(look.is_plural),
            flag(look.is_random),
            flag(look.points > 0),
            flag(look.others > 0),
            flag(look.length > 20),
            flag(look.length <= 2),
            many * root,
            many * behind_value,
            many * behind_plural,
            many * (1.0 - root - behind_value - behind_plural),
            self.openness,
            self.openness * many,
            self.openness * many * root,
            each,
            each * root,
            is_alone * (self.requests + 1.0).ln(),
            word.requests.max(1.0).ln(),
            if self.open >= 3.0 { (word.requests / self.requests.max(1.0)).min(1.0) } else { 0.0 },
            (word.requests / word.parents).max(1.0).ln(),
            word.parents.ln(),
            host.places_of(word.label).ln(),
            share(0),
            share(1),
            share(2),
            share(3),
            share(4),
            number(0),
            number(1),
            number(2),
            number(3),
            number(4),
            unlike(0),
            unlike(1),
            unlike(2),
            unlike(3),
            unlike(4),
            if is_alone > 0.5 { 0.5 } else { (leaves - 1.0) / others },
            flag(!word.has_words) * root,
            flag(word.has_values && !word.has_words),
            flag(word.changes && !word.has_values),
            flag(word.creates),
            flag(self.values.is_some()),
            values[0],
            values[1],
            values[2],
            (self.plurals - flag(look.is_plural)) / others,
            unknown * root,
            unknown * behind_value,
            unknown * behind_plural,
            unknown * is_alone,
            share(5),
            number(5),
            rare_share(2),
            rare_share(3),
            rare_share(4),
            rare_number(2),
            rare_number(3),
            rare_number(4),
            rare_number(5),
            share(2) * root,
            number(2) * root,
            share(1) * root,
            share(4) * root,
            number(4) * root,
            known,
            known * unknown,
            unknown * self.openness * many,
            many * many,
            unknown * many,
            share(0) * many,
            share(1) * many,
            share(2) * many,
            share(4) * many,
            if alike.rare.iter().sum::<f32>() < 0.5 {
                (word.traits.len() as f32).ln_1p()
            } else {
                0.0
            },
            flag(look.is_action),
            (self.actions - flag(look.is_action)) / others,
            if is_alone > 0.5 { 0.0 } else { (leaves - 1.0) / others * many },
            flag(word.has_values && !word.has_words) * many,
            flag(word.has_values && !word.has_words) * root * many,
        ]
    }

    /// Against values by their form: share of traits in common, answers of the same shape or not.
    fn values_beside(&self, word: &Facts<'_>) -> [f32; 3] {
        let Some(values) = self.values else { return [0.0; 3] };
        let has = |one: &&Trait| values.traits.binary_search(*one).is_ok();
        let common = word.traits.iter().filter(has).count() as f32;
        let is_shape = |one: &&Trait| matches!(one, Trait::Shape(..) | Trait::ShapeBelow(..));
        let alike = word.traits.iter().filter(is_shape).any(|one| has(&one));
        let are_known = |facts: &Facts<'_>| facts.traits.iter().any(|one| is_shape(&one));
        let differ = !alike && are_known(word) && are_known(values);
        [common / word.traits.len().max(1) as f32, flag(alike), flag(differ)]
    }
}

/// By kind of trait: how much others have of what a word has.
struct Alike {
    has: [bool; KINDS],
    most: [f32; KINDS],
    /// How many it has, and how many of those no other has.
    number: [f32; KINDS],
    rare: [f32; KINDS],
}

impl Alike {
    fn of(word: &Facts<'_>, others: impl Fn(Trait) -> f32) -> Self {
        let mut alike = Self {
            has: [false; KINDS],
            most: [0.0; KINDS],
            number: [0.0; KINDS],
            rare: [0.0; KINDS],
        };
        for one in &word.traits {
            let Some(kind) = one.kind() else { continue };
            alike.has[kind] = true;
            let count = others(*one);
            alike.most[kind] = alike.most[kind].max(count);
            alike.number[kind] += 1.0;
            alike.rare[kind] += flag(count < 0.4);
        }
        alike
    }
}

/// The words as the first judgement took them: each a value as far as it is likely to be one.
pub(super) struct Values<'a> {
    scores: &'a [f32],
    total: f32,
    /// How many are values, and how many literals.
    yes: f32,
    no: f32,
    leaves: f32,
    /// Of values, and of literals.
    traits: Counts<Trait>,
    literal_traits: Counts<Trait>,
    classes: Counts<u8>,
    literal_classes: Counts<u8>,
    /// Requests of values, most of one, and next to most.
    requests: f32,
    most: [f32; 2],
    known: bool,
}

impl<'a> Values<'a> {
    pub(super) fn new(
        words: &[&'a Facts<'a>],
        scores: &'a [f32],
        known: Option<&'a Facts<'a>>,
    ) -> Self {
        let mut values = Self {
            scores,
            total: scores.iter().sum(),
            yes: 0.0,
            no: 0.0,
            leaves: 0.0,
            traits: Counts::default(),
            literal_traits: Counts::default(),
            classes: Counts::default(),
            literal_classes: Counts::default(),
            requests: 0.0,
            most: [1.0; 2],
            known: known.is_some(),
        };
        for (word, score) in words.iter().zip(scores) {
            let share = likely(*score);
            values.yes += share;
            values.no += 1.0 - share;
            values.requests += share * word.requests;
            values.leaves += share * flag(word.is_leaf());
            *values.classes.entry(word.look.class()).or_default() += share;
            *values.literal_classes.entry(word.look.class()).or_default() += 1.0 - share;
            for one in &word.traits {
                *values.traits.entry(*one).or_default() += share;
                *values.literal_traits.entry(*one).or_default() += 1.0 - share;
            }
            if *score > 0.0 {
                if word.requests > values.most[0] {
                    values.most = [word.requests, values.most[0]];
                } else {
                    values.most[1] = values.most[1].max(word.requests);
                }
            }
        }
        if let Some(known) = known {
            // As sure as can be, and as many as were seen, which is more than two.
            let weight = known.requests.clamp(1.0, 3.0);
            values.yes += weight;
            values.leaves += weight * flag(known.is_leaf());
            for one in &known.traits {
                *values.traits.entry(*one).or_default() += weight;
            }
        }
        values
    }

    /// The numbers of the word at `index` beside the others.
    pub(super) fn second(
        &self,
        index: usize,
        word: &Facts<'_>,
        first: &[f32; FIRST.len()],
    ) -> [f32; SECOND.len()] {
        let own = self.scores.get(index).copied().unwrap_or_default();
        let share = likely(own);
        let others = self.scores.len() as f32 - 1.0;
        let many = (others + 1.0).ln();
        let (mean, rate) = if others > 0.0 {
            (
                (self.total - own) / others,
                (self.yes - share).max(0.0) / (others + 3.0 * flag(self.known)),
            )
        } else {
            (0.0, flag(self.known))
        };
        let values = (self.yes - share).max(0.0);
        let literals = (self.no - (1.0 - share)).max(0.0);
        let (number, some) = ((values + 1.0).ln(), (values * 2.0).min(1.0));
        let of = |counts: &Counts<Trait>, one: Trait, own: f32| {
            (counts.get(&one).copied().unwrap_or_default() - own).max(0.0)
        };
        let alike = Alike::of(word, |one| of(&self.traits, one, share));
        let unlike = Alike::of(word, |one| of(&self.literal_traits, one, 1.0 - share));
        let like_values = |kind: usize| alike.most[kind] / values.max(0.5);
        let like_literals = |kind: usize| unlike.most[kind] / literals.max(0.5);
        let alone = |kind: usize| some * flag(alike.has[kind] && alike.most[kind] < 0.4);
        let rare_share = |kind: usize| some * alike.rare[kind] / alike.number[kind].max(1.0);
        let rare_number = |kind: usize| some * (alike.rare[kind] + 1.0).ln();
        let leaves = (self.leaves - share * flag(word.is_leaf())).max(0.0) / values.max(0.5);
        let class = |counts: &Counts<u8>, own: f32, all: f32| {
            let count = counts.get(&word.look.class()).copied().unwrap_or_default();
            (count - own).max(0.0) / all.max(0.5)
        };
        let usual = (self.requests - share * word.requests).max(0.0) / values.max(0.5);
        let top =
            if own > 0.0 && word.requests >= self.most[0] { self.most[1] } else { self.most[0] };
        [
            1.0,
            own,
            mean,
            mean * many,
            rate,
            rate * many,
            flag(others < 0.5),
            number,
            some,
            flag(word.look.is_reserved) * number,
            word.look.known * number,
            like_values(0) * some,
            like_values(1) * some,
            like_values(2) * some,
            like_values(3) * some,
            like_values(4) * some,
            like_literals(0),
            like_literals(1),
            like_literals(2),
            like_literals(3),
            like_literals(4),
            alone(0),
            alone(1),
            alone(2),
            alone(3),
            alone(4),
            some * if word.is_leaf() { leaves } else { 1.0 - leaves },
            some * class(&self.classes, share, values),
            class(&self.literal_classes, 1.0 - share, literals),
            some * (word.requests.max(1.0) / usual.max(1.0)).ln().clamp(-2.0, 4.0),
            some * (word.requests.max(1.0) / top).ln().clamp(0.0, 3.0),
            first[1],
            first[2],
            first[36],
            first[61],
            first[63],
            first[64],
            first[10],
            first[20],
            first[21],
            like_values(5) * some,
            rare_share(2),
            rare_share(3),
            rare_share(4),
            rare_number(2),
            rare_number(3),
            rare_number(4),
            like_values(2) * number,
            like_values(1) * number,
            like_values(4) * number,
        ]
    }
}

/// The numbers of a word beside what its host's words were taken for.
pub(super) fn third(
    context: &Context<'_>,
    word: &Facts<'_>,
    second: &[f32; SECOND.len()],
    score: f32,
) -> [f32; THIRD.len()] {
    let mut third = [0.0; THIRD.len()];
    third[..SECOND.len()].copy_from_slice(second);
    let of = |key| {
        let [values, literals] = context.host.verdicts(key, score > 0.0);
        (values, literals, ((values + 0.5) / (literals + 0.5)).ln().clamp(-3.0, 3.0))
    };
    let (.., class) = of(Likeness::Class(word.look.class(), word.look.known > 0.6));
    let (.., place) = of(Likeness::Place(context.before, word.look.known > 0.6));
    let (values, literals, _) = of(Likeness::Word(hash(word.label)));
    let alone = second[6];
    third[SECOND.len()..].copy_from_slice(&[
        score,
        class,
        class * alone,
        place,
        place * alone,
        flag(values > 0.5),
        flag(literals > 0.5),
        values.ln_1p(),
        literals.ln_1p(),
    ]);
    third
}

/// How likely a score says that a word is a value.
fn likely(score: f32) -> f32 {
    1.0 / (1.0 + (-score).exp())
}

fn flag(is: bool) -> f32 {
    f32::from(u8::from(is))
}
