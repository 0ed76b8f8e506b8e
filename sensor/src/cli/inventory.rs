//! `sensor inventory`: all that is known, for other programs.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use anyhow::Result;
use clap::{Args, Subcommand};

use super::Common;
use crate::inventory::EndpointDetail;

/// Export the whole inventory of a running sensor.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sensor inventory export > inventory.json\n  \
    sensor inventory export | jq -r '.[] | select(.data != []) | [.endpoint.method, .endpoint.host, .endpoint.route] | @tsv'")]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write everything about every endpoint as one JSON array.
    #[command(after_help = "Example:\n  sensor inventory export > inventory.json")]
    Export,
}

impl Arguments {
    pub fn run(self, common: &Common) -> Result<ExitCode> {
        let Command::Export = self.command;
        let client = common.client()?;
        let details: Vec<EndpointDetail> = super::runtime()?.block_on(client.get("/inventory"))?;
        write(&details)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes endpoints to standard output.
pub fn write(details: &[EndpointDetail]) -> Result<()> {
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    serde_json::to_writer_pretty(&mut stdout, details).map_err(io::Error::from)?;
    writeln!(stdout)?;
    Ok(stdout.flush()?)
}
