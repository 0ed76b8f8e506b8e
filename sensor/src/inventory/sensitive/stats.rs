//! What was found in an endpoint, by field.

use serde::{Deserialize, Serialize};

use super::{Class, Confidence, Kind, Match, bits};

/// The field of what was found in a body as a whole.
pub const BODY: u32 = u32::MAX;

/// Findings that are kept of an endpoint.
const MAX_FINDINGS: usize = 64;
/// Fields whose values pass check digits that chance passes too.
const MAX_CANDIDATES: usize = 16;
/// Values that differ, and share of all values, from which that is not chance: of 100 million
/// fields with values that one in ten passes, one has eight in a row.
const MIN_DISTINCT: u32 = 8;
const MIN_SHARE: f64 = 0.95;

/// Values from which on digits that most of the others do not share are taken for chance.
const MIN_VALUES: u64 = 10;
const MOST: f64 = 0.5;

/// The part of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// What the client sent.
    Request,
    /// What it was given.
    Response,
}

/// What was found in the values of an endpoint's fields: counts alone, no values.
///
/// The order of values and of merges does not matter until a cap is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensitiveStats {
    findings: Vec<Counted>,
    candidates: Vec<Candidate>,
    refused: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Counted {
    field: u32,
    direction: Direction,
    kind: Kind,
    confidence: Confidence,
    /// Nothing but digits that chance may explain.
    chance: bool,
    matches: u32,
}

/// A field of which some values pass check digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Candidate {
    field: u32,
    direction: Direction,
    matches: u32,
    /// The kinds that every one of those values passes, by bit.
    kinds: u128,
    /// Which of 64 parts the values fall into: about as many bits as there are different values.
    parts: u64,
}

/// Sensitive data in a field of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    /// As given to [`SensitiveStats::record`].
    pub field: u32,
    /// Where the field is.
    pub direction: Direction,
    /// What its values are.
    pub kind: Kind,
    /// The surest of them.
    pub confidence: Confidence,
    /// How many values.
    pub matches: u64,
    /// Of all values of the field: 0 to 1.
    pub share: f64,
}

impl SensitiveStats {
    /// Counts what [`Detector::value`] found in a value of a field. `field` is an index or a hash
    /// of the field's path, the same at every call; [`BODY`] for the body as a whole.
    pub fn record(&mut self, field: u32, direction: Direction, found: Match) {
        let leak = found.kind.definition().is_some_and(|kind| kind.class == Class::Leak);
        // A client that names the inside knows it already.
        if leak && direction == Direction::Request {
            return;
        }
        let Match { kind, confidence, candidates, part, chance } = found;
        if confidence > Confidence::Low {
            self.add(Counted { field, direction, kind, confidence, chance, matches: 1 });
        }
        if candidates != 0 {
            self.add_candidate(Candidate {
                field,
                direction,
                matches: 1,
                kinds: candidates,
                parts: 1 << part,
            });
        }
    }

    /// Adds what another node, or an endpoint that is now the same, has found. `field_of` gives
    /// this endpoint's number of a field of the other.
    pub fn merge(&mut self, other: &Self, field_of: impl Fn(u32) -> u32) {
        for counted in &other.findings {
            self.add(Counted { field: field_of(counted.field), ..*counted });
        }
        for candidate in &other.candidates {
            self.add_candidate(Candidate { field: field_of(candidate.field), ..*candidate });
        }
        self.refused += other.refused;
    }

    /// What was found, in the order of direction, field and kind. `values` gives the number of
    /// values that a field had.
    ///
    /// Values that only pass check digits are a finding, of medium confidence, when eight
    /// different ones do and they are 95% of the field's values; digits that pass more than that
    /// are one until ten values are known of which most do not pass. Biased towards silence: a field
    /// in which one of ten numbers is mistyped is left out unless its name says what it is.
    pub fn findings(&self, mut values: impl FnMut(u32, Direction) -> u64) -> Vec<Finding> {
        let mut findings = Vec::with_capacity(self.findings.len());
        for &Counted { field, direction, kind, confidence, chance, matches } in &self.findings {
            let (matches, values) = (u64::from(matches), values(field, direction));
            let share = share(matches, values);
            if chance && values >= MIN_VALUES && share < MOST {
                continue;
            }
            findings.push(Finding { field, direction, kind, confidence, matches, share });
        }
        for candidate in &self.candidates {
            let Candidate { field, direction, matches, kinds, parts } = *candidate;
            let matches = u64::from(matches);
            let share = share(matches, values(field, direction));
            let Some(kind) = bits(kinds).next() else { continue };
            let place = (field, direction);
            if findings.iter().any(|finding| (finding.field, finding.direction) == place) {
                continue;
            }
            if share >= MIN_SHARE && parts.count_ones() >= MIN_DISTINCT {
                let confidence = Confidence::Medium;
                findings.push(Finding { field, direction, kind, confidence, matches, share });
            }
        }
        findings.sort_by_key(|finding| (finding.direction, finding.field, finding.kind));
        findings
    }

    /// Values that were found and not counted, for want of room.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    fn add(&mut self, new: Counted) {
        let same = |old: &&mut Counted| {
            (old.field, old.direction, old.kind) == (new.field, new.direction, new.kind)
        };
        if let Some(old) = self.findings.iter_mut().find(same) {
            old.matches = old.matches.saturating_add(new.matches);
            old.confidence = old.confidence.max(new.confidence);
            old.chance &= new.chance;
        } else if self.findings.len() < MAX_FINDINGS {
            self.findings.push(new);
        } else {
            self.refused += u64::from(new.matches);
        }
    }

    fn add_candidate(&mut self, new: Candidate) {
        let same = |old: &&mut Candidate| (old.field, old.direction) == (new.field, new.direction);
        if let Some(old) = self.candidates.iter_mut().find(same) {
            old.matches = old.matches.saturating_add(new.matches);
            old.kinds &= new.kinds;
            old.parts |= new.parts;
        } else if self.candidates.len() < MAX_CANDIDATES {
            self.candidates.push(new);
        } else {
            self.refused += u64::from(new.matches);
        }
    }
}

fn share(matches: u64, values: u64) -> f64 {
    matches as f64 / values.max(matches).max(1) as f64
}
