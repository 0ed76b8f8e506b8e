//! Single values of a declared schema.

use sensor::inventory::description::Schema;

use super::{random::Random, values::Kind, words};

/// Formats of texts that have a grammar, under the names that specifications use, with the name
/// that RFCs and JSON Schema use.
pub const FORMATS: [(&str, &str); 14] = [
    ("date-time", "date-time"),
    ("datetime", "date-time"),
    ("date", "date"),
    ("time", "time"),
    ("duration", "duration"),
    ("email", "email"),
    ("uuid", "uuid"),
    ("guid", "uuid"),
    ("uri", "uri"),
    ("url", "uri"),
    ("ipv4", "ipv4"),
    ("ipv6", "ipv6"),
    ("hostname", "hostname"),
    ("byte", "byte"),
];

/// The known format that the schema declares.
pub fn format_of(schema: &Schema) -> Option<&'static str> {
    let declared = schema.format.as_deref()?;
    FORMATS.iter().find(|(name, _)| declared.eq_ignore_ascii_case(name)).map(|(_, known)| *known)
}

/// A text. `field` decides what is the same for all values of a field.
pub fn text(schema: &Schema, mut field: Random, random: &mut Random) -> String {
    if !schema.values.is_empty() {
        return random.pick(&schema.values).clone();
    }
    if let Some(format) = format_of(schema) {
        return formatted(format, random);
    }
    let least = schema.min_length.unwrap_or(0).min(400) as usize;
    let most = schema.max_length.unwrap_or(u64::MAX).min(400) as usize;
    let mut text = word(random);
    // One field in three holds sentences.
    if field.chance(0.33) {
        for _ in 0..random.below(6) {
            text = format!("{text} {}", word(random));
        }
    }
    while text.len() < least {
        text = format!("{text} {}", word(random));
    }
    // A space at the end is no part of a word.
    text.truncate(most.max(least));
    if text.ends_with(' ') {
        text.pop();
        text.push('s');
    }
    text
}

fn formatted(format: &str, random: &mut Random) -> String {
    let two = |random: &mut Random, end| format!("{:02}", random.below(end));
    match format {
        "date-time" => {
            let date = Kind::Date.make(random);
            let (hour, minute, second) = (two(random, 24), two(random, 60), two(random, 60));
            format!("{date}T{hour}:{minute}:{second}Z")
        }
        "date" => Kind::Date.make(random),
        "time" => format!("{}:{}:{}Z", two(random, 24), two(random, 60), two(random, 60)),
        "duration" => format!("P{}DT{}H", 1 + random.below(30), 1 + random.below(23)),
        "email" => Kind::Email.make(random),
        "uuid" => Kind::Uuid.make(random),
        "uri" => format!("https://www.example.com/{}/{}", noun(random), random.below(10_000)),
        "ipv4" => Kind::Address.make(random),
        "ipv6" => format!("2001:db8::{:x}:{:x}", random.below(65_536), 1 + random.below(65_535)),
        "hostname" => format!("{}.{}.example.com", noun(random), noun(random)),
        // Eight bytes or more, in base64.
        _ => {
            let length = 3 * (3 + random.below(10));
            let bytes: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
            base64(&bytes)
        }
    }
}

/// RFC 4648 section 4, of a whole number of groups.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks_exact(3) {
        let number = group.iter().fold(0_usize, |sum, &byte| sum << 8 | usize::from(byte));
        for shift in [18, 12, 6, 0] {
            text.push(char::from(ALPHABET[number >> shift & 63]));
        }
    }
    text
}

/// A word of text, in one of a few styles.
pub fn word(random: &mut Random) -> String {
    let noun = noun(random);
    match random.below(3) {
        0 => noun.to_owned(),
        1 => format!("{} {noun}", random.pick(words::ADJECTIVES)),
        _ => format!("{}-{noun}", random.pick(words::ADJECTIVES)),
    }
}

fn noun(random: &mut Random) -> &'static str {
    random.word(words::NOUNS)
}

/// A whole number within the bounds; a field without has its own magnitude.
pub fn integer(schema: &Schema, field: Random, random: &mut Random) -> i64 {
    if let Some(value) = one_of(schema, random) {
        return value.as_i64().unwrap_or(0);
    }
    let (least, most) = bounds(schema, field);
    random.between(least.ceil() as i64, (most.floor() as i64).max(least.ceil() as i64))
}

/// A number with two decimals within the bounds.
pub fn fraction(schema: &Schema, field: Random, random: &mut Random) -> f64 {
    if let Some(value) = one_of(schema, random) {
        return value.as_f64().unwrap_or(0.0);
    }
    let (least, most) = bounds(schema, field);
    let value = least + (most - least) * random.share();
    ((value * 100.0).round() / 100.0).clamp(least, most)
}

fn one_of(schema: &Schema, random: &mut Random) -> Option<serde_json::Value> {
    if schema.values.is_empty() {
        return None;
    }
    serde_json::from_str(random.pick(&schema.values).as_str()).ok()
}

fn bounds(schema: &Schema, mut field: Random) -> (f64, f64) {
    let size = *field.pick(&[10.0, 200.0, 5_000.0, 1e6, 1e9]);
    match (schema.minimum, schema.maximum) {
        (None, None) => (0.0, size),
        (Some(least), None) => (least, least + size),
        (None, Some(most)) => ((most - size).max(0.0).min(most), most),
        (Some(least), Some(most)) => (least, most.max(least)),
    }
}

/// The key of a map whose keys are data: of one kind for a field.
pub fn key(mut field: Random, random: &mut Random) -> String {
    match field.below(3) {
        0 => Kind::Uuid.make(random),
        1 => random.between(1, 1_000_000).to_string(),
        _ => Kind::Prefixed("itm").make(random),
    }
}
