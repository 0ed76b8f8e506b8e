//! Each value that is learned is shown to the detector of sensitive data once.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::{Learned, Learner};
use crate::inventory::{
    schema::{FieldId, Observer, Scalar, Scratch, Settings},
    sensitive::{Detector, Direction, Match, NameHints},
};

/// Field names whose hints are remembered; beyond, all are forgotten and asked for anew.
const MAX_HINTS: usize = 1 << 16;

/// Findings in one message: more than fit into the longest body, so that each of their fields is
/// hidden.
const MAX_OBSERVED: usize = 1 << 17;

/// What field names say, by field: asked once.
#[derive(Default)]
pub(super) struct Hints(HashMap<FieldId, NameHints, FixedState>);

impl Hints {
    fn of(&mut self, field: FieldId, name: &str, detector: &Detector) -> NameHints {
        if self.0.len() >= MAX_HINTS {
            self.0.clear();
        }
        *self.0.entry(field).or_insert_with(|| detector.field(name))
    }
}

/// A value that is sensitive, or may be.
pub(super) type Observed = (FieldId, Match);

pub(super) struct Watch<'a> {
    detector: &'a Detector,
    hints: &'a mut Hints,
    observed: &'a mut Vec<Observed>,
}

impl Observer for Watch<'_> {
    fn value(&mut self, field: FieldId, name: &str, value: Scalar<'_>) {
        let (Scalar::Text(bytes) | Scalar::Untyped(bytes) | Scalar::Number(bytes)) = value else {
            return;
        };
        let Ok(text) = str::from_utf8(bytes) else { return };
        let hints = self.hints.of(field, name, self.detector);
        if let Some(found) = self.detector.value(hints, text)
            && self.observed.len() < MAX_OBSERVED
        {
            self.observed.push((field, found));
        }
    }
}

impl Learner {
    /// What learning takes.
    pub(super) fn parts(&mut self) -> (Watch<'_>, &mut Scratch, Settings) {
        let Self { detector, scratch, settings, hints, observed, .. } = self;
        observed.clear();
        (Watch { detector, hints, observed }, scratch, *settings)
    }

    /// Books what was observed. Of a field with sensitive values not even the range is kept.
    pub(super) fn book(&mut self, learned: &mut Learned, direction: Direction) {
        for (field, found) in self.observed.drain(..) {
            learned.profile.hide(field);
            learned.sensitive.record(short(field), direction, found);
        }
    }
}

/// The field as findings number it.
pub(super) fn short(field: FieldId) -> u32 {
    (field.0 ^ field.0 >> 32) as u32
}
