//! Exported specifications: read again, they declare all that was exported.
//!
//! Of each specification two things are exported: what it declares, and what was learned from
//! traffic to some of its operations. The documents are written for a validator.

use std::{collections::BTreeSet, fs, path::PathBuf};

use anyhow::{Context, Result};
use sensor::{
    inventory::description::Operation,
    specification::{self, DifferenceKind, Hosts},
};
use serde_json::{Value, json};

use super::{Corpus, random::Random, schema::drive, traffic};

/// What to measure.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Where the documents go.
    pub into: PathBuf,
    /// Most operations of a specification that are learned.
    pub operations: usize,
    /// Decides everything.
    pub seed: u64,
}

/// The figures of a specification.
pub struct Figures {
    /// Its name.
    pub name: String,
    /// Operations declared and learned.
    pub operations: [usize; 2],
    /// Problems and differences when the documents were read again; none is right.
    pub wrong: Vec<String>,
}

/// Exchanges of each operation that is learned.
const EXCHANGES: usize = 60;

/// Exports, reads again and compares.
pub fn measure(corpus: &Corpus, name: &str, setting: &Setting) -> Result<Figures> {
    let declared = specification::read(&corpus.load(name)?).operations;
    let mut chosen = traffic::distinct(&declared);
    Random::new(setting.seed, (name, "operations")).shuffle(&mut chosen);
    chosen.truncate(setting.operations);
    let learn = |operation: &&Operation| Operation {
        host: operation.host.clone(),
        method: operation.method.clone(),
        route: operation.route.clone(),
        security: operation.security.clone(),
        ..drive::drive(operation, EXCHANGES, setting.seed).learned
    };
    let learned: Vec<_> = chosen.iter().map(learn).collect();
    let mut wrong = Vec::new();
    for (kind, operations) in [("declared", &declared), ("learned", &learned)] {
        let hosts: BTreeSet<_> = operations.iter().map(|one| one.host.as_str()).collect();
        for (number, host) in hosts.into_iter().enumerate() {
            let of_host = operations.iter().filter(|one| one.host == host).cloned();
            let of_host: Vec<_> = of_host.collect();
            let document = specification::export(host, &of_host).to_string();
            let file = format!("{}.{number}.{kind}.json", name.replace('/', "_"));
            let file = setting.into.join(file);
            fs::write(&file, &document)
                .with_context(|| format!("failed to write {}", file.display()))?;
            wrong.extend(differences(&of_host, &document).map(|what| format!("{kind}: {what}")));
        }
    }
    Ok(Figures { name: name.to_owned(), operations: [declared.len(), learned.len()], wrong })
}

/// What is lost from `operations` when they are exported as `document`.
fn differences(operations: &[Operation], document: &str) -> impl Iterator<Item = String> {
    let again = specification::read(document.as_bytes());
    let problems = again.problems.into_iter().filter(|problem| !problem.kind.is_note());
    let found = specification::diff(&again.operations, &[], operations, Hosts::Declared);
    // What is declared deprecated and called is rightly told.
    let found = found.into_iter().filter(|one| one.kind != DifferenceKind::Zombie);
    let told = |one: specification::Difference| {
        let [kind, declared, seen] = [format!("{:?}", one.kind), one.declared, one.seen];
        format!("{} {} {kind} {} {declared} {seen}", one.method, one.route, one.place)
    };
    problems.map(|problem| problem.to_string()).chain(found.map(told))
}

/// The figures as text.
pub fn text(figures: &[Figures]) -> String {
    let sum = |index: usize| figures.iter().map(|one| one.operations[index]).sum::<usize>();
    let wrong: Vec<_> = figures
        .iter()
        .flat_map(|one| one.wrong.iter().map(|what| format!("{}: {what}\n", one.name)))
        .collect();
    format!(
        "{}{} specifications: {} operations declared and {} learned were exported and read \
         again, with {} differences (0)\n",
        wrong.concat(),
        figures.len(),
        sum(0),
        sum(1),
        wrong.len()
    )
}

/// The figures as JSON.
pub fn json(figures: &[Figures]) -> Value {
    let one = |one: &Figures| {
        json!({
            "specification": one.name,
            "declared": one.operations[0],
            "learned": one.operations[1],
            "differences": one.wrong,
        })
    };
    json!({ "specifications": figures.iter().map(one).collect::<Vec<_>>() })
}
