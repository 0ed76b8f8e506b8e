//! Types, formats, required flags and ranges: those learned from traffic, compared with those
//! that a specification declares.
//!
//! Each operation is driven by itself, under its declared template: what is measured is the
//! learning of fields, not of templates. A field counts when at least 50 values of it were seen.
//!
//! - Types: the set of types learned is the declared one, null included. Where nothing is
//!   declared, nothing is compared. Outside of JSON all values are texts, so that an enum of
//!   numbers is one of numbers, whatever it is declared.
//! - Formats: of texts with a declared format that has a grammar, the same one; of texts without
//!   enum, format and pattern, none.
//! - Required: of fields of objects of which at least 50 were seen.
//! - Ranges: bounds learned (numbers, lengths, counts of items) lie within the declared ones.
//!   Values are made within them, so that a bound outside is an error of the learner.
//! - Found: of the fields made 50 times, those that were learned at all.

mod compare;
pub(super) mod drive;

use anyhow::Result;
use sensor::specification;
use serde_json::{Value, json};

use super::{Corpus, random::Random, traffic};
pub use compare::Tally;

/// What to measure.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Exchanges of each operation.
    pub exchanges: usize,
    /// Most operations of a specification, drawn by the seed.
    pub operations: usize,
    /// Decides everything.
    pub seed: u64,
    /// How many disagreements are listed for each.
    pub show: usize,
}

/// The figures of a specification.
pub struct Figures {
    /// Its name.
    pub name: String,
    /// Operations driven.
    pub operations: usize,
    /// What agrees.
    pub tally: Tally,
}

/// Measures one specification.
pub fn measure(corpus: &Corpus, name: &str, setting: &Setting) -> Result<Figures> {
    let declared = specification::read(&corpus.load(name)?);
    let mut operations = traffic::distinct(&declared.operations);
    let mut random = Random::new(setting.seed, (name, "operations"));
    random.shuffle(&mut operations);
    operations.truncate(setting.operations);
    let mut tally = Tally::default();
    for operation in &operations {
        let driven = drive::drive(operation, setting.exchanges, setting.seed);
        compare::operation(operation, &driven, setting.show, &mut tally);
    }
    Ok(Figures { name: name.to_owned(), operations: operations.len(), tally })
}

/// The figures as text, at most 100 columns wide.
pub fn text(figures: &[Figures]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header([
        "specification",
        "ops",
        "types",
        "formats",
        "required",
        "in range",
        "found",
        "of",
    ]);
    let mut all = Tally::default();
    for one in figures {
        all.add(&one.tally);
        table.add_row(row(&one.name, one.operations, &one.tally));
    }
    let operations = figures.iter().map(|one| one.operations).sum();
    table.add_row(row("in all", operations, &all));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(comfy_table::CellAlignment::Right);
    }
    let listed = figures
        .iter()
        .flat_map(|one| one.tally.shown.iter().map(|line| format!("{}: {line}\n", one.name)));
    format!("{}\n{}{}", table.trim_fmt(), verdict(&all), listed.collect::<String>())
}

fn row(name: &str, operations: usize, tally: &Tally) -> [String; 8] {
    let share = |part: compare::Share| {
        part.share().map_or_else(|| "-".to_owned(), |share| format!("{share:.3}"))
    };
    [
        name.to_owned(),
        operations.to_string(),
        share(tally.types),
        share(tally.formats),
        share(tally.required),
        share(tally.ranges),
        share(tally.found),
        tally.found.whole.to_string(),
    ]
}

/// Goals: at least 0.95 of types, formats and required flags, and every range within.
fn verdict(all: &Tally) -> String {
    let parts = [("types", all.types), ("formats", all.formats), ("required", all.required)];
    let parts = parts.iter().filter_map(|(name, part)| Some((name, part.share()?)));
    let parts: Vec<_> = parts.map(|(name, share)| format!("{name} {share:.3}")).collect();
    let outside = all.ranges.whole - all.ranges.right;
    format!(
        "{} (each at least 0.95); {outside} bounds outside the declared (0)\n",
        parts.join(", ")
    )
}

/// The figures as JSON.
pub fn json(figures: &[Figures], setting: &Setting) -> Value {
    let tally = |tally: &Tally| {
        let part = |part: compare::Share| json!({ "right": part.right, "of": part.whole });
        json!({
            "types": part(tally.types),
            "formats": part(tally.formats),
            "required": part(tally.required),
            "ranges": part(tally.ranges),
            "found": part(tally.found),
            "disagreements": tally.shown,
        })
    };
    let mut all = Tally::default();
    for one in figures {
        all.add(&one.tally);
    }
    let each = figures.iter().map(|one| {
        json!({
            "specification": one.name,
            "operations": one.operations,
            "figures": tally(&one.tally),
        })
    });
    json!({
        "seed": setting.seed,
        "specifications": each.collect::<Vec<_>>(),
        "all": tally(&all),
    })
}
