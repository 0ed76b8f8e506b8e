//! Configuration, as written and as resolved.
//!
//! Settings come from a TOML file, from the environment and from the command line; a later
//! source wins. [`written`] collects them with the place each one came from, [`keys`] is the
//! table of all of them, and [`Config`] is what the rest of the sensor reads.

mod keys;
mod show;
mod value;
mod written;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use tracing::level_filters::LevelFilter;

pub use self::{
    keys::{KEYS, Key},
    written::{ConfigError, Flag, Origin, Sources},
};
use self::{value::Invalid, written::Written};

/// The file that is read when no other is named, if it exists.
pub const DEFAULT_FILE: &str = "/etc/sensor/sensor.toml";

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The configuration that a run uses: every setting has a value, within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `[node]`
    pub node: Node,
    /// `[capture]`
    pub capture: Capture,
    /// `[stream]`
    pub stream: Stream,
    /// `[tls]`
    pub tls: Tls,
    /// `[http]`
    pub http: Http,
    /// `[inventory]`
    pub inventory: Inventory,
    /// `[store]`
    pub store: Store,
    /// `[mask]`
    pub mask: Mask,
    /// `[control]`
    pub control: Control,
    /// `[limits]`
    pub limits: Limits,
    /// `[kubernetes]`
    pub kubernetes: Kubernetes,
    /// `[metrics]`
    pub metrics: Metrics,
    /// `[output]`
    pub output: Output,
    /// `[kafka]`
    pub kafka: Kafka,
    /// `[spool]`
    pub spool: Spool,
    /// `[log]`
    pub log: Log,
}

/// Who this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Name in events and headings; the host name unless set.
    pub name: String,
}

/// The kernel side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// Size of the ring buffer: a power of two and a multiple of every page size.
    pub ring_bytes: u32,
    /// Payload bytes copied of each turn of a direction; the rest is only counted.
    pub turn_bytes: u32,
    /// The same for connections of which only the heads are wanted.
    pub header_bytes: u32,
    /// Connections that the kernel side can track.
    pub connections: u32,
    /// The cgroup to attach to; `None` finds the root of the cgroup v2 hierarchy.
    pub cgroup: Option<PathBuf>,
}

/// TCP reassembly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Connections followed at once.
    pub max_connections: usize,
    /// Early bytes held for one connection.
    pub reorder_bytes_connection: usize,
    /// Early bytes held for all connections.
    pub reorder_bytes_total: usize,
    /// How long early bytes wait for what comes before them.
    pub reorder_wait: Duration,
    /// After how long without a segment a connection is forgotten.
    pub idle: Duration,
}

/// Reading of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Whether it is read at all.
    pub enabled: bool,
    /// How long a connection may wait for its secret.
    pub secret_wait: Duration,
    /// Ciphertext that each direction of a connection may hold until then.
    pub held_bytes: usize,
    /// Secrets of each kind kept.
    pub max_secrets: usize,
    /// How long a secret is kept.
    pub secret_age: Duration,
    /// How often all processes are searched for TLS libraries.
    pub rescan: Duration,
    /// Where the results of searches are kept; `None` keeps them in memory.
    pub cache: Option<PathBuf>,
}

/// HTTP parsing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Longest start line and fields together.
    pub max_head_bytes: usize,
    /// Bytes decoded of one content.
    pub max_decoded_bytes: usize,
}

/// What survives a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// The file; `None` keeps nothing.
    pub path: Option<PathBuf>,
}

/// The endpoint list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// Rows kept.
    pub max_endpoints: usize,
    /// Fields known of all endpoints together.
    pub max_fields: usize,
    /// Exchanges a second that are learned from; the others are only counted.
    pub learn_rate: u32,
    /// File with owners and kinds of sensitive data.
    pub rules: Option<PathBuf>,
}

/// Masking of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    /// File with the key of the hashes; `None` takes a random key for this run.
    pub key_file: Option<PathBuf>,
}

/// The control socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Its path.
    pub socket: PathBuf,
}

/// What the sensor may use before it does less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Resident memory in bytes.
    pub memory: Option<u64>,
    /// Processor time, in thousandths of a core.
    pub cpu: Option<u32>,
}

/// Names of pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kubernetes {
    /// Where the API server is.
    pub api: Api,
    /// Name of this node there; `None` is [`Node::name`].
    pub node: Option<String>,
}

/// Where an API server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Api {
    /// Where a pod finds it, when this is one.
    Auto,
    /// It is not asked.
    None,
    /// At a URL, without credentials, such as that of `kubectl proxy`.
    Url(String),
}

/// What Prometheus and a kubelet ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// TCP address of `/metrics`, `/healthz` and `/readyz`; `None` has them on the control socket
    /// alone.
    pub address: Option<SocketAddr>,
}

/// Where exchanges go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Which sink takes them.
    pub exchanges: Exchanges,
    /// The file sink.
    pub file: OutputFile,
}

/// The sink of exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchanges {
    /// None: only the endpoint list is kept.
    None,
    /// JSON lines on standard output.
    Stdout,
    /// JSON lines in a file that rotates.
    File,
    /// Topics of Kafka, with endpoints and heartbeats.
    Kafka,
}

/// The Kafka sink.
#[derive(Clone, PartialEq, Eq)]
pub struct Kafka {
    /// Addresses of brokers, with commas.
    pub brokers: String,
    /// What topic names begin with.
    pub prefix: String,
    /// Whether missing topics are created.
    pub create_topics: bool,
    /// Partitions of a topic that is created.
    pub partitions: u32,
    /// Its replicas; 0 leaves it to the brokers.
    pub replication: u32,
    /// How long it keeps records.
    pub retention: Duration,
    /// Longest record.
    pub max_record_bytes: usize,
    /// How often an endpoint that changed is sent.
    pub endpoint_interval: Duration,
    /// How often the sensor says how it is.
    pub heartbeat_interval: Duration,
    /// How long the end waits for brokers.
    pub flush_timeout: Duration,
    /// Settings of librdkafka.
    pub properties: BTreeMap<String, String>,
}

/// Records that wait for brokers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spool {
    /// The folder.
    pub path: PathBuf,
    /// Its size.
    pub max_bytes: u64,
    /// How often what waits is forced to the disk.
    pub sync: Duration,
}

/// Shows names of properties and no values, some of which are passwords.
impl std::fmt::Debug for Kafka {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.properties.keys().collect::<Vec<_>>();
        let mut debug = formatter.debug_struct("Kafka");
        debug.field("brokers", &self.brokers).field("prefix", &self.prefix);
        debug.field("properties", &names).finish_non_exhaustive()
    }
}

/// The file sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    /// The file written to.
    pub path: PathBuf,
    /// Size at which it is rotated.
    pub max_bytes: u64,
    /// Rotated files kept.
    pub keep: u32,
}

/// The sensor's own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The least severe level that is written.
    pub level: LevelFilter,
}

/// A [`Config`] with where its values came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// Where each value that is no default came from, by key name.
    pub origins: BTreeMap<&'static str, Origin>,
}

impl Config {
    /// Reads the sources and resolves them.
    pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
        Self::resolve(Written::read(sources)?)
    }

    fn resolve(written: Written) -> Result<Loaded, ConfigError> {
        let mut loaded = Loaded { config: Self::default(), origins: BTreeMap::new() };
        for setting in written.settings {
            (setting.key.set)(&mut loaded.config, &setting.value).map_err(
                |Invalid(expected)| ConfigError::Value {
                    origin: setting.origin.clone(),
                    key: setting.key.name,
                    expected,
                    given: setting.value.to_string(),
                },
            )?;
            loaded.origins.insert(setting.key.name, setting.origin);
        }
        loaded.check()?;
        Ok(loaded)
    }
}

impl Loaded {
    /// What no single key can check.
    fn check(&self) -> Result<(), ConfigError> {
        let Config { capture, stream, .. } = &self.config;
        self.at_most(
            ("capture.header_bytes", u64::from(capture.header_bytes)),
            ("capture.turn_bytes", u64::from(capture.turn_bytes)),
        )?;
        self.at_most(
            ("stream.reorder_bytes_connection", stream.reorder_bytes_connection as u64),
            ("stream.reorder_bytes_total", stream.reorder_bytes_total as u64),
        )
    }

    fn at_most(
        &self,
        (key, value): (&'static str, u64),
        (limit_key, limit): (&'static str, u64),
    ) -> Result<(), ConfigError> {
        if value <= limit {
            return Ok(());
        }
        Err(ConfigError::Order {
            origin: self.origin(if self.origins.contains_key(key) { key } else { limit_key }),
            key,
            value: value::show_bytes(value),
            limit_key,
            limit: value::show_bytes(limit),
        })
    }

    /// Where a key's value came from.
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            node: Node { name: host_name() },
            capture: Capture {
                ring_bytes: 16 << 20,
                turn_bytes: 64 << 10,
                header_bytes: 8 << 10,
                connections: 131_072,
                cgroup: None,
            },
            stream: Stream {
                max_connections: 200_000,
                reorder_bytes_connection: 256 << 10,
                reorder_bytes_total: 64 << 20,
                reorder_wait: Duration::from_secs(3),
                idle: Duration::from_mins(5),
            },
            tls: Tls {
                enabled: true,
                secret_wait: Duration::from_secs(3),
                held_bytes: 64 << 10,
                max_secrets: 16_384,
                secret_age: Duration::from_mins(1),
                rescan: Duration::from_secs(30),
                cache: Some(PathBuf::from("/var/lib/sensor/libraries.json")),
            },
            http: Http { max_head_bytes: 64 << 10, max_decoded_bytes: 1 << 20 },
            inventory: Inventory {
                max_endpoints: 20_000,
                max_fields: 1_000_000,
                learn_rate: 5_000,
                rules: None,
            },
            store: Store { path: Some(PathBuf::from("/var/lib/sensor/inventory.redb")) },
            mask: Mask { key_file: None },
            control: Control { socket: PathBuf::from("/run/sensor/control.sock") },
            limits: Limits { memory: None, cpu: None },
            kubernetes: Kubernetes { api: Api::Auto, node: None },
            metrics: Metrics { address: None },
            output: Output {
                exchanges: Exchanges::None,
                file: OutputFile {
                    path: PathBuf::from("/var/log/sensor/exchanges.jsonl"),
                    max_bytes: 100 * MIB,
                    keep: 5,
                },
            },
            kafka: Kafka {
                brokers: "localhost:9092".to_owned(),
                prefix: "sensor.".to_owned(),
                create_topics: true,
                partitions: 6,
                replication: 0,
                retention: Duration::from_hours(7 * 24),
                max_record_bytes: 256 << 10,
                endpoint_interval: Duration::from_mins(1),
                heartbeat_interval: Duration::from_secs(10),
                flush_timeout: Duration::from_secs(10),
                properties: BTreeMap::new(),
            },
            spool: Spool {
                path: PathBuf::from("/var/lib/sensor/spool"),
                max_bytes: GIB,
                sync: Duration::from_secs(1),
            },
            log: Log { level: LevelFilter::INFO },
        }
    }
}

impl Exchanges {
    const ALL: [(&'static str, Self); 4] = [
        ("none", Self::None),
        ("stdout", Self::Stdout),
        ("file", Self::File),
        ("kafka", Self::Kafka),
    ];
}

fn host_name() -> String {
    let uname = rustix::system::uname();
    let name = uname.nodename().to_string_lossy();
    if name.is_empty() { "localhost".to_owned() } else { name.into_owned() }
}

fn exists(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}

#[cfg(test)]
mod tests;
