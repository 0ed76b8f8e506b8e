//! The thread that masks exchanges and writes them: to the configured sink, and to whoever reads
//! `/tail`. It may be slow; the pipeline drops and counts records rather than wait for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use crate::{
    analysis::Records,
    control::{Delivery, Subscriber},
    event::{EndpointEvent, EventIds, ExchangeEvent, HeartbeatEvent},
    exchange::{Exchange, Timestamp},
    inventory::{EndpointDetail, template::Template},
    mask::MaskKey,
    sink::{Lost, Sink},
    stats::Status,
};

/// Exchanges sent together.
const BATCH: usize = 256;
/// Batches that wait for the writer.
const QUEUE: usize = 64;
/// How long a record may lie in a buffer.
const FLUSH: Duration = Duration::from_millis(200);

/// What the pipeline's end and the writer share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Who wants records: the sink and each reader of `/tail`.
    consumers: AtomicUsize,
    /// Batches on their way to the writer.
    pub waiting: AtomicU64,
    /// Records given to the sink; of those it lost `failed`.
    pub given: AtomicU64,
    pub failed: AtomicU64,
    pub tail_lost: AtomicU64,
    /// The reader of standard output has gone.
    pub reader_gone: AtomicBool,
}

enum Message {
    Exchanges(Vec<(Exchange, Template)>),
    Changes(Box<Changes>),
    Tail(mpsc::Sender<bytes::Bytes>),
}

/// What changed, for sinks that take more than exchanges.
#[derive(Default)]
pub(super) struct Changes {
    /// When it was so.
    pub time: Timestamp,
    /// Ids of endpoints that are no more.
    pub gone: Vec<String>,
    /// Endpoints as they are.
    pub endpoints: Vec<EndpointDetail>,
    /// How the sensor is.
    pub status: Option<Status>,
}

/// The pipeline's end.
pub(super) struct Outbox {
    sender: SyncSender<Message>,
    batch: Vec<(Exchange, Template)>,
    shared: Arc<Shared>,
    /// Records dropped because the writer could not keep up.
    pub dropped: u64,
}

/// The writer's end.
pub(super) struct Writer {
    receiver: Receiver<Message>,
    sink: Option<Box<dyn Sink + Send>>,
    tails: Vec<Subscriber>,
    key: MaskKey,
    node: String,
    ids: EventIds,
    shared: Arc<Shared>,
}

/// Two ends of a bounded channel.
pub(super) fn channel(
    sink: Option<Box<dyn Sink + Send>>,
    key: MaskKey,
    node: String,
) -> (Outbox, Writer, Arc<Shared>) {
    let (sender, receiver) = sync_channel(QUEUE);
    let shared = Arc::new(Shared::default());
    shared.consumers.store(usize::from(sink.is_some()), Ordering::Relaxed);
    let outbox = Outbox {
        sender,
        batch: Vec::with_capacity(BATCH),
        shared: Arc::clone(&shared),
        dropped: 0,
    };
    let writer = Writer {
        receiver,
        sink,
        tails: Vec::new(),
        key,
        node,
        ids: EventIds::new(),
        shared: Arc::clone(&shared),
    };
    (outbox, writer, shared)
}

impl Records for Outbox {
    fn record(&mut self, exchange: Exchange, template: &Template) {
        if self.shared.consumers.load(Ordering::Relaxed) == 0 {
            return;
        }
        // As known now: what is learned later moves rows, not records.
        self.batch.push((exchange, template.clone()));
        if self.batch.len() >= BATCH {
            self.flush();
        }
    }
}

impl Outbox {
    /// Passes on what was gathered; to be called when the ring buffer is empty.
    pub fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        if let Err(
            TrySendError::Full(Message::Exchanges(batch))
            | TrySendError::Disconnected(Message::Exchanges(batch)),
        ) = self.sender.try_send(Message::Exchanges(batch))
        {
            self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
            self.dropped += batch.len() as u64;
        }
    }

    /// Passes on changes, or gives them back when there is no room now.
    pub fn changes(&mut self, changes: Box<Changes>) -> Option<Box<Changes>> {
        match self.sender.try_send(Message::Changes(changes)) {
            Err(TrySendError::Full(Message::Changes(changes))) => Some(changes),
            _ => None,
        }
    }

    /// Passes on the last records, waiting for room: nothing is captured any more.
    pub fn finish(mut self) {
        let batch = std::mem::take(&mut self.batch);
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        // A writer that is gone has nothing to write to.
        let _ = self.sender.send(Message::Exchanges(batch));
    }

    /// Adds a reader of `/tail`. When the channel is full it is not added, and its stream ends.
    pub fn subscribe(&mut self, tail: mpsc::Sender<bytes::Bytes>) {
        if self.sender.try_send(Message::Tail(tail)).is_ok() {
            self.shared.consumers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Writer {
    /// Writes until the pipeline's end is dropped.
    pub fn run(mut self) {
        let mut flushed = Instant::now();
        loop {
            match self.receiver.recv_timeout(FLUSH) {
                Ok(Message::Exchanges(batch)) => {
                    self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
                    for (exchange, template) in &batch {
                        self.write(exchange, template);
                    }
                }
                Ok(Message::Changes(changes)) => self.write_changes(&changes),
                Ok(Message::Tail(sender)) => self.tails.push(Subscriber::new(sender)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.flush(),
            }
            // By the clock, not by the pause: records that keep trickling in leave none.
            if flushed.elapsed() >= FLUSH {
                self.flush();
                flushed = Instant::now();
            }
        }
    }

    fn write(&mut self, exchange: &Exchange, template: &Template) {
        let event = ExchangeEvent::new(exchange, template, &self.key, &self.node);
        let shared = &self.shared;
        if let Some(sink) = &mut self.sink {
            if sink.exchange(&event).is_ok() {
                shared.given.fetch_add(1, Ordering::Relaxed);
            } else {
                self.sink = None;
                shared.reader_left();
            }
        }
        if !self.tails.is_empty() {
            tail(&mut self.tails, &event, shared);
        }
    }

    fn write_changes(&mut self, changes: &Changes) {
        let Some(sink) = &mut self.sink else { return };
        for id in &changes.gone {
            sink.endpoint_gone(id);
        }
        for detail in &changes.endpoints {
            sink.endpoint(&EndpointEvent::new(detail, self.ids.make(), changes.time, &self.node));
        }
        if let Some(status) = &changes.status {
            sink.heartbeat(&HeartbeatEvent::new(status, self.ids.make(), changes.time));
        }
    }

    fn flush(&mut self) {
        let Some(sink) = &mut self.sink else { return };
        let gone = sink.flush().is_err();
        let Lost { full, unwritable } = sink.lost();
        self.shared.failed.store(full + unwritable, Ordering::Relaxed);
        if gone {
            self.sink = None;
            self.shared.reader_left();
        }
    }
}

impl Shared {
    /// The reader of standard output has gone.
    fn reader_left(&self) {
        self.consumers.fetch_sub(1, Ordering::Relaxed);
        self.reader_gone.store(true, Ordering::Relaxed);
    }
}

fn tail(tails: &mut Vec<Subscriber>, event: &ExchangeEvent<'_>, shared: &Shared) {
    let mut line = Vec::with_capacity(1024);
    if event.append_json(&mut line).is_err() {
        shared.tail_lost.fetch_add(1, Ordering::Relaxed);
        return;
    }
    line.push(b'\n');
    let line = bytes::Bytes::from(line);
    tails.retain_mut(|tail| match tail.send(line.clone()) {
        Delivery::Sent => true,
        Delivery::Lost => {
            shared.tail_lost.fetch_add(1, Ordering::Relaxed);
            true
        }
        Delivery::Gone => {
            shared.consumers.fetch_sub(1, Ordering::Relaxed);
            false
        }
    });
}
