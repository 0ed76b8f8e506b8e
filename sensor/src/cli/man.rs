//! `sensor man`: manual pages.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::Args;

/// Print the manual page, or write one for each command.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sensor man | man -l -\n  \
    sensor man --dir /usr/local/share/man/man1")]
pub struct Arguments {
    /// Write sensor.1, sensor-run.1 and so on into this directory.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Arguments {
    pub fn run(self) -> Result<ExitCode> {
        match self.dir {
            Some(directory) => write_pages(&directory)?,
            None => io::stdout().write_all(&page()?)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn page() -> Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(super::command()).render(&mut page)?;
    Ok(page)
}

fn write_pages(directory: &Path) -> Result<()> {
    std::fs::create_dir_all(directory)
        .and_then(|()| {
            let command = super::command().disable_help_subcommand(true);
            clap_mangen::generate_to(command, directory)
        })
        .with_context(|| format!("failed to write manual pages to {}", directory.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_lists_the_commands() {
        let page = String::from_utf8(page().unwrap()).unwrap();
        assert!(page.contains(".TH") && page.contains("endpoints"), "{page}");
    }

    #[test]
    fn each_command_gets_a_page() {
        let directory = std::env::temp_dir().join(format!("sensor-man-{}", std::process::id()));
        write_pages(&directory).unwrap();
        for name in ["sensor.1", "sensor-run.1", "sensor-endpoints.1", "sensor-doctor.1"] {
            let page = std::fs::read_to_string(directory.join(name)).unwrap();
            assert!(page.contains(".SH"), "{name}");
        }
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
