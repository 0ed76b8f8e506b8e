//! The figures as a table and as JSON.

use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets::NOTHING};
use serde_json::{Value, json};

use super::{
    figure::{Figure, Target, Verdict, show},
    machine,
};

/// The figures of each bench, by its name.
pub type Results = [(&'static str, Vec<Figure>)];

/// A table, and below it the notes.
pub fn text(results: &Results) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(["bench", "figure", "median", "lowest", "highest", "goal", "limit", ""]);
    for column in 2..7 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut lines = Vec::new();
    for (bench, figures) in results {
        for figure in figures {
            table.add_row(row(bench, figure));
            if let Some(note) = &figure.note {
                lines.push(format!("  {bench}, {}: {note}", figure.name));
            }
        }
    }
    format!("{}\n\n{}\n\n{}", machine::line(), table.trim_fmt(), lines.join("\n"))
}

fn row(bench: &str, figure: &Figure) -> Vec<String> {
    let number = |number| show(number, figure.decimals);
    let name = match figure.unit {
        "" => figure.name.clone(),
        unit => format!("{} ({unit})", figure.name),
    };
    let (lowest, highest) = range(&figure.samples);
    let (goal, limit) = match figure.target {
        Target::None => (String::new(), String::new()),
        Target::AtLeast { goal, least } => (
            goal.map(|goal| format!("≥ {}", number(goal))).unwrap_or_default(),
            format!("≥ {}", number(least)),
        ),
        Target::AtMost(most) => (String::new(), format!("≤ {}", number(most))),
    };
    let verdict = figure.verdict().name().to_owned();
    let measured = number(figure.measured());
    vec![bench.to_owned(), name, measured, number(lowest), number(highest), goal, limit, verdict]
}

fn range(samples: &[f64]) -> (f64, f64) {
    let lowest = samples.iter().copied().fold(f64::NAN, f64::min);
    let highest = samples.iter().copied().fold(f64::NAN, f64::max);
    (lowest, highest)
}

/// The same with every sample, the machine and the settings.
pub fn json(results: &Results, rounds: u32, turn: Duration) -> Value {
    let figures = results
        .iter()
        .flat_map(|(bench, figures)| figures.iter().map(move |figure| figure_json(bench, figure)));
    json!({
        "machine": machine::facts(),
        "rounds": rounds,
        "seconds": turn.as_secs(),
        "figures": figures.collect::<Vec<_>>(),
    })
}

fn figure_json(bench: &str, figure: &Figure) -> Value {
    let (goal, least, most) = match figure.target {
        Target::None => (None, None, None),
        Target::AtLeast { goal, least } => (goal, Some(least), None),
        Target::AtMost(most) => (None, None, Some(most)),
    };
    let met = match figure.verdict() {
        Verdict::None => None,
        verdict => Some(verdict != Verdict::Missed),
    };
    json!({
        "bench": bench,
        "name": figure.name,
        "unit": figure.unit,
        "median": figure.measured(),
        "samples": figure.samples,
        "goal": goal,
        "least": least,
        "most": most,
        "met": met,
        "note": figure.note,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Vec<(&'static str, Vec<Figure>)> {
        let ratio = Figure::new("with / without", "", 2, vec![0.85, 0.81, 0.92]);
        let rate = Figure::new("without", "req/s", 0, vec![56_000.4]).note("one worker");
        vec![("throughput", vec![ratio.at_least(Some(0.9), 0.8), rate])]
    }

    #[test]
    fn the_table_has_goal_limit_and_verdict() {
        let text = text(&results());
        let line = text.lines().find(|line| line.contains("with / without")).unwrap();
        let words: Vec<_> = line.split_whitespace().collect();
        let expect = ["0.85", "0.81", "0.92", "≥", "0.90", "≥", "0.80", "met"];
        assert_eq!(words[4..], expect, "{text}");
        assert!(text.contains("without (req/s)"), "{text}");
        assert!(text.contains(" 56,000 "), "{text}");
        assert!(text.ends_with("\n  throughput, without: one worker"), "{text}");
    }

    #[test]
    fn the_json_has_all_samples() {
        let json = json(&results(), 3, Duration::from_secs(4));
        let ratio = &json["figures"][0];
        assert_eq!(ratio["samples"], json!([0.85, 0.81, 0.92]));
        assert_eq!((&ratio["median"], &ratio["met"]), (&json!(0.85), &json!(true)));
        assert_eq!((&ratio["goal"], &ratio["least"]), (&json!(0.9), &json!(0.8)));
        assert_eq!(json["figures"][1]["met"], Value::Null);
        assert!(json["machine"]["cores"].as_u64().unwrap() > 0);
    }
}
