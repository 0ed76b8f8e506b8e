//! What fields are called.
//!
//! A name is split into words; a kind's phrase counts where it is the noun of the name, which in
//! English is its end: `card_number_last4` and `email_verified` are about a card number and an
//! e-mail address, and are none. Biased towards that: names with another word order are missed.

use hashbrown::HashMap;

use super::{Kind, registry::REGISTRY};

/// Kinds that a name may stand for at once.
const MAX_HINTS: usize = 4;
/// Words of a name that are looked at, from its end.
const MAX_WORDS: usize = 8;
/// Bytes of a name that are looked at, from its end.
const MAX_NAME: usize = 128;
/// Words of the longest phrase.
const MAX_PHRASE: usize = 5;

const NO_KIND: u8 = u8::MAX;

/// Words that may follow the noun.
const TAIL: &[&str] = &[
    "number",
    "no",
    "num",
    "nr",
    "value",
    "text",
    "string",
    "str",
    "raw",
    "plain",
    "full",
    "line",
    "field",
    "input",
    "home",
    "work",
    "office",
    "mobile",
    "business",
    "personal",
    "primary",
    "secondary",
    "main",
    "alt",
    "alternate",
    "other",
    "old",
    "new",
    "confirmation",
    "confirm",
    "repeat",
    "again",
    "current",
    "previous",
    "original",
    "address",
    "list",
    "1",
    "2",
    "3",
    "4",
    "one",
    "two",
    "three",
    "s",
];

/// Whose data a name may speak of before the kind, written as one word: `customeremail`.
const OWNERS: &[&str] = &[
    "user",
    "customer",
    "client",
    "contact",
    "patient",
    "billing",
    "shipping",
    "home",
    "work",
    "my",
    "account",
    "member",
    "owner",
    "sender",
    "recipient",
    "employee",
    "person",
    "person",
    "guest",
    "buyer",
    "seller",
    "primary",
    "secondary",
    "old",
    "new",
    "current",
    "admin",
    "login",
    "business",
    "personal",
    "emergency",
    "delivery",
    "mailing",
    "residential",
    "customers",
    "db",
    "x",
];

/// Phrases that end like a kind's and mean something else.
const OTHER_THINGS: &[&str] = &[
    "contract address",
    "memory address",
    "email address id",
    "network address",
    "broadcast address",
    "base address",
    "server address",
    "bind address",
    "listen address",
    "host address",
    "web address",
    "site address",
    "page token",
    "next page token",
    "continuation token",
    "next token",
    "cursor token",
    "csrf token",
    "xsrf token",
    "sync token",
    "pagination token",
    "server ip",
    "host ip",
    "node ip",
    "pod ip",
    "cluster ip",
    "gateway ip",
    "service ip",
    "token count",
    "sort key",
    "partition key",
    "primary key",
    "foreign key",
    "public key",
    "idempotency key",
    "cache key",
    "object key",
    "routing key",
    "public token",
    "device token",
    "job position",
    "position",
    "stock location",
    "product location",
    "file location",
    "job location",
    "time zone",
    "business card",
    "graphics card",
    "sim card",
    "sd card",
    "gift card",
    "score card",
    "max tokens",
    "tokens",
    "bounding box",
    "model number",
    "part number",
    "serial number",
    "order number",
    "invoice number",
    "tracking number",
    "reference number",
    "phone model",
    "car model",
    "boarding pass",
    "compass",
    "bypass",
    "software license number",
    "pass count",
];

/// What a field's name says: the kinds that it is named for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameHints {
    kinds: [u8; MAX_HINTS],
    /// It speaks of the number of a person in general.
    people: bool,
}

impl Default for NameHints {
    fn default() -> Self {
        Self { kinds: [NO_KIND; MAX_HINTS], people: false }
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

    /// Puts a kind before all others; of more than fit, the last is left out.
    pub(super) fn add_first(&mut self, kind: Kind) {
        self.kinds.rotate_right(1);
        self.kinds[0] = kind.0;
    }

    /// A kind over the bound is left out.
    pub(super) fn add(&mut self, kind: Kind) {
        if let Some(slot) = self.kinds.iter_mut().find(|slot| **slot == NO_KIND) {
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
                let hints: &mut NameHints = phrases.entry(joined(phrase)).or_default();
                hints.add(Kind(kind as u8));
                hints.people |= definition.name == "national_id";
            }
        }
        for phrase in OTHER_THINGS {
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
            if let Some(hints) = self.ending_at(&words[..end]) {
                return hints;
            }
            if !TAIL.contains(&words[end - 1].as_str()) {
                break;
            }
        }
        NameHints::default()
    }

    /// The longest phrase that ends with the last of the words.
    fn ending_at(&self, words: &[String]) -> Option<NameHints> {
        for start in words.len().saturating_sub(MAX_PHRASE)..words.len() {
            if let Some(hints) = self.phrases.get(words[start..].concat().as_str()) {
                return Some(*hints);
            }
        }
        let last = words.last()?;
        let owned = OWNERS.iter().filter_map(|owner| last.strip_prefix(owner));
        owned.filter_map(|rest| self.phrases.get(rest)).copied().next()
    }
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
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
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
