//! Path templates: which segments of a path are parameters.
//!
//! Form comes first: what looks like an identifier, a date or a secret is a parameter, all else is
//! a literal. Biased towards literals, for [`super::paths`] joins literals that their siblings
//! show to be values; a literal that form takes for a parameter would merge endpoints for good.

mod encoding;
pub(crate) mod kind;
mod name;
mod pieces;
mod scan;

pub(crate) use encoding::percent_decode;
pub use kind::SegmentKind;
pub(crate) use kind::{changes, longest_consonants};

use std::ops::Range;

use crate::{exchange::Span, inventory::endpoint::is_host};
use pieces::Piece;
use scan::Scan;

/// Segments of a path beyond which the rest is one `{...}`.
const MAX_SEGMENTS: usize = 64;

/// Longest route in bytes, beyond which the rest is one `{...}`.
const MAX_ROUTE: usize = 1024;

/// Longest literal segment in bytes: nobody names a resource at such length.
const MAX_LITERAL: usize = 128;

/// Names of the part of a path before the version.
const API_WORDS: [&str; 6] = ["api", "rest", "services", "service", "v", "version"];

/// Segments before the version of an API, such as `/rest/api/3`.
const MAX_VERSION_DEPTH: usize = 3;

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

/// A step down a path: the text that a part of it adds to the route, with `{}` for a value. A
/// judge says whether more is a value than form tells: the word, what stands before the value in
/// its segment (`report-` in `/report-{}`), or an extension behind a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// A segment that is a literal by its form, with what stands before it: `/users`.
    Word(&'a str),
    /// Text that is no value by itself: `:cancel`, `.pdf`.
    Fixed(&'a str),
    /// A value by its form: `/{}`, `/report-{}`.
    Value(&'a str),
}

/// Makes the template of a request path, as [`crate::exchange::Request::path`] gives it, from the
/// form of its segments alone.
///
/// Dot segments and empty segments stay. `*` and the authority of a CONNECT stand for
/// themselves. What follows a `;` in a segment (RFC 3986 section 3.3) is a parameter, for that
/// is where servers put session ids.
pub fn template(path: &[u8], out: &mut Template) {
    template_with(path, out, |_| false);
}

/// [`template`], with a judge who is shown each step, in order, and says of a word whether it is a
/// value. Gives false when the path is over a bound, so that the route stands for many.
pub(crate) fn template_with(
    path: &[u8],
    out: &mut Template,
    mut judge: impl FnMut(Step<'_>) -> bool,
) -> bool {
    out.route.clear();
    out.parameters.clear();
    if !path.contains(&b'/') {
        out.push_authority(path);
        judge(Step::Fixed(&out.route));
        return out.route != REST;
    }
    let mut start = 0;
    // Where the literal before this segment is in the route; empty behind a parameter.
    let mut previous = 0..0;
    for count in 0.. {
        let before = (out.route.len(), out.parameters.len());
        let slash = path.get(start) == Some(&b'/');
        start += usize::from(slash);
        let segment = Scan::new(path, start);
        let place = Place { count, slash, previous };
        let literal = out.push_segment(path, &segment, &place, &mut judge);
        if count == MAX_SEGMENTS || out.route.len() > MAX_ROUTE - REST.len() - 1 {
            out.cut(before);
            return false;
        }
        if segment.end == path.len() {
            return true;
        }
        previous = literal;
        start = segment.end;
    }
    false
}

/// Where a segment stands.
struct Place {
    /// Segments before it.
    count: usize,
    /// A slash is before it.
    slash: bool,
    /// The literal before it, in the route.
    previous: Range<usize>,
}

impl Template {
    /// Adds a segment. Returns where it is in the route when it is a literal, else nowhere.
    fn push_segment(
        &mut self,
        path: &[u8],
        segment: &Scan,
        place: &Place,
        judge: &mut impl FnMut(Step<'_>) -> bool,
    ) -> Range<usize> {
        let value = segment.start..segment.base_end;
        let kind =
            segment.kind(&path[value.clone()]).filter(|_| !self.is_version(path, segment, place));
        let split = if kind.is_none() && segment.may_be_split() {
            pieces::split(path, value.clone())
        } else {
            None
        };
        let mut literal = 0..0;
        let step = self.route.len();
        if place.slash {
            self.route.push('/');
        }
        if let Some(pieces) = split {
            let mut previous = place.previous.clone();
            for (index, piece) in pieces.as_slice().iter().enumerate() {
                let step = if index == 0 { step } else { self.route.len() };
                let found = self.push_piece(path, piece, step, previous.clone(), false, judge);
                if !found.is_empty() {
                    previous = found;
                }
            }
        } else {
            let piece = Piece { glue: value.start..value.start, value, kind };
            literal = self.push_piece(
                path,
                &piece,
                step,
                place.previous.clone(),
                segment.is_plain(),
                judge,
            );
        }
        if segment.base_end < segment.end {
            let glue = segment.base_end..segment.base_end + 1;
            let (step, value) = (self.route.len(), glue.end..segment.end);
            let piece = Piece { glue, value, kind: Some(SegmentKind::Matrix) };
            self.push_piece(path, &piece, step, 0..0, false, judge);
        }
        literal
    }

    /// Adds a part of a segment; its step begins at `step` in the route.
    fn push_piece(
        &mut self,
        path: &[u8],
        piece: &Piece,
        step: usize,
        previous: Range<usize>,
        plain: bool,
        judge: &mut impl FnMut(Step<'_>) -> bool,
    ) -> Range<usize> {
        let glue = &path[piece.glue.clone()];
        match glue {
            b";" => self.route.push(';'),
            _ => encoding::push_literal(&mut self.route, glue, plain),
        }
        let mut start = self.route.len();
        let mut span = span(piece.value.start, piece.value.end);
        let value = &path[piece.value.clone()];
        let kind = if let Some(kind) = piece.kind {
            self.route.push_str("{}");
            if judge(Step::Value(&self.route[step..])) {
                // What stands before the value is a part of it.
                start = step + usize::from(self.route[step..].starts_with('/'));
                span.start = piece.glue.start as u32;
            }
            kind
        } else {
            encoding::push_literal(&mut self.route, value, plain);
            let label = &self.route[step..];
            if value.is_empty() {
                if judge(Step::Fixed(label)) {
                    self.absorb(step, piece.glue.end);
                }
                return start..start;
            }
            if !judge(Step::Word(label)) {
                return start..self.route.len();
            }
            SegmentKind::of_word(value)
        };
        self.route.truncate(start);
        self.push_named(kind, span, previous);
        0..0
    }

    /// Makes the text behind `step` in the route a part of the last value.
    fn absorb(&mut self, step: usize, end: usize) {
        if let Some(last) = self.parameters.last_mut() {
            last.value.end = end as u32;
            self.route.truncate(step);
        }
    }

    /// Whether a segment stands where the version of an API does and looks like one: `/2/users`,
    /// `/2015-03-31/functions`, `/api/2.0/users`. Bias: what is right behind the root or `api` and
    /// is not the whole path is a version, until many such siblings show otherwise.
    fn is_version(&self, path: &[u8], segment: &Scan, place: &Place) -> bool {
        let behind_api = || {
            let word = self.route.rsplit('/').next().unwrap_or_default();
            place.count <= MAX_VERSION_DEPTH && API_WORDS.contains(&word)
        };
        if segment.end == path.len() || place.count > 0 && !behind_api() {
            return false;
        }
        let value = &path[segment.start..segment.base_end];
        kind::is_integer(value) && value.len() <= 2 && value[0] != b'-'
            || kind::is_decimal(value) && value.len() <= 5 && value[0] != b'-'
            || kind::is_date(value) && value.len() == 10
    }

    /// Makes the route of steps as [`template_with`] showed them, each with whether it is a word
    /// that is a value. Its parameters have no values.
    pub(crate) fn set_steps<'a>(&mut self, steps: impl Iterator<Item = (&'a str, bool)>) {
        self.route.clear();
        self.parameters.clear();
        // The literal that names a value, and the one that names values of the next segment.
        let (mut previous, mut next) = (0..0, 0..0);
        for (index, (label, is_value)) in steps.enumerate() {
            let is_first = index == 0 || label.starts_with('/');
            let is_matrix = label.starts_with(';');
            if is_first {
                previous = std::mem::take(&mut next);
            } else if !is_matrix {
                next = 0..0;
            }
            let word = label.strip_prefix('/').filter(|_| is_first).unwrap_or(label);
            if is_value && !is_first {
                // An extension that is a part of the value before it.
                continue;
            }
            let glue = match (is_value, label.strip_suffix("{}")) {
                (true, _) => &label[..label.len() - word.len()],
                (false, Some(glue)) => glue,
                (false, None) => {
                    self.route.push_str(label);
                    let literal = self.route.len() - word.len()..self.route.len();
                    if is_first && !literal.is_empty() {
                        (previous, next) = (literal.clone(), literal);
                    }
                    continue;
                }
            };
            self.route.push_str(glue);
            let (kind, previous) = if is_matrix {
                (SegmentKind::Matrix, 0..0)
            } else {
                (SegmentKind::Word, previous.clone())
            };
            self.push_named(kind, Span::default(), previous);
        }
    }

    /// Makes a declared route the template, without its parameters.
    pub(crate) fn set_declared(&mut self, route: &str) {
        self.route.clear();
        self.route.push_str(route);
        self.parameters.clear();
    }

    /// Adds a parameter of a declared route.
    pub(crate) fn add_declared(
        &mut self,
        kind: SegmentKind,
        name: Range<usize>,
        value: Range<usize>,
    ) {
        let (name, value) = (span(name.start, name.end), span(value.start, value.end));
        self.parameters.push(Parameter { kind, value, name, base_end: name.end });
    }

    fn push_named(&mut self, kind: SegmentKind, value: Span, previous: Range<usize>) {
        self.push_parameter(kind, value, |route| match kind {
            SegmentKind::Matrix => route.push_str("matrix"),
            _ => name::push(route, previous),
        });
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
        encoding::push_literal(&mut self.route, host, false);
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
