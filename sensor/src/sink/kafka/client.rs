//! librdkafka: its settings, and what it says.

use std::sync::{Mutex, PoisonError};

use rdkafka::{
    ClientConfig, ClientContext,
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
    message::DeliveryResult,
    producer::{BaseProducer, ProducerContext},
};
use tracing::debug;

use super::Settings;

/// What the sensor sets where the configuration does not.
///
/// Records wait for ever (`message.timeout.ms`), since they are in the spool anyway; the queue of
/// librdkafka only has to be long enough to fill batches. The partitioner is that of the Java
/// client, so that others who write the same keys use the same partitions.
const PROPERTIES: &[(&str, &str)] = &[
    ("acks", "all"),
    ("client.id", "sensor"),
    ("compression.type", "lz4"),
    ("enable.idempotence", "true"),
    ("linger.ms", "50"),
    ("message.timeout.ms", "0"),
    ("partitioner", "murmur2_random"),
    ("queue.buffering.max.kbytes", "32768"),
    ("queue.buffering.max.messages", "100000"),
    ("reconnect.backoff.max.ms", "2000"),
    ("socket.keepalive.enable", "true"),
];

/// Bytes of a batch, unless the configuration or the brokers say otherwise.
const BATCH: usize = 512 * 1024;
/// The smallest batch that refusals lead to.
const MIN_BATCH: usize = 16 * 1024;
/// What librdkafka allows a record without being told.
const MESSAGE_MAX: usize = 1_000_000;

/// Why librdkafka cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A property does not exist, or not with that value.
    #[error("kafka.properties: {property} cannot be set: {reason}")]
    Property {
        /// Its name.
        property: String,
        /// What librdkafka says.
        reason: String,
    },
    /// They do not go together, or name files that cannot be used.
    #[error("kafka.properties: {0}")]
    Together(String),
}

/// How large batches are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batching {
    /// Up to so many bytes.
    Bytes(usize),
    /// Each record alone, to find the one that is refused.
    Single,
}

/// Makes producers.
pub struct Client {
    config: ClientConfig,
    batch_bytes: usize,
    first: Option<BaseProducer<Context>>,
}

impl Client {
    /// Checks the settings. No broker is asked.
    pub fn new(settings: &Settings) -> Result<Self, ClientError> {
        let mut config = ClientConfig::new();
        for (name, value) in PROPERTIES {
            config.set(*name, *value);
        }
        // A record in its batch takes more than itself.
        let largest = settings.max_record_bytes + 64 * 1024;
        config.set("message.max.bytes", largest.max(MESSAGE_MAX).to_string());
        config.set("bootstrap.servers", &settings.brokers);
        for (name, value) in &settings.properties {
            config.set(name, value);
        }
        config.create_native_config().map_err(|error| match error {
            KafkaError::ClientConfig(_, reason, property, _) => {
                ClientError::Property { property, reason }
            }
            other => ClientError::Together(other.to_string()),
        })?;
        let set = settings.properties.get("batch.size").and_then(|size| size.parse().ok());
        let mut client = Self { config, batch_bytes: set.unwrap_or(BATCH), first: None };
        let producer = client.make(Batching::Bytes(client.batch_bytes))?;
        client.first = Some(producer);
        Ok(client)
    }

    /// The settings as librdkafka takes them.
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// A producer.
    pub fn producer(&mut self, batching: Batching) -> Result<BaseProducer<Context>, ClientError> {
        match (batching, self.first.take()) {
            (Batching::Bytes(bytes), Some(producer)) if bytes == self.batch_bytes => Ok(producer),
            _ => self.make(batching),
        }
    }

    /// As large as batches begin.
    pub fn batching(&self) -> Batching {
        Batching::Bytes(self.batch_bytes)
    }

    fn make(&self, batching: Batching) -> Result<BaseProducer<Context>, ClientError> {
        let mut config = self.config.clone();
        match batching {
            Batching::Bytes(bytes) => config.set("batch.size", bytes.to_string()),
            Batching::Single => config.set("batch.num.messages", "1"),
        };
        config.create_with_context(Context::default()).map_err(|error| match error {
            KafkaError::ClientCreation(reason) => ClientError::Together(reason),
            other => ClientError::Together(other.to_string()),
        })
    }
}

impl Batching {
    /// What to try after one of these was refused as too large and found.
    pub fn smaller(bytes: usize) -> Self {
        Self::Bytes((bytes / 2).max(MIN_BATCH))
    }
}

/// What became of a record: its block and lane, and why it was not taken.
pub type Settled = (usize, Option<RDKafkaErrorCode>);

/// Gathers what librdkafka says while it is polled.
#[derive(Default)]
pub struct Context {
    settled: Mutex<Vec<Settled>>,
    errors: Mutex<Vec<(RDKafkaErrorCode, String)>>,
}

impl Context {
    /// Records settled since the last call go to the end of `into`.
    pub fn take_settled(&self, into: &mut Vec<Settled>) {
        into.append(&mut self.settled.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Errors since the last call.
    pub fn take_errors(&self) -> Vec<(RDKafkaErrorCode, String)> {
        std::mem::take(&mut self.errors.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!(?level, facility, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        // The latest of each kind says enough.
        errors.retain(|(known, _)| *known != code);
        errors.push((code, reason.to_owned()));
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, record: usize) {
        let code = result
            .as_ref()
            .err()
            .map(|(error, _)| error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail));
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).push((record, code));
    }
}
