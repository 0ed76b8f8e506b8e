//! From a request to how it authenticates.

use super::{
    AuthenticationKind as Kind, Authentications, headers,
    jwt::TokenCache,
    query::{self, Parameter},
};
use crate::exchange::{Exchange, Request};

/// Finds how requests authenticate. Keeps facts on the tokens seen lately.
pub struct Authenticator {
    tokens: TokenCache,
}

impl Default for Authenticator {
    fn default() -> Self {
        Self { tokens: TokenCache::new() }
    }
}

impl Authenticator {
    /// How the request of an exchange authenticates; nothing when the request was not seen.
    pub fn classify(&mut self, exchange: &Exchange) -> Authentications {
        let mut found = Authentications::default();
        let tls = exchange.tls.as_deref();
        if tls.is_some_and(|tls| tls.client_certificate) {
            found.insert(Kind::MutualTls);
        }
        if let Some(request) = &exchange.request {
            let encrypted = tls.is_some();
            self.fields(request, encrypted, &mut found);
            self.target(request, encrypted, &mut found);
        }
        found
    }

    fn fields(&mut self, request: &Request, encrypted: bool, found: &mut Authentications) {
        for (name, value) in request.head.fields() {
            // Most fields have nothing to do with it: their names begin otherwise, or are short.
            if !headers::may_carry(name) || value.is_empty() {
                continue;
            }
            if name.eq_ignore_ascii_case(b"authorization") {
                self.authorization(value, encrypted, found);
            } else if name.eq_ignore_ascii_case(b"cookie") {
                self.cookies(value, encrypted, found);
            } else if name.eq_ignore_ascii_case(b"proxy-authorization") {
                // It is for the proxy and says nothing of the endpoint.
                found.over_plain_http |= !encrypted;
            } else {
                self.other_field(name, value, encrypted, found);
            }
        }
    }

    fn authorization(&mut self, value: &[u8], encrypted: bool, found: &mut Authentications) {
        let space = value.iter().position(|&byte| byte == b' ').unwrap_or(value.len());
        let (scheme, credentials) = value.split_at(space);
        let credentials = credentials.trim_ascii();
        match headers::scheme(scheme) {
            Some(Kind::OpaqueBearer) => {
                self.token(credentials, Kind::OpaqueBearer, encrypted, found);
            }
            Some(kind @ (Kind::Basic | Kind::ApiKeyHeader | Kind::Negotiate)) => {
                found.insert_readable(kind, encrypted);
            }
            // A digest or signature does not open the door to whoever reads it.
            Some(kind) => found.insert(kind),
            None if credentials.is_empty() => {
                self.token(scheme, Kind::ApiKeyHeader, encrypted, found);
            }
            None => found.insert_readable(Kind::Other, encrypted),
        }
    }

    fn cookies(&mut self, value: &[u8], encrypted: bool, found: &mut Authentications) {
        for cookie in value.split(|&byte| byte == b';') {
            let Some(equals) = cookie.iter().position(|&byte| byte == b'=') else { continue };
            let (name, value) = (cookie[..equals].trim_ascii(), cookie[equals + 1..].trim_ascii());
            let Some(kind) = headers::cookie(name, value) else { continue };
            found.insert_readable(kind, encrypted);
            self.note_jwt(value, found);
        }
    }

    fn other_field(
        &mut self,
        name: &[u8],
        value: &[u8],
        encrypted: bool,
        found: &mut Authentications,
    ) {
        match headers::field(name, value) {
            Some(Kind::HmacSignature) => found.insert(Kind::HmacSignature),
            Some(kind) => self.token(value, kind, encrypted, found),
            None => {}
        }
    }

    fn target(&mut self, request: &Request, encrypted: bool, found: &mut Authentications) {
        if query::has_user_information(request.target()) {
            found.insert_readable(Kind::Basic, encrypted);
            found.in_url = true;
        }
        let Some(query) = request.query() else { return };
        for (name, value) in query::parameters(query) {
            match query::parameter(name, value) {
                Some(Parameter::Key) => {
                    found.in_url = true;
                    self.token(value, Kind::ApiKeyQuery, encrypted, found);
                }
                Some(Parameter::Signature(kind)) => found.insert(kind),
                None => {}
            }
        }
    }

    /// A token is of the kind, or a JSON web token.
    fn token(&mut self, token: &[u8], kind: Kind, encrypted: bool, found: &mut Authentications) {
        let jwt = self.note_jwt(token, found);
        found.insert_readable(if jwt { Kind::BearerJwt } else { kind }, encrypted);
    }

    fn note_jwt(&mut self, token: &[u8], found: &mut Authentications) -> bool {
        let token = token.strip_prefix(b"Bearer ").unwrap_or(token);
        let jwt = self.tokens.get(token);
        let is_jwt = jwt.is_some();
        if found.jwt.is_none() {
            found.jwt = jwt;
        }
        is_jwt
    }
}
