//! Kinds that the configuration adds.

use regex::{Regex, RegexBuilder};

use super::{Class, Confidence, Kind, NameHints, text::Text};

/// Most kinds that the configuration may add.
pub const MAX_CUSTOM: usize = 32;

/// Bytes that a compiled expression may take.
const MAX_COMPILED: usize = 256 * 1024;

/// A kind as the configuration describes it. It has a pattern for names, for values, or both;
/// with both, a value counts where both match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custom {
    /// Lower case with underscores, and not that of another kind.
    pub name: String,
    /// What a leak would be.
    pub class: Class,
    /// Regular expression that the field's name contains, in any case.
    pub field: Option<String>,
    /// Regular expression that the whole value matches. Without `field` it is tried on every
    /// value, at about 50 ns each.
    pub value: Option<String>,
}

/// Why a kind of the configuration is none.
#[derive(Debug, thiserror::Error)]
pub enum CustomError {
    /// Over the bound.
    #[error("{count} kinds of sensitive data are added, at most {MAX_CUSTOM} may be; remove some")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// Another kind has the name.
    #[error("two kinds of sensitive data are called `{name}`; rename one")]
    Taken {
        /// The name.
        name: String,
    },
    /// No pattern.
    #[error(
        "the kind `{name}` matches nothing; give it a pattern for `field`, for `value`, or both"
    )]
    Empty {
        /// The kind.
        name: String,
    },
    /// A pattern is none.
    #[error("the pattern for `{key}` of the kind `{name}` is no regular expression: {source}")]
    Pattern {
        /// The kind.
        name: String,
        /// `field` or `value`.
        key: &'static str,
        /// What is wrong with it.
        source: Box<regex::Error>,
    },
}

struct CustomKind {
    name: Box<str>,
    class: Class,
    field: Option<Regex>,
    value: Option<Regex>,
}

/// Kinds of the configuration, ready to match.
pub(super) struct CustomKinds(Vec<CustomKind>);

impl CustomKinds {
    pub(super) fn new(custom: &[Custom]) -> Result<Self, CustomError> {
        if custom.len() > MAX_CUSTOM {
            return Err(CustomError::TooMany { count: custom.len() });
        }
        let mut kinds: Vec<CustomKind> = Vec::with_capacity(custom.len());
        for kind in custom {
            let name = || kind.name.clone();
            let registered = super::REGISTRY.iter().map(|definition| definition.name);
            if registered
                .chain(kinds.iter().map(|kind| &*kind.name))
                .any(|taken| taken == kind.name)
            {
                return Err(CustomError::Taken { name: name() });
            }
            if kind.field.is_none() && kind.value.is_none() {
                return Err(CustomError::Empty { name: name() });
            }
            let whole = kind.value.as_ref().map(|value| format!("^(?:{value})$"));
            kinds.push(CustomKind {
                name: kind.name.as_str().into(),
                class: kind.class,
                field: compile(kind, "field", kind.field.as_deref())?,
                value: compile(kind, "value", whole.as_deref())?,
            });
        }
        Ok(Self(kinds))
    }

    /// Whether a field's name decides on every kind.
    pub(super) fn all_need_a_name(&self) -> bool {
        self.0.iter().all(|kind| kind.field.is_some())
    }

    pub(super) fn add_hints(&self, name: &str, hints: &mut NameHints) {
        for (index, kind) in self.0.iter().enumerate() {
            if kind.field.as_ref().is_some_and(|field| field.is_match(name)) {
                hints.add_first(at(index));
            }
        }
    }

    /// Of a field that is named for the kind.
    pub(super) fn named(&self, kind: Kind, text: &Text<'_>) -> Option<Confidence> {
        let kind = self.get(kind)?;
        match &kind.value {
            Some(value) => value.is_match(text.value).then_some(Confidence::High),
            None => (!text.is_placeholder()).then_some(Confidence::High),
        }
    }

    /// Of a field of any name.
    pub(super) fn alone(&self, text: &Text<'_>) -> Option<super::Match> {
        let matches = |kind: &CustomKind| {
            kind.field.is_none()
                && kind.value.as_ref().is_some_and(|value| value.is_match(text.value))
        };
        let index = self.0.iter().position(matches)?;
        Some(super::Match::sure(at(index), Confidence::High))
    }

    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        self.0.iter().position(|kind| &*kind.name == name).map(at)
    }

    pub(super) fn name(&self, kind: Kind) -> &str {
        self.get(kind).map_or("unknown", |kind| &kind.name)
    }

    pub(super) fn class(&self, kind: Kind) -> Class {
        self.get(kind).map_or(Class::Pii, |kind| kind.class)
    }

    fn get(&self, kind: Kind) -> Option<&CustomKind> {
        self.0.get(usize::from(kind.0.checked_sub(Kind::FIRST_CUSTOM)?))
    }
}

fn at(index: usize) -> Kind {
    Kind(Kind::FIRST_CUSTOM + index as u8)
}

fn compile(
    kind: &Custom,
    key: &'static str,
    pattern: Option<&str>,
) -> Result<Option<Regex>, CustomError> {
    let Some(pattern) = pattern else { return Ok(None) };
    let compiled = RegexBuilder::new(pattern)
        .case_insensitive(key == "field")
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .build();
    compiled.map(Some).map_err(|source| CustomError::Pattern {
        name: kind.name.clone(),
        key,
        source: Box::new(source),
    })
}
