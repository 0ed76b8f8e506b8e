//! The values of a field that has few.
//!
//! No text is kept before the set proved to be small and stable: until then there are only
//! seeded hashes with counts. Then a value's text is kept when the value comes again. Stable is
//! told by counts alone, so that it does not depend on order: at least 30 values and 5 of each
//! on average, and none that came only once (by Good and Turing's estimate, the share of values
//! still unseen is that of those seen once).
//!
//! Only words are listed: of letters, digits, `_`, `-` and `.`, at most 32 bytes, and neither
//! identifiers nor numbers nor names. Biased towards listing nothing.

use std::hash::BuildHasher as _;

use foldhash::quality::FixedState;
use serde::{Deserialize, Serialize};

use super::Text;
use crate::inventory::schema::format::{Format, WORD};

/// Distinct values beyond which it is no enumeration.
const MAX_VALUES: usize = 12;

/// Values seen before they may be listed.
const MIN_SEEN: u64 = 30;

/// Values seen, on average, of each.
const MIN_EACH: u64 = 5;

/// Longest value that is listed, in bytes.
const MAX_LENGTH: usize = 32;

/// Most digits in a value that is listed.
const MAX_DIGITS: usize = 4;

/// The values of a field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Enumeration {
    /// No text yet.
    #[default]
    Empty,
    /// So far, few words.
    Open(Box<Values>),
    /// Not one.
    Closed,
}

/// Few values, in the order of their hashes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Values {
    counts: Vec<Count>,
    /// Of values that may be listed.
    texts: Vec<(u32, Box<str>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Count {
    hash: u32,
    seen: u32,
}

impl Enumeration {
    /// Counts a text.
    pub fn learn(&mut self, text: &Text<'_>, format: Option<Format>, seed: u64) {
        if matches!(self, Self::Closed) {
            return;
        }
        if !is_word(text, format) {
            *self = Self::Closed;
            return;
        }
        let hash = FixedState::with_seed(seed).hash_one(text.bytes) as u32;
        self.change(|values| {
            values.add(hash, 1);
            values.keep(hash, text);
        });
    }

    /// Joins what was learned elsewhere.
    pub fn merge(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Closed, _) | (_, Self::Empty) => {}
            (_, Self::Closed) => *self = Self::Closed,
            (_, Self::Open(others)) => self.change(|values| {
                others.counts.iter().for_each(|count| values.add(count.hash, count.seen));
                others.texts.iter().for_each(|(hash, text)| values.list(*hash, text));
            }),
        }
    }

    /// All values when they are few and stable and the text of each is known, sorted.
    pub fn listed(&self) -> Vec<String> {
        match self {
            Self::Open(values) if values.is_listed() => values.sorted(),
            _ => Vec::new(),
        }
    }

    /// Changes the values, and closes when there are too many.
    fn change(&mut self, change: impl FnOnce(&mut Values)) {
        if matches!(self, Self::Empty) {
            *self = Self::Open(Box::default());
        }
        if let Self::Open(values) = self {
            change(values);
            if values.counts.len() > MAX_VALUES {
                *self = Self::Closed;
            }
        }
    }
}

impl Values {
    fn add(&mut self, hash: u32, seen: u32) {
        match self.counts.binary_search_by_key(&hash, |count| count.hash) {
            Ok(at) => self.counts[at].seen = self.counts[at].seen.saturating_add(seen),
            Err(at) => self.counts.insert(at, Count { hash, seen }),
        }
    }

    /// Keeps the text of a value as soon as the set is stable.
    fn keep(&mut self, hash: u32, text: &Text<'_>) {
        if self.texts.len() < self.counts.len()
            && self.is_stable()
            && let Ok(text) = str::from_utf8(text.bytes)
        {
            self.list(hash, text);
        }
    }

    /// Where two values share a hash, the lesser text stands for both, in any order.
    fn list(&mut self, hash: u32, text: &str) {
        match self.texts.binary_search_by_key(&hash, |(hash, _)| *hash) {
            Ok(at) if *text < *self.texts[at].1 => self.texts[at].1 = text.into(),
            Ok(_) => {}
            Err(at) => self.texts.insert(at, (hash, text.into())),
        }
    }

    fn is_stable(&self) -> bool {
        let seen: u64 = self.counts.iter().map(|count| u64::from(count.seen)).sum();
        self.counts.len() >= 2
            && seen >= MIN_SEEN.max(MIN_EACH * self.counts.len() as u64)
            && self.counts.iter().all(|count| count.seen > 1)
    }

    fn is_listed(&self) -> bool {
        self.is_stable() && self.texts.len() == self.counts.len()
    }

    fn sorted(&self) -> Vec<String> {
        let mut texts: Vec<_> = self.texts.iter().map(|(_, text)| String::from(&**text)).collect();
        texts.sort();
        texts
    }
}

/// Whether a value may be listed, by its form.
fn is_word(text: &Text<'_>, format: Option<Format>) -> bool {
    let is_code = matches!(
        format,
        None | Some(Format::Language | Format::Country | Format::Currency | Format::Version)
    );
    is_code
        && text.bytes.len() <= MAX_LENGTH
        && text.classes.within(WORD)
        && text.bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && text.bytes.iter().filter(|byte| byte.is_ascii_digit()).count() <= MAX_DIGITS
}

/// Whether values of a field of this name may be listed: not where the name says that they are
/// of persons, secrets, identifiers or free text.
pub fn may_list(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_private = PRIVATE.iter().any(|part| name.contains(part))
        || WHOLE.contains(&&*name)
        || name.ends_with("id");
    !is_private
}

/// Parts of names of fields that hold what is personal, secret or free.
const PRIVATE: &[&str] = &[
    "name",
    "user",
    "login",
    "nick",
    "author",
    "owner",
    "person",
    "contact",
    "customer",
    "patient",
    "mail",
    "phone",
    "mobile",
    "addr",
    "street",
    "city",
    "town",
    "birth",
    "passw",
    "passphrase",
    "secret",
    "token",
    "key",
    "auth",
    "session",
    "cookie",
    "account",
    "iban",
    "card",
    "credential",
    "signature",
    "hash",
    "title",
    "comment",
    "note",
    "message",
    "search",
    "keyword",
    "answer",
    "diagnos",
    "religio",
    "ethnic",
];

/// The same as whole names.
const WHOLE: &[&str] = &["q", "to", "from", "sender", "recipient", "text", "body", "pin", "sub"];
