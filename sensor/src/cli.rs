//! The command line.
//!
//! One file for each command in `cli/`; this one says which there are, reads the configuration
//! for them, and turns their errors into a message and an exit code.

mod completions;
mod config;
pub mod doctor;
mod endpoint;
mod endpoints;
mod filter;
mod form;
mod grid;
mod human;
mod inventory;
pub mod live_view;
pub mod logging;
mod man;
mod page;
pub mod replay;
mod run;
mod spec;
mod status;
pub mod stop;
mod table;
mod tail;
mod terminal;
mod tls;

use std::{ffi::OsString, io, path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::config::{Config, ConfigError, Flag, Loaded, Sources};

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    match Arguments::parse().run() {
        Ok(code) => code,
        // Whoever read the output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", message(&error));
            ExitCode::FAILURE
        }
    }
}

/// See every HTTP API call on this node, without touching the applications.
#[derive(Debug, Parser)]
#[command(
    name = "sensor",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  \
        sudo sensor run                   watch this node\n  \
        sudo sensor endpoints --watch     what a running sensor sees\n  \
        sensor replay capture.pcap        the same from a capture file, without root"
)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Arguments),
    Endpoints(endpoints::Arguments),
    Endpoint(endpoint::Arguments),
    Inventory(inventory::Arguments),
    Spec(spec::Arguments),
    Tail(tail::Arguments),
    Status(status::Arguments),
    Tls(tls::Arguments),
    Doctor(doctor::Arguments),
    Replay(replay::Arguments),
    Config(config::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// Flags of every command that reads the configuration.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Configuration")]
struct Common {
    /// Configuration file [default: /etc/sensor/sensor.toml, if it exists].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set one key of the configuration, such as `http.max_head_bytes=64KiB`.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Control socket; the same as --set control.socket=PATH.
    #[arg(long, global = true, value_name = "PATH")]
    socket: Option<String>,
    /// Log level (off, error, warn, info, debug, trace); the same as --set log.level=LEVEL.
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
}

impl Arguments {
    fn run(self) -> Result<ExitCode> {
        let Self { common, command } = self;
        match command {
            Command::Run(arguments) => arguments.run(&common),
            Command::Endpoints(arguments) => arguments.run(&common),
            Command::Endpoint(arguments) => arguments.run(&common),
            Command::Inventory(arguments) => arguments.run(&common),
            Command::Spec(arguments) => arguments.run(&common),
            Command::Tail(arguments) => arguments.run(&common),
            Command::Status(arguments) => arguments.run(&common),
            Command::Tls(arguments) => arguments.run(&common),
            Command::Doctor(arguments) => arguments.run(&common),
            Command::Replay(arguments) => arguments.run(&common),
            Command::Config(arguments) => arguments.run(&common),
            Command::Completions(arguments) => arguments.run(),
            Command::Man(arguments) => arguments.run(),
        }
    }
}

impl Common {
    /// Reads the configuration, with a command's own flags last.
    fn load(&self, more: Vec<Flag>) -> Result<Loaded, ConfigError> {
        let mut flags =
            self.set.iter().map(|text| Flag::set(text)).collect::<Result<Vec<_>, _>>()?;
        if let Some(socket) = &self.socket {
            flags.push(Flag::dedicated("--socket", "control.socket", socket));
        }
        if let Some(level) = &self.log_level {
            flags.push(Flag::dedicated("--log-level", "log.level", level));
        }
        flags.extend(more);
        let lossy = |text: OsString| text.to_string_lossy().into_owned();
        let environment = std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value)));
        Config::load(&Sources {
            file: self.config.clone(),
            environment: environment.collect(),
            flags,
        })
    }

    /// A client of the running sensor.
    fn client(&self) -> Result<crate::control::Client> {
        let loaded = self.load(Vec::new())?;
        Ok(crate::control::Client::new(&loaded.config.control.socket))
    }
}

/// The whole command line, for completions and manual pages.
fn command() -> clap::Command {
    Arguments::command()
}

/// A runtime on this thread, for commands that talk to a running sensor.
fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// The error with its causes, each said once: some errors say theirs themselves.
fn message(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |text, cause| {
        let cause = cause.to_string();
        match (text.is_empty(), text.contains(&cause)) {
            (true, _) => cause,
            (_, true) => text,
            _ => format!("{text}: {cause}"),
        }
    })
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn every_help_ends_with_an_example() {
        fn check(command: &mut clap::Command) {
            let help = command.render_help().to_string();
            let example = help.rfind("Example").expect("no example");
            assert!(help[example..].contains("\n  "), "{help}");
        }
        let mut all = command();
        check(&mut all);
        for command in all.get_subcommands_mut().filter(|command| command.get_name() != "help") {
            check(command);
        }
    }

    #[test]
    fn flags_win_over_set_and_are_named_in_errors() {
        let common = Common {
            config: Some("/dev/null".into()),
            set: vec!["control.socket=/a".to_owned()],
            socket: Some("/b".to_owned()),
            log_level: Some("loud".to_owned()),
        };
        let error = common.load(Vec::new()).unwrap_err().to_string();
        assert!(error.starts_with("--log-level loud: log.level must be one of"), "{error}");
        let common = Common { log_level: None, ..common };
        let loaded = common.load(Vec::new()).unwrap();
        assert_eq!(loaded.config.control.socket, PathBuf::from("/b"));
    }
}
