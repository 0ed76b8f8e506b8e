//! What can be wrong with brokers, in words for who has to mend it.

use rdkafka::error::RDKafkaErrorCode as Code;

/// Why records are not taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nobody answers.
    #[error("no broker of kafka.brokers answers: {0}")]
    Away(String),
    /// The way to them is refused.
    #[error("the brokers refuse the sensor's credentials: {0}; see kafka.properties (sasl.*)")]
    Authentication(String),
    /// The TLS connection fails.
    #[error(
        "TLS with the brokers fails: {0}; see kafka.properties (ssl.*), and whether a certificate \
         has expired"
    )]
    Tls(String),
    /// A topic is not there for the sensor, and cannot be created.
    #[error(
        "topic {topic} is missing, or hidden because the sensor may not write to it, and was \
             not created ({reason}); create it with: {command}"
    )]
    TopicMissing {
        /// Its name.
        topic: String,
        /// Why it was not created.
        reason: String,
        /// What creates it.
        command: String,
    },
    /// Brokers took a record and gave it back.
    #[error("the brokers refuse records for topic {topic}: {reason}")]
    Refused {
        /// Where it was going.
        topic: String,
        /// What they say.
        reason: String,
    },
    /// A batch or a record in it is larger than the brokers allow.
    #[error(
        "a batch for topic {topic} is larger than the brokers allow (max.message.bytes); its \
             records are sent one by one"
    )]
    BatchTooLarge {
        /// Where it was going.
        topic: String,
    },
    /// librdkafka gave up.
    #[error("the producer failed: {0}")]
    Producer(String),
}

impl Problem {
    /// Of an error on the way to the brokers; `None` when it mends itself.
    pub fn of(code: Code, reason: &str) -> Option<Self> {
        let reason = reason.to_owned();
        Some(match code {
            Code::Authentication | Code::SaslAuthenticationFailed => Self::Authentication(reason),
            Code::SSL => Self::Tls(reason),
            Code::AllBrokersDown | Code::Resolve => Self::Away(reason),
            Code::Fatal => Self::Producer(reason),
            _ => return None,
        })
    }

    /// Whether it is of the same kind, so that it need not be said again.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::TopicMissing { topic, .. }, Self::TopicMissing { topic: other, .. })
            | (Self::Refused { topic, .. }, Self::Refused { topic: other, .. })
            | (Self::BatchTooLarge { topic }, Self::BatchTooLarge { topic: other }) => {
                topic == other
            }
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}
