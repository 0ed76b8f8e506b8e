//! Joins the requests and responses of a connection into exchanges.
//!
//! A queue of requests waits for responses. As long as nothing is missing, HTTP/1's order pairs
//! them. After a loss order proves nothing, and the acknowledgement numbers do: a client that
//! does not pipeline sends a request when it has received all before the response to it, so the
//! response begins at or behind the number that the request carried, and before the number that
//! the next one carried. What these do not settle is reported unpaired, not guessed.

mod queue;

use std::net::SocketAddr;

use queue::{Match, Pending, Queue};

use crate::{
    exchange::{
        ConnectionId, Decoding, Exchange, Framing, Head, Method, Missing, Problems, Request,
        Response, Role, Timestamp, Version,
    },
    memory::Memory,
    protocol::http1::{
        Collected, FieldFacts, Limits, Malformed, Mark, MessageHead, Reader, Side, StartLine, Step,
        Transfer,
    },
    stream::{Chunk, GapCause, Piece},
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
pub struct Conversation {
    requests: Reader,
    responses: Reader,
    queue: Queue,
    /// The response under way, and the request that it answers.
    answer: Option<Box<Answer>>,
    /// Nothing was missing since both directions were last in step.
    in_step: Bias,
    tunnel: bool,
    /// Distinguishes exchanges of a connection that begin at the same byte (orphans).
    serial: u32,
}

/// What may be concluded from order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bias {
    /// Requests may have been missed.
    requests_missed: bool,
    /// Responses may have been missed.
    responses_missed: bool,
}

#[derive(Debug)]
struct Answer {
    request: Option<Pending>,
    ambiguous: bool,
    response: Response,
    missing: Missing,
    done: bool,
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

impl Default for Conversation {
    fn default() -> Self {
        Self {
            requests: Reader::new(Side::Request),
            responses: Reader::new(Side::Response),
            queue: Queue::default(),
            answer: None,
            in_step: Bias::default(),
            tunnel: false,
            serial: 0,
        }
    }
}

impl Conversation {
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
            Piece::End(end) => match side {
                Side::Request => {
                    if let Some(step) = self.requests.end(end, context.limits, context.memory) {
                        self.request_step(step, parties, context);
                    }
                }
                Side::Response => {
                    if let Some(step) = self.responses.end(end, context.limits, context.memory) {
                        self.response_step(step, parties, context);
                    }
                }
            },
        }
    }

    /// Ends a response whose end cannot be seen: nothing has come for a while.
    pub fn settle(&mut self, parties: &Parties, context: &mut Context<'_>) {
        if let Some(collected) = self.responses.end_endless(context.limits, context.memory) {
            self.response_done(&collected, parties, context);
        }
        if let Some(collected) = self.requests.end_endless(context.limits, context.memory) {
            self.request_done(&collected, parties, context);
        }
    }

    /// The connection is over: everything open is handed out as it is.
    pub fn close(&mut self, parties: &Parties, context: &mut Context<'_>) {
        self.requests.abandon(context.memory);
        self.responses.abandon(context.memory);
        if let Some(mut answer) = self.answer.take() {
            if !answer.done {
                answer.missing.insert(Missing::RESPONSE_ABORTED);
            }
            self.emit(*answer, parties, context);
        }
        while let Some(pending) = self.queue.take_first() {
            self.unanswered(pending, parties, context);
        }
    }

    /// Drops everything that is open, without a word.
    pub fn abandon(&mut self, memory: &mut Memory) {
        self.requests.abandon(memory);
        self.responses.abandon(memory);
    }

    fn gap(
        &mut self,
        side: Side,
        length: u32,
        cause: GapCause,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        match side {
            Side::Request => {
                let between = !self.requests.in_message();
                let step = self.requests.gap(length, cause, context.limits, context.memory);
                if between || self.requests.is_endless() || matches!(step, Step::Broken(_)) {
                    self.in_step.requests_missed = true;
                }
                self.request_step(step, parties, context);
            }
            Side::Response => {
                let between = !self.responses.in_message();
                let step = self.responses.gap(length, cause, context.limits, context.memory);
                if between || self.responses.is_endless() || matches!(step, Step::Broken(_)) {
                    self.in_step.responses_missed = true;
                }
                self.response_step(step, parties, context);
            }
        }
    }

    fn request_data(
        &mut self,
        chunk: &mut Chunk<'_>,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        loop {
            let step = self.requests.read(chunk, context.limits, context.memory);
            let more = matches!(step, Step::More);
            if let Step::Head(head) = step {
                self.request_head(head, parties, context);
            } else {
                self.request_step(step, parties, context);
            }
            if let Some(pending) = self.queue.last_mut() {
                pending.end = chunk.sequence;
            }
            if more || chunk.bytes.is_empty() {
                return;
            }
        }
    }

    fn request_step(&mut self, step: Step, parties: &Parties, context: &mut Context<'_>) {
        match step {
            Step::More | Step::Head(_) => {}
            Step::Done(collected) => self.request_done(&collected, parties, context),
            Step::Broken(malformed) => {
                // A server may well answer what is no request here.
                self.in_step.requests_missed = true;
                count(context.counts, malformed);
            }
        }
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
            self.response_done(&collected, parties, context);
        }
        self.flush_answer(parties, context);
        let (framing, framing_problems) = request_framing(&facts);
        let coding = coding(&head, &facts);
        let collected =
            self.requests.begin_content(framing, &facts, coding, context.limits, context.memory);
        let mut request = Request {
            head,
            method,
            target,
            version,
            start: origin.time,
            end: origin.time,
            content: crate::exchange::Content { framing, ..Default::default() },
            problems,
        };
        request.problems.insert(framing_problems);
        if let Some(overflow) = self.queue.push(Pending::new(request, origin)) {
            context.counts.queue_overflows += 1;
            self.unanswered(overflow, parties, context);
        }
        if let Some(collected) = collected {
            self.request_done(&collected, parties, context);
        }
    }

    fn request_done(
        &mut self,
        collected: &Collected,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        // After an early response the request is with its answer.
        let answered = self.answer.as_mut().and_then(|answer| answer.request.as_mut());
        let under_way = match answered.filter(|pending| !pending.done) {
            Some(pending) => Some(pending),
            None => self.queue.last_mut(),
        };
        if let Some(pending) = under_way.filter(|pending| !pending.done) {
            pending.finish(collected);
        }
        if self.answer.as_ref().is_some_and(|answer| answer.done) {
            self.flush_answer(parties, context);
        }
    }

    fn response_data(
        &mut self,
        chunk: &mut Chunk<'_>,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        if !self.responses.in_message() && !self.tunnel && self.answers_without_head(chunk) {
            let origin = self.responses.begin_without_head(chunk);
            self.begin_answer(origin, Head::default(), 0, Version::Http09, Problems::HTTP_09);
        }
        loop {
            let step = self.responses.read(chunk, context.limits, context.memory);
            let more = matches!(step, Step::More);
            if let Step::Head(head) = step {
                self.response_head(head, parties, context);
            } else {
                self.response_step(step, parties, context);
            }
            if more || chunk.bytes.is_empty() {
                return;
            }
        }
    }

    /// Whether these bytes are an HTTP/0.9 response: they begin like no status line, and they
    /// are the first to come back. Servers of that age answer requests of any version so.
    fn answers_without_head(&self, chunk: &Chunk<'_>) -> bool {
        let length = chunk.bytes.len().min(5);
        chunk.bytes[..length] != b"HTTP/"[..length]
            && self.in_step == Bias::default()
            && self.serial == 0
            && self.queue.first().is_some_and(|pending| {
                pending.request.version == Version::Http09 || pending.request.method == Method::Get
            })
    }

    fn response_step(&mut self, step: Step, parties: &Parties, context: &mut Context<'_>) {
        match step {
            Step::More | Step::Head(_) => {}
            Step::Done(collected) => self.response_done(&collected, parties, context),
            Step::Broken(malformed) => {
                self.in_step.responses_missed = true;
                count(context.counts, malformed);
            }
        }
    }

    fn response_head(
        &mut self,
        message: MessageHead,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        let MessageHead { start_line, head, facts, problems, origin } = message;
        let StartLine::Status { status, version } = start_line else { return };
        let coding = coding(&head, &facts);
        if (100..200).contains(&status) && status != 101 {
            // Interim: the final response is still to come (RFC 9110 section 15.2).
            self.responses.begin_content(
                Framing::None,
                &facts,
                None,
                context.limits,
                context.memory,
            );
            return;
        }
        let ambiguous_before = self.pick(&origin, parties, context);
        let method = match (&ambiguous_before, self.queue.first()) {
            (Match::First, Some(pending)) => Some(pending.request.method.clone()),
            _ => None,
        };
        let (framing, framing_problems) = response_framing(status, &facts, method.as_ref());
        let collected =
            self.responses.begin_content(framing, &facts, coding, context.limits, context.memory);
        let mut problems = problems;
        problems.insert(framing_problems);
        self.begin_matched(ambiguous_before, origin, head, status, version, problems);
        if status == 101 || (method == Some(Method::Connect) && (200..300).contains(&status)) {
            self.tunnel = true;
            context.counts.tunnels += 1;
            self.requests.ignore(context.memory);
        }
        if let Some(collected) = collected {
            self.response_done(&collected, parties, context);
        }
        if self.tunnel {
            self.responses.ignore(context.memory);
            self.flush_answer(parties, context);
        }
    }

    /// Finds the request that a response beginning at `origin` answers and brings it to the
    /// front of the queue. Requests before it are handed out unanswered.
    fn pick(&mut self, origin: &Mark, parties: &Parties, context: &mut Context<'_>) -> Match {
        self.flush_answer(parties, context);
        if self.in_step == Bias::default() {
            return if self.queue.is_empty() { Match::None } else { Match::First };
        }
        let (skipped, found) = self.queue.locate(origin, self.in_step.requests_missed);
        for _ in 0..skipped {
            if let Some(pending) = self.queue.take_first() {
                self.unanswered(pending, parties, context);
            }
        }
        if found == Match::First && self.queue.len() == 1 {
            self.in_step = Bias::default();
        }
        found
    }

    fn begin_answer(
        &mut self,
        origin: Mark,
        head: Head,
        status: u16,
        version: Version,
        problems: Problems,
    ) {
        let found = if self.queue.is_empty() { Match::None } else { Match::First };
        self.begin_matched(found, origin, head, status, version, problems);
    }

    fn begin_matched(
        &mut self,
        found: Match,
        origin: Mark,
        head: Head,
        status: u16,
        version: Version,
        problems: Problems,
    ) {
        let request = if found == Match::First { self.queue.take_first() } else { None };
        self.answer = Some(Box::new(Answer {
            request,
            ambiguous: found == Match::Ambiguous,
            response: Response {
                head,
                status,
                version,
                start: origin.time,
                end: origin.time,
                content: crate::exchange::Content::default(),
                problems,
            },
            missing: Missing::empty(),
            done: false,
        }));
    }

    fn response_done(
        &mut self,
        collected: &Collected,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        let Some(answer) = &mut self.answer else { return };
        answer.done = true;
        answer.response.end = collected.end.max(answer.response.start);
        answer.response.content = collected.content;
        answer.response.problems.insert(collected.problems);
        for (holds, flag) in [
            (collected.gap, Missing::RESPONSE_GAP),
            (collected.truncated, Missing::RESPONSE_TRUNCATED),
            (collected.aborted, Missing::RESPONSE_ABORTED),
            (undecoded(collected.content.decoding), Missing::RESPONSE_UNDECODED),
        ] {
            if holds {
                answer.missing.insert(flag);
            }
        }
        // An early response waits for the end of its request, if that is still coming.
        if answer.request.as_ref().is_none_or(|pending| pending.done) {
            self.flush_answer(parties, context);
        }
    }

    fn flush_answer(&mut self, parties: &Parties, context: &mut Context<'_>) {
        // Reading an endless response ends with the next head, after `response_done`.
        if let Some(answer) = self.answer.take_if(|answer| answer.done || self.tunnel) {
            self.emit(*answer, parties, context);
        }
    }

    fn unanswered(&mut self, pending: Pending, parties: &Parties, context: &mut Context<'_>) {
        let mut missing = pending.missing();
        missing.insert(Missing::RESPONSE);
        let id = self.id(parties, pending.origin.time, pending.origin.sequence);
        (context.emit)(Exchange {
            id,
            connection: parties.connection,
            client: parties.client,
            server: parties.server,
            role: parties.role,
            request: Some(pending.request),
            response: None,
            workload: None,
            caller: None,
            missing,
        });
    }

    fn emit(&mut self, answer: Answer, parties: &Parties, context: &mut Context<'_>) {
        let mut missing = answer.missing;
        let origin = answer.request.as_ref().map(|pending| pending.origin);
        match &answer.request {
            Some(pending) => missing.insert(pending.missing()),
            None => missing.insert(Missing::REQUEST),
        }
        if answer.ambiguous {
            missing.insert(Missing::PAIRING);
        }
        let (time, sequence) =
            origin.map_or((answer.response.start, 0), |origin| (origin.time, origin.sequence));
        let id = self.id(parties, time, sequence);
        (context.emit)(Exchange {
            id,
            connection: parties.connection,
            client: parties.client,
            server: parties.server,
            role: parties.role,
            request: answer.request.map(|pending| pending.request),
            response: Some(answer.response),
            workload: None,
            caller: None,
            missing,
        });
    }

    /// Time, then connection and place: unique on a node, and sorted by time. The pipeline adds
    /// the node.
    fn id(&mut self, parties: &Parties, time: Timestamp, sequence: u32) -> u128 {
        self.serial = self.serial.wrapping_add(1);
        let place = parties.connection.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ (u64::from(sequence) << 20)
            ^ u64::from(self.serial);
        u128::from(time.0) << 64 | u128::from((place ^ (place >> 32)) as u32)
    }
}

fn count(counts: &mut Counts, malformed: Malformed) {
    match malformed {
        Malformed::Head => counts.malformed_heads += 1,
        Malformed::HeadTooLarge => counts.oversized_heads += 1,
        Malformed::HeadCut => counts.cut_heads += 1,
    }
}

fn coding<'a>(head: &'a Head, facts: &FieldFacts) -> Option<&'a [u8]> {
    let field = head.fields.get(usize::from(facts.content_encoding?))?;
    Some(head.slice(field.value))
}

fn undecoded(decoding: Decoding) -> bool {
    !matches!(decoding, Decoding::Identity | Decoding::Complete)
}

/// How a request's content ends (RFC 9112 section 6.3).
fn request_framing(facts: &FieldFacts) -> (Framing, Problems) {
    match (facts.transfer, facts.content_length) {
        (Transfer::Chunked, _) => (Framing::Chunked, Problems::empty()),
        // The server cannot tell the end, answers 400 and closes.
        (Transfer::Other, _) => (Framing::Close, Problems::empty()),
        (Transfer::None, Some(_)) => (Framing::Length, Problems::empty()),
        (Transfer::None, None) => (Framing::None, Problems::empty()),
    }
}

/// How a response's content ends, which depends on what it answers (RFC 9112 section 6.3).
fn response_framing(
    status: u16,
    facts: &FieldFacts,
    method: Option<&Method>,
) -> (Framing, Problems) {
    let bodiless = matches!(status, 101 | 204 | 304)
        || method == Some(&Method::Head)
        || (method == Some(&Method::Connect) && (200..300).contains(&status));
    let framing = match (facts.transfer, facts.content_length) {
        _ if bodiless => Framing::None,
        (Transfer::Chunked, _) => Framing::Chunked,
        (Transfer::Other, _) | (Transfer::None, None) => Framing::Close,
        (Transfer::None, Some(_)) => Framing::Length,
    };
    (framing, Problems::empty())
}

#[cfg(test)]
mod tests;
