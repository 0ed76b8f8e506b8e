//! The words and weights by which paths are judged, made from specifications and written into the
//! source.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::workspace;

const WEIGHTS: &str = "sensor/src/inventory/paths/evidence/weights.rs";
const WORDS: &str = "sensor/src/inventory/paths/vocabulary/words.txt";

const NAMES: [&str; 3] = ["FIRST", "SECOND", "THIRD"];

/// What to fit with.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Specifications drawn by publisher
    #[arg(long, value_name = "N", default_value_t = 330)]
    sample: usize,
    /// Specifications of the publishers of half the package
    #[arg(long, value_name = "N", default_value_t = 110)]
    large: usize,
    /// Decides everything that chance decides
    #[arg(long, value_name = "N", default_value_t = 77)]
    seed: u64,
}

/// Gathers the words, then fits one judgement after the other, each with those before it in the
/// program.
pub fn run(arguments: &Arguments, folder: &Path) -> Result<()> {
    let words =
        output(Command::new(super::build()?).arg("vocabulary").arg("--folder").arg(folder))?;
    write(WORDS, &words)?;
    let mut fitted: Vec<String> = Vec::new();
    for judgement in 0..NAMES.len() {
        write(WEIGHTS, &source(&fitted))?;
        let mut command = Command::new(super::build()?);
        command.args(["fit", "--judgement", &judgement.to_string()]);
        command.args(["--sample", &arguments.sample.to_string()]);
        command.args(["--large", &arguments.large.to_string()]);
        command.args(["--seed", &arguments.seed.to_string()]).arg("--folder").arg(folder);
        fitted.push(output(&mut command)?);
    }
    write(WEIGHTS, &source(&fitted))
}

fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("failed to start {}", command.get_program().display()))?;
    ensure!(output.status.success(), "the evaluation failed, see above: {:?}", command.get_args());
    String::from_utf8(output.stdout).context("the evaluation wrote no text")
}

/// The weights that are fitted, and zeros for the others.
fn source(fitted: &[String]) -> String {
    let mut text = "//! The weights of the three judgements, written by `cargo xtask eval fit`: logistic\n\
                    //! regression (Newton's method, L2 penalty of 2). Positive speaks for a value.\n"
        .to_owned();
    for (index, name) in NAMES.iter().enumerate() {
        text.push_str(&format!(
            "\n/// In the order of [`super::{name}`].\n\
             pub(super) const {name}: [f32; super::{name}.len()] = "
        ));
        match fitted.get(index) {
            Some(weights) => text.push_str(&format!("[\n{weights}];\n")),
            None => text.push_str(&format!("[0.0; super::{name}.len()];\n")),
        }
    }
    text
}

fn write(file: &str, text: &str) -> Result<()> {
    let file = workspace::root().join(file);
    fs::write(&file, text).with_context(|| format!("failed to write {}", file.display()))
}
