//! `sensor tls explain`: what a scan finds in a file, label by label.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::Args;
use serde::Serialize;

use super::{super::human, Output};
use crate::capture::{
    keylog::{Budget, Explanation, Nothing, explain},
    libraries::mapped_files,
};

/// Say what the search for the key-log function finds in a file, or in the files that a process
/// has mapped. Needs no running sensor.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sensor tls explain /usr/lib/x86_64-linux-gnu/libssl.so.3\n  \
    sudo sensor tls explain 4711\n  \
    sensor tls explain \"$(command -v node)\" --output json | jq '.[0].explanation.spent'")]
pub struct Arguments {
    /// A file, or a process id.
    #[arg(value_name = "FILE|PID")]
    target: PathBuf,
    /// Form of the output.
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    output: Output,
}

/// A file with what was found in it.
#[derive(Serialize)]
struct Explained {
    path: String,
    explanation: Explanation,
}

impl Arguments {
    pub fn run(self) -> Result<ExitCode> {
        let files = self.files()?;
        let explained: Vec<_> = files
            .into_iter()
            .map(|(path, file)| Explained { path, explanation: explain(&file, Budget::default()) })
            .collect();
        let text = match self.output {
            Output::Json => serde_json::to_string_pretty(&explained)? + "\n",
            Output::Text => show(&explained),
        };
        io::stdout().write_all(text.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }

    fn files(&self) -> Result<Vec<(String, File)>> {
        let pid = self.target.to_str().and_then(|text| text.parse().ok());
        if let Some(pid) = pid.filter(|_| !self.target.exists()) {
            return mapped_files(pid).with_context(|| {
                format!(
                    "failed to read what process {pid} has mapped; is it running, and are you root?"
                )
            });
        }
        let path = self.target.display().to_string();
        let file = File::open(&self.target).with_context(|| {
            format!("failed to open {path}; give the path of a file or the id of a process")
        })?;
        Ok(vec![(path, file)])
    }
}

fn show(files: &[Explained]) -> String {
    let mut text = String::new();
    let (without, with): (Vec<_>, Vec<_>) = files.iter().partition(|file| {
        files.len() > 1 && matches!(file.explanation.outcome, Err(Nothing::NoTls))
    });
    for file in with {
        one(&mut text, file);
        text.push('\n');
    }
    if !without.is_empty() {
        let _ = writeln!(text, "{} further files without a TLS library", without.len());
    }
    text
}

fn one(text: &mut String, Explained { path, explanation }: &Explained) {
    let _ = writeln!(text, "{}", human::printable(path));
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<10} {}", human::printable(&value));
    };
    match &explanation.outcome {
        Ok(found) => {
            for found in found {
                let (library, address) = (found.library.name(), found.address);
                line(
                    "found",
                    format!("{library} at {address:#x} (file offset {:#x})", found.offset),
                );
                line("because", evidence(found));
            }
        }
        Err(nothing) => line("nothing", nothing.to_string()),
    }
    if let Some(build_id) = &explanation.build_id {
        line("build id", build_id.clone());
    }
    for sign in &explanation.signs {
        line("sign", format!("{} by {}", sign.library.name(), sign.by));
    }
    for label in explanation.labels.iter().filter(|label| !label.places.is_empty()) {
        let calls = label.references.iter().filter(|reference| reference.call.is_some()).count();
        line(
            "label",
            format!(
                "{}: {} in the file, loaded {} times, {calls} before a call",
                label.label,
                label.places.len(),
                label.references.len(),
            ),
        );
    }
    for candidate in &explanation.candidates {
        let refused = candidate.refused.as_deref().map(|why| format!("; refused: {why}"));
        line(
            "candidate",
            format!(
                "{:#x}: {} labels, {} loads{}{}",
                candidate.address,
                candidate.labels.len(),
                candidate.references,
                if candidate.symbol { ", a symbol of that name" } else { "" },
                refused.unwrap_or_default(),
            ),
        );
    }
    if let Some(go) = &explanation.go {
        let version = go.version.as_deref().unwrap_or("unknown version");
        line("Go", format!("{version}, {} functions in its table", go.functions));
    }
    let spent = explanation.spent;
    line("took", format!("{} ms, {} read", spent.milliseconds, human::bytes(spent.bytes)));
}

fn evidence(found: &crate::capture::keylog::Found) -> String {
    let evidence = &found.evidence;
    let mut parts = Vec::new();
    if !evidence.labels.is_empty() {
        parts.push(format!(
            "{} labels agree ({})",
            evidence.labels.len(),
            evidence.labels.join(", ")
        ));
    }
    if !evidence.symbols.is_empty() {
        parts.push(format!("it is called {}", evidence.symbols.join(", ")));
    }
    parts.push(format!("its start is known by {}", evidence.boundary));
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_tls_says_so_and_a_missing_one_what_to_do() {
        let file = Arguments { target: "/bin/true".into(), output: Output::Text };
        let files = file.files().expect("it is there");
        let explained: Vec<_> = files
            .into_iter()
            .map(|(path, file)| Explained { path, explanation: explain(&file, Budget::default()) })
            .collect();
        assert!(show(&explained).contains("no TLS library"));
        let missing = Arguments { target: "/no/such/file".into(), output: Output::Text };
        let error = missing.files().unwrap_err().to_string();
        assert!(error.contains("/no/such/file") && error.contains("id of a process"), "{error}");
    }
}
