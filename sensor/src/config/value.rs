//! Values as written: text and integers, read as sizes, durations, counts and paths.

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use toml::de::DeValue;

use super::{GIB, KIB, MIB};

/// A value as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, and everything from the environment and from flags.
    Text(String),
    /// An integer of a TOML file.
    Integer(i64),
    /// Anything else: how to show it.
    Other(String),
    /// A property of librdkafka.
    Property {
        /// Its name.
        name: String,
        /// Its value.
        value: Box<Value>,
    },
}

/// What a value must be, in words that follow "must be".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(pub String);

impl Value {
    /// Takes over a TOML value.
    pub fn from_toml(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.clone().into_owned()),
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map_or_else(|_| Self::Other(integer.as_str().to_owned()), Self::Integer),
            DeValue::Float(float) => Self::Other(float.as_str().to_owned()),
            DeValue::Boolean(boolean) => Self::Other(boolean.to_string()),
            other => Self::Other(format!("a value of type {}", other.type_str())),
        }
    }

    fn integer(&self) -> Option<u64> {
        match self {
            Self::Integer(integer) => u64::try_from(*integer).ok(),
            Self::Text(text) => text.replace('_', "").parse().ok(),
            Self::Other(_) | Self::Property { .. } => None,
        }
    }

    /// An integer from `least` to `most`.
    pub fn count(&self, least: u64, most: u64) -> Result<u64, Invalid> {
        self.integer()
            .filter(|count| (least..=most).contains(count))
            .ok_or_else(|| Invalid(format!("a number from {least} to {most}")))
    }

    /// A size in bytes from `least` to `most`: an integer, or text such as `64KiB`.
    pub fn bytes(&self, least: u64, most: u64) -> Result<u64, Invalid> {
        self.size().filter(|size| (least..=most).contains(size)).ok_or_else(|| {
            let (least, most) = (show_bytes(least), show_bytes(most));
            Invalid(format!("a size from {least} to {most} (such as 65536, 64KiB or 16MiB)"))
        })
    }

    /// The same, for sizes that must be a power of two.
    pub fn bytes_power_of_two(&self, least: u64, most: u64) -> Result<u64, Invalid> {
        let size = self.size().filter(|size| (least..=most).contains(size));
        size.filter(|size| size.is_power_of_two()).ok_or_else(|| {
            let (least, most) = (show_bytes(least), show_bytes(most));
            Invalid(format!("a power of two from {least} to {most} (such as 16MiB)"))
        })
    }

    fn size(&self) -> Option<u64> {
        let Self::Text(text) = self else {
            return self.integer();
        };
        let text = text.trim();
        let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '_');
        let (number, unit) = text.split_at(end.unwrap_or(text.len()));
        let number: u64 = number.replace('_', "").parse().ok()?;
        let scale = match unit.trim_start() {
            "" | "B" => 1,
            "KiB" | "K" | "k" => KIB,
            "MiB" | "M" => MIB,
            "GiB" | "G" => GIB,
            "kB" | "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            _ => return None,
        };
        number.checked_mul(scale)
    }

    /// A duration from `least` to `most`: text with a unit, such as `500ms`, `5s` or `2m`.
    pub fn duration(&self, least: Duration, most: Duration) -> Result<Duration, Invalid> {
        let duration = match self {
            Self::Text(text) => text.trim().parse::<jiff::SignedDuration>().ok(),
            _ => None,
        };
        duration
            .and_then(|duration| Duration::try_from(duration).ok())
            .filter(|duration| (least..=most).contains(duration))
            .ok_or_else(|| {
                let (least, most) = (show_duration(least), show_duration(most));
                Invalid(format!("a duration from {least} to {most} (such as 500ms, 5s or 2m)"))
            })
    }

    /// Text that is not empty.
    pub fn text(&self) -> Result<&str, Invalid> {
        match self {
            Self::Text(text) if !text.is_empty() => Ok(text),
            _ => Err(Invalid("text that is not empty".to_owned())),
        }
    }

    /// The word `none`.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::Text(text) if text == "none")
    }

    /// Cores, in thousandths.
    pub fn cores(&self) -> Result<u32, Invalid> {
        let cores: Option<f64> = match self {
            Self::Text(text) | Self::Other(text) => text.parse().ok(),
            Self::Integer(integer) => Some(*integer as f64),
            Self::Property { .. } => None,
        };
        cores
            .filter(|cores| (0.01..=1024.0).contains(cores))
            .map(|cores| (cores * 1000.0).round() as u32)
            .ok_or_else(|| Invalid("a number of cores from 0.01 to 1024, or none".to_owned()))
    }

    /// An IP address with a port, or `none`.
    pub fn address(&self) -> Result<Option<SocketAddr>, Invalid> {
        match self {
            Self::Text(text) if text == "none" => Some(None),
            Self::Text(text) => text.parse().ok().map(Some),
            _ => None,
        }
        .ok_or_else(|| {
            Invalid("an address and port (such as 127.0.0.1:9464 or [::]:9464), or none".to_owned())
        })
    }

    /// `true` or `false`.
    pub fn truth(&self) -> Result<bool, Invalid> {
        match self {
            Self::Text(text) | Self::Other(text) if text == "true" => Ok(true),
            Self::Text(text) | Self::Other(text) if text == "false" => Ok(false),
            _ => Err(Invalid("true or false".to_owned())),
        }
    }

    /// A path.
    pub fn path(&self) -> Result<PathBuf, Invalid> {
        self.text().map(PathBuf::from).map_err(|_| Invalid("a path".to_owned()))
    }

    /// What the name of a topic may begin with, the names of the topics being short.
    pub fn topic_prefix(&self) -> Result<&str, Invalid> {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        match self {
            Self::Text(text) if text.len() <= 200 && text.bytes().all(is_legal) => Ok(text),
            _ => Err(Invalid("letters, digits, '.', '_' and '-', at most 200".to_owned())),
        }
    }

    /// The name of a property with its value as text.
    pub fn property(&self) -> Result<(&str, String), Invalid> {
        let text = |value: &Self| match value {
            Self::Text(text) | Self::Other(text) => text.clone(),
            Self::Integer(integer) => integer.to_string(),
            Self::Property { .. } => String::new(),
        };
        match self {
            Self::Property { name, value } => Ok((name, text(value))),
            _ => Err(Invalid("a section of properties, such as [kafka.properties]".to_owned())),
        }
    }

    /// One of some words.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Invalid> {
        let found = match self {
            Self::Text(text) => words.iter().find(|(word, _)| text == word),
            _ => None,
        };
        found.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            Invalid(format!("one of {}", words.join(", ")))
        })
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "\"{text}\""),
            Self::Integer(integer) => write!(formatter, "{integer}"),
            Self::Other(text) => formatter.write_str(text),
            // It may be a password.
            Self::Property { name, .. } => formatter.write_str(name),
        }
    }
}

/// A size in the largest unit that divides it, such as `16MiB`.
pub fn show_bytes(bytes: u64) -> String {
    for (scale, unit) in [(GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")] {
        if bytes >= scale && bytes.is_multiple_of(scale) {
            return format!("{}{unit}", bytes / scale);
        }
    }
    format!("{bytes}B")
}

/// A duration in the largest unit that divides it, such as `300s` or `5m`.
pub fn show_duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    match milliseconds {
        0 => "0s".to_owned(),
        _ if milliseconds.is_multiple_of(3_600_000) => format!("{}h", milliseconds / 3_600_000),
        _ if milliseconds.is_multiple_of(60_000) => format!("{}m", milliseconds / 60_000),
        _ if milliseconds.is_multiple_of(1_000) => format!("{}s", milliseconds / 1_000),
        _ => format!("{milliseconds}ms"),
    }
}
