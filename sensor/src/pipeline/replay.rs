//! Capture files through the same stages, on the caller's thread.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use zeroize::Zeroizing;

use super::{delivery::Delivery, inventory};
use crate::{
    analysis::{Analysis, Records},
    capture::{
        Segment,
        pcap::{self, Summary},
    },
    config::Config,
    connections::Source,
    event::{EndpointEvent, EventIds, ExchangeEvent},
    exchange::{Exchange, Timestamp},
    inventory::{EndpointDetail, endpoint::EndpointRow, template::Template},
    mask::MaskKey,
    sink::{JsonLines, Sink},
    stats::Counters,
    tls::keylog,
};

/// What is to be replayed.
pub struct Job<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Capture files, in the order of their traffic.
    pub files: &'a [PathBuf],
    /// Key logs (`SSLKEYLOGFILE`) with the secrets of the captured TLS connections.
    pub key_logs: &'a [PathBuf],
    /// To be told how many bytes of all the files together (as they lie on disk) are done.
    pub progress: &'a mut dyn FnMut(u64),
    /// Where exchanges go.
    pub records: Destination<'a>,
    /// Whether everything about the endpoints is wanted, or their list alone.
    pub details: bool,
}

/// Where the exchanges of a replay go.
pub enum Destination<'a> {
    /// Nowhere.
    None,
    /// Each to a JSON line.
    Lines(&'a mut dyn Write),
    /// To the topics that the configuration names, with the endpoints in the end.
    Kafka,
}

/// What a replay gave.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The endpoint list.
    pub endpoints: Vec<EndpointRow>,
    /// Everything about them, where it is wanted.
    pub details: Vec<EndpointDetail>,
    /// What was counted.
    pub counters: Counters,
    /// What is wrong with the files, a line each: a file that breaks off, for example.
    pub problems: Vec<String>,
}

/// Replays capture files. Each file's connections end with it.
pub fn replay(job: Job<'_>) -> Result<Outcome> {
    let Job { config, files, key_logs, progress, records, details } = job;
    let key = mask_key(config)?;
    // A file has time: all of it is learned from, unless nothing is.
    let learn_rate = if config.inventory.learn_rate == 0 { 0 } else { u32::MAX };
    let inventory = inventory::new(config, learn_rate, &key)?;
    let (sink, delivery): (Option<Box<dyn Sink + '_>>, _) = match records {
        Destination::None => (None, None),
        Destination::Lines(output) => (Some(Box::new(JsonLines::new(output))), None),
        Destination::Kafka => {
            let (sink, delivery) = Delivery::start(config, &key)?;
            (Some(Box::new(sink)), Some(delivery))
        }
    };
    let node = &config.node.name;
    let records = sink.map(|sink| Lines { sink, key, node, reader_gone: false });
    let mut analysis = Analysis::new(config, Source::Wire, None, inventory, records);
    let mut outcome = Outcome::default();
    for path in key_logs {
        let text = Zeroizing::new(
            std::fs::read(path).with_context(|| format!("failed to read {}", path.display()))?,
        );
        let parsed = keylog::parse(&text, |secret| {
            analysis.add_secret(secret, Timestamp::default());
        });
        if parsed.secrets == 0 {
            bail!("{} holds no secret in the SSLKEYLOGFILE format", path.display());
        }
        if parsed.malformed > 0 {
            let problem = format!("{}: {} lines are no secrets", path.display(), parsed.malformed);
            outcome.problems.push(problem);
        }
    }
    let mut feed = Feed { analysis, last: Timestamp::default(), malformed: 0 };
    let mut done = 0;
    for file in files {
        let summary = pcap::read(file, &mut |bytes| progress(done + bytes), &mut feed)?;
        feed.analysis.close();
        let malformed = std::mem::take(&mut feed.malformed);
        if malformed > 0 {
            let problem = format!("{}: {malformed} lines are no secrets", file.display());
            outcome.problems.push(problem);
        }
        done += std::fs::metadata(file).map_or(0, |metadata| metadata.len());
        note(&mut outcome, file, &summary);
    }
    let Feed { mut analysis, last, .. } = feed;
    if let Some(lines) = analysis.records() {
        lines.finish().context("failed to write the exchanges")?;
    }
    outcome.endpoints = analysis.inventory().rows(last);
    if details {
        outcome.details = analysis.inventory().details(last);
    }
    outcome.counters = add(&analysis.counters(), &outcome.counters);
    if let Some(delivery) = delivery {
        let endpoints = analysis.inventory().details(last);
        if let Some(lines) = analysis.records() {
            lines.send_endpoints(&endpoints, last);
        }
        drop(analysis);
        outcome.counters = delivery.finish(&outcome.counters)?;
    }
    Ok(outcome)
}

/// What a capture file holds, into the analysis.
struct Feed<R> {
    analysis: Analysis<R>,
    /// The latest time seen.
    last: Timestamp,
    /// Lines of embedded key logs that are none.
    malformed: u64,
}

impl<R: Records> pcap::Sink for Feed<R> {
    fn segment(&mut self, segment: &Segment<'_>) {
        self.last = self.last.max(segment.time);
        self.analysis.segment(segment);
        self.analysis.sweep_if_due(segment.time);
    }

    fn key_log(&mut self, text: &[u8]) {
        let parsed = keylog::parse(text, |secret| {
            self.analysis.add_secret(secret, Timestamp::default());
        });
        self.malformed += parsed.malformed;
    }
}

/// The key of the configuration, or a random one.
pub(super) fn mask_key(config: &Config) -> Result<MaskKey> {
    match &config.mask.key_file {
        Some(path) => Ok(MaskKey::from_file(path)?),
        None => Ok(MaskKey::random()?),
    }
}

struct Lines<'a> {
    sink: Box<dyn Sink + 'a>,
    key: MaskKey,
    node: &'a str,
    reader_gone: bool,
}

impl Lines<'_> {
    fn finish(&mut self) -> std::io::Result<()> {
        if self.reader_gone {
            return Ok(());
        }
        self.sink.flush()?;
        match self.sink.lost() {
            lost if lost.full > 0 => Err(std::io::ErrorKind::StorageFull.into()),
            lost if lost.unwritable > 0 => Err(std::io::Error::other("records were refused")),
            _ => Ok(()),
        }
    }
}

impl Lines<'_> {
    fn send_endpoints(&mut self, details: &[EndpointDetail], now: Timestamp) {
        let mut ids = EventIds::new();
        for detail in details {
            self.sink.endpoint(&EndpointEvent::new(detail, ids.make(), now, self.node));
        }
    }
}

impl Records for Option<Lines<'_>> {
    fn record(&mut self, exchange: Exchange, template: &Template) {
        let Some(lines) = self else { return };
        if lines.reader_gone {
            return;
        }
        let event = ExchangeEvent::new(&exchange, template, &lines.key, lines.node);
        lines.reader_gone = lines.sink.exchange(&event).is_err();
    }
}

fn note(outcome: &mut Outcome, file: &Path, summary: &Summary) {
    if let Some(problem) = &summary.problem {
        outcome.problems.push(format!("{}: {problem}", file.display()));
    }
    if let Some(link) = summary.unknown_link_type {
        outcome.problems.push(format!(
            "{}: {} packets of link type {link}, which is not read",
            file.display(),
            summary.unknown_link
        ));
    }
    let counters = &mut outcome.counters;
    counters.packets_other += summary.not_tcp;
    counters.headers_unreadable += summary.malformed;
    counters.packets_cut += summary.cut;
    counters.link_unknown += summary.unknown_link;
    counters.segments_snapped += summary.snapped;
    counters.ip_fragments += summary.fragments;
    counters.records_unreadable += summary.bad_blocks;
    counters.connections_evicted += summary.forgotten;
}

/// The analysis' counters with the reader's.
fn add(analysis: &Counters, reader: &Counters) -> Counters {
    Counters {
        packets_other: reader.packets_other,
        headers_unreadable: reader.headers_unreadable,
        packets_cut: reader.packets_cut,
        link_unknown: reader.link_unknown,
        segments_snapped: reader.segments_snapped,
        ip_fragments: reader.ip_fragments,
        records_unreadable: reader.records_unreadable,
        connections_evicted: analysis.connections_evicted + reader.connections_evicted,
        ..analysis.clone()
    }
}
