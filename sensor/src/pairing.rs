//! Joins the requests and responses of a connection into exchanges.
//!
//! A queue of requests waits for responses. As long as nothing is missing, HTTP/1's order pairs
//! them. After a loss order proves nothing, and the acknowledgement numbers do: a client that
//! does not pipeline sends a request when it has received all before the response to it, so the
//! response begins exactly at the number that the request carried. What these numbers do not
//! settle is reported unpaired, not guessed. Biased towards clients that do not pipeline: one
//! that does, and shows it for the first time in what was lost, is taken for one that does not.

mod framing;
mod handout;
mod queue;
mod responses;

use std::net::SocketAddr;

use framing::{content_kind, request_framing};
use handout::Answer;
use queue::{Pending, Queue};

use crate::{
    exchange::{Body, ConnectionId, Exchange, Request, Role, Version},
    memory::Memory,
    protocol::http1::{
        Collected, Limits, Malformed, Mark, MessageHead, Reader, Side, StartLine, Step,
    },
    stream::{Chunk, GapCause, Piece, after},
};

/// What pairing needs around it.
pub struct Context<'a> {
    /// Bounds on messages.
    pub limits: &'a Limits,
    /// The account of buffered bytes.
    pub memory: &'a mut Memory,
    /// What cannot be part of an exchange is counted.
    pub counts: &'a mut Counts,
    /// Takes finished exchanges.
    pub emit: &'a mut dyn FnMut(Exchange),
}

/// What was met that is no exchange.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Bytes where a message should begin that are none.
    pub malformed_heads: u64,
    /// Heads over the cap.
    pub oversized_heads: u64,
    /// Heads cut by a loss or by the end of the connection.
    pub cut_heads: u64,
    /// Requests of HTTP/0.9.
    pub http09_requests: u64,
    /// Connections that left HTTP by CONNECT or Upgrade.
    pub tunnels: u64,
    /// Requests given up because too many waited for a response on one connection.
    pub queue_overflows: u64,
}

/// The HTTP conversation on one connection.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not states of one thing")]
pub struct Conversation {
    requests: Reader,
    responses: Reader,
    queue: Queue,
    /// The response under way, and the request that it answers.
    answer: Option<Box<Answer>>,
    /// Messages may have been missed since both directions were last known to be in step.
    out_of_step: bool,
    /// The client sends requests before it has the response to the last.
    pipelines: bool,
    /// Requests may have been missed since the last one seen.
    requests_missed: bool,
    /// Where the last gap in the responses lies, which may hide those to unseen requests.
    answers_gap: Option<(u32, u32)>,
    /// What the server had received when it sent the last response to an unseen request.
    strange_answer: Option<u32>,
    /// What the last request carried as acknowledgement.
    last_acknowledgement: Option<u32>,
    /// Where the interim responses before the next final one begin and end.
    interim: Option<(u32, u32)>,
    tunnel: bool,
    /// Distinguishes exchanges of a connection that begin at the same byte (orphans).
    serial: u32,
}

/// Who speaks on a connection.
#[derive(Clone, Copy, Debug)]
pub struct Parties {
    /// The connection.
    pub connection: ConnectionId,
    /// The side that sends requests.
    pub client: SocketAddr,
    /// The side that answers.
    pub server: SocketAddr,
    /// Which of them is the captured socket.
    pub role: Role,
}

impl Conversation {
    /// A conversation seen from its beginning, or one that was joined later. Of requests and
    /// responses: the sequence number of the next byte, and how many before it were lost.
    pub fn new(joined: bool, at: [u32; 2], missed: [u32; 2]) -> Self {
        let first_answer = at[1].wrapping_sub(missed[1]);
        Self {
            requests: Reader::new(Side::Request, at[0]),
            responses: Reader::new(Side::Response, at[1]),
            queue: Queue::default(),
            answer: None,
            out_of_step: joined || missed != [0, 0],
            pipelines: false,
            requests_missed: missed[0] > 0,
            answers_gap: (missed[1] > 0).then_some((first_answer, at[1])),
            strange_answer: None,
            last_acknowledgement: None,
            interim: None,
            tunnel: false,
            serial: 0,
        }
    }

    /// Whether the connection has left HTTP.
    pub fn is_tunnel(&self) -> bool {
        self.tunnel
    }

    /// Whether a request or response is open.
    pub fn is_open(&self) -> bool {
        self.answer.is_some() || !self.queue.is_empty() || self.requests.in_message()
    }

    /// Takes a piece of one direction.
    pub fn piece(
        &mut self,
        side: Side,
        piece: Piece<'_>,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        match piece {
            Piece::Data(mut chunk) => match side {
                Side::Request => self.request_data(&mut chunk, parties, context),
                Side::Response => self.response_data(&mut chunk, parties, context),
            },
            Piece::Gap { length, cause } => self.gap(side, length, cause, parties, context),
            Piece::End(end) => {
                let (limits, memory) = (context.limits, &mut *context.memory);
                let step = match side {
                    Side::Request => self.requests.end(end, limits, memory),
                    Side::Response => self.responses.end(end, limits, memory),
                };
                if let Some(step) = step {
                    self.step(side, step, parties, context);
                }
            }
        }
    }

    /// Ends a response whose end cannot be seen: nothing has come for a while.
    pub fn settle(&mut self, parties: &Parties, context: &mut Context<'_>) {
        if let Some(collected) = self.responses.end_endless(context.limits, context.memory) {
            self.response_done(collected, parties, context);
        }
        if let Some(collected) = self.requests.end_endless(context.limits, context.memory) {
            self.request_done(collected, parties, context);
        }
        if self.out_of_step && self.pipelines && !self.responses.in_message() {
            // What was sent together is over by now, and the next request stands alone.
            self.unanswer_all(parties, context);
            self.pipelines = false;
        }
    }

    /// The connection is over: everything open is handed out as it is.
    pub fn close(&mut self, parties: &Parties, context: &mut Context<'_>) {
        self.requests.abandon(context.memory);
        self.responses.abandon(context.memory);
        self.flush_answer(parties, context);
        self.unanswer_all(parties, context);
    }

    /// Drops everything that is open, without a word.
    pub fn abandon(&mut self, memory: &mut Memory) {
        self.requests.abandon(memory);
        self.responses.abandon(memory);
        self.queue.clear(memory);
        if let Some(answer) = self.answer.take() {
            answer.abandon(memory);
        }
    }

    fn unanswer_all(&mut self, parties: &Parties, context: &mut Context<'_>) {
        while let Some(pending) = self.queue.take_first(context.memory) {
            self.unanswered(*pending, parties, context);
        }
    }

    fn gap(
        &mut self,
        side: Side,
        length: u32,
        cause: GapCause,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        let (limits, memory) = (context.limits, &mut *context.memory);
        let step = match side {
            Side::Request => self.requests.gap(length, cause, limits, memory),
            Side::Response => self.responses.gap(length, cause, limits, memory),
        };
        let missed = self.requests_missed;
        let strayed = self.step(side, step, parties, context);
        match side {
            Side::Request => {
                self.note_request_end();
                if cause == GapCause::Budget {
                    // It was one turn of a direction, which is one message without pipelining.
                    self.requests_missed = missed;
                }
            }
            Side::Response if strayed && cause == GapCause::Lost => {
                let end = self.responses.position();
                // What lies before the last request was judged with it.
                let last = self.last_acknowledgement;
                let since = self
                    .answers_gap
                    .filter(|(_, end)| last.is_none_or(|last| after(*end, last)))
                    .map_or(end.wrapping_sub(length), |(start, _)| start);
                self.answers_gap = Some((since, end));
            }
            Side::Response => {}
        }
    }

    fn request_data(
        &mut self,
        chunk: &mut Chunk<'_>,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        if self.withholds_content(chunk) {
            let collected = self.requests.end_before_next(context.limits, context.memory);
            self.request_done(collected, parties, context);
        }
        loop {
            let step = self.requests.read(chunk, context.limits, context.memory);
            let more = matches!(step, Step::More);
            self.step(Side::Request, step, parties, context);
            if more || chunk.bytes.is_empty() {
                return self.note_request_end();
            }
        }
    }

    /// Whether the content announced is not coming: the client asked first (RFC 9110 section
    /// 10.1.1), was refused, and sends another request in its place.
    fn withholds_content(&self, chunk: &Chunk<'_>) -> bool {
        let Some(answer) = self.answer.as_ref().filter(|answer| answer.done) else { return false };
        let asked = answer
            .request
            .as_ref()
            .is_some_and(|pending| !pending.done && pending.request.head.get("expect").is_some());
        asked
            && self.requests.awaits_content()
            && after(chunk.acknowledgement, answer.start)
            && Side::Request.may_begin(chunk.bytes)
            && memchr::memchr(b'\n', chunk.bytes)
                .is_some_and(|end| chunk.bytes[..end].trim_ascii_end().ends_with(b" HTTP/1.1"))
    }

    /// How far the request under way has come.
    fn note_request_end(&mut self) {
        if let Some(pending) = self.queue.last_mut()
            && !pending.done
        {
            pending.end = self.requests.position();
        }
    }

    /// Works on what was read; whether messages may have been missed on the way.
    fn step(
        &mut self,
        side: Side,
        step: Step,
        parties: &Parties,
        context: &mut Context<'_>,
    ) -> bool {
        let strayed = match side {
            Side::Request => self.requests.take_strayed(),
            Side::Response => self.responses.take_strayed(),
        };
        self.out_of_step |= strayed;
        self.requests_missed |= strayed && side == Side::Request;
        match (side, step) {
            (_, Step::More) => {}
            (_, Step::Broken(malformed)) => count(context.counts, malformed),
            (Side::Request, Step::Head(head)) => self.request_head(head, parties, context),
            (Side::Request, Step::Done(collected)) => {
                self.request_done(collected, parties, context);
            }
            (Side::Response, Step::Head(head)) => self.response_head(head, parties, context),
            (Side::Response, Step::Done(collected)) => {
                self.response_done(collected, parties, context);
            }
        }
        strayed
    }

    fn request_head(&mut self, message: MessageHead, parties: &Parties, context: &mut Context<'_>) {
        let MessageHead { start_line, head, facts, problems, origin } = message;
        let StartLine::Request { method, target, version } = start_line else { return };
        if version == Version::Http09 {
            context.counts.http09_requests += 1;
        }
        // A response whose end could not be seen is over when the next request begins, and so is
        // an answered request that never ended.
        if let Some(collected) = self.responses.end_endless(context.limits, context.memory) {
            self.response_done(collected, parties, context);
        }
        self.flush_done(parties, context);
        let trusted = self.judge_request(&origin);
        let framing = request_framing(&facts);
        // Always kept: it may say which of several operations this is.
        let kind = content_kind(&head, &facts, true);
        let collected =
            self.requests.begin_content(framing, &facts, kind, context.limits, context.memory);
        let request = Request {
            head,
            method,
            target,
            version,
            start: origin.time,
            end: origin.time,
            content: crate::exchange::Content { framing, ..Default::default() },
            body: Body::default(),
            problems,
        };
        let pending = Pending::new(request, origin, self.requests.position(), trusted);
        self.queue.push(Box::new(pending), context.memory);
        self.drop_overflow(parties, context);
        if let Some(collected) = collected {
            self.request_done(collected, parties, context);
        }
    }

    /// Gives up the oldest requests while too many wait. Their responses are still to come, so
    /// order pairs the others no more.
    fn drop_overflow(&mut self, parties: &Parties, context: &mut Context<'_>) {
        while self.queue.is_over(context.memory)
            && let Some(pending) = self.queue.take_first(context.memory)
        {
            context.counts.queue_overflows += 1;
            self.unanswered(*pending, parties, context);
            self.out_of_step = true;
            self.requests_missed = true;
            self.pipelines |= !self.queue.is_empty();
        }
    }

    /// Notes what a request's numbers tell of the client; whether no unseen request can wait
    /// before it.
    fn judge_request(&mut self, origin: &Mark) -> bool {
        let number = origin.acknowledgement;
        let last = self.last_acknowledgement.replace(number);
        // A client that does not pipeline has received something since its last request.
        self.pipelines |= last == Some(number);
        if !std::mem::take(&mut self.requests_missed) {
            return true;
        }
        // Missed requests were answered if the server had them when it sent a response to none
        // that was seen, or if responses are missing that the client received since.
        let answered =
            self.strange_answer.is_some_and(|received| !after(origin.sequence, received));
        let missing = self.answers_gap.is_some_and(|(start, end)| {
            after(number, start) && last.is_none_or(|last| after(end, last))
        });
        answered || missing || after(number, self.responses.position())
    }

    fn request_done(&mut self, collected: Collected, parties: &Parties, context: &mut Context<'_>) {
        // After an early response the request is with its answer.
        let answered = self.answer.as_mut().and_then(|answer| answer.request.as_deref_mut());
        let under_way = match answered.filter(|pending| !pending.done) {
            Some(pending) => Some(pending),
            None => self.queue.last_mut(),
        };
        if let Some(pending) = under_way.filter(|pending| !pending.done) {
            pending.end = self.requests.message_end();
            pending.finish(collected);
        } else {
            context.memory.release(collected.body.bytes.len());
        }
        self.flush_done(parties, context);
    }
}

fn count(counts: &mut Counts, malformed: Malformed) {
    match malformed {
        Malformed::Head => counts.malformed_heads += 1,
        Malformed::HeadTooLarge => counts.oversized_heads += 1,
        Malformed::HeadCut => counts.cut_heads += 1,
    }
}

#[cfg(test)]
mod tests;
