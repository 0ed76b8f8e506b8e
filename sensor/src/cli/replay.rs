//! `sensor replay`: the pipeline on capture files.

use std::{
    io::{self, IsTerminal as _, Write},
    path::PathBuf,
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    Common,
    endpoints::{self, ListArguments},
    human, inventory, logging, terminal,
};
use crate::{
    inventory::endpoint::EndpointRow,
    pipeline::{Destination, Job, replay},
    stats::Counters,
};

/// Read capture files (pcap or pcapng, plain or gzip) instead of a live node. Needs no root.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sensor replay monday.pcap tuesday.pcapng.gz\n  \
    sensor replay capture.pcap --output jsonl > exchanges.jsonl\n  \
    sensor replay capture.pcap --output inventory | jq '.[].operation'\n  \
    sensor replay capture.pcap --keylog keys.txt\n  \
    sensor replay capture.pcap --output kafka --set kafka.brokers=localhost:9092")]
pub struct Arguments {
    /// Capture files, in the order of their traffic.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The endpoint list as a table or as JSON, or one exchange a line.
    #[arg(long, short, value_name = "WHAT", default_value = "endpoints")]
    output: Output,
    /// Key log of the captured TLS connections, as `SSLKEYLOGFILE` makes programs write it;
    /// may be given more than once.
    #[arg(long = "keylog", value_name = "KEYS")]
    key_logs: Vec<PathBuf>,
    #[command(flatten)]
    list: ListArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// The endpoint list, as a table.
    Endpoints,
    /// The endpoint list, as one JSON array.
    Json,
    /// Everything about the endpoints, as one JSON array.
    Inventory,
    /// One exchange a line (docs/events.md).
    Jsonl,
    /// To the brokers of kafka.brokers, and nothing to standard output.
    Kafka,
}

impl Arguments {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode> {
        let config = common.load(Vec::new())?.config;
        logging::start(config.log.level, logging::Destination::Stderr);
        let started = Instant::now();
        let bar = progress_bar(total_size(&self.files)?);
        let mut records = io::BufWriter::with_capacity(1 << 18, io::stdout());
        let outcome = replay(Job {
            config: &config,
            files: &self.files,
            key_logs: &self.key_logs,
            progress: &mut |bytes| bar.set_position(bytes),
            details: self.output == Output::Inventory,
            records: match self.output {
                Output::Jsonl => Destination::Lines(&mut records),
                Output::Kafka => Destination::Kafka,
                Output::Endpoints | Output::Json | Output::Inventory => Destination::None,
            },
        });
        bar.finish_and_clear();
        let outcome = outcome?;
        records.flush()?;
        if self.output == Output::Inventory {
            inventory::write(&outcome.details)?;
        }
        self.write_endpoints(outcome.endpoints)?;
        for problem in &outcome.problems {
            eprintln!("warning: {}", human::printable(problem));
        }
        let lost = outcome.counters.losses().iter().any(|loss| loss.count > 0);
        let dark = outcome.counters.tls_dark > 0;
        if io::stderr().is_terminal() || lost || dark {
            eprintln!("{}", summary(&outcome.counters, started.elapsed().as_secs_f64()));
        }
        Ok(terminal::exit_code(outcome.problems.is_empty()))
    }

    fn write_endpoints(&self, rows: Vec<EndpointRow>) -> Result<()> {
        let output = match self.output {
            Output::Endpoints => endpoints::Output::Table,
            Output::Json => endpoints::Output::Json,
            Output::Jsonl | Output::Inventory | Output::Kafka => return Ok(()),
        };
        endpoints::write_list(&self.list.arrange(rows), output)
    }
}

/// The size of all files; one that cannot be opened stops the replay before it begins.
fn total_size(files: &[PathBuf]) -> Result<u64> {
    let size = |file: &PathBuf| -> Result<u64> {
        let metadata = std::fs::metadata(file);
        Ok(metadata.with_context(|| format!("failed to open {}", file.display()))?.len())
    };
    files.iter().map(size).sum()
}

/// The progress bar, in less than 80 columns.
const TEMPLATE: &str = "{bar:24} {percent:>3}%  {binary_bytes} of {binary_total_bytes}  \
                        {binary_bytes_per_sec}  {eta} left";

/// On standard error, and only on a terminal.
fn progress_bar(bytes: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(TEMPLATE);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸ ");
    ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr_with_hz(10))
        .with_style(style)
}

/// One line on what was done, and what was lost.
fn summary(counters: &Counters, seconds: f64) -> String {
    let mut text = format!(
        "{} exchanges from {} segments on {} connections in {seconds:.1} s",
        human::integer(counters.exchanges),
        human::integer(counters.segments),
        human::integer(counters.connections_opened),
    );
    let losses = counters.losses();
    let losses = losses.iter().filter(|loss| loss.count > 0);
    let losses: Vec<_> = losses
        .map(|loss| format!("{} {} {}", human::integer(loss.count), loss.what, loss.cause))
        .collect();
    if counters.tls_dark > 0 {
        let count = human::integer(counters.tls_dark);
        text.push_str(&format!("; {count} over TLS not read: give their secrets with --keylog"));
    }
    if !losses.is_empty() {
        text.push_str("; lost: ");
        text.push_str(&losses.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_progress_template_is_one() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }

    #[test]
    fn the_summary_names_losses() {
        let counters = Counters { exchanges: 1234, segments: 5000, ..Counters::default() };
        let expect = "1,234 exchanges from 5,000 segments on 0 connections in 0.5 s";
        assert_eq!(summary(&counters, 0.49), expect);
        let counters = Counters { gap_bytes: 7, ..counters };
        assert_eq!(summary(&counters, 0.49), format!("{expect}; lost: 7 bytes gap_bytes"));
        let counters = Counters { gap_bytes: 0, tls_dark: 2, ..counters };
        let dark = "2 over TLS not read: give their secrets with --keylog";
        assert_eq!(summary(&counters, 0.49), format!("{expect}; {dark}"));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = total_size(&["/nonexistent.pcap".into()]).unwrap_err();
        assert!(format!("{error:#}").starts_with("failed to open /nonexistent.pcap: "));
    }
}
