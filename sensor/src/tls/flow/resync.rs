//! Records of a direction behind a hole.

use super::{
    Context, DarkReason, Flow, HEADER, Record, Side, Stage, Step, Version, content, header,
    open::open_first,
};
use crate::tls::{
    hello::Shared,
    hole::{self, Hole, find_header},
    keyring::Seen,
    secret::Label,
};

/// Sequence numbers tried under keys of which no record was seen.
const FIRST_NUMBERS: u64 = 8;

/// A record that was proved behind a hole.
struct Found {
    content_type: u8,
    /// Content lost in the hole, as far as it is application data.
    lost: u64,
}

impl Flow {
    /// Looks for a record in the buffer; whether one was found. What cannot be one is dropped.
    pub(super) fn resync(
        &mut self,
        shared: &mut Shared,
        context: &mut Context<'_>,
    ) -> Result<bool, DarkReason> {
        let Some(mut hole) = self.hole else { return Ok(false) };
        if shared.version.is_none() {
            if !self.buffer.bytes.is_empty() {
                self.wait(self.buffer.mark(1).time);
            }
            return Ok(false);
        }
        let bytes = std::mem::take(&mut self.buffer.bytes);
        let before = hole.bytes;
        let mut at = 0;
        let found = loop {
            let min_body = self.keys.as_ref().map_or(1, |keys| keys.opener.min_body());
            match find_header(&bytes[at..], min_body) {
                Ok(offset) => at += offset,
                Err(none) => {
                    at += none;
                    break None;
                }
            }
            let Some((head, length)) = header(&bytes[at..]) else { break None };
            let Some(body) = bytes.get(at + HEADER..at + length) else { break None };
            hole.bytes = before + at as u64;
            let record = Record { header: head, body };
            if self.is_change_cipher_spec(record, shared) {
                break Some((at, length, None));
            }
            if let Some(found) = self.identify(record, &mut hole, shared, context) {
                break Some((at, length, Some((found, record))));
            }
            at += self.step_over(record, shared);
            at = at.min(bytes.len());
        };
        let Some((at, length, proved)) = found else {
            self.buffer.bytes = bytes;
            hole.bytes = before + at as u64;
            self.hole = Some(hole);
            self.buffer.discard(at, context.memory);
            if self.keys.is_none() && hole.trials == 0 {
                return Err(DarkReason::SecretNeverCame);
            }
            return Ok(false);
        };
        self.hole = None;
        let step = match proved {
            None => {
                self.change_cipher_spec(context);
                Step::Done
            }
            Some((found, record)) => {
                context.counts.resynchronised += 1;
                self.deliver_gap(found.lost, hole.cause, context);
                let mut mark = self.buffer.mark(at + length);
                mark.sequence = self.buffer.sequence_at(at);
                self.opened(found.content_type, record, mark, shared, context)
            }
        };
        self.buffer.bytes = bytes;
        self.buffer.discard(at + length, context.memory);
        if let Step::Dark(reason) = step {
            return Err(reason);
        }
        Ok(true)
    }

    /// Before TLS 1.3, the record in clear that shows where the protected ones begin.
    fn is_change_cipher_spec(&self, record: Record<'_>, shared: &Shared) -> bool {
        self.stage == Stage::Clear
            && shared.version != Some(Version::Tls13)
            && record.content_type() == content::CHANGE_CIPHER_SPEC
            && record.body == [1]
    }

    /// How far to go on from what is no record.
    fn step_over(&mut self, record: Record<'_>, shared: &Shared) -> usize {
        // TLS 1.0 takes the IV from the record before.
        if let (Some(Version::Tls10), Some(keys)) = (shared.version, &mut self.keys) {
            keys.opener.passed(record.body);
            return HEADER + record.body.len();
        }
        1
    }

    /// Opens a record under any keys and number that the hole allows, into the scratch.
    fn identify(
        &mut self,
        record: Record<'_>,
        hole: &mut Hole,
        shared: &mut Shared,
        context: &mut Context<'_>,
    ) -> Option<Found> {
        if hole.trials == 0 {
            return None;
        }
        if let Some(keys) = &self.keys {
            for count in hole::counts(hole.bytes, &keys.opener, self.typical) {
                hole.trials = hole.trials.saturating_sub(1);
                let number = self.sequence.saturating_add(count);
                if let Some(content_type) = keys.opener.open(record, number, context.scratch) {
                    let exact = hole::content(hole.bytes, count, &keys.opener);
                    let lost = exact.unwrap_or(hole.bytes);
                    self.sequence = number;
                    context.counts.lost_records += count;
                    return Some(Found { content_type, lost: self.if_application(lost) });
                }
            }
        }
        hole.trials = hole.trials.saturating_sub(FIRST_NUMBERS as u32);
        // Nothing but a lost KeyUpdate, of 5 bytes, makes a hole of just its size.
        let overhead = self.keys.as_ref().and_then(|keys| keys.opener.overhead());
        let more = self.is_open() && overhead.is_some_and(|bytes| hole.bytes != bytes as u64 + 5);
        let before = more || self.may_be_early(shared);
        let (content_type, number) = self.identify_next(record, shared, context)?;
        let application = before || self.stage == Stage::Application && number > 0;
        Some(Found { content_type, lost: if application { hole.bytes } else { 0 } })
    }

    /// Opens a record under keys that follow, or that were never seen.
    fn identify_next(
        &mut self,
        record: Record<'_>,
        shared: &mut Shared,
        context: &mut Context<'_>,
    ) -> Option<(u8, u64)> {
        let numbers = FIRST_NUMBERS;
        if shared.version != Some(Version::Tls13) {
            if self.keys.is_some() {
                return None;
            }
            // TLS 1.0 takes the IV of all but the first from the record before.
            let first_only = shared.version == Some(Version::Tls10);
            let numbers = if first_only { 1 } else { numbers };
            let opened = self.acquire(record, numbers, &mut Default::default(), shared, context)?;
            self.stage = Stage::Application;
            self.messages.restart(context.memory);
            return Some(opened);
        }
        if self.stage == Stage::Application
            && let Some(keys) = self.keys.as_ref().and_then(|keys| keys.next(shared))
        {
            let opened = open_first(&keys.opener, record, numbers, context.scratch)?;
            (self.keys, self.sequence) = (Some(keys), opened.1);
            return Some(opened);
        }
        let labels = match self.side {
            Side::Client => [Label::ClientEarly, Label::ClientHandshake, Label::ClientApplication],
            Side::Server => [Label::ClientEarly, Label::ServerHandshake, Label::ServerApplication],
        };
        let from = match self.stage {
            Stage::Application => 2,
            _ => usize::from(!self.may_be_early(shared)),
        };
        labels[from..].iter().find_map(|&label| {
            let mut seen = Seen::default();
            self.acquire_traffic(label, record, numbers, &mut seen, shared, context)
        })
    }

    /// Whether what is missing may be early data.
    fn may_be_early(&self, shared: &Shared) -> bool {
        let before_handshake = matches!(self.stage, Stage::Clear | Stage::Early);
        self.side == Side::Client && shared.early_data && before_handshake
    }

    fn if_application(&self, lost: u64) -> u64 {
        if self.stage == Stage::Application || self.stage == Stage::Early { lost } else { 0 }
    }
}
