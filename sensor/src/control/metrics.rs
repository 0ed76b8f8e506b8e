//! The text of `/metrics`, in the form that Prometheus reads.
//!
//! Nothing is counted here. Every field of [`Counters::TABLE`] is a metric by its name, every loss
//! a `sensor_lost_total` by its cause, so that what is counted anywhere is here as well.

use std::{collections::BTreeMap, fmt::Result};

use prometheus_client::{
    collector::Collector,
    encoding::{
        DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, EncodeMetric,
        prometheus_text::encode,
    },
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

use super::TlsStatus;
use crate::{
    exchange::Problems,
    stats::{Counter, Counters, Kind, Status},
};

/// What the text is.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The metrics of a sensor that is as told.
pub(super) fn text(status: &Status, tls: &TlsStatus) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Page { status: status.clone(), tls: tls.clone() }));
    let mut text = String::new();
    encode(&mut text, &registry).expect("a string takes everything");
    text
}

#[derive(Debug)]
struct Page {
    status: Status,
    tls: TlsStatus,
}

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result {
        let mut metrics = Metrics(encoder);
        self.about(&mut metrics)?;
        self.counted(&mut metrics)?;
        self.lost(&mut metrics)?;
        self.capture(&mut metrics)?;
        self.tls(&mut metrics)?;
        self.process(&mut metrics)
    }
}

impl Page {
    fn about(&self, metrics: &mut Metrics<'_>) -> Result {
        let Status { version, node, kernel, .. } = &self.status;
        metrics.gauges(
            "sensor_build_info",
            "Version of the sensor, always 1",
            [([("version", version.as_str())], 1)],
        )?;
        metrics.gauges(
            "sensor_node_info",
            "Name of the node in events, and its kernel, always 1",
            [([("name", node.as_str()), ("kernel", kernel.as_str())], 1)],
        )
    }

    /// Everything that is no loss, by its name.
    fn counted(&self, metrics: &mut Metrics<'_>) -> Result {
        for Counter { name, kind, meaning, .. } in Counters::TABLE {
            let count = self.status.counters.get(*name).copied().unwrap_or(0);
            match kind {
                Kind::Activity => metrics.counter(&format!("sensor_{name}"), meaning, count)?,
                Kind::Gauge => metrics.gauge(&format!("sensor_{name}"), meaning, count)?,
                Kind::Loss => {}
            }
        }
        Ok(())
    }

    fn lost(&self, metrics: &mut Metrics<'_>) -> Result {
        let losses = &self.status.losses;
        metrics.counters(
            "sensor_lost",
            "What was lost, by cause; each should be 0",
            losses
                .iter()
                .map(|loss| ([("cause", loss.cause.as_str()), ("unit", &loss.what)], loss.count)),
        )?;
        metrics.counters(
            "sensor_attribution",
            "Sockets by what the search for their process came to",
            self.status.attribution.iter().map(|(outcome, count)| ([("outcome", outcome)], *count)),
        )?;
        let malformed = &self.status.malformed;
        metrics.counters(
            "sensor_malformed_messages",
            "Messages by what is odd about them",
            Problems::ALL.iter().map(|(_, problem)| {
                ([("problem", *problem)], malformed.get(*problem).copied().unwrap_or(0))
            }),
        )
    }

    fn capture(&self, metrics: &mut Metrics<'_>) -> Result {
        let capture = &self.status.capture;
        metrics.gauge(
            "sensor_attached_programs",
            "Kernel programs attached",
            capture.programs.len() as u64,
        )?;
        metrics.gauge("sensor_ring_bytes", "Size of the ring buffer", capture.ring.bytes)?;
        metrics.gauge(
            "sensor_ring_high_water_bytes",
            "The most that ever waited in the ring buffer",
            capture.ring.high_water,
        )?;
        metrics.gauges(
            "sensor_kernel_connections",
            "Connections that the kernel side tracks, by verdict",
            capture.verdicts.iter().map(|(verdict, count)| ([("verdict", verdict)], *count)),
        )?;
        let memory = self.status.memory;
        metrics.gauge(
            "sensor_reassembly_bytes",
            "Early segments that wait for what comes before them",
            memory.reassembly_bytes,
        )?;
        metrics.gauge("sensor_endpoints", "Rows of the endpoint list", memory.endpoints)
    }

    fn tls(&self, metrics: &mut Metrics<'_>) -> Result {
        let tls = &self.tls;
        metrics.gauge("sensor_tls_enabled", "Whether TLS is read", u64::from(tls.enabled))?;
        metrics.counters(
            "sensor_tls_dark_connections",
            "Encrypted connections that are not read, by reason: `sensor tls` says whose",
            self.dark().iter().map(|(reason, count)| ([("reason", *reason)], *count)),
        )?;
        metrics.gauge("sensor_tls_probes", "Probes in place on TLS libraries", tls.probes)?;
        metrics.counter(
            "sensor_tls_probes_refused",
            "Probes that the kernel refused",
            tls.probes_refused,
        )?;
        metrics.counter(
            "sensor_tls_files_scanned",
            "Files scanned for a key-log function",
            tls.files_scanned,
        )?;
        metrics.counter(
            "sensor_tls_files_skipped",
            "Files that could not be looked into",
            tls.files_skipped,
        )
    }

    /// Connections that are not read, of all programs.
    fn dark(&self) -> BTreeMap<&str, u64> {
        let mut dark = BTreeMap::new();
        for (reason, count) in self.tls.programs.iter().flat_map(|program| &program.dark) {
            *dark.entry(reason.as_str()).or_default() += count;
        }
        dark
    }

    /// Under the names that every exporter uses.
    fn process(&self, metrics: &mut Metrics<'_>) -> Result {
        let status = &self.status;
        metrics.gauge(
            "process_resident_memory_bytes",
            "Resident memory",
            status.memory.resident_bytes,
        )?;
        metrics.counter(
            "process_cpu_seconds",
            "Processor time in user space and in system calls",
            status.cpu_seconds,
        )?;
        let started = status.started.parse::<jiff::Timestamp>();
        metrics.gauge(
            "process_start_time_seconds",
            "When it started, in seconds since 1970",
            started.map_or(0.0, |time| time.as_millisecond() as f64 / 1000.0),
        )
    }
}

/// Writes metrics. The `_total` of counters is added by the encoder.
struct Metrics<'a>(DescriptorEncoder<'a>);

impl Metrics<'_> {
    fn counter(&mut self, name: &str, help: &str, value: impl EncodeCounterValue) -> Result {
        self.one(name, help, &ConstCounter::new(value))
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl EncodeGaugeValue) -> Result {
        self.one(name, help, &ConstGauge::new(value))
    }

    fn counters<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, u64)>,
    ) -> Result {
        self.family(name, help, values.into_iter().map(|(l, value)| (l, ConstCounter::new(value))))
    }

    fn gauges<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, u64)>,
    ) -> Result {
        self.family(name, help, values.into_iter().map(|(l, value)| (l, ConstGauge::new(value))))
    }

    fn one(&mut self, name: &str, help: &str, metric: &impl EncodeMetric) -> Result {
        metric.encode(self.0.encode_descriptor(name, help, None, metric.metric_type())?)
    }

    fn family<L: EncodeLabelSet, M: EncodeMetric>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Iterator<Item = (L, M)>,
    ) -> Result {
        let mut values = values.peekable();
        let Some((_, first)) = values.peek() else { return Ok(()) };
        let mut family = self.0.encode_descriptor(name, help, None, first.metric_type())?;
        for (labels, metric) in values {
            metric.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
