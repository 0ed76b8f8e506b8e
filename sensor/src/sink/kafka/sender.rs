//! From the spools to the brokers, on a thread of its own.
//!
//! librdkafka keeps the order of each partition, sends again what a broker did not answer, and
//! waits for brokers that are away. What it gives back as failed is read from the spool again
//! after a pause, with everything behind it: twice is better than never, and ids tell.

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use rdkafka::{
    error::{KafkaError, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer as _},
};
use tracing::{info, warn};

use super::{
    Meter, Patience, Settings,
    client::{Batching, Client, Context, Settled},
    problem::Problem,
    topics,
};
use crate::sink::spool::{Frame, Reader, Topic};

/// First and longest pause after a failure.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// How long a loop waits for records while answers are expected, and while none are.
const BUSY: Duration = Duration::from_millis(5);
const IDLE: Duration = Duration::from_millis(100);
/// How long a pause goes on after the end has come.
const SLICE: Duration = Duration::from_millis(25);

/// The two spools, exchanges first.
const LANES: usize = 2;

/// Sends what is in the spools.
pub struct Sender {
    settings: Settings,
    client: Client,
    lanes: [Reader; LANES],
    meter: Arc<Meter>,
    topics: [String; 3],
    headers: Headers,
    batching: Batching,
    /// Records are sent one by one until so many of a lane are acknowledged.
    single: Option<(usize, u64)>,
    /// What was said last, until records are taken again.
    problem: Option<Problem>,
    end: Option<End>,
    settled: Vec<Settled>,
}

/// When to give up once no more records are made.
struct End {
    deadline: Instant,
    acknowledged: u64,
}

/// Why a session ends.
enum Ended {
    Done,
    /// Time is up.
    Late,
    Failed(Problem),
}

impl Sender {
    pub(super) fn new(
        settings: Settings,
        client: Client,
        lanes: [Reader; LANES],
        meter: Arc<Meter>,
    ) -> Self {
        Self {
            topics: topics::names(&settings.prefix),
            headers: Headers::new(&settings.node),
            batching: client.batching(),
            settings,
            client,
            lanes,
            meter,
            single: None,
            problem: None,
            end: None,
            settled: Vec::new(),
        }
    }

    /// Sends until the sink is dropped and all is acknowledged, or time is up. What is left then
    /// stays in the spool for the next start.
    pub fn run(mut self) {
        let mut pause = PAUSES.0;
        loop {
            let before = self.acknowledged();
            match self.session() {
                Ended::Done | Ended::Late => break,
                Ended::Failed(problem) => self.report(problem),
            }
            for lane in &mut self.lanes {
                lane.rewind();
            }
            self.meter.in_flight.store(0, Ordering::Relaxed);
            if self.acknowledged() > before {
                pause = PAUSES.0;
            }
            if self.is_late() {
                break;
            }
            self.pause(pause);
            pause = (pause * 2).min(PAUSES.1);
        }
        let left = self.left();
        if left > 0 && matches!(self.settings.patience, Patience::Within(_)) {
            info!(records = left, "records stay in the spool for the next start");
        }
    }

    fn session(&mut self) -> Ended {
        let batching = if self.single.is_some() { Batching::Single } else { self.batching };
        let producer = match self.client.producer(batching) {
            Ok(producer) => producer,
            Err(error) => return Ended::Failed(Problem::Producer(error.to_string())),
        };
        if let Err(problem) = topics::ensure(&self.settings, &self.client, &producer) {
            return Ended::Failed(problem);
        }
        loop {
            match self.step(&producer) {
                Ok(true) => return Ended::Done,
                Ok(false) if self.is_late() => return Ended::Late,
                Ok(false) => {}
                Err(problem) => return Ended::Failed(problem),
            }
            if self.single_is_over() {
                // A new producer, with batches again.
                self.flush(&producer);
                self.single = None;
                return self.session();
            }
        }
    }

    /// Sends a block of each lane, and takes the answers that came. True when all is done.
    fn step(&mut self, producer: &BaseProducer<Context>) -> Result<bool, Problem> {
        let mut idle = true;
        for lane in (0..LANES).rev() {
            let wait = match (lane, self.lanes[lane].outstanding()) {
                (0, 0) => IDLE,
                (0, _) => BUSY,
                _ => Duration::ZERO,
            };
            let wait = if idle { wait } else { Duration::ZERO };
            if let Some(block) = self.lanes[lane].next(wait) {
                idle = false;
                self.send_block(producer, lane, block)?;
            }
        }
        self.poll(producer, Duration::ZERO)?;
        for lane in &mut self.lanes {
            lane.persist();
        }
        Ok(self.lanes.iter().all(Reader::is_done))
    }

    fn send_block(
        &mut self,
        producer: &BaseProducer<Context>,
        lane: usize,
        block: u64,
    ) -> Result<(), Problem> {
        let opaque = (block as usize) << 1 | lane;
        let mut sent = 0;
        loop {
            let Self { lanes, topics, headers, .. } = self;
            let mut frames = lanes[lane].frames().skip(sent);
            let full = loop {
                let Some(frame) = frames.next() else { break None };
                match send(producer, &topics[frame.topic as usize], headers, &frame, opaque) {
                    Ok(()) => sent += 1,
                    Err(code) => break Some((code, frame.topic)),
                }
            };
            drop(frames);
            match full {
                None => return Ok(()),
                Some((RDKafkaErrorCode::QueueFull, _)) => {
                    self.poll(producer, BUSY)?;
                    if self.is_late() {
                        return Ok(());
                    }
                }
                Some((RDKafkaErrorCode::MessageSizeTooLarge, _)) => {
                    self.refuse(lane, block);
                    sent += 1;
                }
                Some((code, topic)) => return Err(self.refused(topic, code)),
            }
        }
    }

    /// Takes the answers that came.
    fn poll(&mut self, producer: &BaseProducer<Context>, wait: Duration) -> Result<(), Problem> {
        producer.poll(wait);
        let mut settled = std::mem::take(&mut self.settled);
        producer.context().take_settled(&mut settled);
        let taken = settled.iter().any(|(_, code)| code.is_none());
        let mut result = Ok(());
        for (opaque, code) in settled.drain(..) {
            let (lane, block) = (opaque & 1, (opaque >> 1) as u64);
            match code {
                None => self.lanes[lane].settle(block),
                Some(code) if result.is_ok() => result = self.failed(lane, block, code),
                Some(_) => {}
            }
        }
        self.settled = settled;
        let in_flight = self.lanes.iter().map(Reader::outstanding).sum();
        self.meter.in_flight.store(in_flight, Ordering::Relaxed);
        for (code, reason) in producer.context().take_errors() {
            self.meter.errors.fetch_add(1, Ordering::Relaxed);
            match Problem::of(code, &reason) {
                Some(problem @ Problem::Producer(_)) => result = Err(problem),
                Some(problem) => self.report(problem),
                None => {}
            }
        }
        if taken && result.is_ok() {
            self.recovered();
        }
        result
    }

    /// A record came back. One that is too large is looked for by sending each alone, and left
    /// out when it is found.
    fn failed(&mut self, lane: usize, block: u64, code: RDKafkaErrorCode) -> Result<(), Problem> {
        let topic = if lane == 0 { Topic::Exchanges } else { Topic::Endpoints };
        match code {
            RDKafkaErrorCode::MessageSizeTooLarge if self.single.is_some() => {
                self.refuse(lane, block);
                Ok(())
            }
            RDKafkaErrorCode::MessageSizeTooLarge => {
                let acknowledged = spool(&self.meter, lane).acknowledged.load(Ordering::Relaxed);
                self.single = Some((lane, acknowledged + self.lanes[lane].outstanding()));
                if let Batching::Bytes(bytes) = self.batching {
                    self.batching = Batching::smaller(bytes);
                }
                Err(Problem::BatchTooLarge { topic: self.topics[topic as usize].clone() })
            }
            // It went with its producer; the next one sends it.
            RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight => Ok(()),
            code => Err(self.refused(topic, code)),
        }
    }

    fn refuse(&mut self, lane: usize, block: u64) {
        if self.meter.too_large.fetch_add(1, Ordering::Relaxed) == 0 {
            warn!(
                topic = self.topics[lane],
                "a record is larger than the brokers allow and was left out: lower \
                 kafka.max_record_bytes or raise the topic's max.message.bytes"
            );
        }
        self.lanes[lane].settle(block);
    }

    fn refused(&self, topic: Topic, code: RDKafkaErrorCode) -> Problem {
        Problem::Refused {
            topic: self.topics[topic as usize].clone(),
            reason: KafkaError::MessageProduction(code).to_string(),
        }
    }

    fn single_is_over(&self) -> bool {
        self.single.is_some_and(|(lane, until)| {
            spool(&self.meter, lane).acknowledged.load(Ordering::Relaxed) >= until
        })
    }

    /// Waits for the answers to what is on its way, before its producer goes.
    fn flush(&mut self, producer: &BaseProducer<Context>) {
        while self.lanes.iter().any(|lane| lane.outstanding() > 0) && !self.is_late() {
            if self.poll(producer, BUSY).is_err() {
                break;
            }
        }
        for lane in &mut self.lanes {
            lane.rewind();
        }
    }

    /// Says each problem once until records are taken again.
    fn report(&mut self, problem: Problem) {
        self.meter.connected.store(false, Ordering::Relaxed);
        let known = self.problem.as_ref().is_some_and(|known| known.is_like(&problem));
        if !known {
            warn!(waiting = self.left(), "Kafka: {problem}");
            self.problem = Some(problem);
        }
    }

    fn recovered(&mut self) {
        self.meter.connected.store(true, Ordering::Relaxed);
        if self.problem.take().is_some() {
            info!(waiting = self.left(), "Kafka: records are taken again");
        }
    }

    /// Waits, unless the end comes.
    fn pause(&mut self, length: Duration) {
        let start = Instant::now();
        while start.elapsed() < length && !self.is_late() {
            thread::sleep(SLICE);
        }
    }

    /// Whether the end has waited long enough.
    fn is_late(&mut self) -> bool {
        let closed = self.lanes.iter().map(Reader::closed).max().flatten();
        let Some(closed) = closed.filter(|_| self.lanes.iter().all(|l| l.closed().is_some()))
        else {
            return false;
        };
        let acknowledged = self.acknowledged();
        let (Patience::Within(wait) | Patience::WhileSomeArrive(wait)) = self.settings.patience;
        let now = Instant::now();
        let end = self.end.get_or_insert(End { deadline: closed + wait, acknowledged });
        if matches!(self.settings.patience, Patience::WhileSomeArrive(_))
            && acknowledged > end.acknowledged
        {
            *end = End { deadline: now + wait, acknowledged };
        }
        now >= end.deadline
    }

    fn acknowledged(&self) -> u64 {
        self.meter.of_spools(|spool| &spool.acknowledged)
    }

    fn left(&self) -> u64 {
        self.meter.waiting()
    }
}

fn spool(meter: &Meter, lane: usize) -> &crate::sink::spool::Meter {
    if lane == 0 { &meter.exchanges } else { &meter.changes }
}

fn send(
    producer: &BaseProducer<Context>,
    topic: &str,
    headers: &mut Headers,
    frame: &Frame<'_>,
    opaque: usize,
) -> Result<(), RDKafkaErrorCode> {
    let record = BaseRecord::with_opaque_to(topic, opaque)
        .key(frame.key)
        .headers(headers.of(frame.topic, frame.schema_version));
    let record = match frame.payload {
        Some(payload) => record.payload(payload),
        None => record,
    };
    producer
        .send(record)
        .map_err(|(error, _)| error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail))
}

/// Headers of records, made once for each kind.
struct Headers {
    node: String,
    made: Vec<(Topic, u8, OwnedHeaders)>,
}

impl Headers {
    fn new(node: &str) -> Self {
        Self { node: node.to_owned(), made: Vec::new() }
    }

    fn of(&mut self, topic: Topic, version: u8) -> OwnedHeaders {
        let known = self.made.iter().find(|one| (one.0, one.1) == (topic, version));
        if let Some((.., headers)) = known {
            return headers.clone();
        }
        let schema = match topic {
            Topic::Exchanges => "exchange",
            Topic::Endpoints => "endpoint",
            Topic::Sensor => "sensor",
        };
        let schema = format!("{schema}.v{version}");
        let entries = [
            ("schema", &schema[..]),
            ("node", &self.node),
            ("sensor.version", env!("CARGO_PKG_VERSION")),
        ];
        let headers = entries.into_iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(value) })
        });
        self.made.push((topic, version, headers.clone()));
        headers
    }
}
