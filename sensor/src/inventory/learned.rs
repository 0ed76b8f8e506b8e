//! What is learned of an endpoint besides its counts: fields, authentication and sensitive data.

mod observer;
mod room;
mod shape;
mod show;

use serde::{Deserialize, Serialize};

pub use show::{AuthenticationView, SensitiveView, TokenView};

use self::{
    observer::{Hints, Watch},
    room::Room,
    shape::shape,
};
use super::{
    authentication::{AuthenticationKind, AuthenticationStats, Authenticator},
    schema::{Body, Learning, MediaType, Operations, Profile, Scratch, Settings, find_operations},
    sensitive::{BODY, Custom, CustomError, Detector, Direction, SensitiveStats},
    template::Template,
};
use crate::exchange::{self, Exchange, Missing};

/// Bytes of a text page that are searched for stack traces. An error comes early in a page that
/// is nothing else.
const MAX_PAGE: usize = 1024;

/// Facts on one endpoint.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Learned {
    profile: Profile,
    authentication: AuthenticationStats,
    sensitive: SensitiveStats,
    /// Requests without a credential that were answered with a status below 400.
    open: u64,
    /// Requests from public addresses.
    exposed: u64,
}

impl Learned {
    /// Adds what was learned of an endpoint that is the same.
    pub fn merge(&mut self, other: &Self) {
        // The key of hashes plays no part where nothing is hashed.
        self.profile.merge(&other.profile, Settings::new(0));
        self.authentication.merge(&other.authentication);
        self.sensitive.merge(&other.sensitive, |field| field);
        self.open += other.open;
        self.exposed += other.exposed;
    }
}

/// Learns from exchanges. One for all endpoints: it keeps no data of theirs.
pub struct Learner {
    detector: Detector,
    authenticator: Authenticator,
    scratch: Scratch,
    operations: Operations,
    room: Room,
    settings: Settings,
    hints: Hints,
}

impl Learner {
    /// A learner of at most `max_fields` fields in all, which hashes values under `seed`, and knows
    /// kinds of sensitive data besides its own.
    pub fn new(max_fields: usize, seed: u64, kinds: &[Custom]) -> Result<Self, CustomError> {
        Ok(Self {
            detector: Detector::new(kinds)?,
            authenticator: Authenticator::default(),
            scratch: Scratch::default(),
            operations: Operations::default(),
            room: Room::new(max_fields),
            settings: Settings::new(seed),
            hints: Hints::default(),
        })
    }

    /// The detector of sensitive data, for its names.
    pub fn detector(&self) -> &Detector {
        &self.detector
    }

    /// Notes in an exchange which of the operations that share its path it called.
    pub fn note_operations(&mut self, exchange: &mut Exchange) {
        let Some(request) = &exchange.request else { return };
        let body = kept(&request.body, exchange.missing.contains(Missing::REQUEST_ABORTED));
        let query = request.query();
        if body.is_none() && query.is_none() {
            return;
        }
        let media_type = MediaType::read(request.head.get("content-type").unwrap_or_default());
        let Self { scratch, operations, .. } = self;
        find_operations(query, &media_type, body, &mut scratch.buffers, operations);
        exchange.operations = operations.names().map(Box::from).collect();
    }

    /// A hash of the form of an exchange's response, whatever its values; 0 when it tells nothing.
    pub fn shape(&mut self, exchange: &Exchange) -> u32 {
        shape(exchange, &mut self.scratch)
    }

    /// Learns from an exchange of the endpoint.
    pub fn learn(&mut self, learned: &mut Learned, exchange: &Exchange, template: &Template) {
        let before = learned.profile.fields();
        self.settings.max_fields = self.room.of_endpoint(before);
        self.authentication(learned, exchange);
        self.request(learned, exchange, template);
        self.response(learned, exchange);
        self.room.book(before, learned.profile.fields());
    }

    /// Whether the fields of all endpoints are to be counted anew: rows were joined or forgotten
    /// since, and the room is used up.
    pub fn wants_recount(&self) -> bool {
        self.room.wants_recount()
    }

    /// Counts the fields of all endpoints anew.
    pub fn recount<'l>(&mut self, all: impl Iterator<Item = &'l Learned>) {
        self.room.recount(all.map(|learned| learned.profile.fields()).sum());
    }

    /// Counts what was learned before.
    pub fn add_fields(&mut self, learned: Option<&Learned>) {
        self.room.book(0, learned.map_or(0, |learned| learned.profile.fields()));
    }

    /// Exchanges that were learned from when no further field had room.
    pub fn refused(&self) -> u64 {
        self.room.refused()
    }

    /// What learning takes, and who watches it.
    fn watch<'a>(
        &'a mut self,
        found: &'a mut SensitiveStats,
        direction: Direction,
    ) -> (&'a mut Scratch, Watch<'a>) {
        let Self { detector, scratch, hints, .. } = self;
        (scratch, Watch { detector, hints, found, direction })
    }

    fn authentication(&mut self, learned: &mut Learned, exchange: &Exchange) {
        let found = self.authenticator.classify(exchange);
        let status = exchange.response.as_ref().map(|response| response.status);
        let accepted = status.is_some_and(|status| status < 400);
        let none = found.kinds().eq([AuthenticationKind::None]);
        learned.open += u64::from(none && accepted);
        learned.exposed += u64::from(is_public(exchange.client.ip()));
        learned.authentication.record(exchange, &found);
    }

    fn request(&mut self, learned: &mut Learned, exchange: &Exchange, template: &Template) {
        let Some(request) = &exchange.request else { return };
        let path = request.path();
        let parameters = template
            .parameters
            .iter()
            .map(|parameter| (template.name(parameter), parameter.value(path)));
        let body = kept(&request.body, exchange.missing.contains(Missing::REQUEST_ABORTED));
        let Learned { profile, sensitive, .. } = learned;
        let settings = self.settings;
        let (scratch, mut watch) = self.watch(sensitive, Direction::Request);
        profile.learn_request(
            request,
            parameters,
            body,
            &mut Learning { settings, scratch, observer: &mut watch },
        );
    }

    fn response(&mut self, learned: &mut Learned, exchange: &Exchange) {
        let Some(response) = &exchange.response else { return };
        let body = kept(&response.body, exchange.missing.contains(Missing::RESPONSE_ABORTED));
        let Learned { profile, sensitive, .. } = learned;
        let settings = self.settings;
        let (scratch, mut watch) = self.watch(sensitive, Direction::Response);
        profile.learn_response(
            response,
            body,
            &mut Learning { settings, scratch, observer: &mut watch },
        );
        let bytes = &response.body.bytes;
        let searched = match response.status {
            400.. => bytes.len(),
            _ if is_page(response) => bytes.len().min(MAX_PAGE),
            _ => 0,
        };
        if searched > 0 {
            self.detector.body_text(&bytes[..searched], |found| {
                sensitive.record(BODY, Direction::Response, found);
            });
        }
    }
}

/// A body whose part that was kept tells something.
fn kept(body: &exchange::Body, aborted: bool) -> Option<Body<'_>> {
    (!body.bytes.is_empty())
        .then_some(Body { bytes: &body.bytes, is_whole: body.whole && !aborted })
}

fn is_page(response: &exchange::Response) -> bool {
    response.head.get("content-type").is_some_and(|value| value.starts_with(b"text/"))
}

/// Whether an address is reachable from everywhere.
fn is_public(address: std::net::IpAddr) -> bool {
    match address.to_canonical() {
        std::net::IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            // 100.64.0.0/10 is between carriers and their customers (RFC 6598).
            let shared = first == 100 && second & 0xc0 == 64;
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_documentation()
                || v4.is_broadcast()
                || shared)
        }
        std::net::IpAddr::V6(v6) => {
            !(v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local())
        }
    }
}

#[cfg(test)]
mod tests;
