//! A judge of documents that is not ours: openapi-schema-validator, from npm.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{process, workspace};

/// The validator with its version.
const PACKAGE: &str = "@seriousme/openapi-schema-validator@2.11.0";

/// Runs it over the documents of a folder.
const SCRIPT: &str = include_str!("validate.mjs");

/// Checks every document of a folder, and prints those that are not valid.
pub fn check(folder: &Path) -> Result<()> {
    let place = workspace::target_directory()?.join("evaluation/validator");
    fs::create_dir_all(&place).with_context(|| format!("failed to create {}", place.display()))?;
    if !place.join("node_modules/@seriousme").is_dir() {
        eprintln!("eval: fetching {PACKAGE} with npm into {}", place.display());
        process::run(
            Command::new("npm")
                .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
                .arg(&place)
                .arg(PACKAGE),
        )
        .with_context(|| format!("npm could not fetch {PACKAGE}"))?;
    }
    let script = place.join("validate.mjs");
    fs::write(&script, SCRIPT).with_context(|| format!("failed to write {}", script.display()))?;
    process::run(Command::new("node").arg(&script).arg(folder))
        .with_context(|| format!("documents in {} are not valid, by {PACKAGE}", folder.display()))
}
