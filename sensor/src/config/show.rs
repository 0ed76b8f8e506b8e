//! The resolved configuration as a TOML file.

use std::fmt::Write as _;

use super::{KEYS, Loaded, Origin};

impl Loaded {
    /// The configuration as TOML that gives the same one when read: each key with its meaning,
    /// and behind it where its value came from, unless that is the default.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let mut current = "";
        for key in KEYS {
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
}

/// A comment ends with its line, and TOML allows no control characters in it.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
