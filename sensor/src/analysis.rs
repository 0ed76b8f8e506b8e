//! What happens to an exchange, and what has happened so far: the part of the pipeline that owns
//! all state and none of the machine. It runs the same on a node and on a capture file.

use std::{sync::Arc, time::Instant};

use crate::{
    capture::{
        Segment,
        attribution::{Attribution, Socket},
        kubernetes::Pods,
    },
    config::Config,
    connections::{Connections, Owner, Settings, Source, TlsSettings, nanoseconds},
    coverage::{Coverage, TlsProgram},
    exchange::{ConnectionId, Exchange, Timestamp, Workload},
    inventory::{Inventory, template::Template},
    protocol::http1,
    stats::{Counters, Shedding},
    stream,
    tls::{self, KeyringLimits, Secret},
};

/// Content kept to learn from or to decode, as a multiple of the bytes copied of a turn: nothing
/// more can arrive.
const CODED_TURNS: usize = 1;

/// Of well-known endpoints, one record of so many is given out under pressure.
const SAMPLE: u64 = 16;

/// Trials of secrets in 100 ms: a third of a core, at a few microseconds each.
const TRIES: u64 = 10_000;

/// Secrets of each label kept of key logs in replay.
const KEY_LOG_SECRETS: usize = 1 << 20;

/// Takes exchanges, with the template of their path, after they were counted.
pub trait Records {
    /// Takes one.
    fn record(&mut self, exchange: Exchange, template: &Template);
}

/// All state behind the capture.
pub struct Analysis<R> {
    connections: Connections,
    consumer: Consumer<R>,
    segments: u64,
    bytes: u64,
    swept: Timestamp,
    since_sweep: usize,
}

/// Everything right of the exchange.
struct Consumer<R> {
    inventory: Inventory,
    attribution: Option<Attribution>,
    /// Names of pods, where an API server tells them.
    pods: Pods,
    shedding: Shedding,
    /// Exchanges that were up to be shed.
    well_known: u64,
    now: Instant,
    coverage: Coverage,
    records: R,
    counters: Counters,
    /// The node's part of every exchange id.
    node: u32,
    /// This process, whose own traffic is left out.
    own_pid: u32,
}

/// How much time of the capture's own clock passes between two sweeps.
const SWEEP: u64 = 1_000_000_000;

impl<R: Records> Analysis<R> {
    /// Nothing seen yet. Without `attribution` (in replay) exchanges have no processes.
    pub fn new(
        config: &Config,
        source: Source,
        attribution: Option<Attribution>,
        inventory: Inventory,
        records: R,
    ) -> Self {
        Self {
            connections: Connections::new(settings(config, source)),
            consumer: Consumer {
                inventory,
                attribution,
                pods: Pods::default(),
                shedding: Shedding::Nothing,
                well_known: 0,
                now: Instant::now(),
                coverage: Coverage::default(),
                records,
                counters: Counters::default(),
                node: node_number(&config.node.name, source),
                own_pid: std::process::id(),
            },
            segments: 0,
            bytes: 0,
            swept: Timestamp::default(),
            since_sweep: 0,
        }
    }

    /// Takes a secret that may open a TLS connection, and when it was logged.
    pub fn add_secret(&mut self, secret: Secret, logged: Timestamp) {
        self.connections.add_secret(secret, logged);
    }

    /// Tries what waits for a secret. To be called when some have come, and about ten times a
    /// second.
    pub fn retry_waiting(&mut self, now: Timestamp) {
        let consumer = &mut self.consumer;
        self.connections.retry_waiting(now, &mut |exchange, owner| consumer.take(exchange, owner));
        for outcome in self.connections.take_tls_outcomes() {
            consumer.coverage.add(outcome, now);
        }
        consumer.book_coverage(now);
    }

    /// Processes that began a TLS connection since the last call, as far as the kernel named them.
    pub fn take_tls_speakers(&mut self) -> std::vec::Drain<'_, u32> {
        self.connections.take_tls_speakers()
    }

    /// TLS connections by program.
    pub fn tls_programs(&self) -> Vec<TlsProgram> {
        self.consumer.coverage.rows()
    }

    /// Takes a segment.
    pub fn segment(&mut self, segment: &Segment<'_>) {
        self.segments += 1;
        self.bytes += segment.payload.len() as u64;
        self.since_sweep += 1;
        let consumer = &mut self.consumer;
        self.connections.keep_text(consumer.inventory.has_budget(segment.time));
        self.connections.segment(segment, &mut |exchange, owner| consumer.take(exchange, owner));
    }

    /// Sweeps when it is time to, by the capture's clock. A sweep walks all connections, so a
    /// capture with many of them and few segments a second is swept less often.
    pub fn sweep_if_due(&mut self, now: Timestamp) {
        if now.since(self.swept) >= SWEEP && self.since_sweep >= self.connections.len() / 4 {
            self.sweep(now);
        }
    }

    /// Gives up old holes and forgets idle connections.
    pub fn sweep(&mut self, now: Timestamp) {
        self.swept = now;
        self.since_sweep = 0;
        let consumer = &mut self.consumer;
        self.connections.sweep(now, &mut |exchange, owner| consumer.take(exchange, owner));
    }

    /// Takes the answers on socket owners that came in; to be called before each batch.
    pub fn poll_attribution(&mut self) {
        self.consumer.now = Instant::now();
        if let Some(attribution) = &mut self.consumer.attribution {
            attribution.poll(self.consumer.now);
        }
    }

    /// Leaves things out from now on, or no longer.
    pub fn shed(&mut self, shedding: Shedding) {
        self.consumer.shedding = shedding;
        self.consumer.inventory.pause_learning(shedding >= Shedding::Bodies);
    }

    /// Takes what the API server says of pods now, and fills it in where it was missing.
    pub fn set_pods(&mut self, pods: Pods) {
        self.consumer.inventory.fill_workloads(|workload| pods.fill(workload));
        self.consumer.pods = pods;
    }

    /// Who owns sockets, where that can be known.
    pub fn attribution(&self) -> Option<&Attribution> {
        self.consumer.attribution.as_ref()
    }

    /// Hands out everything that is open.
    pub fn close(&mut self) {
        let consumer = &mut self.consumer;
        self.connections.close_all(&mut |exchange, owner| consumer.take(exchange, owner));
    }

    /// Connections from which nothing more is wanted.
    pub fn take_settled(&mut self) -> std::vec::Drain<'_, ConnectionId> {
        self.connections.take_settled()
    }

    /// Where exchanges go.
    pub fn records(&mut self) -> &mut R {
        &mut self.consumer.records
    }

    /// Where exchanges went, at the end.
    pub fn into_records(self) -> R {
        self.consumer.records
    }

    /// What exists.
    pub fn inventory(&mut self) -> &mut Inventory {
        &mut self.consumer.inventory
    }

    /// Endpoints listed.
    pub fn endpoints(&self) -> usize {
        self.consumer.inventory.len()
    }

    /// Connections followed.
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Bytes buffered for connections.
    pub fn buffered(&self) -> usize {
        self.connections.memory().used()
    }

    /// What was counted behind the capture.
    pub fn counters(&self) -> Counters {
        let counts = self.connections.counts();
        let memory = self.connections.memory();
        let endpoints = self.consumer.inventory.counters();
        let (secrets, unclaimed) = self.connections.secrets();
        let open = self.connections.len() as u64;
        Counters {
            segments: self.segments,
            bytes_copied: self.bytes,
            bytes_skipped: counts.skipped_bytes,
            connections_opened: counts.opened,
            connections_closed: counts.opened.saturating_sub(open),
            connections_open: open,
            twins_muted: counts.twins,
            tls_connections: counts.tls,
            tls_read: counts.tls_read,
            tls_dark: counts.tls_dark,
            http2_connections: counts.http2,
            secrets: secrets.added,
            secrets_used: secrets.claimed,
            secrets_unclaimed: unclaimed as u64,
            secrets_evicted: secrets.evicted,
            secret_trials_deferred: secrets.deferred,
            tls_records_lost: self.connections.tls_counts().lost_records,
            other_connections: counts.not_http,
            tunnels: counts.pairing.tunnels,
            http_09: counts.pairing.http09_requests,
            routes_unlisted: endpoints.unlisted,
            routes_forgotten: endpoints.forgotten,
            paths_unlearned: endpoints.paths.unlearned,
            paths_folded: endpoints.paths.folded,
            paths_forgotten: endpoints.paths.forgotten,
            gap_bytes: counts.lost_bytes + memory.stray_bytes,
            early_lost: counts.early_lost,
            reorder_full: memory.overflows,
            buffers_full: memory.refused,
            connections_evicted: counts.evicted,
            heads_too_large: counts.pairing.oversized_heads,
            heads_malformed: counts.pairing.malformed_heads,
            heads_cut: counts.pairing.cut_heads,
            pairing_full: counts.pairing.queue_overflows,
            shedding: self.consumer.shedding as u64,
            exchanges_not_learned: self.consumer.inventory.not_learned(),
            fields_full: self.consumer.inventory.fields_full(),
            endpoints_full: endpoints.refused,
            ..self.consumer.counters.clone()
        }
    }
}

impl<R: Records> Consumer<R> {
    fn take(&mut self, mut exchange: Exchange, owner: &Owner) {
        exchange.id |= u128::from(self.node) << 32;
        if let Some(attribution) = &mut self.attribution {
            exchange.workload = attribution.workload(&socket(exchange.connection, owner), self.now);
            exchange.caller = caller(attribution, &exchange, owner, self.now);
            if is_process(exchange.workload.as_ref(), self.own_pid) {
                return;
            }
            for workload in [&exchange.workload, &exchange.caller].into_iter().flatten() {
                self.pods.fill(workload);
            }
        }
        self.count(&exchange);
        self.counters.bodies_shed += u64::from(self.shedding >= Shedding::Bodies);
        let (template, known) = self.inventory.record_counted(&mut exchange);
        if self.shedding == Shedding::WellKnown && known && is_fine(&exchange) {
            self.well_known += 1;
            if !self.well_known.is_multiple_of(SAMPLE) {
                self.counters.records_shed += 1;
                return;
            }
        }
        exchange.drop_bodies();
        self.records.record(exchange, template);
    }

    fn book_coverage(&mut self, now: Timestamp) {
        let Self { coverage, attribution, now: instant, own_pid, .. } = self;
        coverage.book(now, |outcome| {
            let workload = attribution
                .as_mut()?
                .workload(&socket(outcome.connection, &outcome.owner), *instant);
            workload.filter(|workload| workload.pid != Some(*own_pid))
        });
    }

    fn count(&mut self, exchange: &Exchange) {
        let counters = &mut self.counters;
        counters.exchanges += 1;
        match (&exchange.request, &exchange.response) {
            (Some(_), Some(_)) => counters.exchanges_paired += 1,
            (Some(_), None) => counters.requests_unanswered += 1,
            _ => counters.responses_unpaired += 1,
        }
        if let Some(workload) = &exchange.workload {
            counters.exchanges_with_process += u64::from(workload.pid.is_some());
            counters.exchanges_with_container += u64::from(workload.container.is_some());
            counters.exchanges_with_pod += u64::from(workload.kubernetes.get().is_some());
        }
        if let Some(request) = &exchange.request {
            counters.count_problems(request.problems);
        }
        if let Some(response) = &exchange.response {
            counters.count_problems(response.problems);
        }
    }
}

/// Answered, and not with an error.
fn is_fine(exchange: &Exchange) -> bool {
    exchange.request.is_some()
        && exchange.response.as_ref().is_some_and(|response| response.status < 400)
}

fn is_process(workload: Option<&Arc<Workload>>, pid: u32) -> bool {
    workload.is_some_and(|workload| workload.pid == Some(pid))
}

fn socket(connection: ConnectionId, owner: &Owner) -> Socket {
    Socket {
        cookie: connection.0,
        cgroup: owner.origin.cgroup,
        pid: owner.origin.pid,
        local: owner.local,
        remote: owner.remote,
        serves: owner.serves,
    }
}

/// The process behind the muted client's end.
fn caller(
    attribution: &mut Attribution,
    exchange: &Exchange,
    owner: &Owner,
    now: Instant,
) -> Option<Arc<Workload>> {
    let (cookie, origin) = owner.caller?;
    let socket = Socket {
        cookie: cookie.0,
        cgroup: origin.cgroup,
        pid: origin.pid,
        local: exchange.client,
        remote: exchange.server,
        serves: false,
    };
    attribution.workload(&socket, now)
}

fn settings(config: &Config, source: Source) -> Settings {
    Settings {
        max_connections: config.stream.max_connections,
        stream: stream::Limits {
            bytes: config.stream.reorder_bytes_connection,
            wait: nanoseconds(config.stream.reorder_wait),
        },
        memory: config.stream.reorder_bytes_total,
        http: http1::Limits {
            head_bytes: config.http.max_head_bytes,
            coded_bytes: match source {
                Source::Node => config.capture.turn_bytes as usize * CODED_TURNS,
                Source::Wire => config.http.max_decoded_bytes,
            },
            decoded_bytes: config.http.max_decoded_bytes,
            keep_text: true,
        },
        idle: config.stream.idle,
        source,
        tls: config.tls.enabled.then(|| tls_settings(config, source)),
    }
}

fn tls_settings(config: &Config, source: Source) -> TlsSettings {
    let limits =
        tls::Limits { held: config.tls.held_bytes, wait: nanoseconds(config.tls.secret_wait) };
    let keyring = match source {
        Source::Node => KeyringLimits {
            count: config.tls.max_secrets,
            age: nanoseconds(config.tls.secret_age),
            tries: TRIES,
        },
        // A key log is there before its connections, and whole.
        Source::Wire => KeyringLimits { count: KEY_LOG_SECRETS, age: u64::MAX, tries: u64::MAX },
    };
    TlsSettings { keyring, limits }
}

/// Tells nodes, and a node's boots, apart in exchange ids. A capture file gives the same ids
/// wherever it is replayed.
fn node_number(name: &str, source: Source) -> u32 {
    if source == Source::Wire {
        return 0;
    }
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    number_of(name, &boot)
}

fn number_of(name: &str, boot: &str) -> u32 {
    let hash = blake3::hash(format!("{name}\n{boot}").as_bytes());
    u32::from_le_bytes(hash.as_bytes()[..4].try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_nodes_with_one_name_make_different_ids() {
        let boots =
            ["0b5c6e5e-6a2c-4f0e-9d6c-0d1f6f7a8b9c", "1b5c6e5e-6a2c-4f0e-9d6c-0d1f6f7a8b9c"];
        let [one, other] = boots.map(|boot| number_of("node-1", boot));
        assert_ne!(one, other);
        assert_ne!(one, number_of("node-2", boots[0]));
    }
}
