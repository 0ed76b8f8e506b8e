//! Facts on the content of a message.

use super::names::Lower;
use crate::{
    exchange::{Content, Decoding, Framing, Head},
    inventory::endpoint::is_token,
};

/// Longest media type or coding that is shown. The longest registered media types have some 80
/// characters.
const MAX_VALUE: usize = 128;

/// What is shown in place of a value that is not what the field allows.
const INVALID: Lower<'static> = Lower(b"invalid");

/// The content of one message; all is `None` where there is none.
#[derive(Default)]
pub(super) struct Body<'a> {
    pub(super) media_type: Option<Lower<'a>>,
    pub(super) coding: Option<Lower<'a>>,
    pub(super) framing: Option<&'static str>,
    pub(super) size: Option<u64>,
    pub(super) captured: Option<u64>,
    pub(super) decoded: Option<u64>,
    pub(super) decoding: Option<&'static str>,
}

impl<'a> Body<'a> {
    /// The fields name a type and a coding even where there is no content, as in the answer to
    /// HEAD.
    pub(super) fn of(head: &'a Head, content: &Content) -> Self {
        let framing = framing(content.framing);
        Self {
            media_type: head.get("content-type").map(media_type),
            coding: head.get("content-encoding").map(coding),
            framing,
            size: framing.map(|_| content.length),
            captured: framing.map(|_| content.captured),
            decoded: content.decoded,
            decoding: decoding(content.decoding),
        }
    }
}

/// The essence of a media type (RFC 9110 section 8.3.1): parameters may hold anything.
fn media_type(value: &[u8]) -> Lower<'_> {
    let end = value.iter().position(|&byte| byte == b';').unwrap_or(value.len());
    let essence = value[..end].trim_ascii();
    let slash = essence.iter().position(|&byte| byte == b'/').unwrap_or(essence.len());
    let (kind, subtype) = essence.split_at(slash);
    let valid = is_token(kind) && subtype.get(1..).is_some_and(is_token);
    if valid && essence.len() <= MAX_VALUE { Lower(essence) } else { INVALID }
}

/// A list of codings (RFC 9110 section 8.4).
fn coding(value: &[u8]) -> Lower<'_> {
    let valid = value.split(|&byte| byte == b',').all(|coding| is_token(coding.trim_ascii()));
    if valid && value.len() <= MAX_VALUE { Lower(value) } else { INVALID }
}

fn framing(framing: Framing) -> Option<&'static str> {
    match framing {
        Framing::None => None,
        Framing::Length => Some("length"),
        Framing::Chunked => Some("chunked"),
        Framing::Close => Some("close"),
    }
}

fn decoding(decoding: Decoding) -> Option<&'static str> {
    match decoding {
        Decoding::Identity => None,
        Decoding::Complete => Some("complete"),
        Decoding::Capped => Some("capped"),
        Decoding::Partial => Some("partial"),
        Decoding::Broken => Some("broken"),
        Decoding::Unsupported => Some("unsupported"),
    }
}
