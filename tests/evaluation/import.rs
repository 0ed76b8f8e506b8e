//! Every specification is read, and what is wrong with them is counted.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem::discriminant,
};

use anyhow::Result;
use sensor::specification::{self, Problem};
use serde_json::{Value, json};

use super::Corpus;

/// What was read.
#[derive(Debug, Default)]
pub struct Figures {
    documents: usize,
    operations: usize,
    /// Documents with a problem that is no note.
    with_problems: usize,
    /// Documents of which something is left open for its size.
    with_notes: usize,
    /// For each kind of problem, in how many documents it is, and an example.
    kinds: BTreeMap<String, (usize, String)>,
}

/// Reads these specifications.
pub fn measure(corpus: &Corpus, names: &[String]) -> Result<Figures> {
    let mut figures = Figures::default();
    for name in names {
        let found = specification::read(&corpus.load(name)?);
        figures.documents += 1;
        figures.operations += found.operations.len();
        let is_note = |problem: &Problem| problem.kind.is_note();
        figures.with_problems += usize::from(!found.problems.iter().all(is_note));
        figures.with_notes += usize::from(found.problems.iter().any(is_note));
        let mut seen = BTreeSet::new();
        for problem in &found.problems {
            if seen.insert(format!("{:?}", discriminant(&problem.kind))) {
                let kind = format!("{:?}", problem.kind);
                let kind = kind.split(['(', ' ']).next().unwrap_or_default().to_lowercase();
                let example = || format!("{name} {problem}");
                let entry = figures.kinds.entry(kind).or_insert_with(|| (0, example()));
                entry.0 += 1;
            }
        }
    }
    Ok(figures)
}

/// The figures as text.
pub fn text(figures: &Figures) -> String {
    let mut text = String::new();
    for (kind, (count, example)) in &figures.kinds {
        let example: String = example.chars().take(78).collect();
        text.push_str(&format!("{count:>6} {kind:<13} {example}\n"));
    }
    let Figures { documents, operations, with_problems, with_notes, .. } = figures;
    text + &format!(
        "{documents} documents read, {operations} operations: {with_problems} with problems, \
         {with_notes} partly left open for their size\n"
    )
}

/// The figures as JSON.
pub fn json(figures: &Figures) -> Value {
    let kind = |(kind, (count, example)): (&String, &(usize, String))| json!({ "kind": kind, "documents": count, "example": example });
    json!({
        "documents": figures.documents,
        "operations": figures.operations,
        "with_problems": figures.with_problems,
        "with_notes": figures.with_notes,
        "kinds": figures.kinds.iter().map(kind).collect::<Vec<_>>(),
    })
}
