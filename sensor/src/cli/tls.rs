//! `sensor tls`: how much of the node's TLS is read, and what is not and why.

mod explain;

use std::{fmt::Write as _, process::ExitCode};

use anyhow::Result;
use clap::{Args, Subcommand};

use super::{
    Common,
    form::Form,
    grid::{grid, lines},
    human,
    terminal::{Look, paint},
};
use crate::{control::TlsStatus, coverage::TlsProgram};

/// Show how much of the node's TLS a running sensor reads: programs, libraries, and for what
/// stays dark the reason.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  sensor tls\n  \
        sensor tls --output json | jq '.programs[] | select(.dark != {})'\n  \
        sensor tls explain /usr/lib/x86_64-linux-gnu/libssl.so.3"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Form of the output.
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    output: Form,
}

#[derive(Debug, Subcommand)]
enum Command {
    Explain(explain::Arguments),
}

impl Arguments {
    pub fn run(self, common: &Common) -> Result<ExitCode> {
        if let Some(Command::Explain(arguments)) = self.command {
            return arguments.run();
        }
        let client = common.client()?;
        let status: TlsStatus = super::runtime()?.block_on(client.get("/tls"))?;
        self.output.write(&status, show)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn show(status: &TlsStatus, look: Look) -> String {
    if !status.enabled {
        let count = human::integer(status.connections);
        return format!(
            "TLS is not read (tls.enabled, or the kernel refused: see the log); {count} encrypted connections seen\n"
        );
    }
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}: {} of {} connections read, {} dark",
        paint("TLS", "1", look.colors),
        human::integer(status.read),
        human::integer(status.connections),
        human::integer(status.dark),
    );
    let _ = writeln!(
        text,
        "{} secrets, {} opened a record; {} probes, {} refused; {} files scanned, {} remembered\n",
        human::integer(status.secrets),
        human::integer(status.secrets_used),
        human::integer(status.probes),
        human::integer(status.probes_refused),
        human::integer(status.files_scanned),
        human::integer(status.files_remembered),
    );
    text.push_str(&programs(status, look));
    text.push('\n');
    text.push_str(&libraries(status, look));
    text
}

fn programs(status: &TlsStatus, look: Look) -> String {
    let mut table = grid(look, ["PROGRAM", "READ", "DARK", "LIBRARY", "WHY DARK"]);
    for program in &status.programs {
        let dark: u64 = program.dark.values().sum();
        table.add_row([
            name(program),
            human::integer(program.read),
            human::integer(dark),
            human::printable(program.library.as_deref().unwrap_or("-")),
            reasons(program),
        ]);
    }
    lines(table)
}

fn libraries(status: &TlsStatus, look: Look) -> String {
    let mut table = grid(look, ["LIBRARY", "FILE", "PROCESSES", "SECRETS"]);
    let mut files: Vec<_> = status.libraries.iter().collect();
    files.sort_by_key(|file| (file.probed, std::cmp::Reverse(file.processes)));
    for file in files {
        let state = file.reason.as_deref().filter(|_| !file.probed).unwrap_or("read");
        table.add_row([
            human::printable(&file.library),
            human::printable(&file.path),
            human::integer(file.processes),
            human::printable(state),
        ]);
    }
    lines(table)
}

fn name(program: &TlsProgram) -> String {
    let name = program.executable.as_deref().or(program.name.as_deref()).unwrap_or("(unknown)");
    let container = program.container.as_deref().and_then(|id| id.get(..12));
    match container {
        Some(id) => human::printable(&format!("{name} in {id}")),
        None => human::printable(name),
    }
}

/// The reasons with their counts, in words.
fn reasons(program: &TlsProgram) -> String {
    let words = program.dark.iter().map(|(reason, count)| {
        let words = match reason.as_str() {
            "no_handshake" => "older than the sensor",
            "handshake_missed" => "a part of the handshake was lost",
            "secret_never_came" => "no secret came",
            "held_too_much" => "too much came before the secret",
            "unsupported_version" => "TLS version not read",
            "unsupported_suite" => "cipher suite not read",
            other => other,
        };
        format!("{} {}", human::integer(*count), human::printable(words))
    });
    let words: Vec<_> = words.collect();
    if words.is_empty() { "-".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::capture::libraries::LibraryFile;

    #[test]
    fn what_is_dark_is_named_with_its_reason() {
        let status = TlsStatus {
            enabled: true,
            connections: 10,
            read: 7,
            dark: 3,
            programs: vec![TlsProgram {
                executable: Some("/usr/bin/java\u{1b}[31m".to_owned()),
                read: 0,
                dark: BTreeMap::from([("secret_never_came".to_owned(), 3)]),
                library: Some("Java: compiled as it runs".to_owned()),
                ..TlsProgram::default()
            }],
            libraries: vec![LibraryFile {
                path: "/usr/lib/libssl.so.3".to_owned(),
                library: "OpenSSL".to_owned(),
                probed: true,
                processes: 2,
                ..LibraryFile::default()
            }],
            ..TlsStatus::default()
        };
        let text = show(&status, Look { width: None, colors: false });
        assert!(text.contains("7 of 10 connections read, 3 dark"), "{text}");
        assert!(text.contains("3 no secret came"), "{text}");
        assert!(text.contains("Java: compiled as it runs"), "{text}");
        assert!(text.contains("/usr/lib/libssl.so.3"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
