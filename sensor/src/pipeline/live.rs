//! A node: kernel programs, ring buffer, control socket.

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use tracing::{debug, info, warn};

use super::{
    checkpoint::Checkpoints,
    governor::Governor,
    inventory, kubernetes,
    outputs::{self, Output},
    publisher::Publisher,
    records::{self, Outbox, Shared},
    replay::mask_key,
    secrets,
    threads::{serve, show, spawn},
};
use crate::{
    analysis::Analysis,
    capture::{
        attribution::{Attribution, cgroup},
        kubernetes::Board,
        libraries::{self, Handle, LibraryReport, Probes, ProcessState},
        live::{LiveCapture, Options, notices::Notice},
        probe,
        protection::protect_memory,
        scheduling::yield_to_targets,
    },
    config::{self, Config, Exchanges},
    connections::Source,
    control::{Port, Query, Socket, TlsStatus},
    exchange::Timestamp,
    inventory::Inventory,
    sink::kafka::Meter,
    stats::{self, CaptureStatus, Counters, Memory, Ring, Status},
};

/// Segments taken before questions are looked at.
const BATCH: usize = 16_384;
/// Pause after the ring buffer was emptied. Longer pauses make larger batches, which cost this
/// process less and the node more: while a batch is worked on, a target stands still for so
/// long that its peers run out of work. Measured with nginx and wrk on two cores: 20 ms leave
/// 0.77 of the throughput, 4 ms 0.84, 1 ms 0.91.
const PAUSE: Duration = Duration::from_millis(1);
/// How long an idle loop waits for the kernel's wake-up.
const IDLE: Duration = Duration::from_millis(16);
const SWEEP: Duration = Duration::from_secs(1);
/// How often connections that wait for a secret are looked at.
const RETRY: Duration = Duration::from_millis(100);
/// Questions that may wait for the pipeline.
const QUERIES: usize = 32;
/// At the end: how long the ring buffer is read on.
const FAREWELL: Duration = Duration::from_millis(500);

/// Captures until `stop` becomes true. `view`, if any, runs on a thread of its own, is given the
/// means to ask questions, and stops the capture when it returns.
pub fn run(
    config: &Config,
    stop: &Arc<AtomicBool>,
    view: Option<impl FnOnce(&SyncSender<Query>, &AtomicBool) -> Result<()> + Send + 'static>,
) -> Result<ExitCode> {
    // First, since nothing else that fails without it would name the cause.
    if let Err(error) = probe::socket_programs() {
        bail!(
            "the kernel does not let this process load programs: {error}; run as root, or with \
             CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON (`sensor doctor` tells which are missing)"
        );
    }
    let protection = protect_memory();
    let cgroup = cgroup_root(config)?;
    let socket = Socket::bind(&config.control.socket)?;
    let port = config.metrics.address.map(Port::bind).transpose()?;
    let key = mask_key(config)?;
    if config.mask.key_file.is_none() && config.output.exchanges != Exchanges::None {
        warn!("mask.key_file is not set: hashes in records are comparable within this run only");
    }
    let mut inventory = inventory::new(config, config.inventory.learn_rate, &key)?;
    let checkpoints = checkpoints(config, &mut inventory);
    let Output { sink, kafka } = Output::open(config, &key)?;
    let mut capture = LiveCapture::start(&options(config, &cgroup))?;
    info!(cgroup = %cgroup.display(), knows_sender = capture.knows_sender(), "attached");
    if config.tls.enabled {
        debug!(undumpable = protection.undumpable, locked = protection.locked, "memory");
        if let Some(error) = capture.notices_error() {
            // The rest is the verifier's log.
            let text = error.to_string();
            let cause = text.lines().next().unwrap_or_default();
            warn!(error = cause, "TLS is not read: the kernel side cannot report secrets");
            debug!(%error, "in full");
        }
    }
    let (libraries, watcher) = match watch_libraries(config, &mut capture) {
        Some((libraries, watcher)) => {
            (Some(libraries), Some(spawn("libraries", move || watcher.run())?))
        }
        None => (None, None),
    };
    let (attribution, lookups) = Attribution::new(Some(&cgroup), Instant::now());
    let lookups = spawn("lookups", move || lookups.run())?;
    let (pods, pod_watcher) = kubernetes::start(config, stop)?;
    let (outbox, writer, shared) = records::channel(sink, key, config.node.name.clone());
    let writer = spawn("records", move || writer.run())?;
    let (sender, meter) = kafka.unzip();
    let sender = sender.map(|sender| spawn("kafka", move || sender.run())).transpose()?;
    let (queries, questions) = sync_channel(QUERIES);
    let server = serve(socket, port, queries.clone(), Arc::clone(stop))?;
    let view = view.map(|view| show(view, queries, Arc::clone(stop))).transpose()?;
    let mut node = Node {
        analysis: Analysis::new(config, Source::Node, Some(attribution), inventory, outbox),
        capture,
        libraries,
        checkpoints,
        publisher: meter.clone().map(|meter| Publisher::new(config, meter)),
        meter,
        governor: Governor::new(config.limits, Instant::now(), stats::cpu_time()),
        pods,
        pods_seen: 0,
        shared,
        started: jiff::Timestamp::now(),
        config: config.clone(),
        cgroup,
    };
    node.capture(&questions, stop);
    node.finish();
    drop(questions);
    for thread in [Some(server), Some(writer), sender, Some(lookups), watcher, pod_watcher]
        .into_iter()
        .flatten()
    {
        // A thread that panicked has said so.
        let _ = thread.join();
    }
    if let Some(view) = view {
        view.join().unwrap_or_else(|_| bail!("the live view failed"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the capturing thread owns.
struct Node {
    analysis: Analysis<Outbox>,
    capture: LiveCapture,
    /// Where TLS is read.
    libraries: Option<Handle>,
    /// Where the inventory survives a restart.
    checkpoints: Option<Checkpoints>,
    /// Where endpoints and heartbeats are sent.
    publisher: Option<Publisher>,
    /// The Kafka sink's.
    meter: Option<Arc<Meter>>,
    governor: Governor,
    /// Where the names of pods are found, and which of its pictures was taken last.
    pods: Arc<Board>,
    pods_seen: u64,
    shared: Arc<Shared>,
    started: jiff::Timestamp,
    config: Config,
    cgroup: PathBuf,
}

impl Node {
    fn capture(&mut self, questions: &Receiver<Query>, stop: &AtomicBool) {
        if !yield_to_targets() {
            warn!("the kernel refused SCHED_BATCH: the sensor may interrupt what it watches");
        }
        let mut swept = Instant::now();
        let mut retried = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            let count = self.drain();
            if swept.elapsed() >= SWEEP {
                swept = Instant::now();
                self.analysis.sweep(now());
            }
            self.stay_within_limits();
            if retried.elapsed() >= RETRY {
                retried = Instant::now();
                self.analysis.retry_waiting(now());
                self.tell_speakers();
                if let Some(pods) = self.pods.take_newer(&mut self.pods_seen) {
                    self.analysis.set_pods(pods);
                }
            }
            if let Some(checkpoints) = &mut self.checkpoints {
                checkpoints.tick(self.analysis.inventory());
            }
            self.publish();
            while let Ok(query) = questions.try_recv() {
                self.answer(query);
            }
            if self.shared.reader_gone.load(Ordering::Relaxed) {
                info!("the reader of standard output has gone");
                break;
            }
            if count < BATCH {
                thread::sleep(PAUSE);
            }
            if count == 0 {
                self.capture.wait(IDLE);
            }
        }
        stop.store(true, Ordering::Relaxed);
    }

    fn stay_within_limits(&mut self) {
        let now = Instant::now();
        if !self.governor.is_due(now) {
            return;
        }
        let before = self.governor.level();
        let shedding = self.governor.look(now, stats::cpu_time(), stats::resident_bytes());
        if shedding != before {
            warn!(?shedding, "limits.memory or limits.cpu: what is left out changes");
            self.analysis.shed(shedding);
        }
    }

    fn drain(&mut self) -> usize {
        self.analysis.poll_attribution();
        self.drain_notices();
        let analysis = &mut self.analysis;
        let count = self.capture.drain(BATCH, |segment| analysis.segment(segment));
        for connection in self.analysis.take_settled() {
            self.capture.mute(connection);
        }
        if count < BATCH {
            self.analysis.records().flush();
        }
        count
    }

    fn publish(&mut self) {
        let Some(mut publisher) = self.publisher.take() else { return };
        if publisher.is_heartbeat_due() {
            let status = self.status();
            publisher.heartbeat(status, now(), self.analysis.records());
        }
        publisher.tick(&mut self.analysis, now());
        self.publisher = Some(publisher);
    }

    /// The endpoints that changed since they were last sent, and a last heartbeat.
    fn publish_last(&mut self) {
        let Some(mut publisher) = self.publisher.take() else { return };
        let deadline = publisher.begin_last();
        while !publisher.is_idle() && Instant::now() < deadline {
            publisher.tick(&mut self.analysis, now());
            thread::yield_now();
        }
        let status = self.status();
        publisher.heartbeat(status, now(), self.analysis.records());
    }

    fn drain_notices(&mut self) {
        let Self { capture, analysis, libraries, .. } = self;
        let mut came = false;
        capture.drain_notices(|notice| match notice {
            Notice::Secret(logged) => {
                for secret in secrets::candidates(&logged) {
                    analysis.add_secret(secret, logged.time);
                    came = true;
                }
            }
            Notice::Exec { pid } => {
                if let Some(libraries) = libraries {
                    libraries.started(pid);
                }
            }
        });
        if came {
            analysis.retry_waiting(now());
        }
    }

    /// Processes that wait for a secret may have a library that was not seen yet.
    fn tell_speakers(&mut self) {
        let Some(libraries) = &self.libraries else { return };
        let mut told: Vec<u32> = self.analysis.take_tls_speakers().collect();
        told.sort_unstable();
        told.dedup();
        for pid in told {
            libraries.speaks_tls(pid);
        }
    }

    /// Detaches first, then reads what the ring buffer still holds.
    fn finish(mut self) {
        self.capture.detach();
        drop(self.libraries.take());
        let deadline = Instant::now() + FAREWELL;
        while self.drain() > 0 && Instant::now() < deadline {}
        self.analysis.close();
        self.publish_last();
        if let Some(checkpoints) = self.checkpoints.take() {
            checkpoints.finish(self.analysis.inventory());
        }
        let counters = self.counters();
        info!(
            exchanges = counters.exchanges,
            losses = counters.losses().iter().filter(|loss| loss.count > 0).count(),
            "stopped"
        );
        self.analysis.into_records().finish();
    }

    fn answer(&mut self, query: Query) {
        // Whoever asked may have gone.
        match query {
            Query::Endpoints(sender) => {
                let _ = sender.send(self.analysis.inventory().rows(now()));
            }
            Query::Endpoint(id, sender) => {
                let _ = sender.send(self.analysis.inventory().detail(&id, now()));
            }
            Query::Inventory(sender) => {
                let _ = sender.send(self.analysis.inventory().details(now()));
            }
            Query::Declare(operations, sender) => {
                let _ = sender.send(self.analysis.inventory().declare(operations));
            }
            Query::Status(sender) => {
                let _ = sender.send(self.status());
            }
            Query::Tls(sender) => {
                let _ = sender.send(self.tls_status());
            }
            Query::Tail(sender) => self.analysis.records().subscribe(sender),
        }
    }

    fn counters(&mut self) -> Counters {
        let kernel = self.capture.counters();
        let analysis = self.analysis.counters();
        let (kubernetes_pods, kubernetes_errors) = self.pods.counts();
        let load = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
        let counters = Counters {
            bytes_skipped: kernel.skipped_bytes,
            twins_muted: kernel.twins,
            tls_connections: if self.config.tls.enabled {
                analysis.tls_connections
            } else {
                kernel.tls_connections
            },
            http2_connections: kernel.http2_connections + analysis.http2_connections,
            secrets: kernel.secrets,
            checkpoints_failed: self.checkpoints.as_ref().map_or(0, Checkpoints::failed),
            notices_lost: kernel.notices_lost,
            secrets_refused: kernel.secrets_refused,
            other_connections: kernel.other_connections,
            ring_full: kernel.ring_full_segments,
            ring_full_bytes: kernel.ring_full_bytes,
            ring_full_requests: kernel
                .ring_full_requests
                .saturating_sub(kernel.ring_full_twin_requests),
            connection_map_full: kernel.map_full_connections,
            records_unreadable: self.capture.unreadable(),
            copy_failed: kernel.copy_failed_segments,
            headers_unreadable: kernel.header_errors,
            kubernetes_pods,
            kubernetes_errors,
            records_waiting: load(&self.shared.waiting),
            lookups_waiting: self.analysis.attribution().map_or(0, Attribution::under_way) as u64,
            records_written: load(&self.shared.given).saturating_sub(load(&self.shared.failed)),
            output_failed: load(&self.shared.failed),
            output_slow: self.analysis.records().dropped,
            tail_slow: load(&self.shared.tail_lost),
            ..analysis
        };
        self.meter.iter().fold(counters, |counters, meter| outputs::count(meter, &counters))
    }

    fn tls_status(&mut self) -> TlsStatus {
        let counters = self.counters();
        let report: Arc<LibraryReport> =
            self.libraries.as_ref().map(Handle::report).unwrap_or_default();
        let mut programs = self.analysis.tls_programs();
        for program in &mut programs {
            program.library = program.pid.and_then(|pid| match report.process(pid) {
                ProcessState::Probed(library) => Some(library),
                ProcessState::NotProbed(reason) => Some(reason),
                ProcessState::Unknown => None,
            });
        }
        TlsStatus {
            enabled: self.libraries.is_some(),
            connections: counters.tls_connections,
            read: counters.tls_read,
            dark: counters.tls_dark,
            secrets: counters.secrets,
            secrets_used: counters.secrets_used,
            probes: report.probes,
            probes_refused: report.refused,
            files_scanned: report.scanned,
            files_remembered: report.remembered,
            files_skipped: report.skipped,
            programs,
            libraries: report.files.clone(),
        }
    }

    fn status(&mut self) -> Status {
        let counters = self.counters();
        let verdicts = self.capture.verdicts();
        let uptime = jiff::Timestamp::now().duration_since(self.started).as_secs();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            node: self.config.node.name.clone(),
            pid: std::process::id(),
            started: self.started.to_string(),
            uptime_seconds: u64::try_from(uptime).unwrap_or(0),
            kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
            capture: CaptureStatus {
                cgroup: self.cgroup.display().to_string(),
                programs: self.capture.programs().map(str::to_owned).into(),
                ring: Ring {
                    bytes: u64::from(self.config.capture.ring_bytes),
                    high_water: self.capture.counters().ring_high_water,
                },
                verdicts: verdicts.map(|(name, count)| (name.to_owned(), count)).into(),
                connections: verdicts.iter().map(|(_, count)| count).sum(),
            },
            losses: counters.losses(),
            counters: counters.activity(),
            malformed: counters.malformed(),
            attribution: self
                .analysis
                .attribution()
                .map(|attribution| attribution.statistics().named())
                .into_iter()
                .flatten()
                .map(|(name, count)| (name.to_owned(), count))
                .collect(),
            memory: Memory {
                resident_bytes: stats::resident_bytes(),
                reassembly_bytes: self.analysis.buffered() as u64,
                connections: self.analysis.connections() as u64,
                endpoints: self.analysis.endpoints() as u64,
            },
            cpu_seconds: stats::cpu_time().as_secs_f64(),
        }
    }
}

/// The watcher of TLS libraries, where TLS is read.
fn watch_libraries(
    config: &Config,
    capture: &mut LiveCapture,
) -> Option<(Handle, libraries::Watcher<Probes>)> {
    if !config.tls.enabled || capture.notices_error().is_some() {
        return None;
    }
    let settings = libraries::Settings::new(config.tls.rescan, config.tls.cache.clone());
    Some(libraries::watch(Probes(capture.take_object()?), settings))
}

/// A node without its store is still worth watching.
fn checkpoints(config: &Config, inventory: &mut Inventory) -> Option<Checkpoints> {
    let path = config.store.path.as_ref()?;
    match Checkpoints::start(path, inventory) {
        Ok(checkpoints) => Some(checkpoints),
        Err(error) => {
            warn!(error = %format!("{error:#}"), "the inventory does not survive a restart");
            None
        }
    }
}

fn cgroup_root(config: &Config) -> Result<PathBuf> {
    config.capture.cgroup.clone().or_else(cgroup::find_mount).context(
        "no cgroup v2 hierarchy is mounted; mount one with \
         `mount -t cgroup2 none /sys/fs/cgroup` or name its root with --set capture.cgroup=PATH",
    )
}

fn options(config: &Config, cgroup: &std::path::Path) -> Options {
    let config::Capture { ring_bytes, turn_bytes, header_bytes, connections, .. } = config.capture;
    Options {
        cgroup: cgroup.to_owned(),
        ring_bytes,
        turn_bytes,
        header_bytes,
        connections,
        read_tls: config.tls.enabled,
        log_level: config.log.level,
    }
}

fn now() -> Timestamp {
    Timestamp(u64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(0))
}
