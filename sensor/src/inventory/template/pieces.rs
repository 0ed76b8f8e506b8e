//! Segments of more than one part: `report-{id}.pdf`, `{id}:cancel`, `{base}...{head}`,
//! `{package}@{version}`, `Items({id})`, `{lat},{lon}`.
//!
//! A segment is split where its form leaves no doubt. What stands before the first joint is
//! judged like any segment, so `{id}:cancel` is found whatever the id looks like; a verb or a
//! file name extension behind it is a literal.

use std::ops::Range;

use super::kind::{self, SegmentKind, classify_encoded};

/// Parts of a segment beyond which it is not split.
const MAX_PIECES: usize = 8;

/// File name extensions that stay when the name before them is a value.
const EXTENSIONS: [&[u8]; 34] = [
    b"json", b"xml", b"csv", b"pdf", b"html", b"htm", b"txt", b"png", b"jpg", b"jpeg", b"gif",
    b"svg", b"webp", b"zip", b"gz", b"tgz", b"tar", b"yaml", b"yml", b"xlsx", b"xls", b"docx",
    b"rss", b"atom", b"ics", b"js", b"css", b"mp3", b"mp4", b"m3u8", b"wsdl", b"php", b"jsonl",
    b"geojson",
];

/// A part of a segment: text that stays as it is, and what may be a value behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Piece {
    /// Literal, such as `:cancel`; often empty.
    pub glue: Range<usize>,
    /// Behind the glue; empty when there is nothing but glue.
    pub value: Range<usize>,
    /// Its form; `None` when it is a literal as far as form tells.
    pub kind: Option<SegmentKind>,
}

/// The parts of a segment.
#[derive(Default)]
pub(super) struct Pieces {
    items: [Piece; MAX_PIECES],
    length: usize,
}

impl Pieces {
    pub(super) fn as_slice(&self) -> &[Piece] {
        &self.items[..self.length]
    }

    fn push(&mut self, glue: Range<usize>, value: Range<usize>, kind: Option<SegmentKind>) {
        if let Some(place) = self.items.get_mut(self.length) {
            *place = Piece { glue, value, kind };
            self.length += 1;
        }
    }

    fn literal(&mut self, glue: Range<usize>) {
        let end = glue.end;
        self.push(glue, end..end, None);
    }

    fn value(&mut self, path: &[u8], glue: Range<usize>, value: Range<usize>) {
        let kind = SegmentKind::of_word(&path[value.clone()]);
        self.push(glue, value, Some(kind));
    }
}

/// The parts of the segment at `segment`, whose form as a whole is none. `None` when it is one
/// part.
pub(super) fn split(path: &[u8], segment: Range<usize>) -> Option<Pieces> {
    let text = &path[segment.clone()];
    let at = segment.start;
    let mut pieces = Pieces::default();
    let find = |wanted: &[u8]| text.windows(wanted.len()).position(|window| window == wanted);
    if text.last() == Some(&b')')
        && let Some(open) = find(b"(").filter(|&open| open > 0)
    {
        return keys(path, segment, at + open);
    }
    if let Some(colon) = text.iter().rposition(|&byte| byte == b':').filter(|&colon| colon > 0)
        && is_verb(&text[colon + 1..])
    {
        before(path, at..at + colon, false, &mut pieces);
        pieces.literal(at + colon..segment.end);
        return Some(pieces);
    }
    for dots in [&b"..."[..], b".."] {
        if let Some(start) = find(dots).filter(|&start| {
            is_revision(&text[..start]) && is_revision(&text[start + dots.len()..])
        }) {
            pieces.value(path, at..at, at..at + start);
            pieces.value(
                path,
                at + start..at + start + dots.len(),
                at + start + dots.len()..segment.end,
            );
            return Some(pieces);
        }
    }
    if let Some(comma) = find(b",")
        && is_coordinate(&text[..comma])
        && is_coordinate(&text[comma + 1..])
    {
        pieces.value(path, at..at, at..at + comma);
        pieces.value(path, at + comma..at + comma + 1, at + comma + 1..segment.end);
        return Some(pieces);
    }
    if let Some(sign) = text.iter().rposition(|&byte| byte == b'@').filter(|&sign| sign > 0)
        && is_release(&text[sign + 1..])
    {
        pieces.value(path, at..at, at..at + sign);
        pieces.value(path, at + sign..at + sign + 1, at + sign + 1..segment.end);
        return Some(pieces);
    }
    if let Some(point) = text.iter().rposition(|&byte| byte == b'.').filter(|&point| point > 0)
        && is_extension(&text[point + 1..])
    {
        before(path, at..at + point, true, &mut pieces);
        pieces.literal(at + point..segment.end);
        return Some(pieces);
    }
    let tail = tail(text, false)?;
    pieces.value(path, at..at + tail, at + tail..segment.end);
    Some(pieces)
}

/// What stands before a verb or an extension: an identifier, a name with one behind it, or a
/// word that its siblings decide on.
fn before(path: &[u8], part: Range<usize>, extension: bool, pieces: &mut Pieces) {
    let text = &path[part.clone()];
    if let Some(kind) = classify_encoded(text) {
        return pieces.push(part.start..part.start, part, Some(kind));
    }
    match tail(text, extension) {
        Some(tail) => {
            let tail = part.start + tail;
            pieces.value(path, part.start..tail, tail..part.end);
        }
        None => pieces.push(part.start..part.start, part, None),
    }
}

/// Where the identifier behind a name begins: `report-{date}`, `invoice_{uuid}`. Bias: a number
/// is one from five digits on (`covid-19`, `census-2020` are names), or before an extension.
fn tail(text: &[u8], before_extension: bool) -> Option<usize> {
    let is_joint = |&(_, &byte): &(usize, &u8)| byte == b'-' || byte == b'_';
    for (joint, _) in text.iter().enumerate().filter(is_joint) {
        let (name, rest) = (&text[..joint], &text[joint + 1..]);
        let is_name = name.iter().all(|byte| byte.is_ascii_alphabetic() || b"-_".contains(byte))
            && name.first().is_some_and(u8::is_ascii_alphabetic);
        if !is_name {
            return None;
        }
        let is_value = match SegmentKind::of(rest) {
            Some(SegmentKind::Integer) => {
                rest.first() != Some(&b'-') && (before_extension || rest.len() >= 5)
            }
            Some(
                SegmentKind::Uuid
                | SegmentKind::Ulid
                | SegmentKind::ObjectId
                | SegmentKind::Hash
                | SegmentKind::Date,
            ) => true,
            _ => false,
        };
        if is_value {
            return Some(joint + 1);
        }
    }
    None
}

/// The keys of an `OData` entity or the arguments of a function (`OData` 4.01 URL conventions,
/// section 4.3): `(5)`, `('x')`, `(a=5,b='x')`.
fn keys(path: &[u8], segment: Range<usize>, open: usize) -> Option<Pieces> {
    let mut pieces = Pieces::default();
    pieces.push(segment.start..segment.start, segment.start..open, None);
    let close = segment.end - 1;
    let mut glue = open;
    let mut start = open + 1;
    if start == close {
        pieces.literal(open..segment.end);
        return Some(pieces);
    }
    while start < close {
        let length = key_length(&path[start..close]);
        let key = &path[start..start + length];
        let equals = key.iter().position(|&byte| byte == b'=');
        let is_name = |name: &[u8]| {
            !name.is_empty()
                && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        };
        let name = equals.filter(|&equals| is_name(&key[..equals])).map_or(0, |equals| equals + 1);
        let quoted = matches!(&key[name..], [b'\'', .., b'\''] if length - name >= 2);
        let value = start + name + usize::from(quoted)..start + length - usize::from(quoted);
        let next = value.end;
        pieces.value(path, glue..value.start, value);
        // The quote and the comma belong to what follows.
        glue = next;
        start = start + length + 1;
    }
    // When it was over the bound, nothing of it may be lost.
    if pieces.length >= MAX_PIECES {
        return None;
    }
    pieces.literal(glue..segment.end);
    Some(pieces)
}

/// Bytes up to a comma outside of quotes.
fn key_length(keys: &[u8]) -> usize {
    let mut quoted = false;
    let end = keys.iter().position(|&byte| {
        quoted ^= byte == b'\'';
        byte == b',' && !quoted
    });
    end.unwrap_or(keys.len())
}

/// A custom method (Google AIP-136): `:cancel`, `:batchGet`.
fn is_verb(text: &[u8]) -> bool {
    matches!(text, [b'a'..=b'z' | b'A'..=b'Z', rest @ ..] if !rest.is_empty() && rest.len() < 48
        && rest.iter().all(u8::is_ascii_alphabetic))
}

pub(super) fn is_extension(text: &[u8]) -> bool {
    EXTENSIONS.contains(&text)
}

/// A decimal: an integer beside another one may be anything.
fn is_coordinate(text: &[u8]) -> bool {
    kind::is_decimal(text)
}

/// A branch, tag or commit beside dots.
fn is_revision(text: &[u8]) -> bool {
    let is_alphanumeric = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    is_alphanumeric(text.first()) && is_alphanumeric(text.last())
}

/// A version or tag behind an `@`.
fn is_release(text: &[u8]) -> bool {
    matches!(text.strip_prefix(b"v").unwrap_or(text), [b'0'..=b'9', rest @ ..]
        if rest.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-_+".contains(byte)))
        || text == b"latest"
}
