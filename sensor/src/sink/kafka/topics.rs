//! Topics: their names, and that they are there.

use std::time::Duration;

use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    error::RDKafkaErrorCode,
    producer::{BaseProducer, Producer as _},
};
use tracing::info;

use super::{
    Settings,
    client::{Client, Context},
    problem::Problem,
};
use crate::sink::spool::Topic;

/// How long an answer about a topic may take: the end of the sensor waits for it.
const ANSWER: Duration = Duration::from_secs(1);
/// How long to gather what librdkafka says of a failure.
const SETTLE: Duration = Duration::from_millis(50);
/// How long creating may take.
const CREATION: Duration = Duration::from_secs(5);

/// The name of a topic behind the prefix.
pub fn name(topic: Topic) -> &'static str {
    match topic {
        Topic::Exchanges => "exchanges",
        Topic::Endpoints => "endpoints",
        Topic::Sensor => "sensor",
    }
}

/// Full names in the order of [`Topic::ALL`].
pub fn names(prefix: &str) -> [String; 3] {
    Topic::ALL.map(|topic| format!("{prefix}{}", name(topic)))
}

/// Sees to it that all topics are there.
pub fn ensure(
    settings: &Settings,
    client: &Client,
    producer: &BaseProducer<Context>,
) -> Result<(), Problem> {
    for (topic, name) in Topic::ALL.into_iter().zip(names(&settings.prefix)) {
        if look(producer, &name)? == Sight::There {
            continue;
        }
        let plan = Plan::new(settings, topic, name);
        let reason = if settings.create_topics {
            match plan.create(client) {
                Ok(()) => {
                    info!(topic = plan.name, partitions = plan.partitions, "topic created");
                    continue;
                }
                Err(reason) => reason,
            }
        } else {
            "kafka.create_topics is false".to_owned()
        };
        let command = plan.command(&settings.brokers);
        return Err(Problem::TopicMissing { topic: plan.name, reason, command });
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    There,
    /// Not there, or hidden from those who may not write to it.
    NotThere,
}

fn look(producer: &BaseProducer<Context>, name: &str) -> Result<Sight, Problem> {
    let metadata = producer.client().fetch_metadata(Some(name), ANSWER).map_err(|error| {
        // The cause came as an error of its own, if there is one.
        producer.poll(SETTLE);
        let said = producer.context().take_errors();
        let cause = said.iter().find_map(|(code, reason)| Problem::of(*code, reason));
        let latest = said.last().map(|(_, reason)| reason.clone());
        match cause {
            Some(cause @ (Problem::Authentication(_) | Problem::Tls(_))) => cause,
            _ => Problem::Away(latest.unwrap_or_else(|| error.to_string())),
        }
    })?;
    let topic = metadata.topics().iter().find(|topic| topic.name() == name);
    match topic.map(|topic| topic.error().map(RDKafkaErrorCode::from)) {
        // One without a leader just now is there.
        Some(None | Some(RDKafkaErrorCode::LeaderNotAvailable)) => Ok(Sight::There),
        None
        | Some(Some(
            RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::TopicAuthorizationFailed,
        )) => Ok(Sight::NotThere),
        Some(Some(code)) => {
            Err(Problem::Refused { topic: name.to_owned(), reason: code.to_string() })
        }
    }
}

/// A topic to be created.
struct Plan {
    name: String,
    partitions: u32,
    replication: Option<u32>,
    config: Vec<(&'static str, String)>,
}

impl Plan {
    fn new(settings: &Settings, topic: Topic, name: String) -> Self {
        let retention = || ("retention.ms", settings.retention.as_millis().to_string());
        let cleanup = |policy: &str| ("cleanup.policy", policy.to_owned());
        let (partitions, config) = match topic {
            Topic::Exchanges => (settings.partitions, vec![cleanup("delete"), retention()]),
            Topic::Endpoints => (settings.partitions, vec![cleanup("compact")]),
            Topic::Sensor => (1, vec![cleanup("delete"), retention()]),
        };
        Self { name, partitions, replication: settings.replication, config }
    }

    /// Creates it, or says why not.
    fn create(&self, client: &Client) -> Result<(), String> {
        let admin: AdminClient<DefaultClientContext> =
            client.config().create().map_err(|error| error.to_string())?;
        let replication = self.replication.map_or(-1, |count| count as i32);
        let mut topic =
            NewTopic::new(&self.name, self.partitions as i32, TopicReplication::Fixed(replication));
        for (key, value) in &self.config {
            topic = topic.set(key, value);
        }
        let options =
            AdminOptions::new().request_timeout(Some(CREATION)).operation_timeout(Some(CREATION));
        let creation = admin.create_topics([&topic], &options);
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let results = runtime.block_on(creation).map_err(|error| error.to_string())?;
        match results.into_iter().next() {
            // Another node was faster.
            Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists)) | Ok(_)) => Ok(()),
            Some(Err((_, code))) => Err(code.to_string()),
            None => Err("no answer".to_owned()),
        }
    }

    /// What a person types for the same.
    fn command(&self, brokers: &str) -> String {
        let mut command = format!(
            "kafka-topics.sh --bootstrap-server {brokers} --create --topic {} --partitions {}",
            self.name, self.partitions
        );
        if let Some(count) = self.replication {
            command += &format!(" --replication-factor {count}");
        }
        for (key, value) in &self.config {
            command += &format!(" --config {key}={value}");
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_makes_what_would_have_been_made() {
        let plan = Plan {
            name: "sensor.endpoints".to_owned(),
            partitions: 6,
            replication: Some(3),
            config: vec![("cleanup.policy", "compact".to_owned())],
        };
        assert_eq!(
            plan.command("kafka-1:9092,kafka-2:9092"),
            "kafka-topics.sh --bootstrap-server kafka-1:9092,kafka-2:9092 --create \
             --topic sensor.endpoints --partitions 6 --replication-factor 3 \
             --config cleanup.policy=compact"
        );
    }
}
