//! Schemes, fields and cookies that carry credentials, by name and by shape.

use super::AuthenticationKind as Kind;

/// The kind of an authentication scheme (IANA's registry, and those of services); `None` of a
/// scheme that is not known.
pub(super) fn scheme(scheme: &[u8]) -> Option<Kind> {
    const SCHEMES: &[(&str, Kind)] = &[
        ("bearer", Kind::OpaqueBearer),
        ("basic", Kind::Basic),
        ("dpop", Kind::OpaqueBearer),
        ("token", Kind::OpaqueBearer),
        ("jwt", Kind::OpaqueBearer),
        ("privatetoken", Kind::OpaqueBearer),
        ("googlelogin", Kind::OpaqueBearer),
        ("digest", Kind::Digest),
        ("aws4-hmac-sha256", Kind::AwsSigV4),
        ("aws4-ecdsa-p256-sha256", Kind::AwsSigV4),
        ("goog4-hmac-sha256", Kind::AwsSigV4),
        ("goog4-rsa-sha256", Kind::AwsSigV4),
        ("aws", Kind::HmacSignature),
        ("signature", Kind::HmacSignature),
        ("sharedkey", Kind::HmacSignature),
        ("sharedkeylite", Kind::HmacSignature),
        ("hawk", Kind::HmacSignature),
        ("oauth", Kind::HmacSignature),
        ("apiauth", Kind::HmacSignature),
        ("mac", Kind::HmacSignature),
        ("negotiate", Kind::Negotiate),
        ("ntlm", Kind::Negotiate),
        ("kerberos", Kind::Negotiate),
        ("apikey", Kind::ApiKeyHeader),
        ("api-key", Kind::ApiKeyHeader),
        ("x-api-key", Kind::ApiKeyHeader),
        ("key", Kind::ApiKeyHeader),
        ("genie-key", Kind::ApiKeyHeader),
        ("secret", Kind::ApiKeyHeader),
        ("mutual", Kind::MutualTls),
    ];
    let known = SCHEMES.iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name.as_bytes()));
    known.map(|(_, kind)| *kind).or_else(|| contains(scheme, "hmac").then_some(Kind::HmacSignature))
}

/// Whether a field of that name can carry credentials: a cheap look at each field of each
/// request.
pub(super) fn may_carry(name: &[u8]) -> bool {
    const WORDS: [&str; 11] = [
        "auth",
        "key",
        "token",
        "cookie",
        "signature",
        "secret",
        "session",
        "hmac",
        "jwt",
        "assertion",
        "password",
    ];
    let common = COMMON.iter().any(|common| name.eq_ignore_ascii_case(common.as_bytes()));
    !common && words(name, &WORDS)
}

/// Fields that most requests have and that carry none.
const COMMON: [&str; 24] = [
    "host",
    "accept",
    "user-agent",
    "content-type",
    "content-length",
    "accept-encoding",
    "accept-language",
    "connection",
    "referer",
    "origin",
    "cache-control",
    "x-request-id",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-real-ip",
    "traceparent",
    "tracestate",
    "if-none-match",
    "if-modified-since",
    "transfer-encoding",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-dest",
    "priority",
];

fn words(name: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| contains(name, word))
}

/// The kind of a credential in another field than Authorization and Cookie.
///
/// Biased towards names: a token under a name that says nothing is missed, and a key that is no
/// secret (a partner's number) under such a name is taken for one.
pub(super) fn field(name: &[u8], value: &[u8]) -> Option<Kind> {
    /// Tokens against forged requests, of pushes, of the protocol itself: no credentials.
    const NOT: [&str; 11] = [
        "csrf",
        "xsrf",
        "idempotency",
        "sec-websocket",
        "request-key",
        "public-key",
        "cache-key",
        "device-token",
        "page-token",
        "www-auth",
        "key-id",
    ];
    if words(name, &NOT) || name.eq_ignore_ascii_case(b"access-control-request-headers") {
        return None;
    }
    if words(name, &["signature", "hmac"]) {
        // The field that describes a signature comes with the signature (RFC 9421).
        return Some(Kind::HmacSignature);
    }
    let named = words(
        name,
        &[
            "api-key",
            "apikey",
            "api_key",
            "token",
            "auth-key",
            "access-key",
            "subscription-key",
            "functions-key",
            "secret",
            "session",
            "jwt",
            "assertion",
            "x-auth",
            "password",
        ],
    );
    let short = name.eq_ignore_ascii_case(b"key") || name.eq_ignore_ascii_case(b"x-key");
    let shaped = ends_with(name, "-key") && looks_random(value);
    (named && value.len() >= 4 || short || shaped).then_some(Kind::ApiKeyHeader)
}

/// The kind of a credential in a cookie.
pub(super) fn cookie(name: &[u8], value: &[u8]) -> Option<Kind> {
    const SESSIONS: [&str; 12] = [
        "sess",
        "sid",
        "auth",
        "token",
        "jwt",
        "login",
        "remember",
        "identity",
        ".aspxauth",
        "sso",
        "connect.sid",
        "cognito",
    ];
    const NOT: [&str; 9] = [
        "csrf",
        "xsrf",
        "consent",
        "residence",
        "session_count",
        "last_login",
        "_ga",
        "sidebar",
        "inside",
    ];
    if value.len() < 8 || words(name, &NOT) {
        return None;
    }
    if words(name, &["api_key", "apikey", "api-key"]) {
        return Some(Kind::ApiKeyCookie);
    }
    let named = words(name, &SESSIONS) || name.eq_ignore_ascii_case(b"session");
    (named || value.starts_with(b"eyJ")).then_some(Kind::SessionCookie)
}

/// 16 bytes or more of letters and digits mixed, without spaces.
pub(super) fn looks_random(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~+/=:".contains(byte);
    value.len() >= 16 && digits >= 2 && letters >= 2 && value.iter().all(token)
}

/// Whether the text contains the word, which is in lower case.
pub(super) fn contains(text: &[u8], word: &str) -> bool {
    let Some(&initial) = word.as_bytes().first() else { return true };
    // The first letter rules out nearly all places.
    text.windows(word.len()).any(|window| {
        window[0].to_ascii_lowercase() == initial && window.eq_ignore_ascii_case(word.as_bytes())
    })
}

fn ends_with(text: &[u8], ending: &str) -> bool {
    let start = text.len().saturating_sub(ending.len());
    text[start..].eq_ignore_ascii_case(ending.as_bytes())
}
