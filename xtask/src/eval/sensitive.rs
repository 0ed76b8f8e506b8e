//! Sensitive data: values made by Python libraries, judged by the program `sensitive` of the tests
//! crate.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{process, workspace};

/// What makes the values, at fixed versions.
const PACKAGES: &[&str] = &["faker==40.63.0", "phonenumbers==9.0.43", "python-stdnum==2.2"];

/// Flags of `cargo xtask eval sensitive`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Decides everything that chance decides
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Values of a field
    #[arg(long, value_name = "N", default_value_t = 25)]
    count: u32,
    /// Labelled values of your own, as lines of `{"kind": ..., "field": ..., "values": [...]}`
    #[arg(long, value_name = "FILE")]
    values: Option<PathBuf>,
    /// List fields that were missed or mistaken
    #[arg(long)]
    wrong: bool,
}

/// Makes the values, builds the program and runs it.
pub fn run(arguments: &Arguments) -> Result<()> {
    let values = match &arguments.values {
        Some(file) => file.clone(),
        None => generate(arguments)?,
    };
    let mut program = workspace::cargo_command()?;
    program.args(["run", "--quiet", "--package", "tests", "--bin", "sensitive", "--"]);
    program.args(arguments.wrong.then_some("--wrong"));
    process::run(program.arg(fs::canonicalize(&values).unwrap_or(values)))
}

fn generate(arguments: &Arguments) -> Result<PathBuf> {
    let folder = workspace::target_directory()?.join("eval");
    fs::create_dir_all(&folder)
        .with_context(|| format!("failed to create {}", folder.display()))?;
    let python = environment(&folder.join("python"))?;
    let script = workspace::root().join("tests/evaluation/sensitive_values.py");
    let lines = process::output(
        Command::new(python)
            .arg(script)
            .args([arguments.seed.to_string(), arguments.count.to_string()]),
    )?;
    let file = folder.join(format!("sensitive-{}.jsonl", arguments.seed));
    fs::write(&file, lines).with_context(|| format!("failed to write {}", file.display()))?;
    Ok(file)
}

/// A Python with the packages, in a folder of its own; nothing is fetched when they are there.
fn environment(folder: &Path) -> Result<PathBuf> {
    let python = folder.join("bin/python");
    if !python.exists() {
        process::run(Command::new("python3").args(["-m", "venv"]).arg(folder))
            .context("failed to make a Python environment; install python3-venv")?;
    }
    process::run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(PACKAGES),
    )
    .context("failed to fetch the packages that make the values")?;
    Ok(python)
}
