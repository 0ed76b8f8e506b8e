//! Sensitive data in requests and responses: what a value is, by its form and check digits and by
//! what its field is called.
//!
//! A name is analysed once, when its field is learned ([`Detector::field`]); each of its values
//! then costs a few table look-ups ([`Detector::value`]). What a value alone tells is weighed by
//! how often chance passes the check (`Fit` in `definition.rs`): check digits that one value in
//! ten passes are no finding until nearly all values of a field pass them ([`SensitiveStats`]),
//! so order numbers, timestamps and hashes are not taken for the numbers of people. No value is
//! kept.

mod body;
mod checks;
mod custom;
mod definition;
mod kinds;
mod names;
mod prefilter;
mod prose;
mod registry;
mod stats;
mod text;

pub use custom::{Custom, CustomError, MAX_CUSTOM};
pub use definition::{Class, Confidence, Regulation};
pub use names::NameHints;
pub use stats::{BODY, Direction, Finding, SensitiveStats};

use custom::CustomKinds;
use definition::{Definition, Fit};
use names::Names;
use prefilter::Prefilter;
use registry::REGISTRY;
use text::{Bytes, Text};

/// Bytes of a value that are looked at; what follows is not searched.
const MAX_VALUE: usize = 4096;

/// A kind of sensitive data: of the registry, or one that the configuration adds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(into = "String", from = "String")]
pub struct Kind(u8);

impl Kind {
    /// The first number of the kinds that the configuration adds.
    const FIRST_CUSTOM: u8 = 128;
    /// A kind that this version does not know any more.
    const UNKNOWN: Self = Self(Self::FIRST_CUSTOM - 1);

    fn definition(self) -> Option<&'static Definition> {
        REGISTRY.get(usize::from(self.0))
    }
}

/// The name, so that kinds may be added and moved between two runs.
impl From<Kind> for String {
    fn from(kind: Kind) -> Self {
        match kind.definition() {
            Some(definition) => definition.name.to_owned(),
            None => format!("#{}", kind.0),
        }
    }
}

impl From<String> for Kind {
    fn from(name: String) -> Self {
        let known = REGISTRY.iter().position(|definition| definition.name == name);
        let custom = || name.strip_prefix('#')?.parse().ok().filter(|n| *n >= Self::FIRST_CUSTOM);
        known.map(|place| Self(place as u8)).or_else(|| custom().map(Self)).unwrap_or(Self::UNKNOWN)
    }
}

/// What a value was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// The kind; of several, the one that fits best.
    pub kind: Kind,
    /// How sure it is.
    pub confidence: Confidence,
    /// Every kind whose check digits the value passes, by bit.
    candidates: u128,
    /// Which of 64 parts the value falls into, where there are candidates. Tells that values
    /// differ.
    part: u8,
    /// Digits that chance may explain.
    chance: bool,
}

impl Match {
    fn sure(kind: Kind, confidence: Confidence) -> Self {
        Self { kind, confidence, candidates: 0, part: 0, chance: false }
    }
}

/// What the registry says of a kind, for documentation and pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// Lower case with underscores.
    pub name: &'static str,
    /// In words.
    pub title: &'static str,
    /// What a leak would be.
    pub class: Class,
    /// The regulations that it matters for.
    pub regulations: &'static [Regulation],
    /// How a value is checked, in words.
    pub validator: &'static str,
    /// Whether it is found in fields whose names say nothing.
    pub alone: bool,
}

/// All kinds of the registry.
pub fn descriptions() -> impl Iterator<Item = Description> {
    REGISTRY.iter().map(|definition| {
        let Definition { name, title, class, regulations, validator, alone, .. } = *definition;
        Description { name, title, class, regulations, validator, alone }
    })
}

/// Finds sensitive data. Holds no data itself, and never changes.
pub struct Detector {
    names: Names,
    prefilter: Prefilter,
    errors: body::Errors,
    custom: CustomKinds,
}

impl Detector {
    /// A detector of the registry's kinds and of those that the configuration adds.
    ///
    /// # Errors
    /// When there are too many of those, or one has a regular expression that is none.
    pub fn new(custom: &[Custom]) -> Result<Self, CustomError> {
        Ok(Self {
            names: Names::new(),
            prefilter: Prefilter::new(),
            errors: body::Errors::new(),
            custom: CustomKinds::new(custom)?,
        })
    }

    /// What the name of a field says. `name` is the name alone or with what it lies in, joined
    /// by dots (`customer.name`), in any of the usual ways to write several words.
    pub fn field(&self, name: &str) -> NameHints {
        let mut hints = self.names.hints(name);
        self.custom.add_hints(name, &mut hints);
        hints
    }

    /// What a value is: a text, or a number as written.
    pub fn value(&self, hints: NameHints, value: &str) -> Option<Match> {
        let first = *value.as_bytes().first()?;
        let candidates = self.prefilter.candidates(first, value.len());
        let prose = value.len() >= prose::MIN_LENGTH;
        if candidates == 0 && !prose && hints.is_empty() && self.custom.all_need_a_name() {
            return None;
        }
        let text = Text::new(truncate(value));
        // Most numbers of traffic are times, whose digits need no second look.
        let unneeded = hints.is_time() && text.classes.within(Bytes::NUMBER);
        if unneeded && self.custom.all_need_a_name() {
            return None;
        }
        let named = self.named(hints, &text);
        if named.is_some_and(|found| found.confidence == Confidence::High) {
            return named;
        }
        let candidates = self.prefilter.narrow(candidates, &text);
        let alone = self.custom.alone(&text).or_else(|| alone(candidates, hints, &text));
        let alone = alone.or_else(|| self.inside(&text));
        self.better(hints, named, alone)
    }

    /// Looks for stack traces and database errors in a whole response body, decoded. For bodies
    /// of errors (status 400 and above) and texts: a trace in a page that was asked for, such
    /// as one on programming, is found too.
    pub fn body_text(&self, body: &[u8], mut found: impl FnMut(Match)) {
        self.errors.find(body, &mut found);
    }

    /// The kind of that name.
    pub fn kind(&self, name: &str) -> Option<Kind> {
        let place = REGISTRY.iter().position(|definition| definition.name == name);
        place.map(|place| Kind(place as u8)).or_else(|| self.custom.kind(name))
    }

    /// The name of a kind, lower case with underscores.
    pub fn name(&self, kind: Kind) -> &str {
        kind.definition().map_or_else(|| self.custom.name(kind), |definition| definition.name)
    }

    /// The class of a kind.
    pub fn class(&self, kind: Kind) -> Class {
        kind.definition().map_or_else(|| self.custom.class(kind), |definition| definition.class)
    }

    /// The regulations that a kind matters for. None of a kind of the configuration.
    pub fn regulations(&self, kind: Kind) -> &'static [Regulation] {
        kind.definition().map_or(&[], |definition| definition.regulations)
    }

    /// The best of the kinds that the field is named for.
    fn named(&self, hints: NameHints, text: &Text<'_>) -> Option<Match> {
        let mut best: Option<Match> = None;
        for kind in hints.kinds() {
            let confidence = match kind.definition() {
                Some(definition) if definition.shape.fits(text) => {
                    Confidence::named((definition.check)(text))
                }
                Some(_) => None,
                None => self.custom.named(kind, text),
            };
            if let Some(confidence) = confidence
                && best.is_none_or(|best| confidence > best.confidence)
            {
                best = Some(Match::sure(kind, confidence));
            }
        }
        best
    }

    /// Parts of a longer text.
    fn inside(&self, text: &Text<'_>) -> Option<Match> {
        if !prose::may_hold(text) {
            return None;
        }
        prose::find(text, |part| {
            let first = *part.as_bytes().first()?;
            let candidates = self.prefilter.candidates(first, part.len());
            let text = Text::new(part);
            let candidates = self.prefilter.narrow(candidates, &text);
            let found = alone(candidates, NameHints::default(), &text)?;
            (found.confidence > Confidence::Low).then_some(found)
        })
    }

    /// A field that is named for the numbers of people in general (`tax_id`) tells which of
    /// those whose check digits fit is meant: the first.
    fn better(
        &self,
        hints: NameHints,
        named: Option<Match>,
        alone: Option<Match>,
    ) -> Option<Match> {
        match (named, alone) {
            (Some(named), Some(alone)) if alone.confidence == Confidence::Low => {
                let specific = hints.speaks_of_people() && self.class(alone.kind) == Class::Pii;
                Some(if specific { Match::sure(alone.kind, Confidence::Medium) } else { named })
            }
            (Some(named), Some(alone)) if named.confidence >= alone.confidence => Some(named),
            (named, alone) => alone.or(named),
        }
    }
}

/// What a value by itself is; `candidates` are the kinds that its first byte and length allow.
fn alone(candidates: u128, hints: NameHints, text: &Text<'_>) -> Option<Match> {
    let exact = Prefilter::is_exact(text);
    let mut passed = 0;
    let mut best: Option<(Kind, Fit)> = None;
    for kind in bits(candidates) {
        let Some(definition) = kind.definition() else { continue };
        if !exact && !definition.shape.fits(text) {
            continue;
        }
        match (definition.check)(text) {
            Fit::No | Fit::Form => {}
            Fit::Proof => return Some(Match::sure(kind, Confidence::High)),
            fit => {
                passed |= u128::from(fit < Fit::Rare) << kind.0;
                if best.is_none_or(|(_, best)| fit > best) {
                    best = Some((kind, fit));
                }
            }
        }
    }
    let (kind, fit) = best?;
    let confidence = match fit {
        Fit::Rare => Confidence::Medium,
        Fit::Few if !hints.is_identifier() => Confidence::Medium,
        _ => Confidence::Low,
    };
    let part = if passed == 0 { 0 } else { part(text.value) };
    Some(Match { kind, confidence, candidates: passed, part, chance: fit == Fit::Few })
}

/// The kinds whose bits are set, in the order of the registry.
fn bits(mut set: u128) -> impl Iterator<Item = Kind> {
    std::iter::from_fn(move || {
        let kind = (set != 0).then(|| Kind(set.trailing_zeros() as u8))?;
        set &= set - 1;
        Some(kind)
    })
}

/// Which of 64 parts a value falls into (FNV-1a, folded).
fn part(value: &str) -> u8 {
    let hash = value.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    ((hash ^ (hash >> 32)) & 63) as u8
}

fn truncate(value: &str) -> &str {
    let end = value.floor_char_boundary(MAX_VALUE);
    value.get(..end).unwrap_or(value)
}

/// Whether the bytes of the text include one of these.
fn holds(text: &Text<'_>, classes: Bytes) -> bool {
    text.classes.meets(classes)
}

#[cfg(test)]
mod tests;
