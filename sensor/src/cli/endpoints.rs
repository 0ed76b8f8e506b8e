//! `sensor endpoints`: the endpoint list of a running sensor.

use std::{
    io::{self, IsTerminal as _, Write},
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::{
    Common,
    filter::{Filter, Sort},
    live_view::{LiveView, Snapshot},
    stop, table,
    terminal::Look,
};
use crate::{
    control::{Client, ClientError},
    inventory::endpoint::EndpointRow,
};

/// List the HTTP endpoints that a running sensor has seen.
///
/// The table has the columns that hold something and for which the terminal is wide enough; other
/// programs read `--output json`. Routes that only ever gave 400, 404, 405 or 501 are not listed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sensor endpoints --watch\n  \
    sensor endpoints --host api.example.com --status 5xx --sort errors\n  \
    sensor endpoints --output json | jq -r '.[] | [.method, .route, .requests] | @tsv'")]
pub struct Arguments {
    /// Refresh in place until q or Ctrl-C; JSON lines at each refresh when not on a terminal.
    #[arg(long, short)]
    watch: bool,
    /// Seconds between two refreshes.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = parse_interval)]
    interval: Duration,
    /// Form of the output: a table, one JSON array, or a JSON object a line.
    #[arg(long, short, value_name = "FORM", default_value = "table")]
    output: Output,
    #[command(flatten)]
    list: ListArguments,
}

/// Which rows, and in which order: the same for live lists and replayed files.
#[derive(Clone, Debug, Default, Args)]
pub struct ListArguments {
    /// Order of the rows.
    #[arg(long, value_name = "ORDER", default_value = "rate")]
    pub sort: Sort,
    /// At most so many rows.
    #[arg(long, short = 'n', value_name = "ROWS")]
    pub limit: Option<usize>,
    #[command(flatten)]
    pub filter: Filter,
}

impl ListArguments {
    /// The wanted rows, in order.
    pub fn arrange(&self, rows: Vec<EndpointRow>) -> Vec<EndpointRow> {
        let mut rows: Vec<_> = rows.into_iter().filter(|row| self.filter.matches(row)).collect();
        self.sort.sort(&mut rows);
        rows.truncate(self.limit.unwrap_or(usize::MAX));
        rows
    }
}

/// Form of an endpoint list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// A table for people.
    Table,
    /// One JSON array.
    Json,
    /// A JSON object a line.
    Jsonl,
}

impl Arguments {
    pub fn run(self, common: &Common) -> Result<ExitCode> {
        let client = common.client()?;
        let runtime = super::runtime()?;
        let rows = || runtime.block_on(client.get::<Vec<EndpointRow>>("/endpoints"));
        if !self.watch {
            write_list(&self.list.arrange(rows()?), self.output)?;
        } else if io::stdout().is_terminal() && self.output == Output::Table {
            self.watch_screen(|| runtime.block_on(snapshot(&client)))?;
        } else {
            self.watch_lines(rows)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn watch_screen(self, mut source: impl FnMut() -> Result<Snapshot, ClientError>) -> Result<()> {
        // Without a sensor to begin with, say so in the usual way.
        let mut first = Some(source()?);
        let view = LiveView {
            interval: self.interval,
            filter: self.list.filter,
            sort: self.list.sort,
            limit: self.list.limit,
            log: None,
        };
        let stop = stop::on_signal()?;
        view.run(|| first.take().map_or_else(|| Ok(source()?), Ok), &stop)
    }

    /// A block of JSON lines at each refresh, with an empty line after it.
    fn watch_lines(
        &self,
        mut rows: impl FnMut() -> Result<Vec<EndpointRow>, ClientError>,
    ) -> Result<()> {
        let output = if self.output == Output::Json { Output::Json } else { Output::Jsonl };
        let stop = stop::on_signal()?;
        while !stop.load(Ordering::Relaxed) {
            write_list(&self.list.arrange(rows()?), output)?;
            writeln!(io::stdout())?;
            wait(self.interval, &stop);
        }
        Ok(())
    }
}

/// Writes a list to standard output.
pub fn write_list(rows: &[EndpointRow], output: Output) -> Result<()> {
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    match output {
        Output::Table => write_table(rows, &mut stdout)?,
        Output::Json => {
            serde_json::to_writer_pretty(&mut stdout, rows).map_err(io::Error::from)?;
            writeln!(stdout)?;
        }
        Output::Jsonl => {
            for row in rows {
                serde_json::to_writer(&mut stdout, row).map_err(io::Error::from)?;
                writeln!(stdout)?;
            }
        }
    }
    Ok(stdout.flush()?)
}

fn write_table(rows: &[EndpointRow], output: &mut impl Write) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(output, "No endpoint to show.");
    }
    for line in table::endpoints(rows, Look::of_stdout(), jiff::Timestamp::now()) {
        writeln!(output, "{line}")?;
    }
    Ok(())
}

async fn snapshot(client: &Client) -> Result<Snapshot, ClientError> {
    let status = client.get("/status").await?;
    Ok(Snapshot::new(status, client.get("/endpoints").await?))
}

fn wait(interval: Duration, stop: &AtomicBool) {
    let end = Instant::now() + interval;
    while !stop.load(Ordering::Relaxed) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(Duration::from_millis(100)));
    }
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.1..=3600.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "a number from 0.1 to 3600".to_owned())
}
