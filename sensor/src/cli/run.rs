//! `sensor run`: watch this node.

use std::{
    io::{self, IsTerminal as _},
    process::ExitCode,
    sync::{atomic::AtomicBool, mpsc::SyncSender},
};

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::{
    Common,
    live_view::{LiveView, Snapshot},
    logging::{self, Destination, LastLine},
    stop,
};
use crate::{
    config::{Config, Exchanges, Flag},
    control::Query,
    pipeline,
};

/// Watch this node: capture its HTTP traffic and serve the control socket.
///
/// On a terminal it shows the live endpoint list; elsewhere it works in silence, for
/// `sensor endpoints`, `tail` and `status` to ask.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sudo sensor run\n  \
    sudo sensor run --output jsonl | jq '.\"http.route\"'\n  \
    sudo sensor run --output none --set output.exchanges=file\n  \
    sudo sensor run --output kafka --set kafka.brokers=kafka-1:9092,kafka-2:9092")]
pub struct Arguments {
    /// What goes to standard output [default: live on a terminal, else none].
    #[arg(long, short, value_name = "WHAT")]
    output: Option<Output>,
    /// Name of this node in events; the same as --set node.name=NAME.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// Read no TLS and no session secrets; the same as --set tls.enabled=false.
    #[arg(long)]
    no_tls: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// The live endpoint list.
    Live,
    /// One exchange a line; the same as --set output.exchanges=stdout.
    Jsonl,
    /// Nothing, and records to Kafka; the same as --set output.exchanges=kafka.
    Kafka,
    /// Nothing.
    None,
}

impl Arguments {
    pub fn run(self, common: &Common) -> Result<ExitCode> {
        let config = common.load(self.flags())?.config;
        let view = self.is_live(&config, io::stdout().is_terminal()).then(LiveView::default);
        let view = view.map(|view| LiveView { log: Some(LastLine::default()), ..view });
        let log = view.as_ref().and_then(|view| view.log.clone());
        logging::start(config.log.level, log.map_or(Destination::Stderr, Destination::Kept));
        start(&config, view)
    }

    fn flags(&self) -> Vec<Flag> {
        let mut flags = Vec::new();
        if let Some(name) = &self.node {
            flags.push(Flag::dedicated("--node", "node.name", name));
        }
        if self.no_tls {
            flags.push(Flag::dedicated("--no-tls", "tls.enabled", "false"));
        }
        if self.output == Some(Output::Jsonl) {
            flags.push(Flag::dedicated("--output jsonl", "output.exchanges", "stdout"));
        }
        if self.output == Some(Output::Kafka) {
            flags.push(Flag::dedicated("--output kafka", "output.exchanges", "kafka"));
        }
        flags
    }

    /// Standard output belongs to one of the list and the records.
    fn is_live(&self, config: &Config, terminal: bool) -> bool {
        let records = config.output.exchanges == Exchanges::Stdout;
        match self.output {
            Some(Output::Jsonl | Output::Kafka | Output::None) => false,
            Some(Output::Live) | None => terminal && !records,
        }
    }
}

fn start(config: &Config, view: Option<LiveView>) -> Result<ExitCode> {
    let stop = stop::on_signal()?;
    let view = view.map(|view| {
        move |queries: &SyncSender<Query>, stop: &AtomicBool| {
            view.run(|| Snapshot::ask(queries), stop)
        }
    });
    pipeline::run(config, &stop, view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_shown_on_a_terminal_that_nothing_else_writes_to() {
        fn check(output: Option<Output>, exchanges: Exchanges, terminal: bool, expect: bool) {
            let mut config = Config::default();
            config.output.exchanges = exchanges;
            let arguments = Arguments { output, node: None, no_tls: false };
            assert_eq!(arguments.is_live(&config, terminal), expect, "{output:?} {exchanges:?}");
        }
        check(None, Exchanges::None, true, true);
        check(None, Exchanges::File, true, true);
        check(None, Exchanges::Stdout, true, false);
        check(None, Exchanges::None, false, false);
        check(Some(Output::Live), Exchanges::None, true, true);
        check(Some(Output::Live), Exchanges::None, false, false);
        check(Some(Output::None), Exchanges::None, true, false);
        check(Some(Output::Jsonl), Exchanges::Stdout, true, false);
    }
}
