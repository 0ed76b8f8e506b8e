//! A judge of documents that is not ours: openapi-spec-validator, from PyPI.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{process, workspace};

/// The validator with its version.
const PACKAGE: &str = "openapi-spec-validator==0.9.0";

/// Checks every document of a folder. The error names those that are not valid.
pub fn check(folder: &Path) -> Result<()> {
    let validator = install()?;
    let failed = || format!("failed to read {}", folder.display());
    let mut documents = Vec::new();
    for entry in fs::read_dir(folder).with_context(failed)? {
        documents.push(entry.with_context(failed)?.path());
    }
    documents.sort();
    let mut invalid = Vec::new();
    for document in &documents {
        let output = Command::new(&validator)
            .args(["--schema", "3.1"])
            .arg(document)
            .output()
            .with_context(|| format!("failed to run {}", validator.display()))?;
        if !output.status.success() {
            eprintln!("{}", String::from_utf8_lossy(&output.stdout));
            invalid.push(document.file_name().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    println!("{} of {} documents are valid", documents.len() - invalid.len(), documents.len());
    ensure!(invalid.is_empty(), "not valid, by {PACKAGE}: {}", invalid.join(", "));
    Ok(())
}

/// The program, fetched when it is not there.
fn install() -> Result<PathBuf> {
    let environment = workspace::target_directory()?.join("evaluation/validator");
    let program = environment.join("bin/openapi-spec-validator");
    if program.is_file() {
        return Ok(program);
    }
    eprintln!("eval: fetching {PACKAGE} with pip into {}", environment.display());
    process::run(Command::new("python3").args(["-m", "venv"]).arg(&environment))
        .context("no Python environment: install python3-venv")?;
    process::run(Command::new(environment.join("bin/pip")).args(["install", "--quiet", PACKAGE]))
        .with_context(|| format!("pip could not fetch {PACKAGE}"))?;
    Ok(program)
}
