//! The configuration as written: which key was set to what, and where.

use std::{fmt, path::PathBuf};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{DEFAULT_FILE, KEYS, Key, exists, keys::PROPERTIES, value::Value};

/// Where to look for settings; later ones win.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file asked for; without one, [`DEFAULT_FILE`] if it exists.
    pub file: Option<PathBuf>,
    /// The environment; only `SENSOR_SECTION__KEY` variables are read.
    pub environment: Vec<(String, String)>,
    /// Flags, in the order given.
    pub flags: Vec<Flag>,
}

/// A setting on the command line.
#[derive(Clone, Debug)]
pub struct Flag {
    /// The flag as typed, for messages.
    pub spelled: String,
    /// The key that it sets.
    pub key: String,
    /// The value.
    pub value: String,
}

impl Flag {
    /// A `--set section.key=value`.
    pub fn set(text: &str) -> Result<Self, ConfigError> {
        let (key, value) =
            text.split_once('=').ok_or_else(|| ConfigError::Flag(text.to_owned()))?;
        let spelled = format!("--set {text}");
        Ok(Self { spelled, key: key.trim().to_owned(), value: value.trim().to_owned() })
    }

    /// A dedicated flag, such as `--socket`.
    pub fn dedicated(flag: &str, key: &str, value: &str) -> Self {
        let spelled = format!("{flag} {value}");
        Self { spelled, key: key.to_owned(), value: value.to_owned() }
    }
}

/// The place of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: the default.
    Default,
    /// A line of a file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A flag as typed.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line } => write!(formatter, "{}:{line}", path.display()),
            Self::Variable(name) => formatter.write_str(name),
            Self::Flag(spelled) => formatter.write_str(spelled),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("failed to read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{origin}: not TOML: {message}")]
    Syntax {
        /// Where.
        origin: Origin,
        /// What the parser says.
        message: String,
    },
    /// A `--set` without `=`.
    #[error("--set {0}: expected section.key=value, such as --set capture.ring_bytes=32MiB")]
    Flag(String),
    /// A key that does not exist.
    #[error("{origin}: unknown key {key}; {hint}")]
    UnknownKey {
        /// Where.
        origin: Origin,
        /// The key.
        key: String,
        /// The nearest one, or all of its section.
        hint: String,
    },
    /// A section's name used as a key.
    #[error("{origin}: {key} is a section, not a key; its keys are {keys}")]
    Section {
        /// Where.
        origin: Origin,
        /// The section.
        key: String,
        /// What it holds.
        keys: String,
    },
    /// A value of the wrong type or out of its limits.
    #[error("{origin}: {key} must be {expected}, not {given}")]
    Value {
        /// Where.
        origin: Origin,
        /// The key.
        key: &'static str,
        /// What it must be.
        expected: String,
        /// What it is.
        given: String,
    },
    /// Two values that contradict each other.
    #[error("{origin}: {key} ({value}) must not be greater than {limit_key} ({limit})")]
    Order {
        /// Where.
        origin: Origin,
        /// The smaller one, by rights.
        key: &'static str,
        /// Its value.
        value: String,
        /// The greater one.
        limit_key: &'static str,
        /// Its value.
        limit: String,
    },
}

/// All settings written anywhere, in rising order of precedence.
pub struct Written {
    pub settings: Vec<Setting>,
}

pub struct Setting {
    pub key: &'static Key,
    pub value: Value,
    pub origin: Origin,
}

impl Written {
    pub fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let mut written = Self { settings: Vec::new() };
        written.read_file(sources)?;
        for (name, value) in &sources.environment {
            written.read_variable(name, value)?;
        }
        for flag in &sources.flags {
            let origin = Origin::Flag(flag.spelled.clone());
            written.add(&flag.key, Value::Text(flag.value.clone()), origin)?;
        }
        Ok(written)
    }

    fn read_file(&mut self, sources: &Sources) -> Result<(), ConfigError> {
        let path = match &sources.file {
            Some(path) => path.clone(),
            None if exists(DEFAULT_FILE.as_ref()) => PathBuf::from(DEFAULT_FILE),
            None => return Ok(()),
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => self.read_toml(&File { path, text: &text }),
            Err(error) => Err(ConfigError::Read { path, error }),
        }
    }

    fn read_toml(&mut self, file: &File<'_>) -> Result<(), ConfigError> {
        let table = DeTable::parse(file.text).map_err(|error| ConfigError::Syntax {
            origin: file.origin(error.span().map_or(0, |span| span.start)),
            message: error.message().trim().replace('\n', ", "),
        })?;
        self.read_table(file, "", table.get_ref())
    }

    /// Reads a section, nested ones too. The depth is bounded: a section must be a known one.
    fn read_table(
        &mut self,
        file: &File<'_>,
        section: &str,
        table: &DeTable<'_>,
    ) -> Result<(), ConfigError> {
        for (name, value) in table {
            let path = match section {
                "" => name.get_ref().to_string(),
                _ => format!("{section}.{}", name.get_ref()),
            };
            match value.get_ref() {
                DeValue::Table(inner) if is_section(&path) || is_property(&path) => {
                    self.read_table(file, &path, inner)?;
                }
                leaf => self.add(&path, Value::from_toml(leaf), file.origin_of(name))?,
            }
        }
        Ok(())
    }

    fn read_variable(&mut self, name: &str, value: &str) -> Result<(), ConfigError> {
        let Some(path) = name.strip_prefix("SENSOR_") else {
            return Ok(());
        };
        let path = path.to_ascii_lowercase();
        let origin = Origin::Variable(name.to_owned());
        if path.contains("__") {
            return self.add(&path.replace("__", "."), Value::Text(value.to_owned()), origin);
        }
        // Kubernetes sets SENSOR_SERVICE_HOST and the like beside a service called sensor, so a
        // single underscore is an error only when it is surely meant for this program.
        match KEYS.iter().find(|key| key.name.replace('.', "_") == path) {
            None => Ok(()),
            Some(key) => {
                let hint = format!("did you mean {}?", variable(key));
                Err(ConfigError::UnknownKey { origin, key: path, hint })
            }
        }
    }

    fn add(&mut self, name: &str, value: Value, origin: Origin) -> Result<(), ConfigError> {
        if let Some(property) = name.strip_prefix(PROPERTIES).and_then(|n| n.strip_prefix('.')) {
            let (name, value) = (property.to_owned(), Box::new(value));
            return self.add(PROPERTIES, Value::Property { name, value }, origin);
        }
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            return Err(unknown(name, origin));
        };
        self.settings.push(Setting { key, value, origin });
        Ok(())
    }
}

/// The environment variable of a key.
fn variable(key: &Key) -> String {
    format!("SENSOR_{}", key.name.replace('.', "__").to_ascii_uppercase())
}

struct File<'a> {
    path: PathBuf,
    text: &'a str,
}

impl File<'_> {
    fn origin_of<T>(&self, item: &Spanned<T>) -> Origin {
        self.origin(item.span().start)
    }

    fn origin(&self, offset: usize) -> Origin {
        let before = self.text.as_bytes().iter().take(offset);
        let line = 1 + before.filter(|&&byte| byte == b'\n').count();
        Origin::File { path: self.path.clone(), line }
    }
}

/// Whether it is the section of properties, or a part of it: their names have dots.
fn is_property(name: &str) -> bool {
    name.strip_prefix(PROPERTIES).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

fn unknown(name: &str, origin: Origin) -> ConfigError {
    let key = name.to_owned();
    if is_section(name) {
        return ConfigError::Section { origin, key, keys: keys_of(name) };
    }
    let hint = match nearest(name) {
        Some(near) => format!("did you mean {}?", spell(near, &origin)),
        None => match name.rsplit_once('.') {
            Some((section, _)) if is_section(section) => {
                format!("the keys of {section} are {}", keys_of(section))
            }
            _ => format!("the sections are {}", sections().join(", ")),
        },
    };
    ConfigError::UnknownKey { origin, key, hint }
}

/// A suggestion in the spelling of the place where the mistake is.
fn spell(near: &str, origin: &Origin) -> String {
    match origin {
        Origin::Variable(_) => {
            format!("SENSOR_{}", near.replace('.', "__").to_ascii_uppercase())
        }
        _ => near.to_owned(),
    }
}

/// The key, or else section, that was most likely meant; `None` when nothing is near.
fn nearest(name: &str) -> Option<&'static str> {
    let leaf = |name: &'_ str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let distance = |candidate: &str| {
        let whole = strsim::damerau_levenshtein(name, candidate);
        // The right name in the wrong section.
        let moved = strsim::damerau_levenshtein(&leaf(name), &leaf(candidate)) * 2 + 1;
        whole.min(moved)
    };
    let candidates = KEYS.iter().map(|key| key.name).chain(sections());
    let (near, found) = candidates.map(|candidate| (candidate, distance(candidate))).min_by_key(
        |(candidate, distance)| (*distance, strsim::damerau_levenshtein(name, candidate)),
    )?;
    (found <= (name.len() / 3).min(4)).then_some(near)
}

fn sections() -> Vec<&'static str> {
    let mut sections: Vec<_> = KEYS.iter().map(|key| key.parts().0).collect();
    sections.dedup();
    sections
}

fn keys_of(section: &str) -> String {
    let keys = KEYS.iter().filter_map(|key| key.name.strip_prefix(section)?.strip_prefix('.'));
    keys.collect::<Vec<_>>().join(", ")
}
