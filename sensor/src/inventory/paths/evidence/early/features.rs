//! What the words of a place have in common, as numbers for [`super::weights`].

use std::collections::HashMap;

use super::{
    super::{Before, Context},
    siblings::Facts,
};

/// Numbers that the first judgement weighs, in the order of [`super::weights::FIRST`].
pub(super) const FIRST: usize = 61;

/// Numbers that the second weighs, in the order of [`super::weights::SECOND`].
pub(super) const SECOND: usize = 30;

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
    /// Share of requests for words that were seen once.
    openness: f32,
    /// How many words have a child, answer in a shape, look alike, or have these methods and
    /// children or none.
    below: Counts<&'a str>,
    deep: Counts<&'a str>,
    shapes: Counts<u32>,
    kinds: Counts<(bool, u32)>,
    /// Share of the children of words that others have too.
    sharing: f32,
    plurals: f32,
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
            below: Counts::default(),
            deep: Counts::default(),
            shapes: Counts::default(),
            kinds: Counts::default(),
            sharing: 0.0,
            plurals: words.iter().filter(|word| word.look.is_plural).count() as f32
                / words.len().max(1) as f32,
        };
        for word in words {
            for child in &word.words {
                *place.below.entry(child).or_default() += 1.0;
            }
            for child in &word.deep {
                *place.deep.entry(child).or_default() += 1.0;
            }
            for shape in &word.shapes {
                *place.shapes.entry(*shape).or_default() += 1.0;
            }
            *place.kinds.entry((word.is_leaf(), word.methods)).or_default() += 1.0;
        }
        let edges: f32 = words.iter().map(|word| word.words.len() as f32).sum();
        if edges > 0.0 {
            place.sharing = (edges - place.below.len() as f32) / edges;
        }
        place
    }

    /// The numbers of a word by itself.
    pub(super) fn first(&self, word: &Facts<'_>) -> [f32; FIRST] {
        let (look, style) = (word.look, self.context.host);
        let is = |before: Before| flag(self.context.before == before);
        let (root, behind_value, behind_plural) =
            (is(Before::Root), is(Before::Value), is(Before::Plural));
        let many = self.open.max(1.0).ln();
        let each = (self.requests / self.open.max(1.0)).max(1.0).ln();
        let others = self.words - 1.0;
        let below = |child: &&str| self.below.get(child).copied().unwrap_or_default();
        let shared = word.words.iter().filter(|child| below(child) > 1.5).count() as f32;
        let most = word.words.iter().map(below).fold(1.0, f32::max);
        let deep = |child: &&str| self.deep.get(child).copied().unwrap_or_default();
        let deep_shared = word.deep.iter().filter(|child| deep(child) > 1.5).count() as f32;
        let values = self.values_beside(word);
        let alike = self.shapes_alike(word);
        let points = look.points > 0;
        let is_name = look.has_hump || look.is_plural;
        [
            1.0,
            root,
            behind_value,
            behind_plural,
            is(Before::Reserved),
            flag(look.is_reserved),
            flag(look.is_reserved) * many,
            flag(look.has_digits_inside),
            flag(look.ends_in_digits),
            flag(look.is_number),
            flag(look.is_number) * root,
            flag(look.is_capitals),
            flag(look.is_capitalised) * (1.0 - style.capitalised),
            f32::from(look.hyphens.min(3)) * (1.0 - style.hyphens),
            flag(look.hyphens == 1) * (1.0 - style.hyphens),
            flag(look.has_hump && !look.is_capitalised),
            flag(look.has_hump) * (1.0 - style.humps),
            flag(look.is_plural),
            flag(look.is_random),
            flag(points && is_name),
            flag(points && !is_name),
            flag(look.underscores > 0),
            flag(look.others > 0),
            flag(look.length > 20),
            flag(look.length <= 2),
            many * root,
            many * behind_value,
            many * behind_plural,
            many * (1.0 - root - behind_value - behind_plural),
            self.openness * many,
            self.openness * many * root,
            flag(self.open < 1.5) * (self.requests + 1.0).ln(),
            flag(self.open > 1.5 && self.open < 4.5) * each,
            root * each,
            shared.min(3.0),
            if shared < 0.5 { (word.words.len() as f32).min(3.0) } else { 0.0 },
            self.sharing * many,
            most.ln(),
            most.ln() * (behind_plural + behind_value),
            most.ln() * root,
            most.ln() * many,
            (most - 1.0) / others.max(1.0),
            flag(word.words.is_empty()) * root,
            flag(word.has_values && word.words.is_empty()),
            if others > 0.0 { self.of_its_kind(word) / others } else { 0.5 },
            flag(word.changes && !word.has_values),
            flag(word.creates),
            flag(self.values.is_some()),
            values[0],
            values[1],
            values[2],
            values[3],
            values[4],
            if self.open >= 3.0 { (word.requests / self.requests.max(1.0)).min(1.0) } else { 0.0 },
            word.requests.max(1.0).ln(),
            alike[0],
            alike[1] * many.min(2.0),
            self.plurals,
            deep_shared.min(3.0),
            if shared < 0.5 { deep_shared.min(2.0) } else { 0.0 },
            deep_shared.min(2.0) * (behind_plural + behind_value),
        ]
    }

    /// Against values by their form: children in common, methods that they have or have not, and
    /// answers of the same shape or not.
    fn values_beside(&self, word: &Facts<'_>) -> [f32; 5] {
        let Some(values) = self.values else { return [0.0; 5] };
        let has = |child: &&&str| values.words.binary_search(*child).is_ok();
        let is_new = word.methods & !values.methods != 0;
        let alike = word.shapes.iter().any(|shape| values.shapes.binary_search(shape).is_ok());
        let are_known = !word.shapes.is_empty() && !values.shapes.is_empty();
        [
            (word.words.iter().filter(has).count() as f32).min(3.0),
            flag(word.is_leaf() && !is_new),
            flag(is_new),
            flag(alike),
            flag(are_known && !alike),
        ]
    }

    /// Whether an answer of the same shape was seen of another word, or of none.
    fn shapes_alike(&self, word: &Facts<'_>) -> [f32; 2] {
        if word.shapes.is_empty() || self.words < 1.5 {
            return [0.0; 2];
        }
        let alike = word.shapes.iter().any(|shape| self.shapes.get(shape) > Some(&1.5));
        [flag(alike), flag(!alike)]
    }

    /// Other words that have children like this one, or have none like it, and share a method.
    fn of_its_kind(&self, word: &Facts<'_>) -> f32 {
        let of_kind = |kind: &(bool, u32)| kind.0 == word.is_leaf() && kind.1 & word.methods != 0;
        let kinds = self.kinds.iter().filter(|(kind, _)| of_kind(kind));
        let count: f32 = kinds.map(|(_, count)| count).sum();
        (count - 1.0).max(0.0)
    }
}

/// The words that the first judgement took for values, and what all scored.
pub(super) struct Values<'a> {
    scores: &'a [f32],
    total: f32,
    /// How many are values; of those how many have no children.
    yes: f32,
    leaves: f32,
    below: Counts<&'a str>,
    classes: Counts<u8>,
    methods: Counts<u32>,
    /// Most requests of one, and next to most.
    most: [f32; 2],
    /// Values by their form.
    known: Option<&'a Facts<'a>>,
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
            leaves: 0.0,
            below: Counts::default(),
            classes: Counts::default(),
            methods: Counts::default(),
            most: [1.0; 2],
            known,
        };
        let yes = words.iter().zip(scores).filter(|(_, score)| **score > 0.0);
        for word in yes.map(|(word, _)| *word) {
            values.yes += 1.0;
            *values.classes.entry(word.look.class()).or_default() += 1.0;
            if word.requests > values.most[0] {
                values.most = [word.requests, values.most[0]];
            } else {
                values.most[1] = values.most[1].max(word.requests);
            }
            values.add(word, 1.0);
        }
        if let Some(known) = known {
            values.add(known, 1.0);
        }
        values
    }

    fn add(&mut self, word: &Facts<'a>, count: f32) {
        self.leaves += flag(word.is_leaf()) * count;
        *self.methods.entry(word.methods).or_default() += count;
        for child in &word.words {
            *self.below.entry(child).or_default() += count;
        }
    }

    /// The numbers of the word at `index` beside the values; `first` are its first ones.
    pub(super) fn second(
        &self,
        index: usize,
        word: &Facts<'_>,
        first: &[f32; FIRST],
    ) -> [f32; SECOND] {
        let own = self.scores.get(index).copied().unwrap_or_default();
        let is_one = flag(own > 0.0);
        let others = self.scores.len() as f32 - 1.0;
        let (mean, share) = if others > 0.0 {
            ((self.total - own) / others, (self.yes - is_one) / others)
        } else {
            (0.0, 0.0)
        };
        let all = (others + 1.0).ln();
        let count = self.yes - is_one + flag(self.known.is_some());
        let (number, many, some) = (count.max(1.0), (count + 1.0).ln(), flag(count > 0.5));
        let below = |child: &&str| self.below.get(child).copied().unwrap_or_default() - is_one;
        let shared = word.words.iter().filter(|child| below(child) > 0.5).count() as f32;
        let most = word.words.iter().map(below).fold(0.0, f32::max) / number;
        let leaf = flag(word.is_leaf());
        let leaves = (self.leaves - leaf * is_one) / number;
        let with = |matches: &dyn Fn(u32) -> bool| {
            let methods = self.methods.iter().filter(|(methods, _)| matches(**methods));
            methods.map(|(_, count)| count).sum::<f32>()
        };
        let agreeing = (with(&|methods| methods & word.methods != 0) - is_one).max(0.0) / number;
        let seen = self.methods.iter().fold(0, |all, (methods, count)| {
            if *count - is_one * flag(*methods == word.methods) > 0.5 { all | methods } else { all }
        });
        let top =
            if is_one > 0.5 && word.requests >= self.most[0] { self.most[1] } else { self.most[0] };
        let class = self.classes.get(&word.look.class()).copied().unwrap_or_default() - is_one;
        let class = class.max(0.0) / number;
        let reserved = flag(word.look.is_reserved);
        [
            1.0,
            own,
            mean,
            mean * all,
            share * all,
            (1.0 - share) * all,
            share * all * reserved,
            flag(others < 0.5),
            shared.min(3.0),
            (word.words.len() as f32 - shared).min(3.0) * some,
            most * many,
            leaf * leaves * many,
            leaf * (1.0 - leaves) * many * some,
            flag(word.methods & !seen != 0) * some,
            agreeing * many,
            flag(word.methods != 0) * (1.0 - agreeing) * many * some,
            (word.requests.max(1.0) / top).ln().clamp(-2.0, 3.0) * some,
            class * many,
            (1.0 - class) * many * some,
            some,
            many,
            reserved * many,
            // Those of the first that matter most, lest they be lost where a score is cut off.
            first[1],
            first[9],
            first[17],
            first[51],
            first[52],
            first[54],
            first[55],
            first[56],
        ]
    }
}

fn flag(is: bool) -> f32 {
    f32::from(u8::from(is))
}
