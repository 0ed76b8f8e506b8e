//! Secrets by their form: keys in PEM, JWT, credentials in addresses.

use data_encoding::BASE64URL_NOPAD;

use crate::inventory::sensitive::{
    definition::{ANY_COUNT, CREDENTIAL, Class, Definition, Fit, Shape},
    text::{Bytes, Text},
};

pub(in crate::inventory::sensitive) const PRIVATE_KEY: Definition = Definition {
    name: "private_key",
    title: "Private key (PEM)",
    class: Class::Secret,
    regulations: CREDENTIAL,
    validator: "`-----BEGIN ... PRIVATE KEY-----` (RFC 7468)",
    names: &["private key", "private key pem", "ssh private key", "rsa private key"],
    shape: Shape {
        digits: ANY_COUNT,
        first: "-",
        length: (40, u16::MAX),
        allowed: Bytes::ANY,
        required: Bytes::DASH,
    },
    alone: true,
    check: |text| {
        let label =
            text.value.strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----"));
        Fit::Proof.when(label.is_some_and(|(label, _)| {
            label.len() < 40
                && (label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK"))
        }))
    },
};

pub(in crate::inventory::sensitive) const JWT: Definition = Definition {
    name: "jwt",
    title: "JSON web token",
    class: Class::Secret,
    regulations: CREDENTIAL,
    validator: "header in base64url that names `alg` (RFC 7519)",
    names: &["jwt", "jwt token", "id token", "json web token"],
    shape: Shape {
        digits: ANY_COUNT,
        first: "e",
        length: (20, 16384),
        allowed: Bytes::TOKEN,
        required: Bytes::DOT,
    },
    alone: true,
    check: |text| {
        let Some((header, _)) = text.value.split_once('.') else { return Fit::No };
        let parts = text.value.bytes().filter(|&byte| byte == b'.').count();
        // `eyJ` is `{"`, `ewo` and `ey` with spaces are rare writers.
        let begins = header.starts_with("ey") && header.len() <= 1024;
        Fit::Proof.when(begins && matches!(parts, 2 | 4) && names_algorithm(header))
    },
};

fn names_algorithm(header: &str) -> bool {
    let mut json = [0; 768];
    let Ok(length) = BASE64URL_NOPAD.decode_len(header.len()) else { return false };
    let Some(json) = json.get_mut(..length) else { return false };
    BASE64URL_NOPAD.decode_mut(header.as_bytes(), json).is_ok()
        && memchr::memmem::find(json, b"\"alg\"").is_some()
}

pub(in crate::inventory::sensitive) const URL_CREDENTIALS: Definition = Definition {
    name: "url_credentials",
    title: "Credentials in an address or connection string",
    class: Class::Secret,
    regulations: CREDENTIAL,
    validator: "`scheme://user:password@host` (RFC 3986 section 3.2.1)",
    names: &[
        "database url",
        "connection string",
        "connection url",
        "connection uri",
        "db url",
        "dsn",
        "redis url",
        "mongo uri",
        "mongodb uri",
        "amqp url",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (12, 2048),
        allowed: Bytes::ANY,
        required: Bytes::COLON.or(Bytes::AT).or(Bytes::SLASH),
    },
    alone: true,
    check: url_credentials,
};

fn url_credentials(text: &Text<'_>) -> Fit {
    let Some((scheme, rest)) = text.value.split_once("://") else { return Fit::No };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let named = !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let password = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':'));
    Fit::Proof
        .when(named && password.is_some_and(|(_, password)| !Text::new(password).is_placeholder()))
}
