//! Path templates: which segments of a path are parameters.
//!
//! Decided segment by segment, from its form alone: what looks like an identifier, a date or a
//! secret is a parameter, all else is a literal. Biased towards literals: a parameter taken for
//! a literal makes rows that cardinality among siblings can join later, a literal taken for a
//! parameter would merge endpoints for good.

pub(crate) mod kind;
mod name;

pub use kind::SegmentKind;
pub(crate) use kind::percent_decode;

use std::ops::Range;

use crate::{exchange::Span, inventory::endpoint::is_host};

/// Segments of a path beyond which the rest is one `{...}`.
const MAX_SEGMENTS: usize = 64;

/// Longest route in bytes, beyond which the rest is one `{...}`.
const MAX_ROUTE: usize = 1024;

/// Longest literal segment in bytes: nobody names a resource at such length.
const MAX_LITERAL: usize = 128;

/// Stands for the part of a path that is over a bound.
const REST: &str = "{...}";

/// A path with its parameters named. Made to be used again: [`template`] keeps the allocations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// The template as `OpenAPI` writes it, such as `/users/{userId}`: ASCII, at most 1 KiB. Bytes
    /// that a path may not contain, and `{` and `}`, are percent-encoded.
    pub route: String,
    /// Its parameters in the order of the path.
    pub parameters: Vec<Parameter>,
}

/// A segment of a path that is a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// What the segment looks like.
    pub kind: SegmentKind,
    value: Span,
    name: Span,
    /// End of the name without the number that makes it unique.
    base_end: u32,
}

impl Template {
    /// The name of a parameter of this template, unique within it.
    pub fn name(&self, parameter: &Parameter) -> &str {
        self.route.get(range(parameter.name)).unwrap_or_default()
    }
}

impl Parameter {
    /// The value as sent (percent-encoded), out of the path that the template was made from.
    pub fn value<'p>(&self, path: &'p [u8]) -> &'p [u8] {
        path.get(range(self.value)).unwrap_or_default()
    }
}

/// Makes the template of a request path, as [`crate::exchange::Request::path`] gives it.
///
/// Dot segments and empty segments stay. `*` and the authority of a CONNECT stand for
/// themselves. What follows a `;` in a segment (RFC 3986 section 3.3) is a parameter, for that
/// is where servers put session ids.
pub fn template(path: &[u8], out: &mut Template) {
    out.route.clear();
    out.parameters.clear();
    if !path.contains(&b'/') {
        return out.push_authority(path);
    }
    let mut start = 0;
    // Where the literal before this segment is in the route; empty behind a parameter.
    let mut previous = 0..0;
    for count in 0.. {
        let before = (out.route.len(), out.parameters.len());
        if path.get(start) == Some(&b'/') {
            out.route.push('/');
            start += 1;
        }
        let segment = Scan::new(path, start);
        let literal = out.push_segment(path, &segment, previous);
        if count == MAX_SEGMENTS || out.route.len() > MAX_ROUTE - REST.len() - 1 {
            return out.cut(before);
        }
        if segment.end == path.len() {
            return;
        }
        previous = literal;
        start = segment.end;
    }
}

impl Template {
    /// Adds a segment. Returns where it is in the route when it is a literal, else nowhere.
    fn push_segment(
        &mut self,
        path: &[u8],
        segment: &Scan,
        previous: Range<usize>,
    ) -> Range<usize> {
        let value = &path[segment.start..segment.base_end];
        let mut literal = 0..0;
        if let Some(kind) = segment.kind(value) {
            let value = span(segment.start, segment.base_end);
            self.push_parameter(kind, value, |route| name::push(route, previous));
        } else {
            let start = self.route.len();
            kind::push_literal(&mut self.route, value, segment.is_plain());
            literal = start..self.route.len();
        }
        if segment.base_end < segment.end {
            self.route.push(';');
            let value = span(segment.base_end + 1, segment.end);
            self.push_parameter(SegmentKind::Matrix, value, |route| route.push_str("matrix"));
        }
        literal
    }

    fn push_parameter(&mut self, kind: SegmentKind, value: Span, name: impl FnOnce(&mut String)) {
        self.route.push('{');
        let start = self.route.len();
        name(&mut self.route);
        let base = span(start, self.route.len());
        // A base ends in `id`, `Id` or `matrix`, never in a digit, so a number makes it unique.
        let same = |other: &&Parameter| {
            let other = Span { end: other.base_end, ..other.name };
            self.route[range(other)] == self.route[range(base)]
        };
        let earlier = self.parameters.iter().filter(same).count();
        if earlier > 0 {
            // At most 64, so two digits.
            let number = earlier + 1;
            if number >= 10 {
                self.route.push(char::from(b'0' + (number / 10) as u8));
            }
            self.route.push(char::from(b'0' + (number % 10) as u8));
        }
        let name = span(start, self.route.len());
        self.route.push('}');
        self.parameters.push(Parameter { kind, value, name, base_end: base.end });
    }

    /// Takes the last segment back and lets `{...}` stand for it and all that follow.
    fn cut(&mut self, (route, parameters): (usize, usize)) {
        self.route.truncate(route);
        self.parameters.truncate(parameters);
        self.route.push('/');
        self.route.push_str(REST);
    }

    /// `*`, or `host:port` without user information. Anything else may be a value.
    fn push_authority(&mut self, target: &[u8]) {
        let host = target.iter().rposition(|&byte| byte == b'@').map_or(0, |at| at + 1);
        let host = &target[host..];
        let stands_for_itself = host.is_empty() || host == b"*" || is_host(host);
        if !stands_for_itself || host.len() > MAX_LITERAL * 2 {
            return self.route.push_str(REST);
        }
        kind::push_literal(&mut self.route, host, false);
    }
}

/// One segment, read once.
struct Scan {
    start: usize,
    /// Where its `;` is, else its end.
    base_end: usize,
    end: usize,
    /// Classes that some byte has.
    any: u8,
    /// Classes that all bytes have.
    all: u8,
}

impl Scan {
    fn new(path: &[u8], start: usize) -> Self {
        let (mut any, mut all) = (0, u8::MAX);
        let mut end = start;
        while let Some(&byte) = path.get(end)
            && byte != b'/'
            && byte != b';'
        {
            let class = kind::class(byte);
            any |= class;
            all &= class;
            end += 1;
        }
        let base_end = end;
        if path.get(end) == Some(&b';') {
            end += path[end..].iter().position(|&byte| byte == b'/').unwrap_or(path.len() - end);
        }
        Self { start, base_end, end, any, all }
    }

    fn is_plain(&self) -> bool {
        self.all & kind::PLAIN != 0
    }

    fn kind(&self, value: &[u8]) -> Option<SegmentKind> {
        // All forms but free text have a digit or an `@` in them.
        if self.is_plain() && self.any & kind::TELLING == 0 && value.len() <= MAX_LITERAL {
            return None;
        }
        // The most common parameter, known without another look at its bytes.
        if self.all & kind::DIGIT != 0 && !value.is_empty() {
            return Some(SegmentKind::Integer);
        }
        kind::classify_encoded(value)
            .or_else(|| (value.len() > MAX_LITERAL).then_some(SegmentKind::Text))
    }
}

fn span(start: usize, end: usize) -> Span {
    Span { start: start as u32, end: end as u32 }
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

#[cfg(test)]
mod tests;
