//! `sensor doctor`: is this machine fit, and what is missing?

mod checks;

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    process::ExitCode,
    slice::from_ref,
};

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{
    Common, human,
    terminal::{self, Look, paint},
};

/// Check whether this machine is fit for the sensor, and say what is missing.
///
/// Exits with 1 when a check fails.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sudo sensor doctor\n  \
    sensor doctor --output json | jq '.[] | select(.level != \"ok\")'")]
pub struct Arguments {
    /// Form of the output.
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Output {
    /// A line for each check.
    Text,
    /// One JSON array.
    Json,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub level: Level,
    /// What was found.
    pub found: String,
    /// What to do about it; empty when it is well.
    pub advice: String,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// The sensor runs, with something missing.
    Warn,
    /// The sensor cannot run.
    Fail,
}

impl Check {
    /// All is well.
    pub fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, level: Level::Ok, found: found.into(), advice: String::new() }
    }

    /// Something will be missing.
    pub fn warn(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, level: Level::Warn, found: found.into(), advice: advice.into() }
    }

    /// The sensor cannot run.
    pub fn fail(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, level: Level::Fail, found: found.into(), advice: advice.into() }
    }
}

impl Arguments {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode> {
        let config = common.load(Vec::new())?.config;
        let checks = checks::all(&config);
        let text = match self.output {
            Output::Text => show(&checks, Look::of_stdout()),
            Output::Json => serde_json::to_string_pretty(&checks)? + "\n",
        };
        io::stdout().write_all(text.as_bytes())?;
        Ok(terminal::exit_code(checks.iter().all(|check| check.level < Level::Fail)))
    }
}

fn show(checks: &[Check], look: Look) -> String {
    let names = checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Check { name, level, found, advice } in checks {
        let (word, color) = match level {
            Level::Ok => ("ok  ", "32"),
            Level::Warn => ("warn", "33"),
            Level::Fail => ("fail", "1;31"),
        };
        let word = paint(word, color, look.colors);
        let indent = 4 + 2 + names + 2;
        let room = look.width.map_or(usize::MAX, |width| width.saturating_sub(indent).max(20));
        let found = human::wrap(from_ref(found), room).join(&format!("\n{:indent$}", ""));
        let _ = writeln!(text, "{word}  {name:<names$}  {found}");
        if !advice.is_empty() {
            let advice = human::wrap(from_ref(advice), room.saturating_sub(2));
            let advice = advice.join(&format!("\n{:indent$}  ", ""));
            let _ = writeln!(text, "{:indent$}→ {advice}", "");
        }
    }
    text.push('\n');
    text.push_str(&verdict(checks));
    text.push('\n');
    text
}

fn verdict(checks: &[Check]) -> String {
    let count = |level| checks.iter().filter(|check| check.level == level).count();
    match (count(Level::Fail), count(Level::Warn)) {
        (0, 0) => "This machine is fit for the sensor.".to_owned(),
        (0, warnings) => format!("The sensor runs here, with {}.", number(warnings, "warning")),
        (failures, _) => {
            format!("The sensor cannot run here: {}.", number(failures, "failed check"))
        }
    }
}

fn number(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_names_what_to_do() {
        let checks = [
            Check::ok("kernel", "6.1.0"),
            Check::warn("CAP_SYS_PTRACE", "missing", "run as root"),
            Check::fail("cgroup v2", "not mounted", "mount it"),
        ];
        let text = show(&checks, Look { width: None, colors: false });
        let expect = "\
ok    kernel          6.1.0
warn  CAP_SYS_PTRACE  missing
                      → run as root
fail  cgroup v2       not mounted
                      → mount it

The sensor cannot run here: 1 failed check.
";
        assert_eq!(text, expect);
        for line in show(&checks, Look { width: Some(42), colors: false }).lines() {
            assert!(human::width(line) <= 43, "{line}");
        }
        assert_eq!(verdict(&checks[..2]), "The sensor runs here, with 1 warning.");
        assert_eq!(verdict(&checks[..1]), "This machine is fit for the sensor.");
    }
}
