//! Sensitive values inside of longer texts: messages, notes, log lines.
//!
//! Only values that tell by themselves are found, and one in a text: the first of the surest.
//! Biased towards cost: a text without digits and `@` is not searched, so names of people and
//! addresses in sentences are not found.

use super::{
    Confidence, Match, holds,
    text::{Bytes, Text},
};

/// Least length of a text that is searched.
pub(super) const MIN_LENGTH: usize = 12;

/// Digits of the shortest number in groups.
const MIN_DIGITS: usize = 9;

/// Parts that are looked at.
const MAX_PARTS: usize = 512;

/// Whether the text has words and something that a value would have.
pub(super) fn may_hold(text: &Text<'_>) -> bool {
    text.value.len() >= MIN_LENGTH
        && holds(text, Bytes::SPACE.or(Bytes::CONTROL).or(Bytes::COMMA).or(Bytes::OTHER))
        && holds(text, Bytes::DIGIT.or(Bytes::AT))
}

/// The surest match among the words and the numbers in groups of a text.
pub(super) fn find(text: &Text<'_>, mut check: impl FnMut(&str) -> Option<Match>) -> Option<Match> {
    // Fewer digits than the shortest of these numbers has.
    let numbers_in = if text.digits < MIN_DIGITS { "" } else { text.value };

    let mut best: Option<Match> = None;
    for part in
        words(text.value).chain(numbers(numbers_in)).chain(ibans(numbers_in)).take(MAX_PARTS)
    {
        let Some(found) = check(part) else { continue };
        if best.is_none_or(|best| found.confidence > best.confidence) {
            best = Some(found);
        }
        if found.confidence == Confidence::High {
            break;
        }
    }
    best
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let outside = |letter: char| letter.is_whitespace() || "\"'`<>()[]{},;|=".contains(letter);
    text.split(outside).map(|word| word.trim_matches(|letter| ".:!?*".contains(letter))).filter(
        |word| word.len() >= 6 && word.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@'),
    )
}

/// Runs of digits with separators, such as `4111 1111 1111 1111` and `+1 (415) 555-2671`.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let outside = |letter: char| !letter.is_ascii_digit() && !"+-(). ".contains(letter);
    text.split(outside)
        .map(|run| run.trim_matches(|letter| "-. )".contains(letter)))
        .filter(|run| run.len() >= 10 && run.contains([' ', '-', '(', '+']))
}

/// Account numbers in groups of four.
fn ibans(text: &str) -> impl Iterator<Item = &str> {
    let outside =
        |letter: char| !letter.is_ascii_uppercase() && !letter.is_ascii_digit() && letter != ' ';
    text.split(outside).map(str::trim).filter(|run| run.len() >= 18 && run.contains(' ')).flat_map(
        |run| {
            let starts = run.split(' ').scan(0, |offset, word| {
                let start = *offset;
                *offset += word.len() + 1;
                Some((start, word))
            });
            starts.filter(|(_, word)| word.len() == 4).filter_map(|(start, _)| run.get(start..))
        },
    )
}
