//! What a JSON web token declares.

use std::{hash::BuildHasher as _, sync::Arc};

use data_encoding::BASE64URL_NOPAD;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use serde::Deserialize;

/// Longest token that is decoded.
const MAX_TOKEN: usize = 16 * 1024;
/// Tokens whose facts are at hand: two halves, of which the older is forgotten.
const MAX_CACHED: usize = 2048;
/// Bytes of an issuer, audience or scope that is kept; longer ones are left out.
const MAX_NAME: usize = 96;
/// Audiences or scopes of a token that are kept.
const MAX_NAMES: usize = 8;

/// What a token declares; times in seconds since the epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jwt {
    /// The algorithm of the signature, as in `RS256` or `none`.
    pub algorithm: Box<str>,
    /// Who issued it.
    pub issuer: Option<Box<str>>,
    /// Whom it is for.
    pub audiences: Box<[Box<str>]>,
    /// What it allows.
    pub scopes: Box<[Box<str>]>,
    /// When it was issued.
    pub issued: Option<u64>,
    /// From when on it is no longer valid.
    pub expires: Option<u64>,
    /// From when on it is valid.
    pub not_before: Option<u64>,
    /// Its content is encrypted (RFC 7516): only the algorithm is known.
    pub encrypted: bool,
}

impl Jwt {
    /// Decodes a token; `None` when it is none.
    pub fn parse(token: &[u8]) -> Option<Self> {
        if !token.starts_with(b"ey") || token.len() > MAX_TOKEN {
            return None;
        }
        let parts: Vec<&[u8]> = token.splitn(6, |&byte| byte == b'.').collect();
        let header: Header = decode(parts.first()?)?;
        let algorithm = word(&header.alg)?;
        match parts.len() {
            3 => Some(Self::signed(algorithm, decode(parts.get(1)?)?)),
            5 => Some(Self { algorithm, encrypted: true, ..Self::default() }),
            _ => None,
        }
    }

    /// Whether nothing proves who wrote it.
    pub fn is_unsigned(&self) -> bool {
        self.algorithm.eq_ignore_ascii_case("none")
    }

    /// Whether it is no longer valid at a time.
    pub fn is_expired(&self, seconds: u64) -> bool {
        self.expires.is_some_and(|expires| expires <= seconds)
    }

    /// How long it is valid, in seconds.
    pub fn lifetime(&self) -> Option<u64> {
        let start = self.issued.or(self.not_before)?;
        self.expires?.checked_sub(start)
    }

    fn signed(algorithm: Box<str>, claims: Claims) -> Self {
        let scopes = claims.scope.or(claims.scp).or(claims.permissions).unwrap_or_default();
        Self {
            algorithm,
            issuer: claims.iss.as_deref().and_then(word),
            audiences: claims.aud.unwrap_or_default().words(),
            scopes: scopes.words(),
            issued: claims.iat.and_then(seconds),
            expires: claims.exp.and_then(seconds),
            not_before: claims.nbf.and_then(seconds),
            encrypted: false,
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

/// Of the claims, those that are kept. The subject is left out.
#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<Names>,
    scope: Option<Names>,
    /// Microsoft's and Okta's name of it.
    scp: Option<Names>,
    /// Auth0's.
    permissions: Option<Names>,
    exp: Option<f64>,
    iat: Option<f64>,
    nbf: Option<f64>,
}

/// A text of words, or several; what else a claim holds is left out.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
    Other(serde::de::IgnoredAny),
}

impl Default for Names {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Names {
    fn words(&self) -> Box<[Box<str>]> {
        match self {
            Self::One(text) => text.split(' ').filter_map(word).take(MAX_NAMES).collect(),
            Self::Many(texts) => {
                texts.iter().filter_map(|text| word(text)).take(MAX_NAMES).collect()
            }
            Self::Other(_) => Box::default(),
        }
    }
}

/// A text of the form of a word or an address; anything else might be data on a person.
fn word(text: &str) -> Option<Box<str>> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:/*#+~".contains(&byte);
    let fits = !text.is_empty() && text.len() <= MAX_NAME && text.bytes().all(fits);
    fits.then(|| text.into())
}

fn seconds(seconds: f64) -> Option<u64> {
    (seconds.is_finite() && seconds >= 0.0).then_some(seconds as u64)
}

/// A part of a token; the JSON library bounds its depth.
fn decode<T: serde::de::DeserializeOwned>(part: &[u8]) -> Option<T> {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part).ok()?).ok()
}

/// Facts on the tokens seen lately, by a hash of the token: a client sends the same one with
/// every request, and decoding it costs more than all else that is learned from one.
pub(super) struct TokenCache {
    hasher: foldhash::quality::RandomState,
    recent: HashMap<u64, Option<Arc<Jwt>>, RandomState>,
    older: HashMap<u64, Option<Arc<Jwt>>, RandomState>,
}

impl TokenCache {
    pub(super) fn new() -> Self {
        Self {
            hasher: foldhash::quality::RandomState::default(),
            recent: HashMap::default(),
            older: HashMap::default(),
        }
    }

    /// What the token declares; `None` when it is no JSON web token.
    pub(super) fn get(&mut self, token: &[u8]) -> Option<Arc<Jwt>> {
        if !token.starts_with(b"ey") {
            return None;
        }
        let key = self.hasher.hash_one(token);
        if let Some(facts) = self.recent.get(&key) {
            return facts.clone();
        }
        let facts = self.older.remove(&key).unwrap_or_else(|| Jwt::parse(token).map(Arc::new));
        if self.recent.len() >= MAX_CACHED / 2 {
            std::mem::swap(&mut self.recent, &mut self.older);
            self.recent.clear();
        }
        self.recent.insert(key, facts.clone());
        facts
    }
    /// Tokens whose facts are at hand.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.recent.len() + self.older.len()
    }
}
