//! Joins the requests and responses of a connection into exchanges.
//!
//! A queue of requests waits for responses. As long as nothing is missing, HTTP/1's order pairs
//! them. After a loss order proves nothing, and the acknowledgement numbers do: a client that
//! does not pipeline sends a request when it has received all before the response to it, so the
//! response begins exactly at the number that the request carried. What these numbers do not
//! settle is reported unpaired, not guessed. Biased towards clients that do not pipeline: one
//! that does, and shows it for the first time in what was lost, is taken for one that does not.

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

/// What a status line says.
#[derive(Clone, Copy, Debug)]
struct StatusLine {
    status: u16,
    version: Version,
}

#[derive(Debug)]
struct Answer {
    request: Option<Box<Pending>>,
    ambiguous: bool,
    response: Response,
    /// Its first byte.
    start: u32,
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
            self.response_done(&collected, parties, context);
        }
        if let Some(collected) = self.requests.end_endless(context.limits, context.memory) {
            self.request_done(&collected, parties, context);
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
    }

    fn unanswer_all(&mut self, parties: &Parties, context: &mut Context<'_>) {
        while let Some(pending) = self.queue.take_first() {
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
        loop {
            let step = self.requests.read(chunk, context.limits, context.memory);
            let more = matches!(step, Step::More);
            self.step(Side::Request, step, parties, context);
            if more || chunk.bytes.is_empty() {
                return self.note_request_end();
            }
        }
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
                self.request_done(&collected, parties, context);
            }
            (Side::Response, Step::Head(head)) => self.response_head(head, parties, context),
            (Side::Response, Step::Done(collected)) => {
                self.response_done(&collected, parties, context);
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
            self.response_done(&collected, parties, context);
        }
        self.flush_done(parties, context);
        let trusted = self.judge_request(&origin);
        let framing = request_framing(&facts);
        let coding = coding(&head, &facts);
        let collected =
            self.requests.begin_content(framing, &facts, coding, context.limits, context.memory);
        let request = Request {
            head,
            method,
            target,
            version,
            start: origin.time,
            end: origin.time,
            content: crate::exchange::Content { framing, ..Default::default() },
            problems,
        };
        let pending = Pending::new(request, origin, self.requests.position(), trusted);
        if let Some(overflow) = self.queue.push(Box::new(pending)) {
            context.counts.queue_overflows += 1;
            self.unanswered(*overflow, parties, context);
        }
        if let Some(collected) = collected {
            self.request_done(&collected, parties, context);
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

    fn request_done(
        &mut self,
        collected: &Collected,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        // After an early response the request is with its answer.
        let answered = self.answer.as_mut().and_then(|answer| answer.request.as_deref_mut());
        let under_way = match answered.filter(|pending| !pending.done) {
            Some(pending) => Some(pending),
            None => self.queue.last_mut(),
        };
        if let Some(pending) = under_way.filter(|pending| !pending.done) {
            pending.end = self.requests.message_end();
            pending.finish(collected);
        }
        self.flush_done(parties, context);
    }

    fn response_data(
        &mut self,
        chunk: &mut Chunk<'_>,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        if !self.responses.in_message() && !self.tunnel && self.answers_without_head(chunk) {
            let origin = self.responses.begin_without_head(chunk);
            let response = StatusLine { status: 0, version: Version::Http09 };
            self.begin_answer(Match::First, origin, Head::default(), response, Problems::HTTP_09);
        }
        if self.is_next_response(chunk) {
            let collected = self.responses.end_before_next(context.limits, context.memory);
            self.response_done(&collected, parties, context);
        }
        loop {
            let step = self.responses.read(chunk, context.limits, context.memory);
            let more = matches!(step, Step::More);
            self.step(Side::Response, step, parties, context);
            if more || chunk.bytes.is_empty() {
                return;
            }
        }
    }

    /// Whether the response under way has no content, or no more of it, after all: what comes is
    /// a status line. It may answer an unseen HEAD; and content up to the end of the connection
    /// is none when the client went on to send a request.
    fn is_next_response(&self, chunk: &Chunk<'_>) -> bool {
        let Some(answer) = &self.answer else { return false };
        if !chunk.bytes.starts_with(b"HTTP/1.") {
            return false;
        }
        let of_unseen_head = answer.request.is_none() && self.responses.awaits_content();
        let asked_again = self.queue.first().is_some_and(|pending| {
            pending.origin.acknowledgement == chunk.sequence && after(chunk.sequence, answer.start)
        });
        of_unseen_head || (self.responses.is_until_close() && asked_again)
    }

    /// Whether these bytes are an HTTP/0.9 response: they begin like no status line, and they
    /// are the first to come back. Servers of that age answer requests of any version so.
    fn answers_without_head(&self, chunk: &Chunk<'_>) -> bool {
        let length = chunk.bytes.len().min(5);
        chunk.bytes[..length] != b"HTTP/"[..length]
            && !self.out_of_step
            && self.serial == 0
            && self.queue.first().is_some_and(|pending| {
                pending.request.version == Version::Http09 || pending.request.method == Method::Get
            })
    }

    fn response_head(
        &mut self,
        message: MessageHead,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        let MessageHead { start_line, head, facts, problems, origin } = message;
        let StartLine::Status { status, version } = start_line else { return };
        let (limits, coding) = (context.limits, coding(&head, &facts));
        if (100..200).contains(&status) && status != 101 {
            // Interim: the final response is still to come (RFC 9110 section 15.2).
            self.responses.begin_content(Framing::None, &facts, None, limits, context.memory);
            let start = self.start_with_interim(origin.sequence);
            self.interim = Some((start, self.responses.position()));
            return;
        }
        let found = self.pick(&origin, parties, context);
        let (is_head, is_connect) = match (found, self.queue.first()) {
            (Match::First, Some(pending)) => {
                let method = &pending.request.method;
                (*method == Method::Head, *method == Method::Connect)
            }
            _ => (false, false),
        };
        let leaves_http = status == 101 || (is_connect && (200..300).contains(&status));
        let framing = if is_head || leaves_http || matches!(status, 204 | 304) {
            Framing::None
        } else {
            response_framing(&facts)
        };
        let collected =
            self.responses.begin_content(framing, &facts, coding, limits, context.memory);
        self.begin_answer(found, origin, head, StatusLine { status, version }, problems);
        if let Some(collected) = collected {
            self.response_done(&collected, parties, context);
        }
        if leaves_http {
            self.leave_http(parties, context);
        }
    }

    /// What follows is no HTTP/1: nothing that still waits will be answered in it.
    fn leave_http(&mut self, parties: &Parties, context: &mut Context<'_>) {
        self.tunnel = true;
        context.counts.tunnels += 1;
        self.close(parties, context);
        self.requests.ignore(context.memory);
        self.responses.ignore(context.memory);
    }

    /// Where a response began whose final head is at `sequence`: interim ones belong to it.
    fn start_with_interim(&self, sequence: u32) -> u32 {
        match self.interim {
            Some((start, end)) if end == sequence => start,
            _ => sequence,
        }
    }

    /// Finds the request that a response beginning at `origin` answers and brings it to the
    /// front of the queue. Requests before it are handed out unanswered.
    fn pick(&mut self, origin: &Mark, parties: &Parties, context: &mut Context<'_>) -> Match {
        self.flush_answer(parties, context);
        let start = self.start_with_interim(origin.sequence);
        self.interim = None;
        if !self.out_of_step {
            return if self.queue.is_empty() { Match::None } else { Match::First };
        }
        let (skipped, found) = match self.queue.locate(start, origin.acknowledgement) {
            (_, Match::First) if self.pipelines => (0, Match::Ambiguous),
            located => located,
        };
        for _ in 0..skipped {
            if let Some(pending) = self.queue.take_first() {
                self.unanswered(*pending, parties, context);
            }
        }
        if found == Match::First && self.queue.len() == 1 && !self.requests_missed {
            self.out_of_step = false;
        }
        found
    }

    fn begin_answer(
        &mut self,
        found: Match,
        origin: Mark,
        head: Head,
        StatusLine { status, version }: StatusLine,
        problems: Problems,
    ) {
        let request = if found == Match::First { self.queue.take_first() } else { None };
        if request.is_none() {
            self.strange_answer = Some(origin.acknowledgement);
        }
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
            start: origin.sequence,
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
        let end = self.responses.message_end();
        if self.queue.first().is_some_and(|pending| {
            let number = pending.origin.acknowledgement;
            after(number, answer.start) && after(end, number)
        }) {
            // A request was sent in the middle of this response.
            self.pipelines = true;
        }
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
        self.flush_done(parties, context);
    }

    /// Hands out the answer when it is complete. An early response waits for the end of its
    /// request, if that is still coming.
    fn flush_done(&mut self, parties: &Parties, context: &mut Context<'_>) {
        let complete = |answer: &mut Box<Answer>| {
            answer.done && answer.request.as_ref().is_none_or(|pending| pending.done)
        };
        if let Some(answer) = self.answer.take_if(complete) {
            self.emit(*answer, parties, context);
        }
    }

    /// Hands out the answer as it is.
    fn flush_answer(&mut self, parties: &Parties, context: &mut Context<'_>) {
        if let Some(mut answer) = self.answer.take() {
            if !answer.done {
                answer.missing.insert(Missing::RESPONSE_ABORTED);
            }
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
fn request_framing(facts: &FieldFacts) -> Framing {
    match (facts.transfer, facts.content_length) {
        (Transfer::Chunked, _) => Framing::Chunked,
        // The server cannot tell the end, answers 400 and closes.
        (Transfer::Other, _) => Framing::Close,
        (Transfer::None, Some(_)) => Framing::Length,
        (Transfer::None, None) => Framing::None,
    }
}

/// How the content of a response ends that has some (RFC 9112 section 6.3).
fn response_framing(facts: &FieldFacts) -> Framing {
    match (facts.transfer, facts.content_length) {
        (Transfer::Chunked, _) => Framing::Chunked,
        (Transfer::Other, _) | (Transfer::None, None) => Framing::Close,
        (Transfer::None, Some(_)) => Framing::Length,
    }
}

#[cfg(test)]
mod tests;
