//! What is finished, or as finished as it will be, is handed out as exchanges.

use super::{Context, Conversation, Parties, queue::Pending};
use crate::{
    exchange::{Exchange, Missing, Request, Response, Timestamp},
    memory::Memory,
};

/// A response under way, and the request that it answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub request: Option<Box<Pending>>,
    pub ambiguous: bool,
    pub response: Response,
    /// Its first byte.
    pub start: u32,
    pub missing: Missing,
    pub done: bool,
}

impl Answer {
    /// Drops it without a word.
    pub fn abandon(self, memory: &mut Memory) {
        memory.release(self.body_bytes());
    }

    /// Bytes of both bodies, which are booked until they are handed out.
    fn body_bytes(&self) -> usize {
        let request = self.request.as_ref().map_or(0, |pending| pending.request.body.bytes.len());
        request + self.response.body.bytes.len()
    }
}

impl Conversation {
    /// Hands out the answer when it is complete. An early response waits for the end of its
    /// request, if that is still coming.
    pub(super) fn flush_done(&mut self, parties: &Parties, context: &mut Context<'_>) {
        let complete = |answer: &mut Box<Answer>| {
            answer.done && answer.request.as_ref().is_none_or(|pending| pending.done)
        };
        if let Some(answer) = self.answer.take_if(complete) {
            self.emit(*answer, parties, context);
        }
    }

    /// Hands out the answer as it is.
    pub(super) fn flush_answer(&mut self, parties: &Parties, context: &mut Context<'_>) {
        if let Some(mut answer) = self.answer.take() {
            if !answer.done {
                answer.missing.insert(Missing::RESPONSE_ABORTED);
            }
            self.emit(*answer, parties, context);
        }
    }

    pub(super) fn unanswered(
        &mut self,
        pending: Pending,
        parties: &Parties,
        context: &mut Context<'_>,
    ) {
        let mut missing = pending.missing();
        missing.insert(Missing::RESPONSE);
        context.memory.release(pending.request.body.bytes.len());
        let id = self.id(parties, pending.origin.time, pending.origin.sequence);
        (context.emit)(parties.exchange(id, Some(pending.request), None, missing));
    }

    fn emit(&mut self, answer: Answer, parties: &Parties, context: &mut Context<'_>) {
        context.memory.release(answer.body_bytes());
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
        let request = answer.request.map(|pending| pending.request);
        (context.emit)(parties.exchange(id, request, Some(answer.response), missing));
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

impl Parties {
    /// An exchange between them; who is behind the sockets is found out later.
    fn exchange(
        &self,
        id: u128,
        request: Option<Request>,
        response: Option<Response>,
        missing: Missing,
    ) -> Exchange {
        let Self { connection, client, server, role } = *self;
        Exchange {
            id,
            connection,
            client,
            server,
            role,
            request,
            response,
            operations: Vec::new(),
            workload: None,
            caller: None,
            tls: None,
            missing,
        }
    }
}
