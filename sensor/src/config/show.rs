//! The resolved configuration as a TOML file.

use std::fmt::Write as _;

use super::{KEYS, Loaded, Origin};

impl Loaded {
    /// The configuration as TOML that gives the same one when read, with each key's meaning
    /// and where its value came from.
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
                None => format!("# {name} is not set"),
            };
            let _ = match self.origin(key.name) {
                Origin::Default => writeln!(text, "{line:<44} # {}", key.meaning),
                origin => writeln!(text, "{line:<44} # {} (from {origin})", key.meaning),
            };
        }
        text
    }
}
