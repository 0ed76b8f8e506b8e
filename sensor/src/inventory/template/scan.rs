//! A segment of a path, read once.

use super::{
    MAX_LITERAL, encoding,
    kind::{self, SegmentKind},
};

/// One segment, read once.
pub(super) struct Scan {
    pub start: usize,
    /// Where its `;` is, else its end.
    pub base_end: usize,
    pub end: usize,
    /// Classes that some byte has.
    any: u8,
    /// Classes that all bytes have.
    all: u8,
}

impl Scan {
    pub(super) fn new(path: &[u8], start: usize) -> Self {
        let (mut any, mut all) = (0, u8::MAX);
        let mut end = start;
        while let Some(&byte) = path.get(end)
            && byte != b'/'
            && byte != b';'
        {
            let class = encoding::class(byte);
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

    pub(super) fn is_plain(&self) -> bool {
        self.all & encoding::PLAIN != 0
    }

    pub(super) fn may_be_split(&self) -> bool {
        let has = |classes| self.any & classes == classes;
        has(encoding::JOINT) || has(encoding::TELLING | encoding::DASH)
    }

    pub(super) fn kind(&self, value: &[u8]) -> Option<SegmentKind> {
        // All forms but free text and some tokens have a digit or an `@` in them.
        if self.is_plain()
            && self.any & encoding::TELLING == 0
            && value.len() < kind::MIN_LETTER_TOKEN
        {
            return None;
        }
        // The most common parameter, known without another look at its bytes.
        if self.all & encoding::DIGIT != 0 && !value.is_empty() {
            return Some(SegmentKind::Integer);
        }
        kind::classify_encoded(value)
            .or_else(|| (value.len() > MAX_LITERAL).then_some(SegmentKind::Text))
    }
}
