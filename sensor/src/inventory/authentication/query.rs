//! Credentials in the request target.

use super::{
    AuthenticationKind as Kind,
    headers::{contains, looks_random},
};

/// Parameters of a query that are looked at.
const MAX_PARAMETERS: usize = 64;

/// What a parameter carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    /// A key or token.
    Key,
    /// A signature, which is of use for this request alone.
    Signature(Kind),
}

/// The parameters of a query as (name, value), as sent.
pub(super) fn parameters(query: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    query.split(|&byte| byte == b'&').take(MAX_PARAMETERS).map(|parameter| {
        let equals = parameter.iter().position(|&byte| byte == b'=');
        let (name, value) = parameter.split_at(equals.unwrap_or(parameter.len()));
        (name, value.strip_prefix(b"=").unwrap_or_default())
    })
}

/// What a parameter carries: by name, and where the name says little by shape.
pub(super) fn parameter(name: &[u8], value: &[u8]) -> Option<Parameter> {
    const KEYS: [&str; 24] = [
        "api_key",
        "apikey",
        "api-key",
        "api.key",
        "access_token",
        "accesstoken",
        "auth_token",
        "authtoken",
        "x-api-key",
        "subscription-key",
        "private_token",
        "client_secret",
        "app_key",
        "appkey",
        "access_key",
        "accesskey",
        "id_token",
        "jwt",
        "session_id",
        "sessionid",
        "password",
        "passwd",
        "secret",
        "api_token",
    ];
    const SHAPED: [&str; 7] =
        ["key", "token", "auth", "appid", "sid", "code_secret", "authorization"];
    const SIGNATURES: [(&str, Kind); 7] = [
        ("x-amz-signature", Kind::AwsSigV4),
        ("x-goog-signature", Kind::AwsSigV4),
        ("signature", Kind::HmacSignature),
        ("sig", Kind::HmacSignature),
        ("hmac", Kind::HmacSignature),
        ("oauth_signature", Kind::HmacSignature),
        ("sign", Kind::HmacSignature),
    ];
    if value.len() < 4 {
        return None;
    }
    let is = |candidate: &str| name.eq_ignore_ascii_case(candidate.as_bytes());
    if let Some((_, kind)) = SIGNATURES.iter().find(|(candidate, _)| is(candidate)) {
        return (value.len() >= 16).then_some(Parameter::Signature(*kind));
    }
    let named = KEYS.iter().any(|candidate| is(candidate)) || contains(name, "api_key");
    let shaped = SHAPED.iter().any(|candidate| is(candidate)) && looks_random(value);
    (named || shaped).then_some(Parameter::Key)
}

/// Whether an absolute target has `user:password@` before its host.
pub(super) fn has_user_information(target: &[u8]) -> bool {
    if target.first() == Some(&b'/') {
        return false;
    }
    let Some(scheme) = target.windows(3).position(|window| window == b"://") else { return false };
    let rest = target.get(scheme + 3..).unwrap_or_default();
    let end = rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len());
    let authority = &rest[..end];
    let at = authority.iter().rposition(|&byte| byte == b'@');
    at.is_some_and(|at| authority[..at].contains(&b':'))
}
