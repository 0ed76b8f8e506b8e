//! How the requests to an endpoint authenticate, in counts.

use serde::{Deserialize, Serialize};

use super::{AuthenticationKind as Kind, Authentications, Jwt};
use crate::exchange::Exchange;

/// Different algorithms, issuers, audiences and scopes that are kept of an endpoint, each.
const MAX_NAMES: usize = 8;
/// Of those, scopes.
const MAX_SCOPES: usize = 16;

/// Counts of an endpoint's requests by how they authenticate. About 120 bytes when one kind is
/// used; 200 more with JSON web tokens, and their names.
///
/// The order of exchanges and of merges does not matter until a cap is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticationStats {
    requests: u64,
    kinds: Vec<KindCount>,
    over_plain_http: u32,
    in_url: u32,
    jwt: Option<Box<JwtFacts>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KindCount {
    kind: Kind,
    requests: u32,
    accepted: u32,
    refused: u32,
}

/// A kind with its share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KindShare {
    /// The kind.
    pub kind: Kind,
    /// Requests with it.
    pub requests: u64,
    /// Of those, answered with another status than 401 and 403.
    pub accepted: u64,
    /// Of those, answered with 401 or 403.
    pub refused: u64,
    /// Of all requests: 0 to 1. A request with two kinds counts for both.
    pub share: f64,
}

/// What the JSON web tokens of an endpoint declare.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwtFacts {
    /// Requests with a token.
    pub tokens: u32,
    /// Of those, unsigned (`alg: none`).
    pub unsigned: u32,
    /// Of the unsigned, accepted: status below 400.
    pub unsigned_accepted: u32,
    /// Expired when sent.
    pub expired: u32,
    /// Of the expired, accepted: status below 400.
    pub expired_accepted: u32,
    /// Without an expiry.
    pub endless: u32,
    /// Shortest and longest lifetime, in seconds.
    pub lifetime: Option<(u64, u64)>,
    /// Algorithms, sorted.
    pub algorithms: Vec<Box<str>>,
    /// Issuers, sorted.
    pub issuers: Vec<Box<str>>,
    /// Audiences, sorted.
    pub audiences: Vec<Box<str>>,
    /// Scopes, sorted.
    pub scopes: Vec<Box<str>>,
    /// Names that were not kept, for want of room; the same one may count more than once.
    pub refused: u32,
}

impl AuthenticationStats {
    /// Counts an exchange whose request authenticates so.
    pub fn record(&mut self, exchange: &Exchange, authentications: &Authentications) {
        let Some(request) = &exchange.request else { return };
        let status = exchange.response.as_ref().map(|response| response.status);
        let refused = u32::from(status.is_some_and(|status| matches!(status, 401 | 403)));
        let accepted = u32::from(status.is_some()) - refused;
        self.requests += 1;
        for kind in authentications.kinds() {
            self.add(KindCount { kind, requests: 1, accepted, refused });
        }
        self.over_plain_http =
            self.over_plain_http.saturating_add(u32::from(authentications.over_plain_http));
        self.in_url = self.in_url.saturating_add(u32::from(authentications.in_url));
        if let Some(jwt) = &authentications.jwt {
            let seconds = request.start.0 / 1_000_000_000;
            let success = status.is_some_and(|status| status < 400);
            self.jwt.get_or_insert_default().record(jwt, seconds, success);
        }
    }

    /// Adds the counts of another node, or of an endpoint that is now the same.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        for count in &other.kinds {
            self.add(*count);
        }
        self.over_plain_http = self.over_plain_http.saturating_add(other.over_plain_http);
        self.in_url = self.in_url.saturating_add(other.in_url);
        if let Some(other) = &other.jwt {
            self.jwt.get_or_insert_default().merge(other);
        }
    }

    /// Requests counted.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// The kinds seen, most used first.
    pub fn kinds(&self) -> Vec<KindShare> {
        let share = |count: &KindCount| KindShare {
            kind: count.kind,
            requests: u64::from(count.requests),
            accepted: u64::from(count.accepted),
            refused: u64::from(count.refused),
            share: f64::from(count.requests) / self.requests.max(1) as f64,
        };
        let mut kinds: Vec<_> = self.kinds.iter().map(share).collect();
        kinds.sort_by_key(|share| (std::cmp::Reverse(share.requests), share.kind));
        kinds
    }

    /// Requests whose credentials crossed the network without TLS.
    pub fn over_plain_http(&self) -> u64 {
        u64::from(self.over_plain_http)
    }

    /// Requests with credentials in their target.
    pub fn in_url(&self) -> u64 {
        u64::from(self.in_url)
    }

    /// What JSON web tokens declare, where there were any.
    pub fn jwt(&self) -> Option<&JwtFacts> {
        self.jwt.as_deref()
    }

    fn add(&mut self, new: KindCount) {
        // In the order of kinds, so that the order of exchanges does not show.
        match self.kinds.binary_search_by_key(&new.kind, |count| count.kind) {
            Ok(index) => {
                let old = &mut self.kinds[index];
                old.requests = old.requests.saturating_add(new.requests);
                old.accepted = old.accepted.saturating_add(new.accepted);
                old.refused = old.refused.saturating_add(new.refused);
            }
            Err(index) => {
                self.kinds.reserve_exact(1);
                self.kinds.insert(index, new);
            }
        }
    }
}

impl JwtFacts {
    fn record(&mut self, jwt: &Jwt, seconds: u64, success: bool) {
        let expired = jwt.is_expired(seconds);
        let counts = [
            (&mut self.tokens, true),
            (&mut self.unsigned, jwt.is_unsigned()),
            (&mut self.unsigned_accepted, jwt.is_unsigned() && success),
            (&mut self.expired, expired),
            (&mut self.expired_accepted, expired && success),
            (&mut self.endless, jwt.expires.is_none() && !jwt.encrypted),
        ];
        for (count, is) in counts {
            *count = count.saturating_add(u32::from(is));
        }
        self.add_lifetime(jwt.lifetime().map(|lifetime| (lifetime, lifetime)));
        self.add_names(
            std::slice::from_ref(&jwt.algorithm),
            jwt.issuer.as_slice(),
            &jwt.audiences,
            &jwt.scopes,
        );
    }

    fn merge(&mut self, other: &Self) {
        let counts = [
            (&mut self.tokens, other.tokens),
            (&mut self.unsigned, other.unsigned),
            (&mut self.unsigned_accepted, other.unsigned_accepted),
            (&mut self.expired, other.expired),
            (&mut self.expired_accepted, other.expired_accepted),
            (&mut self.endless, other.endless),
            (&mut self.refused, other.refused),
        ];
        for (count, other) in counts {
            *count = count.saturating_add(other);
        }
        self.add_lifetime(other.lifetime);
        self.add_names(&other.algorithms, &other.issuers, &other.audiences, &other.scopes);
    }

    fn add_lifetime(&mut self, other: Option<(u64, u64)>) {
        self.lifetime = match (self.lifetime, other) {
            (Some((least, most)), Some((low, high))) => Some((least.min(low), most.max(high))),
            (one, other) => one.or(other),
        };
    }

    fn add_names(
        &mut self,
        algorithms: &[Box<str>],
        issuers: &[Box<str>],
        audiences: &[Box<str>],
        scopes: &[Box<str>],
    ) {
        let sets = [
            (&mut self.algorithms, algorithms, MAX_NAMES),
            (&mut self.issuers, issuers, MAX_NAMES),
            (&mut self.audiences, audiences, MAX_NAMES),
            (&mut self.scopes, scopes, MAX_SCOPES),
        ];
        for (set, names, most) in sets {
            for name in names {
                match set.binary_search(name) {
                    Ok(_) => {}
                    Err(index) if set.len() < most => set.insert(index, name.clone()),
                    Err(_) => self.refused = self.refused.saturating_add(1),
                }
            }
        }
    }
}
