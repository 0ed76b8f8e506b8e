//! Path templates: those learned from traffic, compared with those that a specification declares.
//!
//! True are the (method, template) pairs of which at least one request succeeded; names of
//! parameters do not count. Two declared templates that differ in names alone are one. A pair of
//! which every request failed counts neither way. Learned are the rows of the endpoint list.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use sensor::specification;
use serde_json::{Value, json};

use super::{
    Corpus, examples, learner,
    score::Score,
    traffic::{Pair, Traffic, Truth, nameless},
};

/// What to measure.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Requests to each specification.
    pub requests: Vec<usize>,
    /// Decides everything.
    pub seed: u64,
    /// How many wrong and missed templates are listed for each.
    pub show: usize,
}

/// The figures of a specification.
pub struct Figures {
    /// Its name.
    pub name: String,
    /// Pairs that it declares.
    pub declared: usize,
    /// For each number of requests.
    pub runs: Vec<Run>,
}

/// The figures of one run.
pub struct Run {
    /// Requests made, a scanner's included.
    pub requests: usize,
    /// Pairs of which a request succeeded.
    pub hit: usize,
    /// How well they were learned.
    pub score: Score,
    /// Learned and not true, as many as asked for.
    pub wrong: Vec<String>,
    /// True and not learned, as many as asked for.
    pub missed: Vec<String>,
}

/// Measures one specification.
pub fn measure(corpus: &Corpus, name: &str, setting: &Setting) -> Result<Figures> {
    let bytes = corpus.load(name)?;
    let declared = specification::read(&bytes);
    let document: Value =
        serde_json::from_slice(&bytes).with_context(|| format!("failed to parse {name}"))?;
    let examples = examples::of_path_parameters(&document);
    let mut figures = Figures { name: name.to_owned(), declared: 0, runs: Vec::new() };
    if declared.operations.is_empty() {
        return Ok(figures);
    }
    for &requests in &setting.requests {
        let mut traffic = Traffic::new(&declared.operations, &examples, setting.seed);
        figures.declared = traffic.declared();
        let rows = learner::rows(traffic.by_ref().take(requests));
        let learned = rows.into_iter().map(|(method, route)| (method, nameless(&route))).collect();
        figures.runs.push(compare(&traffic.truth, &learned, requests, setting.show));
    }
    Ok(figures)
}

fn compare(truth: &Truth, learned: &BTreeSet<Pair>, requests: usize, show: usize) -> Run {
    let text = |(method, route): &Pair| format!("{method} {route}");
    let wrong = learned.difference(&truth.succeeded).filter(|pair| !truth.failed.contains(pair));
    Run {
        requests,
        hit: truth.succeeded.len(),
        score: Score::of(&truth.succeeded, learned, &truth.failed),
        wrong: wrong.take(show).map(text).collect(),
        missed: truth.succeeded.difference(learned).take(show).map(text).collect(),
    }
}

/// The figures as text, at most 100 columns wide.
pub fn text(figures: &[Figures], requests: &[usize]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    let heads = requests.iter().flat_map(|count| {
        [format!("hit @{count}"), "prec.".to_owned(), "recall".to_owned(), "F1".to_owned()]
    });
    let first = ["specification".to_owned(), "declared".to_owned()];
    table.set_header(first.into_iter().chain(heads));
    for one in figures {
        let cells = one.runs.iter().flat_map(cells);
        table.add_row([one.name.clone(), one.declared.to_string()].into_iter().chain(cells));
    }
    let declared: usize = figures.iter().map(|one| one.declared).sum();
    let all = (0..requests.len()).map(|index| total(figures, index));
    let cells = all.flat_map(|run| cells(&run));
    table.add_row(["in all".to_owned(), declared.to_string()].into_iter().chain(cells));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(comfy_table::CellAlignment::Right);
    }
    let mut text = table.trim_fmt();
    text.push('\n');
    for index in 0..requests.len() {
        text.push_str(&verdict(figures, index));
    }
    text + &listed(figures)
}

fn cells(run: &Run) -> [String; 4] {
    let score = run.score;
    [
        run.hit.to_string(),
        format!("{:.3}", score.precision()),
        format!("{:.3}", score.recall()),
        format!("{:.3}", score.f1()),
    ]
}

/// The sum over all specifications at one number of requests.
fn total(figures: &[Figures], index: usize) -> Run {
    let runs = || figures.iter().filter_map(|one| one.runs.get(index));
    Run {
        requests: runs().map(|run| run.requests).sum(),
        hit: runs().map(|run| run.hit).sum(),
        score: runs().map(|run| run.score).sum(),
        wrong: Vec::new(),
        missed: Vec::new(),
    }
}

/// Goals: F1 of 0.95 in all and 0.85 on each.
fn verdict(figures: &[Figures], index: usize) -> String {
    let all = total(figures, index);
    let runs: Vec<_> = figures.iter().filter_map(|one| Some((one, one.runs.get(index)?))).collect();
    let Some((_, first)) = runs.first() else { return String::new() };
    let mean = runs.iter().map(|(_, run)| run.score.f1()).sum::<f64>() / runs.len() as f64;
    let below = runs.iter().filter(|(_, run)| run.score.f1() < 0.85);
    let mut below: Vec<_> = below.map(|(one, _)| one.name.as_str()).collect();
    let count = below.len();
    below.truncate(6);
    format!(
        "{} requests each: F1 {:.3} in all (at least 0.95), {mean:.3} on average, {count} below \
         0.85 {}\n",
        first.requests,
        all.score.f1(),
        below.join(" "),
    )
}

fn listed(figures: &[Figures]) -> String {
    let mut text = String::new();
    for one in figures {
        for run in &one.runs {
            let lines = run.wrong.iter().map(|route| ("wrong ", route));
            for (what, route) in lines.chain(run.missed.iter().map(|route| ("missed", route))) {
                text.push_str(&format!("{} @{}: {what} {route}\n", one.name, run.requests));
            }
        }
    }
    text
}

/// The figures as JSON.
pub fn json(figures: &[Figures], setting: &Setting) -> Value {
    let run = |run: &Run| {
        json!({
            "requests": run.requests,
            "hit": run.hit,
            "right": run.score.right,
            "wrong": run.score.wrong,
            "missed": run.score.missed,
            "precision": run.score.precision(),
            "recall": run.score.recall(),
            "f1": run.score.f1(),
            "wrong_templates": run.wrong,
            "missed_templates": run.missed,
        })
    };
    let each = figures.iter().map(|one| {
        json!({
            "specification": one.name,
            "declared": one.declared,
            "runs": one.runs.iter().map(run).collect::<Vec<_>>(),
        })
    });
    let all = (0..setting.requests.len()).map(|index| run(&total(figures, index)));
    json!({
        "seed": setting.seed,
        "specifications": each.collect::<Vec<_>>(),
        "all": all.collect::<Vec<_>>(),
    })
}
