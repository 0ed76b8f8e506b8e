//! Measures how well sensitive data is found, on labelled values.
#![forbid(unsafe_code)]

use std::{collections::BTreeMap, env, fs, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use comfy_table::{CellAlignment, Table, presets};
use sensor::inventory::sensitive::{Confidence, Detector, Direction, Match, SensitiveStats};
use serde::Deserialize;

const USAGE: &str = "usage: sensitive [--wrong] FILE

FILE has lines of {\"kind\": ..., \"field\": ..., \"values\": [...]}, as
tests/evaluation/sensitive_values.py writes them; `\"value\": \"...\"` is one value. --wrong lists fields that were missed or
mistaken, with a value of each.";

/// What is asked for in all.
const MIN_PRECISION: f64 = 0.95;
const MIN_RECALL: f64 = 0.90;

/// Share of a field's values from which a finding speaks for the field.
const MIN_SHARE: f64 = 0.5;

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (file, list) = match words[..] {
        [file] => (file, false),
        ["--wrong", file] => (file, true),
        _ => bail!("{USAGE}"),
    };
    let text = fs::read_to_string(file).with_context(|| format!("failed to read {file}"))?;
    let mut scores = Scores::new()?;
    for (number, line) in text.lines().enumerate() {
        let field: Field = serde_json::from_str(line)
            .with_context(|| format!("{file}:{}: not a labelled field", number + 1))?;
        if let Some(wrong) = scores.add(&field).filter(|_| list) {
            println!("{wrong}");
        }
    }
    Ok(scores.print())
}

/// Values of one field of an endpoint.
#[expect(clippy::struct_field_names, reason = "the name of the field in the generated lines")]
#[derive(Deserialize)]
struct Field {
    /// What they are; `None` when they are nothing.
    kind: Option<String>,
    field: String,
    #[serde(alias = "value", deserialize_with = "one_or_many")]
    values: Vec<String>,
    /// They are whole bodies of responses.
    #[serde(default)]
    body: bool,
}

/// `"a"` or `["a", "b"]`.
fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Values {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Values::deserialize(deserializer)? {
        Values::One(value) => vec![value],
        Values::Many(values) => values,
    })
}

#[derive(Clone, Copy, Default)]
struct Score {
    right: u32,
    mistaken: u32,
    missed: u32,
}

impl Score {
    fn precision(self) -> f64 {
        part(self.right, self.right + self.mistaken)
    }

    fn recall(self) -> f64 {
        part(self.right, self.right + self.missed)
    }
}

fn part(count: u32, of: u32) -> f64 {
    if of == 0 { 1.0 } else { f64::from(count) / f64::from(of) }
}

/// By kind, and of fields that are nothing under the kind that they were taken for.
struct Scores {
    detector: Detector,
    /// What is known of a field after all its values.
    fields: BTreeMap<String, Score>,
    /// What is known of each value by itself.
    values: BTreeMap<String, Score>,
}

impl Scores {
    fn new() -> Result<Self> {
        let detector = Detector::new(&[])?;
        Ok(Self { detector, fields: BTreeMap::new(), values: BTreeMap::new() })
    }

    /// Counts a field; says what is wrong with it.
    fn add(&mut self, field: &Field) -> Option<String> {
        let mut stats = SensitiveStats::default();
        let hints = self.detector.field(&field.field);
        for value in &field.values {
            let mut found = Vec::new();
            if field.body {
                self.detector.body_text(value.as_bytes(), |matched| found.push(matched));
            } else {
                found.extend(self.detector.value(hints, value));
            }
            for &matched in &found {
                stats.record(0, Direction::Response, matched);
            }
            self.count_value(field.kind.as_deref(), &found);
        }
        let findings = stats.findings(|_, _| field.values.len() as u64);
        let findings = findings.iter().filter(|finding| finding.share >= MIN_SHARE);
        let found: Vec<_> =
            findings.map(|finding| self.detector.name(finding.kind).to_owned()).collect();
        count(&mut self.fields, field.kind.as_deref(), &found);
        let expected: Vec<_> = field.kind.iter().cloned().collect();
        let value = field.values.first().map_or("", String::as_str);
        (found != expected).then(|| {
            format!("{}: expected {expected:?}, found {found:?}, as in {value:?}", field.field)
        })
    }

    fn count_value(&mut self, expected: Option<&str>, found: &[Match]) {
        let sure = found.iter().filter(|found| found.confidence > Confidence::Low);
        let found: Vec<_> = sure.map(|found| self.detector.name(found.kind).to_owned()).collect();
        count(&mut self.values, expected, &found);
    }

    /// Prints the table; fails when what is asked for is not reached.
    fn print(&self) -> ExitCode {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header([
            "KIND",
            "FIELDS",
            "PRECISION",
            "RECALL",
            "VALUES",
            "PRECISION",
            "RECALL",
        ]);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        for (kind, &fields) in &self.fields {
            let values = self.values.get(kind).copied().unwrap_or_default();
            table.add_row(row(kind, fields, values));
        }
        let (fields, values) = (total(&self.fields), total(&self.values));
        table.add_row(row("in all", fields, values));
        println!("{table}");
        println!(
            "\nFields are judged after all their values, values each by itself; a number in a field \
             whose name says nothing is not called one before eight of them pass its check.\n\
             Asked for, of fields in all: precision {MIN_PRECISION:.2}, recall {MIN_RECALL:.2}."
        );
        if fields.precision() >= MIN_PRECISION && fields.recall() >= MIN_RECALL {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

fn count(scores: &mut BTreeMap<String, Score>, expected: Option<&str>, found: &[String]) {
    for kind in found {
        let score = scores.entry(kind.clone()).or_default();
        if expected == Some(kind) {
            score.right += 1;
        } else {
            score.mistaken += 1;
        }
    }
    if let Some(kind) = expected
        && !found.iter().any(|found| found == kind)
    {
        scores.entry(kind.to_owned()).or_default().missed += 1;
    }
}

fn total(scores: &BTreeMap<String, Score>) -> Score {
    scores.values().fold(Score::default(), |total, score| Score {
        right: total.right + score.right,
        mistaken: total.mistaken + score.mistaken,
        missed: total.missed + score.missed,
    })
}

fn row(kind: &str, fields: Score, values: Score) -> [String; 7] {
    let share = |share: f64| format!("{share:.3}");
    [
        kind.to_owned(),
        (fields.right + fields.missed).to_string(),
        share(fields.precision()),
        share(fields.recall()),
        (values.right + values.missed).to_string(),
        share(values.precision()),
        share(values.recall()),
    ]
}
