//! Each value that is learned is shown to the detector of sensitive data once.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::inventory::{
    schema::{FieldId, Observer, Scalar},
    sensitive::{Detector, Direction, NameHints, SensitiveStats},
};

/// Field names whose hints are remembered; beyond, all are forgotten and asked for anew.
const MAX_HINTS: usize = 1 << 16;

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

/// Looks for sensitive data in one message of an endpoint. A field that has some keeps no values.
pub(super) struct Watch<'a> {
    pub detector: &'a Detector,
    pub hints: &'a mut Hints,
    pub found: &'a mut SensitiveStats,
    pub direction: Direction,
}

impl Observer for Watch<'_> {
    fn value(&mut self, field: FieldId, name: &str, value: Scalar<'_>) -> bool {
        let (Scalar::Text(bytes) | Scalar::Untyped(bytes) | Scalar::Number(bytes)) = value else {
            return false;
        };
        let Ok(text) = str::from_utf8(bytes) else { return false };
        let hints = self.hints.of(field, name, self.detector);
        let Some(found) = self.detector.value(hints, text) else { return false };
        self.found.record(short(field), self.direction, found);
        true
    }
}

/// The field as findings number it.
pub(super) fn short(field: FieldId) -> u32 {
    (field.0 ^ field.0 >> 32) as u32
}
