//! The table of settings: one entry a key.

use std::time::Duration;

use tracing::level_filters::LevelFilter;

use super::{
    Api, Config, Exchanges, GIB, KIB, MIB,
    value::{Invalid, Value, show_bytes, show_duration},
};

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// `section.name`.
    pub name: &'static str,
    /// One line on what it does, without a full stop.
    pub meaning: &'static str,
    /// Sets it, within its limits.
    pub(super) set: fn(&mut Config, &Value) -> Result<(), Invalid>,
    /// Its value as TOML; `None` when it has none.
    pub(super) get: fn(&Config) -> Option<String>,
}

impl Key {
    /// The section of the key, such as `output.file`, and its name in there.
    pub fn parts(&self) -> (&'static str, &'static str) {
        self.name.rsplit_once('.').unwrap_or(("", self.name))
    }
}

/// Every setting, sections together.
pub const KEYS: &[Key] = &[
    Key {
        name: "node.name",
        meaning: "name of this node in events",
        set: |config, value| value.text().map(|name| name.clone_into(&mut config.node.name)),
        get: |config| Some(quote(&config.node.name)),
    },
    Key {
        name: "capture.ring_bytes",
        meaning: "ring buffer between kernel and sensor",
        set: |config, value| {
            value
                .bytes_power_of_two(64 * KIB, GIB)
                .map(|size| config.capture.ring_bytes = size as u32)
        },
        get: |config| Some(size(config.capture.ring_bytes)),
    },
    Key {
        name: "capture.turn_bytes",
        meaning: "payload copied of each request or response; the rest is counted",
        set: |config, value| {
            value.bytes(KIB, GIB).map(|size| config.capture.turn_bytes = size as u32)
        },
        get: |config| Some(size(config.capture.turn_bytes)),
    },
    Key {
        name: "capture.header_bytes",
        meaning: "the same where only heads are wanted",
        set: |config, value| {
            value.bytes(KIB, GIB).map(|size| config.capture.header_bytes = size as u32)
        },
        get: |config| Some(size(config.capture.header_bytes)),
    },
    Key {
        name: "capture.connections",
        meaning: "connections that the kernel side tracks",
        set: |config, value| {
            value.count(16, 16_777_216).map(|count| config.capture.connections = count as u32)
        },
        get: |config| Some(config.capture.connections.to_string()),
    },
    Key {
        name: "capture.cgroup",
        meaning: "cgroup v2 directory to watch; auto finds the root",
        set: |config, value| {
            let path = value.path()?;
            config.capture.cgroup = (path.as_os_str() != "auto").then_some(path);
            Ok(())
        },
        get: |config| match &config.capture.cgroup {
            Some(path) => Some(quote(&path.to_string_lossy())),
            None => Some(quote("auto")),
        },
    },
    Key {
        name: "stream.max_connections",
        meaning: "connections followed at once",
        set: |config, value| {
            value.count(1, 16_777_216).map(|count| config.stream.max_connections = count as usize)
        },
        get: |config| Some(config.stream.max_connections.to_string()),
    },
    Key {
        name: "stream.reorder_bytes_connection",
        meaning: "early bytes held for one connection",
        set: |config, value| {
            value.bytes(0, GIB).map(|size| config.stream.reorder_bytes_connection = size as usize)
        },
        get: |config| Some(size(config.stream.reorder_bytes_connection as u64)),
    },
    Key {
        name: "stream.reorder_bytes_total",
        meaning: "early bytes held for all connections",
        set: |config, value| {
            value.bytes(0, 64 * GIB).map(|size| config.stream.reorder_bytes_total = size as usize)
        },
        get: |config| Some(size(config.stream.reorder_bytes_total as u64)),
    },
    Key {
        name: "stream.reorder_wait",
        meaning: "how long early bytes wait for what comes before them",
        set: |config, value| {
            value
                .duration(Duration::ZERO, MINUTE)
                .map(|duration| config.stream.reorder_wait = duration)
        },
        get: |config| Some(quote(&show_duration(config.stream.reorder_wait))),
    },
    Key {
        name: "stream.idle",
        meaning: "silence after which a connection is forgotten",
        set: |config, value| {
            value
                .duration(Duration::from_secs(1), 24 * HOUR)
                .map(|duration| config.stream.idle = duration)
        },
        get: |config| Some(quote(&show_duration(config.stream.idle))),
    },
    Key {
        name: "tls.enabled",
        meaning: "whether TLS is read, by the session secrets of this node: true or false",
        set: |config, value| value.truth().map(|enabled| config.tls.enabled = enabled),
        get: |config| Some(config.tls.enabled.to_string()),
    },
    Key {
        name: "tls.secret_wait",
        meaning: "how long a TLS connection waits for its secret",
        set: |config, value| {
            value.duration(Duration::ZERO, MINUTE).map(|wait| config.tls.secret_wait = wait)
        },
        get: |config| Some(quote(&show_duration(config.tls.secret_wait))),
    },
    Key {
        name: "tls.held_bytes",
        meaning: "ciphertext that each direction of a connection holds until then",
        set: |config, value| {
            value.bytes(0, 16 * MIB).map(|size| config.tls.held_bytes = size as usize)
        },
        get: |config| Some(size(config.tls.held_bytes as u64)),
    },
    Key {
        name: "tls.max_secrets",
        meaning: "secrets of each kind that are kept",
        set: |config, value| {
            value.count(16, 1_048_576).map(|count| config.tls.max_secrets = count as usize)
        },
        get: |config| Some(config.tls.max_secrets.to_string()),
    },
    Key {
        name: "tls.secret_age",
        meaning: "how long a secret is kept that no connection has claimed",
        set: |config, value| {
            value
                .duration(Duration::from_secs(1), HOUR)
                .map(|duration| config.tls.secret_age = duration)
        },
        get: |config| Some(quote(&show_duration(config.tls.secret_age))),
    },
    Key {
        name: "tls.rescan",
        meaning: "how often all processes are searched for TLS libraries",
        set: |config, value| {
            value
                .duration(Duration::from_secs(1), HOUR)
                .map(|duration| config.tls.rescan = duration)
        },
        get: |config| Some(quote(&show_duration(config.tls.rescan))),
    },
    Key {
        name: "tls.cache",
        meaning: "file that remembers what was found in libraries; none keeps nothing",
        set: |config, value| {
            let path = value.path()?;
            config.tls.cache = (path.as_os_str() != "none").then_some(path);
            Ok(())
        },
        get: |config| match &config.tls.cache {
            Some(path) => Some(quote(&path.to_string_lossy())),
            None => Some(quote("none")),
        },
    },
    Key {
        name: "http.max_head_bytes",
        meaning: "longest start line and fields together",
        set: |config, value| {
            value.bytes(KIB, 16 * MIB).map(|size| config.http.max_head_bytes = size as usize)
        },
        get: |config| Some(size(config.http.max_head_bytes as u64)),
    },
    Key {
        name: "http.max_decoded_bytes",
        meaning: "bytes decoded of one content (gzip, br, ...)",
        set: |config, value| {
            value.bytes(0, GIB).map(|size| config.http.max_decoded_bytes = size as usize)
        },
        get: |config| Some(size(config.http.max_decoded_bytes as u64)),
    },
    Key {
        name: "inventory.max_endpoints",
        meaning: "rows of the endpoint list",
        set: |config, value| {
            value.count(1, 10_000_000).map(|count| config.inventory.max_endpoints = count as usize)
        },
        get: |config| Some(config.inventory.max_endpoints.to_string()),
    },
    Key {
        name: "inventory.max_fields",
        meaning: "fields known of all endpoints together, some 250 bytes each",
        set: |config, value| {
            value.count(0, 100_000_000).map(|count| config.inventory.max_fields = count as usize)
        },
        get: |config| Some(config.inventory.max_fields.to_string()),
    },
    Key {
        name: "inventory.learn_rate",
        meaning: "exchanges a second that are learned from; others are counted",
        set: |config, value| {
            value.count(0, 1_000_000).map(|count| config.inventory.learn_rate = count as u32)
        },
        get: |config| Some(config.inventory.learn_rate.to_string()),
    },
    Key {
        name: "inventory.rules",
        meaning: "file that says who owns what, and adds kinds of sensitive data",
        set: |config, value| value.path().map(|path| config.inventory.rules = Some(path)),
        get: |config| config.inventory.rules.as_ref().map(|path| quote(&path.to_string_lossy())),
    },
    Key {
        name: "store.path",
        meaning: "file in which the inventory survives a restart; none keeps nothing",
        set: |config, value| {
            let path = value.path()?;
            config.store.path = (path.as_os_str() != "none").then_some(path);
            Ok(())
        },
        get: |config| match &config.store.path {
            Some(path) => Some(quote(&path.to_string_lossy())),
            None => Some(quote("none")),
        },
    },
    Key {
        name: "mask.key_file",
        meaning: "file with the key of the value hashes; without, a random key each run",
        set: |config, value| value.path().map(|path| config.mask.key_file = Some(path)),
        get: |config| config.mask.key_file.as_ref().map(|path| quote(&path.to_string_lossy())),
    },
    Key {
        name: "control.socket",
        meaning: "Unix socket that the other commands talk to",
        set: |config, value| value.path().map(|path| config.control.socket = path),
        get: |config| Some(quote(&config.control.socket.to_string_lossy())),
    },
    Key {
        name: "limits.memory",
        meaning: "resident memory near which the sensor does less, or none",
        set: |config, value| {
            config.limits.memory =
                if value.is_none() { None } else { Some(value.bytes(64 * MIB, 1024 * GIB)?) };
            Ok(())
        },
        get: |config| Some(config.limits.memory.map_or_else(|| quote("none"), size)),
    },
    Key {
        name: "limits.cpu",
        meaning: "cores beyond which the sensor does less, such as 0.5, or none",
        set: |config, value| {
            config.limits.cpu = if value.is_none() { None } else { Some(value.cores()?) };
            Ok(())
        },
        get: |config| {
            let cores = config.limits.cpu.map(|thousandths| f64::from(thousandths) / 1000.0);
            Some(cores.map_or_else(|| quote("none"), |cores| cores.to_string()))
        },
    },
    Key {
        name: "kubernetes.api",
        meaning: "API server that names pods: auto in a pod, none, or a URL without credentials",
        set: |config, value| {
            config.kubernetes.api = match value.text()? {
                "auto" => Api::Auto,
                "none" => Api::None,
                url if url.starts_with("http://") => Api::Url(url.to_owned()),
                _ => {
                    return Err(Invalid(
                        "auto, none, or a URL such as http://127.0.0.1:8001".into(),
                    ));
                }
            };
            Ok(())
        },
        get: |config| {
            Some(quote(match &config.kubernetes.api {
                Api::Auto => "auto",
                Api::None => "none",
                Api::Url(url) => url,
            }))
        },
    },
    Key {
        name: "kubernetes.node",
        meaning: "name of this node in Kubernetes; node.name unless set",
        set: |config, value| {
            value.text().map(|name| config.kubernetes.node = Some(name.to_owned()))
        },
        get: |config| config.kubernetes.node.as_deref().map(quote),
    },
    Key {
        name: "metrics.address",
        meaning: "TCP address of /metrics, /healthz and /readyz; none has no port",
        set: |config, value| value.address().map(|address| config.metrics.address = address),
        get: |config| {
            let address = config.metrics.address;
            Some(quote(&address.map_or_else(|| "none".to_owned(), |address| address.to_string())))
        },
    },
    Key {
        name: "output.exchanges",
        meaning: "where records go: none, stdout, file or kafka",
        set: |config, value| {
            value.word(&Exchanges::ALL).map(|exchanges| config.output.exchanges = exchanges)
        },
        get: |config| {
            let chosen = Exchanges::ALL.iter().find(|(_, one)| *one == config.output.exchanges);
            chosen.map(|(word, _)| quote(word))
        },
    },
    Key {
        name: "output.file.path",
        meaning: "the file, when exchanges go to one",
        set: |config, value| value.path().map(|path| config.output.file.path = path),
        get: |config| Some(quote(&config.output.file.path.to_string_lossy())),
    },
    Key {
        name: "output.file.max_bytes",
        meaning: "size at which the file is rotated",
        set: |config, value| {
            value.bytes(4 * KIB, 1024 * GIB).map(|size| config.output.file.max_bytes = size)
        },
        get: |config| Some(size(config.output.file.max_bytes)),
    },
    Key {
        name: "output.file.keep",
        meaning: "rotated files kept",
        set: |config, value| {
            value.count(0, 1000).map(|count| config.output.file.keep = count as u32)
        },
        get: |config| Some(config.output.file.keep.to_string()),
    },
    Key {
        name: "kafka.brokers",
        meaning: "addresses of some brokers, such as kafka-1:9092,kafka-2:9092",
        set: |config, value| value.text().map(|text| text.clone_into(&mut config.kafka.brokers)),
        get: |config| Some(quote(&config.kafka.brokers)),
    },
    Key {
        name: "kafka.prefix",
        meaning: "what the names of the topics exchanges, endpoints and sensor begin with",
        set: |config, value| {
            value.topic_prefix().map(|text| text.clone_into(&mut config.kafka.prefix))
        },
        get: |config| Some(quote(&config.kafka.prefix)),
    },
    Key {
        name: "kafka.create_topics",
        meaning: "whether topics that are missing are created: true or false",
        set: |config, value| value.truth().map(|create| config.kafka.create_topics = create),
        get: |config| Some(config.kafka.create_topics.to_string()),
    },
    Key {
        name: "kafka.partitions",
        meaning: "partitions of a topic that is created (heartbeats have one)",
        set: |config, value| {
            value.count(1, 10_000).map(|count| config.kafka.partitions = count as u32)
        },
        get: |config| Some(config.kafka.partitions.to_string()),
    },
    Key {
        name: "kafka.replication",
        meaning: "replicas of a topic that is created; 0 leaves it to the brokers",
        set: |config, value| {
            value.count(0, 100).map(|count| config.kafka.replication = count as u32)
        },
        get: |config| Some(config.kafka.replication.to_string()),
    },
    Key {
        name: "kafka.retention",
        meaning: "how long a topic that is created keeps exchanges and heartbeats",
        set: |config, value| {
            value.duration(MINUTE, 87_600 * HOUR).map(|duration| config.kafka.retention = duration)
        },
        get: |config| Some(quote(&show_duration(config.kafka.retention))),
    },
    Key {
        name: "kafka.max_record_bytes",
        meaning: "longest record; endpoints are cut to it and say so",
        set: |config, value| {
            value
                .bytes(64 * KIB, 16 * MIB)
                .map(|size| config.kafka.max_record_bytes = size as usize)
        },
        get: |config| Some(size(config.kafka.max_record_bytes as u64)),
    },
    Key {
        name: "kafka.endpoint_interval",
        meaning: "how often an endpoint that changed is sent at most",
        set: |config, value| {
            value
                .duration(Duration::from_secs(1), 24 * HOUR)
                .map(|duration| config.kafka.endpoint_interval = duration)
        },
        get: |config| Some(quote(&show_duration(config.kafka.endpoint_interval))),
    },
    Key {
        name: "kafka.heartbeat_interval",
        meaning: "how often the sensor sends its counters",
        set: |config, value| {
            value
                .duration(Duration::from_secs(1), HOUR)
                .map(|duration| config.kafka.heartbeat_interval = duration)
        },
        get: |config| Some(quote(&show_duration(config.kafka.heartbeat_interval))),
    },
    Key {
        name: "kafka.flush_timeout",
        meaning: "how long the end waits for brokers; what is left stays in the spool",
        set: |config, value| {
            value
                .duration(Duration::ZERO, HOUR)
                .map(|duration| config.kafka.flush_timeout = duration)
        },
        get: |config| Some(quote(&show_duration(config.kafka.flush_timeout))),
    },
    Key {
        name: PROPERTIES,
        meaning: "properties of librdkafka, such as security.protocol or sasl.username",
        set: |config, value| {
            let (name, text) = value.property()?;
            config.kafka.properties.insert(name.to_owned(), text);
            Ok(())
        },
        get: |_| None,
    },
    Key {
        name: "spool.path",
        meaning: "folder in which records wait for brokers; of this sensor alone",
        set: |config, value| value.path().map(|path| config.spool.path = path),
        get: |config| Some(quote(&config.spool.path.to_string_lossy())),
    },
    Key {
        name: "spool.max_bytes",
        meaning: "its size, a quarter for endpoints; beyond it the oldest exchanges go",
        set: |config, value| {
            value.bytes(4 * MIB, 1024 * GIB).map(|size| config.spool.max_bytes = size)
        },
        get: |config| Some(size(config.spool.max_bytes)),
    },
    Key {
        name: "spool.sync",
        meaning: "how often what waits is forced to the disk",
        set: |config, value| {
            value.duration(Duration::ZERO, HOUR).map(|duration| config.spool.sync = duration)
        },
        get: |config| Some(quote(&show_duration(config.spool.sync))),
    },
    Key {
        name: "log.level",
        meaning: "least severe log level written: off, error, warn, info, debug, trace",
        set: |config, value| value.word(&LEVELS).map(|level| config.log.level = level),
        get: |config| Some(quote(&config.log.level.to_string())),
    },
];

/// The one key that stands for many: what follows it is the name of a property.
pub(super) const PROPERTIES: &str = "kafka.properties";

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

const LEVELS: [(&str, LevelFilter); 6] = [
    ("off", LevelFilter::OFF),
    ("error", LevelFilter::ERROR),
    ("warn", LevelFilter::WARN),
    ("info", LevelFilter::INFO),
    ("debug", LevelFilter::DEBUG),
    ("trace", LevelFilter::TRACE),
];

fn size(bytes: impl Into<u64>) -> String {
    quote(&show_bytes(bytes.into()))
}

pub(super) fn quote(text: &str) -> String {
    toml::Value::from(text).to_string()
}
