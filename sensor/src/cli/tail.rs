//! `sensor tail`: exchanges as they happen.

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use anyhow::Result;
use clap::Args;
use serde::Deserialize;
use tokio::signal::unix::{SignalKind, signal};

use super::{
    Common,
    filter::{Filter, contains},
};
use crate::control::Lines;

/// Print exchanges as they happen, one JSON object a line (docs/events.md).
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sensor tail\n  \
    sensor tail --status 5xx | jq -r '[.timestamp, .\"http.request.method\", .\"http.route\"] | @tsv'")]
pub struct Arguments {
    #[command(flatten)]
    filter: Filter,
}

impl Arguments {
    pub fn run(self, common: &Common) -> Result<ExitCode> {
        let client = common.client()?;
        super::runtime()?.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            let lines = client.lines("/tail").await?;
            tokio::select! {
                result = copy(lines, &self.filter) => result?,
                _ = tokio::signal::ctrl_c() => return Ok(ExitCode::SUCCESS),
                _ = terminate.recv() => return Ok(ExitCode::SUCCESS),
            }
            if io::stderr().is_terminal() {
                eprintln!("the sensor has ended");
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// Copies the wanted lines to standard output, as many at a time as have come.
async fn copy(mut lines: Lines, filter: &Filter) -> Result<()> {
    let mut output = io::BufWriter::new(io::stdout());
    while let Some(line) = lines.next().await? {
        if is_wanted(&line, filter) {
            output.write_all(&line)?;
            output.write_all(b"\n")?;
        }
        if !lines.is_ready() {
            output.flush()?;
        }
    }
    Ok(output.flush()?)
}

/// The fields of an exchange record that filters look at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Record {
    schema: String,
    #[serde(rename = "http.request.host")]
    host: Option<String>,
    #[serde(rename = "server.address")]
    server: String,
    #[serde(rename = "http.route")]
    route: String,
    #[serde(rename = "http.request.method")]
    method: String,
    #[serde(rename = "http.response.status_code")]
    status: Option<u16>,
    #[serde(rename = "process.pid")]
    pid: Option<u32>,
    #[serde(rename = "process.executable.name")]
    process: Option<String>,
    #[serde(rename = "container.id")]
    container: Option<String>,
    #[serde(rename = "k8s.pod.uid")]
    pod: Option<String>,
}

/// Whether a line is to be shown. All but exchanges (a loss above all) always are.
fn is_wanted(line: &[u8], filter: &Filter) -> bool {
    let Ok(record) = serde_json::from_slice::<Record>(line) else { return true };
    record.schema != "exchange" || record.is_wanted(filter)
}

impl Record {
    fn is_wanted(&self, filter: &Filter) -> bool {
        contains(filter.host.as_deref(), self.host.as_ref().unwrap_or(&self.server))
            && contains(filter.path.as_deref(), &self.route)
            && filter.matches_method(&self.method)
            && filter.matches_workload(self.pid, [&self.process, &self.container, &self.pod])
            && (filter.status.is_empty()
                || self.status.is_some_and(|code| filter.matches_status(code)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_look_at_the_record() {
        fn check(filter: &Filter, expect: &str) {
            let lines = [
                r#"a{"schema":"exchange","http.request.host":"shop","http.route":"/a","http.request.method":"GET","http.response.status_code":200,"process.pid":7}"#,
                r#"b{"schema":"exchange","server.address":"10.0.0.9","http.route":"/b","http.request.method":"POST","process.executable.name":"nginx"}"#,
                r#"c{"schema":"exchange","server.address":"10.0.0.9","http.response.status_code":502}"#,
                r#"l{"schema":"lost","count":3}"#,
            ];
            let wanted = lines.iter().filter(|line| is_wanted(&line.as_bytes()[1..], filter));
            assert_eq!(wanted.map(|line| &line[..1]).collect::<String>(), expect, "{filter:?}");
        }
        let text = |text: &str| Some(text.to_owned());
        let none = Filter::default;
        check(&none(), "abcl");
        check(&Filter { host: text("shop"), ..none() }, "al");
        check(&Filter { host: text("10.0."), ..none() }, "bcl");
        check(&Filter { path: text("/b"), ..none() }, "bl");
        check(&Filter { method: vec!["post".to_owned()], ..none() }, "bl");
        check(&Filter { status: vec!["5xx".parse().unwrap()], ..none() }, "cl");
        check(&Filter { workload: text("nginx"), ..none() }, "bl");
        check(&Filter { workload: text("7"), ..none() }, "al");
    }
}
