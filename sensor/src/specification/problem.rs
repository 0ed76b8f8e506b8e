//! What is wrong with a document, and where.

use std::fmt;

/// Something that could not be taken from a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Problem {
    /// Where it is.
    pub location: Location,
    /// What it is.
    pub kind: Kind,
}

/// A place in a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// The whole.
    Document,
    /// Counted from 1, in a document that could not be read at all.
    Line {
        /// The line.
        line: u64,
        /// The character in it.
        column: u64,
    },
    /// A JSON pointer as a URI fragment (RFC 6901 section 6): `#/paths/~1pets/get`.
    Pointer(String),
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Longer than [`super::MAX_DOCUMENT`].
    TooLong,
    /// Neither JSON nor YAML, or nested too deeply; with what the parser said.
    Syntax(String),
    /// No `openapi` of 3.x and no `swagger` of 2.0; with the version named, if one is.
    Version(Option<String>),
    /// Another type than the one named was expected.
    Type(&'static str),
    /// A value that the format does not have; with the value.
    Value(String),
    /// Something required is absent.
    Absent(&'static str),
    /// A `$ref` to what is not there.
    Unresolved(String),
    /// A `$ref` into another document, which is not opened.
    OtherDocument(String),
    /// A `$ref` that leads back to itself.
    Cycle(String),
    /// A schema contains itself. Valid; what it holds is told once, not at every level.
    Recursive(String),
    /// A schema is larger than is kept; its deepest levels are left open.
    Large,
    /// Two operations have the same method and path.
    Duplicate,
    /// More problems than are kept.
    More,
}

impl Kind {
    /// Whether the document is in order, and only what is kept of it is bounded.
    pub fn is_note(&self) -> bool {
        matches!(self, Self::Recursive(_) | Self::Large)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Location::Document => {}
            Location::Line { line, column } => write!(formatter, "line {line}:{column}: ")?,
            Location::Pointer(pointer) => write!(formatter, "{pointer}: ")?,
        }
        self.kind.fmt(formatter)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => {
                write!(formatter, "longer than {} MiB: split it", super::MAX_DOCUMENT >> 20)
            }
            Self::Syntax(what) => formatter.write_str(what),
            Self::Version(None) => formatter
                .write_str("neither `openapi` nor `swagger` names a version: expected 2.0 or 3.x"),
            Self::Version(Some(version)) => {
                write!(formatter, "version {version} is not known: expected 2.0 or 3.x")
            }
            Self::Type(expected) => write!(formatter, "expected {expected}"),
            Self::Value(value) => write!(formatter, "{value} is not known here"),
            Self::Absent(what) => write!(formatter, "{what} is absent"),
            Self::Unresolved(reference) => write!(formatter, "{reference} leads nowhere"),
            Self::OtherDocument(reference) => {
                write!(formatter, "{reference} is in another document: bundle them into one")
            }
            Self::Cycle(reference) => write!(formatter, "{reference} leads back to itself"),
            Self::Recursive(reference) => {
                write!(formatter, "{reference} contains itself: told once, not at every level")
            }
            Self::Large => formatter.write_str("a large schema: its deepest levels are left open"),
            Self::Duplicate => {
                formatter.write_str("an earlier operation has the same method and path")
            }
            Self::More => formatter.write_str("more problems than are kept"),
        }
    }
}
