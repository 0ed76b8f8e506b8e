//! Counters: every loss has one.
//!
//! [`Counters`] is what the pipeline fills; [`Counters::TABLE`] describes each of its fields, so
//! that `sensor status`, the control socket and the documentation say the same. [`Status`] is
//! the whole answer to "how is the sensor?".

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::exchange::Problems;

/// What a counter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How much was done. Only grows.
    Activity,
    /// How many there are now.
    Gauge,
    /// What was lost. Only grows, and every count above zero deserves a look.
    Loss,
}

/// What is left out to stay within `limits.memory` and `limits.cpu`, each with what comes before
/// it. Never shed: endpoints that are new, errors, and requests without an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shedding {
    /// Nothing.
    #[default]
    Nothing,
    /// Content is measured, and neither kept nor learned from.
    Bodies,
    /// Of well-known endpoints that work, a sample of records is given out.
    WellKnown,
}

impl Shedding {
    /// The next step.
    #[must_use]
    pub fn more(self) -> Self {
        if self == Self::Nothing { Self::Bodies } else { Self::WellKnown }
    }

    /// The step before.
    #[must_use]
    pub fn less(self) -> Self {
        if self == Self::WellKnown { Self::Bodies } else { Self::Nothing }
    }
}

/// The description of one field of [`Counters`].
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    /// The field's name; for a loss its cause.
    pub name: &'static str,
    /// What it says.
    pub kind: Kind,
    /// What is counted: `segments`, `bytes`, `connections`...
    pub unit: &'static str,
    /// One line for people, without a full stop.
    pub meaning: &'static str,
    /// Reads the field.
    pub get: fn(&Counters) -> u64,
}

macro_rules! counters {
    ($($kind:ident $name:ident $unit:literal $meaning:literal)*) => {
        /// Everything that is counted, since the start.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[expect(clippy::doc_markdown, reason = "the meanings are shown to people as they are")]
        pub struct Counters {
            $(#[doc = $meaning] pub $name: u64,)*
            /// Messages with each of [`Problems::ALL`], in that order.
            pub problems: [u64; Problems::ALL.len()],
        }

        impl Counters {
            /// Every field but `problems`, in the order of the pipeline.
            pub const TABLE: &'static [Counter] = &[$(Counter {
                name: stringify!($name),
                kind: Kind::$kind,
                unit: $unit,
                meaning: $meaning,
                get: |counters| counters.$name,
            }),*];
        }
    };
}

counters! {
    Activity packets_other "packets" "packets of a capture file that are not TCP"
    Activity segments "segments" "TCP segments read from the kernel or from a capture file"
    Activity bytes_copied "bytes" "payload bytes that were copied"
    Activity bytes_skipped "bytes" "payload bytes left out on purpose, beyond capture.turn_bytes"
    Activity connections_opened "connections" "connections seen"
    Activity connections_closed "connections" "connections that ended or were idle too long"
    Gauge connections_open "connections" "connections followed now"
    Activity twins_muted "connections" "client ends muted because the server end is on this node too"
    Activity tunnels "connections" "connections that left HTTP by CONNECT or Upgrade"
    Activity http2_connections "connections" "HTTP/2, not read yet; without TLS both ends count when both are here"
    Activity tls_connections "connections" "encrypted connections"
    Activity tls_read "connections" "of those, read"
    Activity tls_dark "connections" "of those, not read: `sensor tls` says whose and why"
    Activity secrets "secrets" "session secrets that TLS libraries handed to their key log"
    Activity secrets_used "secrets" "of those, opened a record"
    Gauge secrets_unclaimed "secrets" "of those, wait for the connection that they open"
    Activity other_connections "connections" "connections that carry something else than HTTP/1"
    Activity exchanges "exchanges" "exchanges, complete or not"
    Activity exchanges_paired "exchanges" "exchanges with both request and response"
    Activity requests_unanswered "exchanges" "requests for which no response was seen"
    Activity responses_unpaired "exchanges" "responses for which the request was never seen"
    Activity exchanges_with_process "exchanges" "exchanges whose process is known"
    Activity exchanges_with_container "exchanges" "exchanges whose container is known"
    Activity exchanges_with_pod "exchanges" "exchanges whose pod is known by its name"
    Activity http_09 "exchanges" "HTTP/0.9 requests, recognised by their line without version"
    Gauge routes_unlisted "exchanges" "exchanges of routes that only ever gave 400, 404, 405 or 501, not listed"
    Activity routes_forgotten "exchanges" "the same, of routes that were forgotten"
    Activity paths_unlearned "exchanges" "paths judged by form alone: too long, or no room to learn from them"
    Activity paths_folded "exchanges" "values in paths of a host with very many, counted together"
    Activity paths_forgotten "hosts" "hosts whose paths were forgotten to make room for others"
    Activity records_written "records" "exchange records written by the output"
    Activity kafka_acknowledged "records" "records that the brokers have, endpoints and heartbeats too"
    Activity kafka_errors "errors" "errors of brokers or on the way to them"
    Gauge kafka_in_flight "records" "records sent and not acknowledged yet"
    Gauge spool_bytes "bytes" "records on disk that wait for the brokers"
    Gauge spool_records "records" "of them"
    Activity endpoints_cut "records" "endpoint records cut to kafka.max_record_bytes"

    Gauge kubernetes_pods "pods" "pods of this node that the API server told of"
    Activity kubernetes_errors "errors" "errors of the API server or on the way to it"
    Gauge shedding "level" "left out under limits: 1 content, 2 most records of well-known endpoints too"
    Gauge records_waiting "batches" "batches of exchanges that wait for the output"
    Gauge lookups_waiting "lookups" "sockets whose process is being looked up"

    Loss ring_full "segments" "the ring buffer had no room: raise capture.ring_bytes"
    Loss ring_full_bytes "bytes" "payload bytes of those segments"
    Loss ring_full_requests "requests" "those segments that began with a request line"
    Loss connection_map_full "connections" "the kernel could not track them: raise capture.connections"
    Loss copy_failed "segments" "the kernel could not copy the segment"
    Loss headers_unreadable "packets" "IP or TCP headers that make no sense"
    Loss packets_cut "packets" "packets captured too short for their headers"
    Loss link_unknown "packets" "packets of a link type that is not read"
    Loss segments_snapped "segments" "segments that the snap length of the capture file cut"
    Loss ip_fragments "packets" "IP fragments, which are not put together"
    Loss records_unreadable "records" "ring buffer or capture file records that make no sense"
    Loss gap_bytes "bytes" "payload bytes that never came"
    Loss early_lost "segments" "payload that came with a handshake whose connection never showed"
    Loss reorder_full "holes" "given up early: too many bytes waited behind them"
    Loss buffers_full "buffers" "not filled further: stream.reorder_bytes_total reached"
    Loss notices_lost "secrets" "secrets and program starts that found no room in the ring buffer"
    Loss secrets_evicted "secrets" "forgotten before they opened anything: raise tls.max_secrets"
    Loss secret_trials_deferred "trials" "put off: too many secrets that no connection claims"
    Loss secrets_refused "secrets" "calls of probed functions whose arguments are no secret"
    Loss tls_records_lost "records" "TLS records that a hole took"
    Loss connections_evicted "connections" "connections forgotten: stream.max_connections reached"
    Loss heads_too_large "messages" "start lines and fields longer than http.max_head_bytes"
    Loss heads_malformed "messages" "bytes where a message should begin that are none"
    Loss heads_cut "messages" "start lines and fields cut by a loss or by the end"
    Loss pairing_full "exchanges" "requests dropped because too many waited on one connection"
    Activity exchanges_not_learned "exchanges" "exchanges that were counted and not learned from: beyond inventory.learn_rate"
    Loss fields_full "exchanges" "exchanges in which no new field had room: inventory.max_fields reached"
    Loss checkpoints_failed "checkpoints" "checkpoints of the inventory that could not be written"
    Loss endpoints_full "exchanges" "exchanges in no row: inventory.max_endpoints reached"
    Loss bodies_shed "exchanges" "content was not kept: limits.cpu or limits.memory reached"
    Loss records_shed "records" "of well-known endpoints: limits.cpu or limits.memory reached"
    Loss output_failed "records" "records that the output could not write (disk full?)"
    Loss output_slow "records" "records dropped because the output could not keep up"
    Loss spool_dropped "records" "exchange records dropped, oldest first: spool.max_bytes reached"
    Loss kafka_too_large "records" "records longer than kafka.max_record_bytes or the brokers allow"
    Loss tail_slow "records" "records dropped because a reader of /tail could not keep up"
}

impl Counters {
    /// Counts a message's problems.
    pub fn count_problems(&mut self, problems: Problems) {
        if problems.is_empty() {
            return;
        }
        for (count, (problem, _)) in self.problems.iter_mut().zip(Problems::ALL) {
            *count += u64::from(problems.contains(*problem));
        }
    }

    /// Every loss, those that never happened too.
    pub fn losses(&self) -> Vec<Loss> {
        let losses = Self::TABLE.iter().filter(|counter| counter.kind == Kind::Loss);
        losses
            .map(|counter| Loss {
                cause: counter.name.to_owned(),
                what: counter.unit.to_owned(),
                count: (counter.get)(self),
                meaning: counter.meaning.to_owned(),
            })
            .collect()
    }

    /// Every count that is no loss, by name.
    pub fn activity(&self) -> BTreeMap<String, u64> {
        let activity = Self::TABLE.iter().filter(|counter| counter.kind != Kind::Loss);
        activity.map(|counter| (counter.name.to_owned(), (counter.get)(self))).collect()
    }

    /// Messages by problem, for the problems that occurred.
    pub fn malformed(&self) -> BTreeMap<String, u64> {
        let counts = self.problems.iter().zip(Problems::ALL);
        counts
            .filter(|(count, _)| **count > 0)
            .map(|(count, (_, name))| ((*name).to_owned(), *count))
            .collect()
    }
}

/// How the sensor is: the answer of `sensor status` and of `/status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Status {
    /// Version of the sensor.
    pub version: String,
    /// Name of the node.
    pub node: String,
    /// Process id of the sensor.
    pub pid: u32,
    /// When it started, RFC 3339.
    pub started: String,
    /// Seconds since then.
    pub uptime_seconds: u64,
    /// Release of the running kernel.
    pub kernel: String,
    /// The kernel side.
    pub capture: CaptureStatus,
    /// Every loss by cause, those that never happened too.
    pub losses: Vec<Loss>,
    /// Every other count by name.
    pub counters: BTreeMap<String, u64>,
    /// Messages by what is odd about them.
    pub malformed: BTreeMap<String, u64>,
    /// Sockets by what the search for their process came to.
    #[serde(default)]
    pub attribution: BTreeMap<String, u64>,
    /// What is held in memory.
    pub memory: Memory,
    /// Processor time that the sensor used in user space and in system calls, in seconds. The
    /// kernel programs' time is billed to the processes that send and receive.
    pub cpu_seconds: f64,
}

/// The kernel side of a [`Status`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CaptureStatus {
    /// The cgroup below which every socket is seen.
    pub cgroup: String,
    /// Names of the attached kernel programs.
    pub programs: Vec<String>,
    /// The ring buffer.
    pub ring: Ring,
    /// Connections by verdict: `sniff`, `copy`, `headers`, `tls`, `mute`.
    pub verdicts: BTreeMap<String, u64>,
    /// Connections that the kernel side tracks.
    pub connections: u64,
}

/// Fill of the ring buffer, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Ring {
    /// Its size.
    pub bytes: u64,
    /// The most that ever waited.
    pub high_water: u64,
}

/// One cause of loss, and how much it cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Loss {
    /// Stable name.
    pub cause: String,
    /// What is counted: `segments`, `bytes`, `exchanges`, `records`...
    pub what: String,
    /// How many.
    pub count: u64,
    /// The cause in words, with the remedy where there is one.
    pub meaning: String,
}

/// What a [`Status`] says of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Memory {
    /// Resident memory of the process, in bytes.
    pub resident_bytes: u64,
    /// Early segments that wait for what comes before them, in bytes.
    pub reassembly_bytes: u64,
    /// Connections followed.
    pub connections: u64,
    /// Rows of the endpoint list.
    pub endpoints: u64,
}

/// Resident memory of this process in bytes (`/proc/self/statm`), or 0 where that is not known.
pub fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0).saturating_mul(rustix::param::page_size() as u64)
}

/// Processor time of this process, all threads.
pub fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_describes_every_field_once() {
        let mut names: Vec<_> = Counters::TABLE.iter().map(|counter| counter.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Counters::TABLE.len());
        let fields = size_of::<Counters>() / size_of::<u64>() - Problems::ALL.len();
        assert_eq!(names.len(), fields);
        for counter in Counters::TABLE {
            assert!(!counter.meaning.ends_with('.'), "{}", counter.name);
            assert!(counter.meaning.len() <= 80, "{} does not fit a line", counter.name);
        }
    }

    #[test]
    fn each_loss_reads_its_own_field() {
        let counters = Counters { ring_full: 3, tail_slow: 7, exchanges: 9, ..Counters::default() };
        let counts = counters.losses();
        let find = |cause: &str| counts.iter().find(|loss| loss.cause == cause).unwrap();
        assert_eq!((find("ring_full").count, find("ring_full").what.as_str()), (3, "segments"));
        assert_eq!(find("tail_slow").count, 7);
        assert_eq!(find("copy_failed").count, 0);
        assert_eq!(counters.activity()["exchanges"], 9);
        assert!(!counters.activity().contains_key("ring_full"));
    }

    #[test]
    fn problems_are_counted_by_name() {
        let mut counters = Counters::default();
        let mut problems = Problems::INVALID_HOST;
        problems.insert(Problems::INVALID_CHUNK);
        counters.count_problems(problems);
        counters.count_problems(Problems::INVALID_HOST);
        let expect =
            BTreeMap::from([("invalid_host".to_owned(), 2), ("invalid_chunk".to_owned(), 1)]);
        assert_eq!(counters.malformed(), expect);
    }

    #[test]
    fn own_usage_is_known() {
        assert!(resident_bytes() > 100_000);
        assert!(cpu_time() > Duration::ZERO);
    }
}
