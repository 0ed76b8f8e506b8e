//! Readers of bodies: one file each, chosen by media type.
//!
//! A reader turns bytes into [`Events`] without building a document. It survives everything:
//! what is whole before a break is told, and the [`Ending`] says that there was one.

mod form;
mod json;
mod media_type;
mod multipart;
mod xml;

pub use form::{decode, pairs, read_pairs};
pub use media_type::MediaType;

use super::{Scalar, field::Text};

/// A body, decoded.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    /// What was kept of it.
    pub bytes: &'a [u8],
    /// Whether that is all of it.
    pub is_whole: bool,
}

/// Takes what a reader reads.
pub trait Events {
    /// An object begins.
    fn begin_object(&mut self);
    /// An array begins.
    fn begin_array(&mut self);
    /// The innermost object or array ends.
    fn end(&mut self);
    /// The key of the value that follows.
    fn key(&mut self, key: &[u8]);
    /// A value that is no object and no array.
    fn value(&mut self, value: Scalar<'_>);
    /// A text, with the classes of its bytes where a reader has found them.
    fn text(&mut self, text: Text<'_>) {
        self.value(Scalar::Text(text.bytes));
    }
    /// In objects of this body, a key that comes several times has a list of values.
    fn keys_repeat(&mut self);
}

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// At its end.
    Whole,
    /// Where the captured bytes end.
    Cut,
    /// Where it broke the rules of its media type, or at its end with something odd inside.
    Malformed,
}

/// What readers keep for its allocation.
#[derive(Debug, Default)]
pub struct Buffers {
    /// Open containers of a JSON text: whether each is an object.
    open: Vec<bool>,
    text: Vec<u8>,
    elements: Vec<xml::Element>,
}

/// The readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    Json,
    JsonLines,
    Form,
    Multipart,
    Xml,
    /// Text without fields.
    Document,
    /// Anything else.
    File,
}

/// Reads a body of a media type, which may not be what the body is: JSON is known by its start
/// where other text was announced, and what announces JSON or XML and is none is malformed.
pub fn read(
    body: Body<'_>,
    media_type: &MediaType<'_>,
    buffers: &mut Buffers,
    events: &mut impl Events,
) -> Ending {
    let start = body.bytes.trim_ascii_start();
    let is_json = matches!(
        start,
        [b'{', b'"' | b'}' | b' ' | b'\r' | b'\n' | b'\t', ..] | [b'[', b'{' | b'"', ..]
    );
    match reader(media_type) {
        Reader::Form | Reader::Document if is_json => json::read(body, buffers, events),
        Reader::Json => json::read(body, buffers, events),
        Reader::JsonLines => json::read_lines(body, buffers, events),
        Reader::Form => form::read(body, buffers, events),
        Reader::Multipart => multipart::read(body, media_type, buffers, events),
        Reader::Xml => xml::read(body, buffers, events),
        Reader::Document => single(body, Scalar::Document(body.bytes), events),
        Reader::File => single(body, Scalar::File(body.bytes), events),
    }
}

fn reader(media_type: &MediaType<'_>) -> Reader {
    let name = media_type.name;
    let is = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    let ends = |suffix: &str| {
        name.len() > suffix.len()
            && name[name.len() - suffix.len()..].eq_ignore_ascii_case(suffix.as_bytes())
    };
    match () {
        () if is(&["application/json", "text/json"]) || ends("+json") => Reader::Json,
        () if is(LINES) => Reader::JsonLines,
        () if is(&["application/x-www-form-urlencoded"]) => Reader::Form,
        () if is(&["multipart/form-data"]) => Reader::Multipart,
        () if is(&["application/xml", "text/xml"]) || ends("+xml") => Reader::Xml,
        () if name.is_empty() => Reader::Document,
        () if name.len() > 5 && name[..5].eq_ignore_ascii_case(b"text/") => Reader::Document,
        () => Reader::File,
    }
}

/// Media types of JSON texts one behind the other.
const LINES: &[&str] = &[
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/jsonlines",
    "application/x-jsonlines",
    "application/json-seq",
    "application/stream+json",
];

/// A body without fields. One that was cut tells nothing but that it was.
fn single(body: Body<'_>, value: Scalar<'_>, events: &mut impl Events) -> Ending {
    if !body.is_whole {
        return Ending::Cut;
    }
    events.value(value);
    Ending::Whole
}

#[cfg(test)]
mod tests;
