//! The resolved configuration as a TOML file.

use std::fmt::Write as _;

use super::{
    KEYS, Loaded, Origin,
    keys::{PROPERTIES, quote},
};

impl Loaded {
    /// The configuration as TOML that gives the same one when read: each key with its meaning,
    /// and behind it where its value came from, unless that is the default.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let mut current = "";
        for key in KEYS {
            if key.name == PROPERTIES {
                self.show_properties(&mut text, key.meaning);
                continue;
            }
            let (section, name) = key.parts();
            if section != current {
                let _ = writeln!(text, "{}[{section}]", if current.is_empty() { "" } else { "\n" });
                current = section;
            }
            let line = match (key.get)(&self.config) {
                Some(value) => format!("{name} = {value}"),
                None => format!("#{name} = \"\""),
            };
            let _ = writeln!(text, "# {}", key.meaning);
            let _ = match self.origin(key.name) {
                Origin::Default => writeln!(text, "{line}"),
                origin => writeln!(text, "{line}  # {}", one_line(&origin.to_string())),
            };
        }
        text
    }

    /// One a line, in their section's own place. Secrets are not shown.
    fn show_properties(&self, text: &mut String, meaning: &str) {
        let _ = writeln!(text, "# {meaning}");
        for (name, value) in &self.config.kafka.properties {
            let _ = if is_secret(name) {
                writeln!(text, "#properties.{} = \"\"  # set, not shown", quote(name))
            } else {
                writeln!(text, "properties.{} = {}", quote(name), quote(value))
            };
        }
    }
}

/// Properties of librdkafka whose values are secrets.
fn is_secret(property: &str) -> bool {
    let parts = ["password", "secret", ".pem", "sasl.jaas", "assertion"];
    parts.iter().any(|part| property.contains(part))
}

/// A comment ends with its line, and TOML allows no control characters in it.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
