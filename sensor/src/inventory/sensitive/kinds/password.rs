//! Passwords and secrets that only a name tells.

use crate::inventory::sensitive::{
    definition::{ANY_COUNT, CREDENTIAL, Class, Definition, Fit, Shape},
    text::{Bytes, Text},
};

pub(in crate::inventory::sensitive) const PASSWORD: Definition = Definition {
    name: "password",
    title: "Password",
    class: Class::Secret,
    regulations: CREDENTIAL,
    validator: "field name; not masked",
    names: &[
        "password",
        "passwd",
        "pwd",
        "pass",
        "passphrase",
        "pass phrase",
        "pass word",
        "user password",
        "login password",
        "old password",
        "new password",
        "current password",
        "passcode",
        "pass code",
        "passwort",
        "kennwort",
        "contrasena",
        "mot de passe",
        "senha",
        "db password",
        "admin password",
        "root password",
        "database password",
        "pw",
        "userpass",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (1, 256),
        allowed: Bytes::ANY,
        required: Bytes::NONE,
    },
    alone: false,
    // The name is enough: what is not masked is a password, a hash of one, or meant to be one.
    check: |text| Fit::Check.when(!text.is_placeholder()),
};

pub(in crate::inventory::sensitive) const GENERIC_SECRET: Definition = Definition {
    name: "generic_secret",
    title: "Secret, token or key without a known form",
    class: Class::Secret,
    regulations: CREDENTIAL,
    validator: "field name; 8 bytes or more without spaces that look random",
    names: &[
        "secret",
        "client secret",
        "app secret",
        "api secret",
        "shared secret",
        "consumer secret",
        "secret key",
        "secret token",
        "api key",
        "apikey",
        "api token",
        "access token",
        "refresh token",
        "auth token",
        "authentication token",
        "bearer token",
        "session token",
        "id token",
        "security token",
        "service token",
        "bot token",
        "private token",
        "deploy token",
        "personal access token",
        "access key",
        "encryption key",
        "signing key",
        "signing secret",
        "webhook secret",
        "master key",
        "private key",
        "token",
        "session key",
        "session id",
        "session",
        "sessionid",
        "jsessionid",
        "phpsessid",
        "credential",
        "credentials",
        "authorization",
        "x api key",
        "auth key",
        "account key",
        "storage key",
        "otp secret",
        "totp secret",
        "mfa secret",
        "recovery code",
        "backup code",
        "oauth token",
        "csrf secret",
        "db secret",
        "jwt secret",
        "hmac key",
        "license key",
        "auth",
        "access token secret",
        "oauth token secret",
        "connection string",
        "reset token",
        "password reset token",
        "x auth token",
        "x access token",
        "verification token",
        "api secret key",
        "one time password",
        "otp",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (8, 4096),
        allowed: Bytes::ANY,
        required: Bytes::NONE,
    },
    alone: false,
    check: generic_secret,
};

/// Words and addresses in such fields are labels. Biased towards finding: digits among the
/// letters, or letters in both cases, are enough to look random.
fn generic_secret(text: &Text<'_>) -> Fit {
    let value = text.value.strip_prefix("Bearer ").unwrap_or(text.value);
    let worded = value.contains(' ') || value.contains("://");
    let classes = [Bytes::DIGIT, Bytes::UPPER, Bytes::LOWER];
    let mixed = classes.iter().filter(|class| text.classes.meets(**class)).count();
    Fit::Form.when(!worded && !text.is_placeholder() && (mixed >= 2 || is_long(value)))
}

/// So many letters of one case and no other byte are no word.
fn is_long(value: &str) -> bool {
    value.len() >= 24 && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
