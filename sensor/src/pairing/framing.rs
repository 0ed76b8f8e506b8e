//! How the content of a message ends, and how it is coded (RFC 9112 section 6.3).

use crate::{
    exchange::{Decoding, Framing, Head},
    protocol::http1::{ContentKind, FieldFacts, Transfer},
};

/// What the content of a message is, by its fields.
pub(super) fn content_kind<'a>(
    head: &'a Head,
    facts: &FieldFacts,
    keep_text: bool,
) -> ContentKind<'a> {
    let value = |index: Option<u16>| {
        let field = head.fields.get(usize::from(index?))?;
        Some(head.slice(field.value))
    };
    ContentKind {
        coding: value(facts.content_encoding),
        keeps_text: keep_text && value(facts.content_type).is_none_or(is_text),
    }
}

/// Whether a media type (RFC 9110 section 8.3.1) may carry fields: JSON, XML, forms, and text.
/// Content without a type is mostly JSON too.
fn is_text(media_type: &[u8]) -> bool {
    let starts = |kind: &[u8]| {
        media_type.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind))
    };
    let has = |part: &[u8]| {
        let mut windows = media_type.windows(part.len());
        windows.any(|window| window.eq_ignore_ascii_case(part))
    };
    starts(b"application/json")
        || starts(b"text/")
        || starts(b"application/x-www-form-urlencoded")
        || starts(b"multipart/form-data")
        || [&b"json"[..], b"/xml", b"+xml", b"graphql"].into_iter().any(has)
}

pub(super) fn undecoded(decoding: Decoding) -> bool {
    !matches!(decoding, Decoding::Identity | Decoding::Complete)
}

/// How a request's content ends (RFC 9112 section 6.3).
pub(super) fn request_framing(facts: &FieldFacts) -> Framing {
    match (facts.transfer, facts.content_length) {
        (Transfer::Chunked, _) => Framing::Chunked,
        // The server cannot tell the end, answers 400 and closes.
        (Transfer::Other, _) => Framing::Close,
        (Transfer::None, Some(_)) => Framing::Length,
        (Transfer::None, None) => Framing::None,
    }
}

/// How the content of a response ends that has some (RFC 9112 section 6.3).
pub(super) fn response_framing(facts: &FieldFacts) -> Framing {
    match (facts.transfer, facts.content_length) {
        (Transfer::Chunked, _) => Framing::Chunked,
        (Transfer::Other, _) | (Transfer::None, None) => Framing::Close,
        (Transfer::None, Some(_)) => Framing::Length,
    }
}
