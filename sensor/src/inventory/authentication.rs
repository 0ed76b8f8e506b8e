//! How requests to an endpoint authenticate: kinds with their shares, what JSON web tokens
//! declare, and credentials that travel in the open.
//!
//! Nothing is verified: the sensor has no keys, and judges by names and forms. Issuers,
//! audiences and scopes are kept, which are no secrets; subjects and tokens are not, except for
//! a hash in the cache that saves decoding a token twice.

mod classify;
mod headers;
mod jwt;
mod query;
mod stats;

pub use classify::Authenticator;
pub use jwt::Jwt;
pub use stats::{AuthenticationStats, JwtFacts, KindShare};

use std::sync::Arc;

/// A way to authenticate.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[repr(u8)]
pub enum AuthenticationKind {
    /// No credential was seen.
    None,
    /// User and password (RFC 7617).
    Basic,
    /// A JSON web token (RFC 7519), in whichever field.
    BearerJwt,
    /// A token without a meaning of its own (RFC 6750).
    OpaqueBearer,
    /// A key in a field of the head.
    ApiKeyHeader,
    /// A key in the query.
    ApiKeyQuery,
    /// A key in a cookie.
    ApiKeyCookie,
    /// A session by cookie.
    SessionCookie,
    /// Digest (RFC 7616).
    Digest,
    /// AWS Signature Version 4 and its kin, in the head or in the query.
    AwsSigV4,
    /// A signature over the request: RFC 9421, its drafts, and those of services.
    HmacSignature,
    /// A client certificate.
    MutualTls,
    /// Negotiate or NTLM (RFC 4559).
    Negotiate,
    /// Another scheme of the Authorization field.
    Other,
}

impl AuthenticationKind {
    /// All kinds, in order.
    pub const ALL: [Self; 14] = [
        Self::None,
        Self::Basic,
        Self::BearerJwt,
        Self::OpaqueBearer,
        Self::ApiKeyHeader,
        Self::ApiKeyQuery,
        Self::ApiKeyCookie,
        Self::SessionCookie,
        Self::Digest,
        Self::AwsSigV4,
        Self::HmacSignature,
        Self::MutualTls,
        Self::Negotiate,
        Self::Other,
    ];

    /// The name in rows and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "basic",
            Self::BearerJwt => "bearer_jwt",
            Self::OpaqueBearer => "bearer",
            Self::ApiKeyHeader => "api_key_header",
            Self::ApiKeyQuery => "api_key_query",
            Self::ApiKeyCookie => "api_key_cookie",
            Self::SessionCookie => "session_cookie",
            Self::Digest => "digest",
            Self::AwsSigV4 => "aws_sigv4",
            Self::HmacSignature => "hmac_signature",
            Self::MutualTls => "mutual_tls",
            Self::Negotiate => "negotiate",
            Self::Other => "other",
        }
    }
}

/// How one request authenticates.
#[derive(Clone, Debug, Default)]
pub struct Authentications {
    kinds: u16,
    /// Credentials crossed the network without TLS. Mutual TLS and signatures are none.
    pub over_plain_http: bool,
    /// A credential is in the request target, where logs and referrers keep it. A signature that
    /// expires (a pre-signed address) is none.
    pub in_url: bool,
    /// The first JSON web token of the request.
    pub jwt: Option<Arc<Jwt>>,
}

impl Authentications {
    /// The kinds seen, in order; `None` alone when there is no credential.
    pub fn kinds(&self) -> impl Iterator<Item = AuthenticationKind> {
        let set = if self.kinds == 0 { 1 } else { self.kinds };
        AuthenticationKind::ALL.into_iter().filter(move |&kind| set >> kind as u8 & 1 == 1)
    }

    /// Whether a credential was seen.
    pub fn any(&self) -> bool {
        self.kinds != 0
    }

    fn insert(&mut self, kind: AuthenticationKind) {
        self.kinds |= 1 << kind as u8;
    }

    /// A credential whose bytes open the door to whoever reads them.
    fn insert_readable(&mut self, kind: AuthenticationKind, encrypted: bool) {
        self.insert(kind);
        self.over_plain_http |= !encrypted;
    }
}

#[cfg(test)]
mod tests;
