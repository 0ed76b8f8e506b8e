//! Values that a parameter of a path takes in practice.
//!
//! What kind of value a parameter has is read from its declaration as a person would: its
//! schema, its examples, then its name. A service has one style of identifiers, mostly.

use sensor::inventory::description::{Parameter, Type};

use super::{
    random::{Random, Weighted},
    words,
};

/// Most values that a parameter has.
const POOL: usize = 400;

/// How much more popular one value is than the next.
const SKEW: f64 = 0.9;

/// One value in so many is not from the pool but new.
const NEW: f64 = 0.1;

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const DIGITS: &[u8] = b"0123456789";
const HEX: &[u8] = b"0123456789abcdef";
const BASE32: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BASE62: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The values of a parameter and how often each comes.
pub struct Pool {
    kind: Kind,
    values: Vec<String>,
    weights: Weighted,
}

/// A form of values.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Whole numbers from the first to the second.
    Integer(i64, i64),
    Uuid,
    /// So many hex digits.
    Hex(usize),
    /// So many letters and digits.
    Base62(usize),
    /// A word, an underscore and letters and digits.
    Prefixed(&'static str),
    /// Two upper-case letters and 32 hex digits.
    Sid(&'static str),
    Ulid,
    Date,
    DateTime,
    Email,
    Username,
    /// Words in one of a few styles.
    Name(Style),
    File,
    Address,
    Postcode,
    Phone,
    /// Chance puts a digit for a digit and a letter for a letter.
    Like(String),
    /// These alone.
    One(Vec<String>),
}

/// How names are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Style {
    Word,
    Kebab,
    Numbered,
    Snake,
    Camel,
}

impl Pool {
    /// The pool of a parameter. `forbidden` are words that the router would take for a literal.
    pub fn new(kind: Kind, forbidden: impl Fn(&str) -> bool, random: &mut Random) -> Self {
        let mut values = match &kind {
            Kind::One(values) => values.clone(),
            kind => (0..POOL).map(|_| kind.make(random)).collect(),
        };
        if !matches!(kind, Kind::One(_)) {
            values.retain(|value| !forbidden(value));
        }
        let mut known = std::collections::HashSet::new();
        values.retain(|value| known.insert(value.clone()));
        if values.is_empty() {
            values.push("1".to_owned());
        }
        let weights = Weighted::zipf(values.len(), SKEW);
        Self { kind, values, weights }
    }

    /// A value. `parent` stands for the values before it in the path: what is popular below one
    /// of them is not what is popular below another.
    pub fn draw(&self, parent: usize, random: &mut Random) -> String {
        let is_open = matches!(
            self.kind,
            Kind::Integer(..)
                | Kind::Uuid
                | Kind::Hex(_)
                | Kind::Base62(_)
                | Kind::Prefixed(_)
                | Kind::Sid(_)
                | Kind::Ulid
        );
        if is_open && random.chance(NEW) {
            return self.kind.make(random);
        }
        let place = self.weights.draw(random);
        self.values[(place + parent) % self.values.len()].clone()
    }
}

impl Kind {
    /// The kind of a parameter. `style` decides where the declaration tells nothing, so that the
    /// parameters of a service are of a kind.
    pub fn of(
        parameter: &Parameter,
        examples: &[String],
        style: &Self,
        random: &mut Random,
    ) -> Self {
        let schema = &parameter.schema;
        let name = parameter.name.to_ascii_lowercase();
        if !schema.values.is_empty() {
            return Self::One(schema.values.clone());
        }
        if schema.types.contains(&Type::Boolean) {
            return Self::One(vec!["true".to_owned(), "false".to_owned()]);
        }
        if schema.types.iter().any(|one| matches!(one, Type::Integer | Type::Number)) {
            return number(&name, parameter, random);
        }
        if let Some(kind) = by_format(schema.format.as_deref().unwrap_or_default()) {
            return kind;
        }
        by_examples(examples).or_else(|| by_name(&name, random)).unwrap_or_else(|| {
            let is_id = name.ends_with("id") || name.ends_with("ids") || name.ends_with("key");
            if is_id {
                // A few have another style than the rest of their service.
                return if random.chance(0.2) { service_style(random) } else { style.clone() };
            }
            Self::Name(*random.pick(&[
                Style::Word,
                Style::Word,
                Style::Kebab,
                Style::Kebab,
                Style::Numbered,
                Style::Snake,
                Style::Camel,
            ]))
        })
    }

    /// A value.
    pub fn make(&self, random: &mut Random) -> String {
        match self {
            Self::Integer(start, end) => random.between(*start, *end).to_string(),
            Self::Uuid => uuid(random),
            Self::Hex(length) => random.text(HEX, *length),
            Self::Base62(length) => random.text(BASE62, *length),
            Self::Prefixed(prefix) => format!("{prefix}_{}", random.text(BASE62, 14)),
            Self::Sid(prefix) => format!("{prefix}{}", random.text(HEX, 32)),
            Self::Ulid => format!("01H{}", random.text(BASE32, 23)),
            Self::Date => date(random),
            Self::DateTime => format!("{}T{:02}:00:00Z", date(random), random.below(24)),
            Self::Email => format!("{}.{}@example.com", first(random), last(random)),
            Self::Username => username(random),
            Self::Name(style) => style.make(random),
            Self::File => {
                let name = Style::Kebab.make(random);
                format!("{name}.{}", random.pick(words::ENDINGS))
            }
            Self::Address => {
                let part = |random: &mut Random| random.below(256);
                format!("10.{}.{}.{}", part(random), part(random), part(random))
            }
            Self::Postcode => random.text(DIGITS, 5),
            Self::Phone => format!("+49{}", random.text(DIGITS, 10)),
            Self::Like(example) => like(example, random),
            Self::One(values) => random.pick(values).clone(),
        }
    }
}

/// What the identifiers of a service look like.
pub fn service_style(random: &mut Random) -> Kind {
    match random.below(8) {
        0 | 1 => Kind::Integer(1, *random.pick(&[400, 90_000, 40_000_000])),
        2 | 3 => Kind::Uuid,
        4 => Kind::Hex(24),
        5 => Kind::Base62(*random.pick(&[11, 22])),
        6 => Kind::Prefixed(random.word(words::PREFIXES)),
        _ => Kind::Ulid,
    }
}

fn number(name: &str, parameter: &Parameter, random: &mut Random) -> Kind {
    let schema = &parameter.schema;
    if schema.minimum.is_some() || schema.maximum.is_some() {
        let start = schema.minimum.unwrap_or(1.0).clamp(-1e9, 1e9) as i64;
        let end = schema.maximum.unwrap_or(start as f64 + 1e5).clamp(-1e9, 1e12) as i64;
        return Kind::Integer(start, end.max(start));
    }
    match name {
        "year" => Kind::Integer(1990, 2026),
        "month" => Kind::Integer(1, 12),
        "day" => Kind::Integer(1, 31),
        "version" | "page" | "season" | "n" => Kind::Integer(1, 30),
        _ => Kind::Integer(1, *random.pick(&[300, 20_000, 9_000_000, 4_000_000_000])),
    }
}

fn by_format(format: &str) -> Option<Kind> {
    match format {
        "uuid" | "guid" => Some(Kind::Uuid),
        "date" => Some(Kind::Date),
        "date-time" => Some(Kind::DateTime),
        "email" => Some(Kind::Email),
        "ipv4" | "ip" => Some(Kind::Address),
        "int32" | "int64" => Some(Kind::Integer(1, 5_000_000)),
        _ => None,
    }
}

fn by_examples(examples: &[String]) -> Option<Kind> {
    let example = examples.first()?;
    if example.contains(char::is_whitespace) || example.contains([';', '?', '#', '%', '{']) {
        return None;
    }
    if example.bytes().any(|byte| byte.is_ascii_digit()) {
        return Some(Kind::Like(example.clone()));
    }
    // Words do not change letter by letter.
    (examples.len() >= 4).then(|| Kind::One(examples.to_vec()))
}

fn by_name(name: &str, random: &mut Random) -> Option<Kind> {
    let has = |part: &str| name.contains(part);
    let strings = |list: &[&str]| Kind::One(list.iter().map(|&one| one.to_owned()).collect());
    let kind = match name {
        _ if has("uuid") || has("guid") || name == "subscriptionid" => Kind::Uuid,
        _ if has("country") => strings(words::COUNTRIES),
        _ if has("currency") => strings(words::CURRENCIES),
        _ if has("locale") || has("language") || name == "lang" => strings(words::LANGUAGES),
        _ if has("region") || has("location") || name == "zone" => strings(words::REGIONS),
        _ if has("email") => Kind::Email,
        _ if has("phone") || has("msisdn") => Kind::Phone,
        _ if has("postcode") || has("postal") || has("zipcode") => Kind::Postcode,
        _ if has("ipaddress") || name == "ip" => Kind::Address,
        _ if has("datetime") || has("timestamp") => Kind::DateTime,
        _ if has("date") && !has("update") => Kind::Date,
        "start" | "end" | "since" | "until" => Kind::Date,
        "year" => Kind::Integer(1990, 2026),
        "month" => Kind::One((1..=12).map(|month| format!("{month:02}")).collect()),
        "day" => Kind::One((1..=31).map(|day| format!("{day:02}")).collect()),
        "version" => Kind::One((1..=12).map(|minor| format!("1.{minor}.0")).collect()),
        _ if has("sha") && !has("share") || has("commit") || has("digest") => Kind::Hex(40),
        _ if has("hash") || has("md5") || has("checksum") => Kind::Hex(32),
        _ if name.ends_with("sid") => Kind::Sid(random.word(&["AC", "SM", "CA", "PN", "IS", "RE"])),
        _ if has("token") || has("secret") => Kind::Base62(40),
        _ if has("username")
            || has("login")
            || name == "owner"
            || name == "user"
            || name == "account"
            || name == "author"
            || name == "member"
            || name == "handle" =>
        {
            Kind::Username
        }
        _ if has("filename") || name == "file" || name == "path" => Kind::File,
        _ => return None,
    };
    Some(kind)
}

impl Style {
    fn make(self, random: &mut Random) -> String {
        let noun = *random.pick(words::NOUNS);
        let adjective = *random.pick(words::ADJECTIVES);
        match self {
            Self::Word => noun.to_owned(),
            Self::Kebab => format!("{adjective}-{noun}"),
            Self::Numbered => format!("{noun}-{:02}", 1 + random.below(40)),
            Self::Snake => format!("{adjective}_{noun}"),
            Self::Camel => format!("{}{}", capital(adjective), capital(noun)),
        }
    }
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_ascii_uppercase() + rest
}

fn first(random: &mut Random) -> &'static str {
    random.word(words::FIRST_NAMES)
}

fn last(random: &mut Random) -> &'static str {
    random.word(words::LAST_NAMES)
}

fn username(random: &mut Random) -> String {
    match random.below(5) {
        0 => first(random).to_owned(),
        1 => format!("{}{}", first(random), random.below(100)),
        2 => format!("{}-{}", first(random), last(random)),
        3 => format!("{}{}", &first(random)[..1], last(random)),
        _ => format!("{}{}", random.pick(words::ADJECTIVES), random.pick(words::NOUNS)),
    }
}

fn uuid(random: &mut Random) -> String {
    let [low, middle, high, sequence, node] =
        [8, 4, 3, 3, 12].map(|length| random.text(HEX, length));
    format!("{low}-{middle}-4{high}-a{sequence}-{node}")
}

fn date(random: &mut Random) -> String {
    let year = 2018 + random.below(9);
    format!("{year}-{:02}-{:02}", 1 + random.below(12), 1 + random.below(28))
}

/// What goes before the first digit may be a prefix that all have, and stays.
fn like(example: &str, random: &mut Random) -> String {
    let is_hex = example.len() >= 8
        && example.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && !example.bytes().any(|byte| byte.is_ascii_uppercase());
    let mut prefix = true;
    let change = |character: char| {
        prefix &= !character.is_ascii_digit();
        match character {
            'a'..='f' | '0'..='9' if is_hex => char::from(*random.pick(HEX)),
            '0'..='9' => char::from(*random.pick(DIGITS)),
            'a'..='z' if !prefix => char::from(*random.pick(LOWER)),
            'A'..='Z' if !prefix => char::from(*random.pick(&BASE62[36..])),
            other => other,
        }
    };
    example.chars().map(change).collect()
}
