//! Lists in a record: field names, parameters, flags. Made while they are written.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::{
    exchange::{Head, Missing, Problems, Request},
    inventory::{
        endpoint::is_token,
        template::{SegmentKind, Template, percent_decode},
    },
    mask::{MaskKey, Masked, MaskedHash},
};

/// Names of one list that are shown.
const MAX_NAMES: usize = 64;

/// Longest name that is shown.
const MAX_NAME: usize = 128;

/// Facts on one parameter.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Parameter")]
pub(super) struct ParameterFacts<'a> {
    /// Its name. A name that may itself be a value is `masked:<length>:<hash>`.
    #[schemars(with = "String")]
    name: Name<'a>,
    /// What its value looks like, `string` where nothing more is known.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Length of its value after percent-decoding.
    length: usize,
    /// Keyed hash of its value after percent-decoding, 32 hex digits.
    #[schemars(with = "String")]
    hash: MaskedHash,
}

impl<'a> ParameterFacts<'a> {
    fn new(name: Name<'a>, masked: Masked) -> Self {
        Self { name, kind: masked.kind, length: masked.length, hash: masked.hash }
    }
}

/// The parameters of a path.
pub(super) struct PathParameters<'a> {
    path: &'a [u8],
    template: Option<&'a Template>,
    key: &'a MaskKey,
}

impl<'a> PathParameters<'a> {
    pub(super) fn of(
        request: Option<&'a Request>,
        template: &'a Template,
        key: &'a MaskKey,
    ) -> Self {
        let template =
            request.and(Some(template).filter(|template| !template.parameters.is_empty()));
        // The path is looked for only where a parameter points into it.
        let path = template.and(request).map_or(&b""[..], Request::path);
        Self { path, template, key }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.template.is_none()
    }
}

impl Serialize for PathParameters<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let facts = self.template.into_iter().flat_map(|template| {
            template.parameters.iter().map(|parameter| {
                let value = decode(parameter.value(self.path));
                let masked = self.key.mask(parameter.kind.as_str(), &value);
                ParameterFacts::new(Name::Plain(template.name(parameter)), masked)
            })
        });
        serializer.collect_seq(facts)
    }
}

/// The parameters of a query (WHATWG URL, `application/x-www-form-urlencoded`).
pub(super) struct QueryParameters<'a> {
    query: &'a [u8],
    key: &'a MaskKey,
}

impl<'a> QueryParameters<'a> {
    pub(super) fn of(query: Option<&'a [u8]>, key: &'a MaskKey) -> Self {
        Self { query: query.unwrap_or_default(), key }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pairs().next().is_none()
    }

    pub(super) fn omitted(&self) -> usize {
        self.pairs().skip(MAX_NAMES).count()
    }

    fn pairs(&self) -> impl Iterator<Item = &'a [u8]> {
        self.query.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty())
    }
}

impl Serialize for QueryParameters<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.pairs().take(MAX_NAMES).map(|pair| {
            let equals = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(equals);
            let value = decode_form(value.get(1..).unwrap_or_default());
            let kind = SegmentKind::of(&value).map_or("string", SegmentKind::as_str);
            let name = Name::of_parameter(decode_form(name), self.key);
            ParameterFacts::new(name, self.key.mask(kind, &value))
        }))
    }
}

/// The names of a head's fields.
pub(super) struct FieldNames<'a> {
    head: Option<&'a Head>,
    key: &'a MaskKey,
}

impl<'a> FieldNames<'a> {
    pub(super) fn of(head: Option<&'a Head>, key: &'a MaskKey) -> Self {
        Self { head, key }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head.is_none_or(|head| head.fields.is_empty())
    }

    pub(super) fn omitted(&self) -> usize {
        self.head.map_or(0, |head| head.fields.len().saturating_sub(MAX_NAMES))
    }
}

impl Serialize for FieldNames<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(head) = self.head else { return serializer.collect_seq([(); 0]) };
        let fields = head.fields().take(MAX_NAMES);
        serializer.collect_seq(fields.map(|(name, _)| Name::of_field(name, self.key)))
    }
}

/// A name that came from the wire.
pub(super) enum Name<'a> {
    Plain(&'a str),
    Lower(Lower<'a>),
    Owned(Vec<u8>),
    Masked(Masked),
}

impl<'a> Name<'a> {
    /// A field name is a token (RFC 9110 section 5.1).
    fn of_field(name: &'a [u8], key: &MaskKey) -> Self {
        if name.len() <= MAX_NAME && is_token(name) {
            Self::Lower(Lower(name))
        } else {
            Self::Masked(key.mask("string", name))
        }
    }

    /// The name of a query parameter is whatever a caller puts there, and without a `=` it is
    /// rather a value: one that looks like a value is not shown.
    fn of_parameter(name: Cow<'a, [u8]>, key: &MaskKey) -> Self {
        let kind = SegmentKind::of(&name);
        let is_name_byte =
            |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.[]$!'*+^`|~():".contains(byte);
        if kind.is_some() || name.len() > MAX_NAME || !name.iter().all(is_name_byte) {
            return Self::Masked(key.mask(kind.map_or("string", SegmentKind::as_str), &name));
        }
        match name {
            Cow::Borrowed(name) => Self::Plain(str::from_utf8(name).unwrap_or_default()),
            Cow::Owned(name) => Self::Owned(name),
        }
    }
}

impl Serialize for Name<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(name) => serializer.serialize_str(name),
            Self::Lower(name) => name.serialize(serializer),
            Self::Owned(name) => serializer.serialize_str(str::from_utf8(name).unwrap_or_default()),
            Self::Masked(masked) => {
                serializer.collect_str(&format_args!("masked:{}:{}", masked.length, masked.hash))
            }
        }
    }
}

/// A token of at most [`MAX_NAME`] bytes, written in lower case.
#[derive(Clone, Copy)]
pub(super) struct Lower<'a>(pub(super) &'a [u8]);

impl Serialize for Lower<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut copy = [0; MAX_NAME];
        let length = self.0.len().min(MAX_NAME);
        let lower = &mut copy[..length];
        lower.copy_from_slice(&self.0[..length]);
        lower.make_ascii_lowercase();
        serializer.serialize_str(str::from_utf8(lower).unwrap_or_default())
    }
}

/// The names of set flags.
#[derive(Clone, Copy)]
pub(super) enum Flags {
    Missing(Missing),
    Problems(Problems),
}

impl Flags {
    pub(super) fn missing(missing: Missing) -> Self {
        Self::Missing(missing)
    }

    pub(super) fn problems(problems: Option<Problems>) -> Self {
        Self::Problems(problems.unwrap_or_default())
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Missing(missing) => missing.is_empty(),
            Self::Problems(problems) => problems.is_empty(),
        }
    }
}

impl Serialize for Flags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Missing(missing) => serializer.collect_seq(missing.names()),
            Self::Problems(problems) => serializer.collect_seq(problems.names()),
        }
    }
}

/// A percent-decoded value; without an allocation where nothing is encoded.
fn decode(value: &[u8]) -> Cow<'_, [u8]> {
    if value.contains(&b'%') {
        percent_decode(value).collect::<Vec<u8>>().into()
    } else {
        value.into()
    }
}

/// As [`decode`], for a form, in which `+` is a space.
fn decode_form(value: &[u8]) -> Cow<'_, [u8]> {
    if value.contains(&b'+') {
        let spaced: Vec<u8> =
            value.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
        percent_decode(&spaced).collect::<Vec<u8>>().into()
    } else {
        decode(value)
    }
}
