//! What was learned of an endpoint, as the control socket and files give it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::{Learned, observer::short};
use crate::inventory::{
    authentication::AuthenticationKind,
    description::Operation,
    risk::Evidence,
    schema::tree::Counters,
    sensitive::{BODY, Class, Detector, Direction, Finding, SensitiveStats},
};

const NONE: AuthenticationKind = AuthenticationKind::None;

/// How requests authenticate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AuthenticationView {
    /// Share of the requests by kind, 0 to 1; a request with two kinds counts for both.
    pub kinds: BTreeMap<String, f64>,
    /// Requests without a credential that were answered with a status below 400.
    pub open: u64,
    /// Requests whose credentials crossed the network without TLS.
    pub over_plain_http: u64,
    /// Requests with credentials in their target.
    pub in_url: u64,
    /// What JSON web tokens declare, where there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenView>,
}

/// What JSON web tokens declare; nothing of it was verified.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TokenView {
    /// Requests with a token.
    pub seen: u32,
    /// Unsigned ones (`alg: none`) that were accepted.
    pub unsigned_accepted: u32,
    /// Expired ones that were accepted.
    pub expired_accepted: u32,
    /// Ones without an expiry.
    pub endless: u32,
    /// Shortest and longest lifetime in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<(u64, u64)>,
    /// Algorithms.
    pub algorithms: Vec<String>,
    /// Issuers.
    pub issuers: Vec<String>,
    /// Audiences.
    pub audiences: Vec<String>,
    /// Scopes.
    pub scopes: Vec<String>,
}

/// Sensitive data in a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SensitiveView {
    /// Kind, such as `email` or `card_number`.
    pub kind: String,
    /// `pii`, `pci`, `phi`, `secret` or `leak`.
    pub class: String,
    /// `request` or `response`.
    pub direction: String,
    /// Where: `query.email`, `response 200 items[].card`, or `body` for the body as a whole.
    pub field: String,
    /// `low`, `medium` or `high`.
    pub confidence: String,
    /// Values found.
    pub values: u64,
    /// Of all values of the field: 0 to 1.
    pub share: f64,
    /// Regulations that it matters for.
    pub regulations: Vec<String>,
}

impl Learned {
    /// Parameters, request and responses.
    pub fn describe(&self) -> Operation {
        let mut operation = self.profile.describe();
        let kinds = self.authentication.kinds();
        let used = kinds.iter().filter(|share| share.accepted > 0 && share.kind != NONE);
        operation.security = used.map(|share| share.kind.as_str().to_owned()).collect();
        if self.open > 0 && !operation.security.is_empty() {
            operation.security.insert(NONE.as_str().to_owned());
        }
        operation
    }

    /// Kinds of authentication, most used first.
    pub fn authentication_kinds(&self) -> Vec<String> {
        self.authentication.kinds().iter().map(|share| share.kind.as_str().to_owned()).collect()
    }

    /// How requests authenticate.
    pub fn authentication(&self) -> AuthenticationView {
        let texts = |texts: &[Box<str>]| texts.iter().map(ToString::to_string).collect();
        let kinds = self.authentication.kinds();
        AuthenticationView {
            kinds: kinds.iter().map(|kind| (kind.kind.as_str().to_owned(), kind.share)).collect(),
            open: self.open,
            over_plain_http: self.authentication.over_plain_http(),
            in_url: self.authentication.in_url(),
            tokens: self.authentication.jwt().map(|facts| TokenView {
                seen: facts.tokens,
                unsigned_accepted: facts.unsigned_accepted,
                expired_accepted: facts.expired_accepted,
                endless: facts.endless,
                lifetime: facts.lifetime,
                algorithms: texts(&facts.algorithms),
                issuers: texts(&facts.issuers),
                audiences: texts(&facts.audiences),
                scopes: texts(&facts.scopes),
            }),
        }
    }

    /// Sensitive data by field.
    pub fn sensitive(&self, detector: &Detector) -> Vec<SensitiveView> {
        let found = self.findings();
        if found.is_empty() {
            return Vec::new();
        }
        let paths: HashMap<u32, String> =
            self.profile.paths().map(|(id, path)| (short(id), path)).collect();
        let view = |finding: &Finding| SensitiveView {
            kind: detector.name(finding.kind).to_owned(),
            class: detector.class(finding.kind).as_str().to_owned(),
            direction: match finding.direction {
                Direction::Request => "request".to_owned(),
                Direction::Response => "response".to_owned(),
            },
            field: match finding.field {
                BODY => "body".to_owned(),
                field => paths.get(&field).map_or_else(|| "?".to_owned(), Clone::clone),
            },
            confidence: finding.confidence.as_str().to_owned(),
            values: finding.matches,
            share: if finding.field == BODY { 0.0 } else { finding.share },
            regulations: detector
                .regulations(finding.kind)
                .iter()
                .map(|regulation| regulation.as_str().to_owned())
                .collect(),
        };
        found.iter().map(view).collect()
    }

    /// What was found, weighed by how many values each field had.
    fn findings(&self) -> Vec<Finding> {
        if self.sensitive == SensitiveStats::default() {
            return Vec::new();
        }
        let values: HashMap<u32, u64> =
            self.profile.values().map(|(id, seen)| (short(id), seen)).collect();
        self.sensitive.findings(|field, _| values.get(&field).copied().unwrap_or(0))
    }

    /// Kinds of sensitive data, each once, in the order of their names.
    pub fn sensitive_kinds(&self, detector: &Detector) -> Vec<String> {
        let found = self.findings();
        let names: BTreeSet<&str> =
            found.iter().map(|finding| detector.name(finding.kind)).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// What could not be learned.
    pub fn not_learned(&self) -> Counters {
        self.profile.counters()
    }

    /// What the risk asks of it.
    pub fn evidence(&self, detector: &Detector) -> Evidence {
        let found = self.findings();
        let has = |class| found.iter().any(|finding| detector.class(finding.kind) == class);
        let answers: Vec<_> =
            found.iter().filter(|finding| finding.direction == Direction::Response).collect();
        let in_responses =
            |class| answers.iter().any(|finding| detector.class(finding.kind) == class);
        let tokens = self.authentication.jwt();
        Evidence {
            open: self.open > 0,
            exposed: self.exposed > 0,
            personal: has(Class::Pii),
            regulated: has(Class::Pci) || has(Class::Phi),
            secrets: in_responses(Class::Secret),
            leaks: has(Class::Leak),
            careless_credentials: self.authentication.over_plain_http() > 0
                || self.authentication.in_url() > 0,
            weak_tokens: tokens
                .is_some_and(|facts| facts.unsigned_accepted > 0 || facts.expired_accepted > 0),
            ..Evidence::default()
        }
    }
}
