//! `multipart/form-data` (RFC 7578): each part a field by its name, a part with a file name a
//! file.

use memchr::memmem;

use super::{Body, Buffers, Ending, Events, MediaType, json, media_type::parameter};
use crate::inventory::schema::Scalar;

/// Longest boundary (RFC 2046 section 5.1.1).
const MAX_BOUNDARY: usize = 70;

/// Reads the parts. One that was cut is left out.
pub fn read(
    body: Body<'_>,
    media_type: &MediaType<'_>,
    buffers: &mut Buffers,
    events: &mut impl Events,
) -> Ending {
    let boundary = media_type.parameter("boundary");
    let Some(boundary) = boundary.filter(|it| (1..=MAX_BOUNDARY).contains(&it.len())) else {
        return Ending::Malformed;
    };
    let mut delimiter = [0; MAX_BOUNDARY + 4];
    let delimiter = &mut delimiter[..boundary.len() + 4];
    delimiter[..4].copy_from_slice(b"\r\n--");
    delimiter[4..].copy_from_slice(boundary);
    let finder = memmem::Finder::new(delimiter);
    let cut = if body.is_whole { Ending::Malformed } else { Ending::Cut };
    // The first delimiter has no line before it, unless there is a preamble.
    let mut rest = match body.bytes.strip_prefix(&delimiter[2..]) {
        Some(rest) => rest,
        None => match finder.find(body.bytes) {
            Some(at) => &body.bytes[at + delimiter.len()..],
            None => return cut,
        },
    };
    events.keys_repeat();
    events.begin_object();
    while !rest.starts_with(b"--") {
        let Some(end) = finder.find(rest) else { return cut };
        read_part(&rest[..end], buffers, events);
        rest = &rest[end + delimiter.len()..];
    }
    events.end();
    Ending::Whole
}

/// A part: the rest of the delimiter's line, fields, an empty line, content.
fn read_part(part: &[u8], buffers: &mut Buffers, events: &mut impl Events) {
    let Some(end) = memmem::find(part, b"\r\n\r\n") else { return };
    let (head, content) = (&part[..end], &part[end + 4..]);
    let field = |name: &str| {
        head.split(|&byte| byte == b'\n').find_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            let is_named = line[..colon].trim_ascii().eq_ignore_ascii_case(name.as_bytes());
            is_named.then(|| line[colon + 1..].trim_ascii())
        })
    };
    let disposition = field("content-disposition").unwrap_or_default();
    let Some(name) = parameter(disposition, "name") else { return };
    let media_type = MediaType::read(field("content-type").unwrap_or_default());
    events.key(name);
    let is_file = ["filename", "filename*"].iter().any(|it| parameter(disposition, it).is_some());
    if media_type.name.eq_ignore_ascii_case(b"application/json") && !is_file && is_json(content) {
        let _ = json::read(Body { bytes: content, is_whole: true }, buffers, events);
    } else if is_file || media_type.name.eq_ignore_ascii_case(b"application/octet-stream") {
        events.value(Scalar::File(content));
    } else {
        events.value(Scalar::Untyped(content));
    }
}

/// Whether a part reads to its end: one that breaks would leave objects open.
fn is_json(content: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(content).is_ok()
}
