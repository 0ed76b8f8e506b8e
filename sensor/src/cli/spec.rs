//! `sensor spec`: specifications against what a running sensor has seen.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Subcommand};

use super::{
    Common,
    form::Form,
    grid::{grid, lines},
    human,
    terminal::Look,
};
use crate::{
    inventory::{EndpointDetail, description::Operation, specifications::Declared},
    specification::{self, Difference, Hosts, Specification},
};

/// Problems of a document that are shown; the rest is counted.
const MAX_PROBLEMS: usize = 10;

/// Compare API specifications with traffic, teach them to a running sensor, or write one from
/// what it has seen.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sensor spec import --host api.example.com openapi.yaml\n  \
    sensor spec diff openapi.yaml\n  sensor spec export api.example.com > openapi.json")]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check documents (`OpenAPI` 3.0 and 3.1, Swagger 2; YAML or JSON) and hand them to the sensor:
    /// it prefers their routes and names, and marks shadow and zombie endpoints.
    #[command(after_help = "Examples:\n  sensor spec import openapi.yaml\n  \
        sensor spec import --host api.example.com v1.json v2.yaml\n  \
        sensor spec import --check openapi.yaml")]
    Import(ImportArguments),
    /// Show what is seen and not declared, declared and not seen, and not as declared.
    #[command(after_help = "Examples:\n  sensor spec diff openapi.yaml\n  \
        sensor spec diff v2.yaml --earlier v1.yaml\n  \
        sensor spec diff openapi.yaml --inventory inventory.json --output json")]
    Diff(DiffArguments),
    /// Write an `OpenAPI` 3.1 document of what was seen of a host.
    #[command(after_help = "Examples:\n  sensor spec export api.example.com > openapi.json\n  \
        sensor spec export api.example.com --inventory inventory.json")]
    Export(ExportArguments),
}

#[derive(Debug, Args)]
struct ImportArguments {
    /// Documents.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The host as the sensor sees it, in place of what the documents name.
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Only check them: no sensor is asked.
    #[arg(long)]
    check: bool,
}

#[derive(Debug, Args)]
struct DiffArguments {
    /// Documents that declare what should be.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Documents of earlier versions: what only they declare and is still called is a zombie.
    #[arg(long, value_name = "FILE")]
    earlier: Vec<PathBuf>,
    /// Compare with this file of `sensor inventory export` and ask no sensor.
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
    /// Hosts must be as declared; by default a specification is compared whatever its host.
    #[arg(long)]
    same_host: bool,
    /// Form of the output.
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    output: Form,
}

#[derive(Debug, Args)]
struct ExportArguments {
    /// The host, as `sensor endpoints` shows it.
    host: String,
    /// Take it from this file of `sensor inventory export` and ask no sensor.
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
}

impl Arguments {
    pub fn run(self, common: &Common) -> Result<ExitCode> {
        match self.command {
            Command::Import(arguments) => arguments.run(common),
            Command::Diff(arguments) => arguments.run(common),
            Command::Export(arguments) => arguments.run(common),
        }
    }
}

impl ImportArguments {
    fn run(self, common: &Common) -> Result<ExitCode> {
        let mut operations = read_all(&self.files)?;
        if let Some(host) = &self.host {
            for one in &mut operations {
                one.host.clone_from(host);
            }
        }
        let nameless = operations.iter().filter(|one| one.host.is_empty()).count();
        if self.check {
            return Ok(ExitCode::SUCCESS);
        }
        ensure!(
            nameless == 0,
            "{nameless} operations have no single host: name it with --host, as `sensor endpoints` shows it"
        );
        let client = common.client()?;
        let done: Declared =
            super::runtime()?.block_on(client.post("/specifications", &operations))?;
        println!(
            "{} operations declared; {} not taken, {} routes not preferred",
            human::integer(done.operations as u64),
            done.refused,
            done.routes_refused
        );
        Ok(ExitCode::SUCCESS)
    }
}

impl DiffArguments {
    fn run(self, common: &Common) -> Result<ExitCode> {
        let current = read_all(&self.files)?;
        let earlier = read_all(&self.earlier)?;
        let learned = learned(self.inventory.as_ref(), common)?;
        let hosts = if self.same_host { Hosts::Declared } else { Hosts::Any };
        let differences = specification::diff(&current, &earlier, &learned, hosts);
        self.output.write(&differences, |differences, look| show(differences, look))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl ExportArguments {
    fn run(self, common: &Common) -> Result<ExitCode> {
        let learned = learned(self.inventory.as_ref(), common)?;
        if !learned.iter().any(|one| one.host == self.host) {
            let mut hosts: Vec<_> = learned.iter().map(|one| &*one.host).collect();
            hosts.dedup();
            bail!("nothing was seen of {}; there are {}", self.host, hosts.join(", "));
        }
        let document = specification::export(&self.host, &learned);
        let mut stdout = io::stdout().lock();
        serde_json::to_writer_pretty(&mut stdout, &document).map_err(io::Error::from)?;
        writeln!(stdout)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Reads documents, telling what is wrong with them on standard error.
fn read_all(files: &[PathBuf]) -> Result<Vec<Operation>> {
    let mut operations = Vec::new();
    for file in files {
        let bytes =
            std::fs::read(file).with_context(|| format!("failed to read {}", file.display()))?;
        let Specification { title, operations: found, problems, .. } = specification::read(&bytes);
        let wrong: Vec<_> = problems.iter().filter(|problem| !problem.kind.is_note()).collect();
        for problem in wrong.iter().take(MAX_PROBLEMS) {
            eprintln!("{}: {}", file.display(), human::printable(&problem.to_string()));
        }
        if wrong.len() > MAX_PROBLEMS {
            eprintln!("{}: {} more problems", file.display(), wrong.len() - MAX_PROBLEMS);
        }
        ensure!(!found.is_empty(), "{} declares no operation", file.display());
        if io::stderr().is_terminal() {
            let title = human::printable(&title);
            eprintln!("{}: {} operations of {title:?}", file.display(), found.len());
        }
        operations.extend(found);
    }
    Ok(operations)
}

/// What was seen: by a running sensor, or in a file.
fn learned(file: Option<&PathBuf>, common: &Common) -> Result<Vec<Operation>> {
    let details: Vec<EndpointDetail> = match file {
        Some(file) => {
            let bytes = std::fs::read(file)
                .with_context(|| format!("failed to read {}", file.display()))?;
            serde_json::from_slice(&bytes).with_context(|| {
                format!("{} is no file of `sensor inventory export`", file.display())
            })?
        }
        None => super::runtime()?.block_on(common.client()?.get("/inventory"))?,
    };
    Ok(details.into_iter().map(|detail| detail.operation).collect())
}

fn show(differences: &[Difference], look: Look) -> String {
    if differences.is_empty() {
        return "Everything seen is as declared.\n".to_owned();
    }
    let mut table = grid(look, ["WHAT", "METHOD", "ROUTE", "WHERE", "DECLARED", "SEEN"]);
    for one in differences {
        let kind = serde_json::to_value(one.kind).unwrap_or_default();
        let kind = kind.as_str().unwrap_or_default().replace('_', " ");
        let name = one.operation.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        table.add_row([
            kind,
            human::printable(&one.method),
            human::printable(&format!("{}{}{name}", one.host, one.route)),
            human::printable(&one.place),
            human::printable(&one.declared),
            human::printable(&one.seen),
        ]);
    }
    lines(table)
}
