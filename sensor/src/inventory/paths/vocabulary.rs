//! What a word of a path tells by itself.

use std::{collections::HashSet, sync::LazyLock};

use foldhash::fast::FixedState;

use crate::inventory::template::{changes, longest_consonants};

/// Words that stand beside values and are none: things to do, and names of one special value.
const RESERVED: [&str; 96] = [
    "about",
    "accept",
    "actions",
    "activate",
    "active",
    "add",
    "all",
    "api",
    "apply",
    "approve",
    "archive",
    "archived",
    "assign",
    "auth",
    "authenticate",
    "autocomplete",
    "batch",
    "bulk",
    "callback",
    "cancel",
    "check",
    "clear",
    "clone",
    "close",
    "complete",
    "config",
    "configuration",
    "confirm",
    "copy",
    "count",
    "create",
    "current",
    "deactivate",
    "default",
    "delete",
    "details",
    "disable",
    "download",
    "edit",
    "enable",
    "events",
    "execute",
    "export",
    "features",
    "filter",
    "find",
    "find_by",
    "health",
    "history",
    "import",
    "info",
    "invite",
    "latest",
    "list",
    "login",
    "logout",
    "lookup",
    "me",
    "merge",
    "metadata",
    "metrics",
    "move",
    "new",
    "options",
    "ping",
    "preview",
    "profile",
    "public",
    "publish",
    "query",
    "recent",
    "refresh",
    "register",
    "reject",
    "remove",
    "reports",
    "reset",
    "restore",
    "revoke",
    "run",
    "schema",
    "search",
    "self",
    "send",
    "settings",
    "share",
    "start",
    "stats",
    "status",
    "stop",
    "summary",
    "sync",
    "update",
    "upload",
    "validate",
    "verify",
];

/// What a word looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a plain fact, in no state with others")]
pub(super) struct Look {
    /// Names a thing to do, or one special value.
    pub is_reserved: bool,
    /// An English plural in lower case, or with a capital.
    pub is_plural: bool,
    /// Digits among letters, more than a number at the end.
    pub has_digits_inside: bool,
    /// Letters and a number at the end.
    pub ends_in_digits: bool,
    /// Digits and points.
    pub is_number: bool,
    /// Two or more capitals and nothing else.
    pub is_capitals: bool,
    /// The first letter is a capital, a later one is not.
    pub is_capitalised: bool,
    /// A capital behind a small letter.
    pub has_hump: bool,
    /// Hyphens, underscores, points and other marks.
    pub hyphens: u8,
    pub underscores: u8,
    pub points: u8,
    pub others: u8,
    /// Words with points between: `chat.update`, `alice.smith`.
    pub is_dotted: bool,
    /// The same with a capital each: a name space, such as `Microsoft.Batch`.
    pub is_name_space: bool,
    /// Letters of both cases as chance mixes them, or too many consonants for a word.
    pub is_random: bool,
    /// Two parts or more, of which the first is a verb: `sendMessage`.
    pub is_action: bool,
    /// A version of an API with its letter: `v2`, `v1beta1`.
    pub is_version: bool,
    /// Length in bytes.
    pub length: usize,
    /// Share of its parts that are words of APIs.
    pub known: f32,
}

/// Whether a label, such as `/search`, is a word that is never taken for a value unseen.
pub(super) fn is_reserved(label: &str) -> bool {
    let word = label.strip_prefix('/').unwrap_or(label);
    RESERVED.binary_search(&word).is_ok()
}

impl Look {
    /// The marks and cases of a word: names of one list tend to have the same.
    pub(super) fn class(self) -> u8 {
        u8::from(self.has_hump)
            | u8::from(self.hyphens > 0) << 1
            | u8::from(self.underscores > 0) << 2
            | u8::from(self.points > 0) << 3
            | u8::from(self.has_digits_inside || self.ends_in_digits || self.is_number) << 4
            | u8::from(self.is_capitals) << 5
            | u8::from(self.is_capitalised) << 6
    }

    /// Whether it looks like a name of a resource or an action. Bias: a value that happens to be one
    /// is taken for one.
    pub(super) fn is_name(self) -> bool {
        self.is_reserved || self.known > 0.6 || self.is_plural && !self.has_digits_inside
    }

    pub(super) fn of(label: &str) -> Self {
        let word = label.strip_prefix('/').unwrap_or(label);
        let bytes = word.as_bytes();
        let count = |wanted: char| word.matches(wanted).count().min(9) as u8;
        let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
        let trailing = bytes.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let is_number = digits > 0 && digits + usize::from(count('.')) == bytes.len();
        let has_lower = bytes.iter().any(u8::is_ascii_lowercase);
        let starts_upper = bytes.first().is_some_and(u8::is_ascii_uppercase);
        let marks = bytes.iter().filter(|byte| !byte.is_ascii_alphanumeric()).count();
        let (hyphens, underscores, points) = (count('-'), count('_'), count('.'));
        Self {
            is_reserved: is_reserved(label),
            is_plural: is_plural(word),
            has_digits_inside: !is_number && digits > trailing,
            ends_in_digits: !is_number && digits > 0 && digits == trailing,
            is_number,
            is_capitals: bytes.len() >= 2 && bytes.iter().all(u8::is_ascii_uppercase),
            is_capitalised: starts_upper && has_lower,
            has_hump: bytes
                .windows(2)
                .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()),
            hyphens,
            underscores,
            points,
            others: marks.saturating_sub(usize::from(hyphens + underscores + points)).min(9) as u8,
            is_dotted: points > 0
                && is_dotted(word, |part| {
                    part.starts_with(|c: char| c.is_ascii_alphabetic())
                        && part.bytes().all(|b| b.is_ascii_alphanumeric())
                }),
            is_name_space: points > 0
                && is_dotted(word, |part| part.starts_with(|c: char| c.is_ascii_uppercase())),
            is_random: bytes.len() >= 8
                && (has_lower
                    && changes(bytes) * 3 >= bytes.len()
                    && longest_consonants(bytes) >= 5
                    || longest_consonants(bytes) >= 7),
            is_action: is_action(word),
            is_version: word.starts_with(['v', 'V']) && is_version(word),
            length: bytes.len(),
            known: known(word),
        }
    }
}

/// Words that names of resources and actions are made of, in order.
static WORDS: LazyLock<HashSet<&str, FixedState>> =
    LazyLock::new(|| include_str!("vocabulary/words.txt").lines().collect());

/// Share of the parts of a word that names of resources and actions are made of; 0 where there is
/// none. Parts end at marks, digits and capitals.
fn known(word: &str) -> f32 {
    let (mut parts, mut known) = (0.0, 0.0);
    for run in word.split(|c: char| !c.is_ascii_alphabetic()) {
        let mut rest = run;
        while !rest.is_empty() {
            let (part, behind) = rest.split_at(part_length(rest.as_bytes()));
            rest = behind;
            if part.len() > 1 {
                parts += 1.0;
                known += f32::from(u8::from(WORDS.contains(&*part.to_ascii_lowercase())));
            }
        }
    }
    if parts > 0.0 { known / parts } else { 0.0 }
}

/// Verbs that names of procedures begin with, in order.
const VERBS: [&str; 36] = [
    "activate", "add", "answer", "approve", "batch", "cancel", "check", "clear", "copy", "create",
    "delete", "disable", "edit", "enable", "export", "fetch", "find", "generate", "get", "import",
    "is", "list", "move", "post", "query", "read", "remove", "reset", "resend", "search", "send",
    "set", "start", "stop", "update", "validate",
];

fn is_action(word: &str) -> bool {
    let length = part_length(word.as_bytes());
    let first = word[..length].split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    first.len() < word.len() && VERBS.contains(&&*first.to_ascii_lowercase())
}

/// Where the first part ends: `verify|Credentials`, `HTTP|Server`, `URL`.
fn part_length(word: &[u8]) -> usize {
    let capitals = word.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    if capitals == word.len() {
        return capitals;
    }
    if capitals > 1 {
        return capitals - 1;
    }
    let small = word[capitals..].iter().take_while(|byte| !byte.is_ascii_uppercase()).count();
    capitals + small
}

/// `shop.Cart`, `Microsoft.Batch`: words with points between, the last with a capital.
pub(super) fn is_service(word: &str) -> bool {
    let last = word.rsplit('.').next().unwrap_or_default();
    last.len() < word.len()
        && last.starts_with(|first: char| first.is_ascii_uppercase())
        && is_dotted(word, |part| part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn is_dotted(word: &str, is_part: impl Fn(&str) -> bool) -> bool {
    word.split('.').all(|part| !part.is_empty() && is_part(part))
}

/// Bias: words in `-ss`, `-us` and `-is` are singular, and so are `series` and `news`.
pub(super) fn is_plural(word: &str) -> bool {
    let lower = word.as_bytes();
    if !lower.last().is_some_and(u8::is_ascii_alphabetic) {
        return false;
    }
    let ends = |ending: &str| {
        lower.len() > ending.len()
            && lower[lower.len() - ending.len()..].eq_ignore_ascii_case(ending.as_bytes())
    };
    let is_known = |known: &&str| word.eq_ignore_ascii_case(known);
    ["people", "children", "media", "data", "series"].iter().any(is_known)
        || lower.len() > 3 && ends("s") && !ends("ss") && !ends("us") && !ends("is")
}

/// `v1`, `V2.1`, `v1beta1`, `2`, `2.0`, `2024-01-01`: what stands for the version of an API.
pub(super) fn is_version(word: &str) -> bool {
    let number = word.strip_prefix(['v', 'V']).unwrap_or(word);
    let is_date =
        word.len() == 10 && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let digits = number.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    is_date
        || number.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
            && (digits == number.len()
                || number.len() < word.len()
                    && ["alpha", "beta", "p", "rc"]
                        .iter()
                        .any(|stage| number[digits..].starts_with(stage)))
}
