//! The response side of a conversation.

use super::{
    Context, Conversation, Parties,
    framing::{content_kind, response_framing, undecoded},
    handout::Answer,
    queue::Match,
};
use crate::{
    exchange::{Body, Framing, Head, Method, Missing, Problems, Response, Version},
    memory::Memory,
    protocol::http1::{Collected, Mark, MessageHead, Side, StartLine, Step},
    stream::{Chunk, after},
};

/// What a status line says.
#[derive(Clone, Copy, Debug)]
struct StatusLine {
    status: u16,
    version: Version,
}

impl Conversation {
    pub(super) fn response_data(
        &mut self,
        chunk: &mut Chunk<'_>,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        if !self.responses.in_message() && !self.tunnel && self.answers_without_head(chunk) {
            let origin = self.responses.begin_without_head(chunk);
            let response = StatusLine { status: 0, version: Version::Http09 };
            self.begin_answer(
                Match::First,
                origin,
                Head::default(),
                response,
                Problems::HTTP_09,
                context.memory,
            );
        }
        if self.is_next_response(chunk) {
            let collected = self.responses.end_before_next(context.limits, context.memory);
            self.response_done(collected, parties, context);
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

    pub(super) fn response_head(
        &mut self,
        message: MessageHead,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        let MessageHead { start_line, head, facts, problems, origin } = message;
        let StartLine::Status { status, version } = start_line else { return };
        let (limits, kind) =
            (context.limits, content_kind(&head, &facts, context.limits.keep_text));
        if (100..200).contains(&status) && status != 101 {
            // Interim: the final response is still to come (RFC 9110 section 15.2).
            self.responses.begin_content(Framing::None, &facts, kind, limits, context.memory);
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
        let collected = self.responses.begin_content(framing, &facts, kind, limits, context.memory);
        let line = StatusLine { status, version };
        self.begin_answer(found, origin, head, line, problems, context.memory);
        if let Some(collected) = collected {
            self.response_done(collected, parties, context);
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
            if let Some(pending) = self.queue.take_first(context.memory) {
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
        memory: &mut Memory,
    ) {
        let request = if found == Match::First { self.queue.take_first(memory) } else { None };
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
                body: Body::default(),
                problems,
            },
            start: origin.sequence,
            missing: Missing::empty(),
            done: false,
        }));
    }

    pub(super) fn response_done(
        &mut self,
        collected: Collected,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        let Some(answer) = &mut self.answer else {
            context.memory.release(collected.body.bytes.len());
            return;
        };
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
        answer.response.body = collected.body;
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
}
