//! How the content of a message ends, and how it is coded (RFC 9112 section 6.3).

use crate::{
    exchange::{Decoding, Framing, Head},
    protocol::http1::{FieldFacts, Transfer},
};

pub(super) fn coding<'a>(head: &'a Head, facts: &FieldFacts) -> Option<&'a [u8]> {
    let field = head.fields.get(usize::from(facts.content_encoding?))?;
    Some(head.slice(field.value))
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
