//! `sensor config`: the configuration in force.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use anyhow::Result;
use clap::Args;

use super::Common;

/// Print the configuration that a run would use, as TOML, with where each value came from.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sensor config > sensor.toml\n  \
    SENSOR_CAPTURE__RING_BYTES=32MiB sensor config --set log.level=debug")]
pub struct Arguments {}

impl Arguments {
    #[expect(clippy::unused_self, reason = "every command has the same shape")]
    pub fn run(self, common: &Common) -> Result<ExitCode> {
        let loaded = common.load(Vec::new())?;
        io::stdout().write_all(loaded.to_toml().as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}
