//! What fields are called.
//!
//! A name is split into words; a kind's phrase counts where it is the noun of the name, which in
//! English is its end: `card_number_last4` and `email_verified` are about a card number and an
//! e-mail address, and are none. Biased towards that: names with another word order are missed.

mod lists;

use hashbrown::HashMap;

use super::{Kind, registry::REGISTRY};
use lists::{OTHER_THINGS, OWNERS, PERSONS, SHORT, TAIL, THINGS, TIMES};

/// Kinds that a name may stand for at once.
const MAX_HINTS: usize = 4;
/// Words of a name that are looked at, from its end.
const MAX_WORDS: usize = 8;
/// Bytes of a name that are looked at, from its end.
const MAX_NAME: usize = 128;
/// Words of the longest phrase.
const MAX_PHRASE: usize = 5;

const NO_KIND: u8 = u8::MAX;

/// What a field's name says: the kinds that it is named for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameHints {
    kinds: [u8; MAX_HINTS],
    /// It speaks of the number of a person in general.
    people: bool,
    /// It says that the value is a number of something else.
    identifier: bool,
    /// It says that the value is a time.
    time: bool,
}

impl Default for NameHints {
    fn default() -> Self {
        Self { kinds: [NO_KIND; MAX_HINTS], people: false, identifier: false, time: false }
    }
}

impl NameHints {
    /// Whether the name says nothing.
    pub fn is_empty(self) -> bool {
        self.kinds[0] == NO_KIND
    }

    /// The kinds that the field is named for, best first.
    pub fn kinds(self) -> impl Iterator<Item = Kind> {
        self.kinds.into_iter().take_while(|&kind| kind != NO_KIND).map(Kind)
    }

    pub(super) fn speaks_of_people(self) -> bool {
        self.people
    }

    pub(super) fn is_identifier(self) -> bool {
        self.identifier
    }

    pub(super) fn is_time(self) -> bool {
        self.time
    }

    /// Puts a kind before all others; of more than fit, the last is left out.
    pub(super) fn add_first(&mut self, kind: Kind) {
        self.kinds.rotate_right(1);
        self.kinds[0] = kind.0;
    }

    /// A kind over the bound is left out.
    pub(super) fn add(&mut self, kind: Kind) {
        let slots = &mut self.kinds;
        if slots.contains(&kind.0) {
            return;
        }
        if let Some(slot) = slots.iter_mut().find(|slot| **slot == NO_KIND) {
            *slot = kind.0;
        }
    }
}

/// The phrases of all kinds, each as one word.
pub(super) struct Names {
    phrases: HashMap<Box<str>, NameHints, foldhash::fast::RandomState>,
}

impl Names {
    pub(super) fn new() -> Self {
        let mut phrases = HashMap::default();
        for (kind, definition) in REGISTRY.iter().enumerate() {
            for phrase in definition.names {
                // Written as one word, a name keeps its short words.
                let long = words(phrase).concat().into_boxed_str();
                let both = [joined(phrase), long];
                for joined in both.iter().take(if both[0] == both[1] { 1 } else { 2 }) {
                    let hints: &mut NameHints = phrases.entry(joined.clone()).or_default();
                    hints.add(Kind(kind as u8));
                    hints.people |= definition.name == "national_id";
                }
            }
        }
        for phrase in OTHER_THINGS.split(',') {
            phrases.entry(joined(phrase)).or_default();
        }
        Self { phrases }
    }

    /// The kinds that a name speaks of.
    pub(super) fn hints(&self, name: &str) -> NameHints {
        let name = name.get(name.ceil_char_boundary(name.len().saturating_sub(MAX_NAME))..);
        let words = words(name.unwrap_or_default());
        let words = &words[words.len().saturating_sub(MAX_WORDS)..];
        for end in (1..=words.len()).rev() {
            let Some(last) = words[..end].last() else { break };
            if let Some(hints) = self.ending_at(&words[..end]) {
                return hints;
            }
            let (time, identifier) = (is_in(TIMES, last), is_in(THINGS, last));
            if time || identifier {
                return NameHints { identifier, time, ..NameHints::default() };
            }
            if last == "name" && end == words.len() {
                return self.name_of(name.unwrap_or_default());
            }
            if !is_in(TAIL, last) {
                break;
            }
        }
        NameHints::default()
    }

    /// Of a field `name` in something that is a person.
    fn name_of(&self, path: &str) -> NameHints {
        let mut parts = path.rsplit(['.', '/', '[', ']']).filter(|part| !part.is_empty());
        let alone = parts.next().is_some_and(|part| part.eq_ignore_ascii_case("name"));
        let owner = parts.next().map(words).and_then(|mut words| words.pop());
        let person = owner.is_some_and(|owner| {
            is_in(PERSONS, &owner) || owner.strip_suffix('s').is_some_and(|one| is_in(PERSONS, one))
        });
        let hints = self.phrases.get("fullname").filter(|_| alone && person);
        hints.copied().unwrap_or_default()
    }

    /// The longest phrase that ends with the last of the words.
    fn ending_at(&self, words: &[String]) -> Option<NameHints> {
        for start in words.len().saturating_sub(MAX_PHRASE)..words.len() {
            let phrase = words[start..].concat();
            let singular = phrase.strip_suffix('s').filter(|phrase| phrase.len() > 3);
            let found = self.phrases.get(phrase.as_str());
            if let Some(hints) = found.or_else(|| self.phrases.get(singular?)) {
                return Some(*hints);
            }
        }
        let last = words.last()?;
        let owned = OWNERS.split_whitespace().filter_map(|owner| last.strip_prefix(owner));
        owned.filter_map(|rest| self.phrases.get(rest)).copied().next()
    }
}

/// Whether a list of words has the word.
fn is_in(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|listed| listed == word)
}

fn joined(phrase: &str) -> Box<str> {
    phrase.split(' ').collect::<String>().into()
}

/// The words of a name in lower case: split at what is no letter or digit, before a capital
/// after a small letter, before the last of several capitals, and between letters and digits.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let letters: Vec<char> = name.chars().collect();
    for (index, &letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = index.checked_sub(1).and_then(|index| letters.get(index));
        let after = letters.get(index + 1);
        if before.is_some_and(|&before| begins_word(before, letter, after.copied())) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            push_lower(word, letter);
        }
    }
    words.retain(|word| !word.is_empty());
    for word in &mut words {
        if let Some((_, long)) = SHORT.iter().find(|(short, _)| word == short) {
            (*long).clone_into(word);
        }
    }
    words
}

/// In lower case, without the marks that European languages put on letters.
fn push_lower(word: &mut String, letter: char) {
    for letter in letter.to_lowercase() {
        word.push(match letter {
            'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'í' | 'ì' | 'î' | 'ï' => 'i',
            'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ø' => 'o',
            'ú' | 'ù' | 'û' | 'ü' => 'u',
            'ñ' => 'n',
            'ç' | 'č' => 'c',
            letter => letter,
        });
    }
}

fn begins_word(before: char, letter: char, after: Option<char>) -> bool {
    let camel = letter.is_uppercase()
        && (before.is_lowercase()
            || before.is_uppercase() && after.is_some_and(char::is_lowercase));
    camel
        || before.is_alphabetic() && letter.is_numeric()
        || before.is_numeric() && letter.is_alphabetic()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_into_words() {
        let check = |name: &str, expect: &[&str]| assert_eq!(words(name), expect, "{name}");
        check("cardNumber", &["card", "number"]);
        check("card_number", &["card", "number"]);
        check("X-API-Key", &["x", "api", "key"]);
        check("userSSN", &["user", "ssn"]);
        check("SSNValue", &["ssn", "value"]);
        check("address1", &["address", "1"]);
        check("customer.e-mail", &["customer", "e", "mail"]);
        check("", &[]);
    }

    #[test]
    fn a_kind_is_the_noun_of_a_name() {
        let names = Names::new();
        let check = |name: &str, expect: Option<&str>| {
            let first = names.hints(name).kinds().next().and_then(Kind::definition);
            assert_eq!(first.map(|definition| definition.name), expect, "{name}");
        };
        check("email", Some("email"));
        check("userEmail", Some("email"));
        check("customeremail", Some("email"));
        check("email_address", Some("email"));
        check("email_confirmation", Some("email"));
        check("email_verified", None);
        check("emailTemplate", None);
        check("email_id", None);
        check("card.number", Some("card_number"));
        check("creditCardNumber", Some("card_number"));
        check("card_type", None);
        check("card_number_hash", None);
        check("ip_address", Some("ip_address"));
        check("address", Some("postal_address"));
        check("address_line_2", Some("postal_address"));
        check("contract_address", None);
        check("driver's_license", Some("drivers_licence"));
        check("customer.name", Some("person_name"));
        check("product.name", None);
        check("users[].name", Some("person_name"));
        check("owner.name", Some("person_name"));
        check("user_name", None);
        check("name", None);
        check("acct_no", Some("bank_account"));
        check("fødselsnummer", Some("no_fodselsnummer"));
        check("emails", Some("email"));
        check("emails[].value", Some("email"));
        check("ibanCode", Some("iban"));
        check("token_expiry", None);
        check("password", Some("password"));
        check("newPassword", Some("password"));
        check("password_reset_url", None);
        check("next_page_token", None);
        check("accessToken", Some("generic_secret"));
        check("token_type", None);
        check("", None);
        check(&"a_".repeat(10_000), None);
        check(&"é".repeat(100), None);
    }
}
