//! The live stream of exchange records, with what a slow reader lost.

use std::{
    convert::Infallible,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame};
use tokio::sync::{
    OwnedSemaphorePermit,
    mpsc::{Receiver, Sender, error::TrySendError},
    watch,
};

/// Records joined into one frame of the response.
const BATCH: usize = 256;

/// The pipeline's end of one reader: never blocks, and tells the reader what it lost.
#[derive(Debug)]
pub struct Subscriber {
    sender: Sender<Bytes>,
    lost: u64,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is on its way.
    Sent,
    /// The reader is too slow: count it.
    Lost,
    /// The reader has gone: drop the subscriber.
    Gone,
}

impl Subscriber {
    /// Takes the sender of a [`super::Query::Tail`].
    pub fn new(sender: Sender<Bytes>) -> Self {
        Self { sender, lost: 0 }
    }

    /// Passes a record (a JSON line with its line feed) on. After a loss, the next record that
    /// fits is preceded by a line `{"schema":"lost","count":n}`.
    pub fn send(&mut self, record: Bytes) -> Delivery {
        if self.lost > 0 {
            let notice = format!("{{\"schema\":\"lost\",\"count\":{}}}\n", self.lost);
            match self.sender.try_send(notice.into()) {
                Ok(()) => self.lost = 0,
                Err(error) => return self.failed(&error),
            }
        }
        match self.sender.try_send(record) {
            Ok(()) => Delivery::Sent,
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&mut self, error: &TrySendError<Bytes>) -> Delivery {
        match error {
            TrySendError::Full(_) => {
                self.lost += 1;
                Delivery::Lost
            }
            TrySendError::Closed(_) => Delivery::Gone,
        }
    }
}

/// The body of the response to `/tail`: ends when the pipeline drops its sender, or at shutdown.
pub struct TailBody {
    receiver: Receiver<Bytes>,
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
    records: Vec<Bytes>,
    _permit: OwnedSemaphorePermit,
}

impl TailBody {
    pub fn new(
        receiver: Receiver<Bytes>,
        mut stopped: watch::Receiver<bool>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let stopped = Box::pin(async move {
            let _ = stopped.wait_for(|stopped| *stopped).await;
        });
        Self { receiver, stopped, records: Vec::new(), _permit: permit }
    }
}

impl Body for TailBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        let mut received = 0;
        if let Poll::Ready(count) =
            pin!(this.receiver.recv_many(&mut this.records, BATCH)).poll(context)
        {
            received = count;
            if received == 0 {
                return Poll::Ready(None);
            }
        }
        if received == 0 {
            ready!(this.stopped.as_mut().poll(context));
            return Poll::Ready(None);
        }
        let mut frame = BytesMut::with_capacity(this.records.iter().map(Bytes::len).sum());
        for record in this.records.drain(..) {
            frame.extend_from_slice(&record);
        }
        Poll::Ready(Some(Ok(Frame::data(frame.freeze()))))
    }
}
