//! Records of a direction that is in step.

use super::{
    Action, Context, DarkReason, Flow, Keys, Mark, Opener, Record, Side, Stage, Step, Version,
    content,
};
use crate::{
    stream::{Chunk, GapCause, Piece},
    tls::{
        hello::Shared,
        keyring::{Keyring, Seen},
        schedule::{key_block, next_traffic_secret},
        secret::Label,
    },
};

impl Flow {
    pub(super) fn record(
        &mut self,
        record: Record<'_>,
        mark: Mark,
        shared: &mut Shared,
        context: &mut Context<'_>,
    ) -> Step {
        shared.now = mark.time;
        let kind = record.content_type();
        let tls13 = shared.version == Some(Version::Tls13);
        let in_clear =
            if tls13 { kind != content::APPLICATION } else { self.stage == Stage::Clear };
        if in_clear {
            return self.clear_record(record, shared, context);
        }
        if self.stage == Stage::Clear {
            if self.side == Side::Client && shared.retried && self.hellos < 2 {
                // Early data, and the server asked for another hello: it reads none of it.
                self.deliver_gap(record.body.len() as u64, GapCause::Lost, context);
                return Step::Done;
            }
            let early = self.side == Side::Client && shared.early_data;
            self.stage = if early { Stage::Early } else { Stage::Handshake };
            self.messages.restart(context.memory);
        }
        // A response must not come out before its request.
        let data = self.stage == Stage::Application && kind == content::APPLICATION;
        if data && shared.other_waits.is_some_and(|since| since < mark.time) {
            return Step::Wait;
        }
        self.protected_record(record, mark, shared, context)
    }

    fn clear_record(
        &mut self,
        record: Record<'_>,
        shared: &mut Shared,
        context: &mut Context<'_>,
    ) -> Step {
        match (record.content_type(), shared.version) {
            (content::HANDSHAKE, _) if self.stage == Stage::Clear || self.stage == Stage::Early => {
                self.stage = Stage::Clear;
                self.handshake(record.body, shared, context)
            }
            (_, _) if self.hellos == 0 => Step::Dark(DarkReason::NoHandshake),
            (content::ALERT, _) | (_, Some(Version::Tls13)) => Step::Done,
            // The client's, in clear or early data: what they mean, the server's hello tells.
            (_, None) if self.side == Side::Client => Step::Wait,
            (content::CHANGE_CIPHER_SPEC, Some(_)) => {
                self.change_cipher_spec(context);
                Step::Done
            }
            _ => Step::Dark(DarkReason::Malformed),
        }
    }

    /// What follows is under new keys (before TLS 1.3).
    pub(super) fn change_cipher_spec(&mut self, context: &mut Context<'_>) {
        self.messages.restart(context.memory);
        self.enter(Stage::Application);
    }

    /// New keys are due.
    pub(super) fn enter(&mut self, stage: Stage) {
        self.stage = stage;
        self.keys = None;
        self.sequence = 0;
        self.seen = Default::default();
    }

    fn protected_record(
        &mut self,
        record: Record<'_>,
        mark: Mark,
        shared: &mut Shared,
        context: &mut Context<'_>,
    ) -> Step {
        let (opened, otherwise) = if let Some(keys) = &self.keys {
            (keys.opener.open(record, self.sequence, context.scratch), Step::Lost)
        } else {
            let mut seen = self.seen;
            let acquired = self.acquire(record, 1, &mut seen, shared, context);
            if acquired.is_none() {
                self.seen = seen;
            }
            (acquired.map(|(content_type, _)| content_type), Step::Wait)
        };
        match opened {
            Some(content_type) => self.opened(content_type, record, mark, shared, context),
            None => otherwise,
        }
    }

    /// Looks for the keys that open a record under one of the first `numbers` sequence numbers.
    /// The record is left open in the scratch. Gives its content type and its number.
    pub(super) fn acquire(
        &mut self,
        record: Record<'_>,
        numbers: u64,
        seen: &mut [Seen; 2],
        shared: &mut Shared,
        context: &mut Context<'_>,
    ) -> Option<(u8, u64)> {
        if shared.version == Some(Version::Tls13) {
            let [first, second] = seen;
            let labels = match (self.stage, self.side) {
                (Stage::Early, _) => [Some(Label::ClientEarly), Some(Label::ClientHandshake)],
                (Stage::Application, Side::Client) => [Some(Label::ClientApplication), None],
                (Stage::Application, Side::Server) => [Some(Label::ServerApplication), None],
                (_, Side::Client) => [Some(Label::ClientHandshake), None],
                (_, Side::Server) => [Some(Label::ServerHandshake), None],
            };
            return self
                .acquire_traffic(labels[0]?, record, numbers, first, shared, context)
                .or_else(|| {
                    self.acquire_traffic(labels[1]?, record, numbers, second, shared, context)
                });
        }
        self.acquire_master(record, numbers, &mut seen[0], shared, context)
    }

    pub(super) fn acquire_traffic(
        &mut self,
        label: Label,
        record: Record<'_>,
        numbers: u64,
        seen: &mut Seen,
        shared: &Shared,
        context: &mut Context<'_>,
    ) -> Option<(u8, u64)> {
        let (suite, claimant) = (shared.suite?, shared.claimant()?);
        let scratch = &mut *context.scratch;
        let keyring: &mut Keyring = context.keyring;
        let (keys, content_type, number) =
            keyring.claim(label, suite.hash.length(), &claimant, seen, |secret| {
                let opener = Opener::from_traffic_secret(&suite, secret.as_ref())?;
                let (content_type, number) = open_first(&opener, record, numbers, scratch)?;
                Some((Keys { opener, secret: Some(secret.clone()) }, content_type, number))
            })?;
        let stage = match label {
            Label::ClientEarly => Stage::Early,
            Label::ClientHandshake | Label::ServerHandshake => Stage::Handshake,
            _ => Stage::Application,
        };
        if stage != self.stage {
            self.messages.restart(context.memory);
        }
        (self.stage, self.keys, self.sequence) = (stage, Some(keys), number);
        self.seen = Default::default();
        Some((content_type, number))
    }

    fn acquire_master(
        &mut self,
        record: Record<'_>,
        numbers: u64,
        seen: &mut Seen,
        shared: &mut Shared,
        context: &mut Context<'_>,
    ) -> Option<(u8, u64)> {
        let (own, other) = (self.side as usize, self.side.opposite() as usize);
        if let Some(opener) = shared.pending[own].take() {
            if let Some((content_type, number)) =
                open_first(&opener, record, numbers, context.scratch)
            {
                (self.keys, self.sequence) = (Some(Keys { opener, secret: None }), number);
                return Some((content_type, number));
            }
            shared.pending[own] = Some(opener);
        }
        let (version, suite) = (shared.version?, shared.suite?);
        let (claimant, server) = (shared.claimant()?, shared.server_random?);
        let client = claimant.client_random;
        let scratch = &mut *context.scratch;
        let encrypt_then_mac = shared.encrypt_then_mac;
        let proved = context.keyring.claim(Label::Master, 48, &claimant, seen, |master| {
            let blocks = key_block(version, &suite, master.as_ref(), &client, &server);
            let opener = |side: usize| {
                Opener::from_key_block(version, &suite, &blocks[side], encrypt_then_mac)
            };
            let (mine, theirs) = (opener(own)?, opener(other)?);
            let (content_type, number) = open_first(&mine, record, numbers, scratch)?;
            Some((mine, theirs, content_type, number))
        });
        let (opener, theirs, content_type, number) = proved?;
        shared.pending[other] = Some(theirs);
        (self.keys, self.sequence) = (Some(Keys { opener, secret: None }), number);
        Some((content_type, number))
    }

    /// Takes a record that lies open in the scratch.
    pub(super) fn opened(
        &mut self,
        content_type: u8,
        record: Record<'_>,
        mark: Mark,
        shared: &mut Shared,
        context: &mut Context<'_>,
    ) -> Step {
        context.counts.records += 1;
        self.sequence += 1;
        if let Some(keys) = &mut self.keys {
            keys.opener.passed(record.body);
        }
        match content_type {
            content::APPLICATION => {
                self.typical = (record.body.len() + super::HEADER) as u64;
                if !context.scratch.is_empty() {
                    let chunk = Chunk {
                        bytes: context.scratch,
                        sequence: mark.sequence,
                        acknowledgement: mark.acknowledgement,
                        time: mark.time,
                    };
                    (context.deliver)(context.memory, self.side, Piece::Data(chunk));
                }
                Step::Done
            }
            content::HANDSHAKE => {
                let scratch = std::mem::take(context.scratch);
                let step = self.handshake(&scratch, shared, context);
                *context.scratch = scratch;
                step
            }
            content::CHANGE_CIPHER_SPEC if shared.version != Some(Version::Tls13) => {
                self.change_cipher_spec(context);
                Step::Done
            }
            _ => Step::Done,
        }
    }

    fn handshake(&mut self, bytes: &[u8], shared: &mut Shared, context: &mut Context<'_>) -> Step {
        self.messages.push(bytes, context.memory);
        loop {
            let mut action = Action::None;
            let (side, stage, hellos) = (self.side, self.stage, self.hellos);
            let more = self.messages.next(context.memory, |next| {
                action = shared.message(side, stage, hellos, &next);
            });
            match action {
                Action::None => {}
                Action::Hello => self.hellos = self.hellos.saturating_add(1),
                Action::Enter(stage) => self.enter(stage),
                Action::UpdateKeys => self.update_keys(shared),
                Action::Dark(reason) => return Step::Dark(reason),
            }
            if !more {
                return Step::Done;
            }
        }
    }

    fn update_keys(&mut self, shared: &Shared) {
        let keys = self.keys.as_ref().and_then(|keys| keys.next(shared));
        if keys.is_some() {
            (self.keys, self.sequence) = (keys, 0);
        }
    }
}

impl Keys {
    /// The keys behind a `KeyUpdate`.
    pub(super) fn next(&self, shared: &Shared) -> Option<Self> {
        let suite = shared.suite?;
        let secret = next_traffic_secret(suite.hash, self.secret.as_ref()?);
        let opener = Opener::from_traffic_secret(&suite, secret.as_ref())?;
        Some(Self { opener, secret: Some(secret) })
    }
}

/// Opens a record under one of the first sequence numbers.
pub(super) fn open_first(
    opener: &Opener,
    record: Record<'_>,
    numbers: u64,
    output: &mut Vec<u8>,
) -> Option<(u8, u64)> {
    (0..numbers).find_map(|number| Some((opener.open(record, number, output)?, number)))
}
