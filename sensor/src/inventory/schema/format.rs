//! The format of a text: what more is known of it than that it is one.
//!
//! A text has at most one format, the most special one that its form proves. Formats make a
//! lattice by [`Format::wider`], so that values of two formats can have a common one. Names are
//! those of JSON Schema and the `OpenAPI` format registry where these have one. Biased towards
//! none: a format that is wrong misleads more than one that is missing.

mod classes;
mod codes;
mod network;
mod secret;
mod time;

pub use classes::{Classes, WORD};

use serde::{Deserialize, Serialize};

use crate::inventory::template::kind;

/// Longest text whose format is looked for, in bytes; longer ones are URIs, JWTs or base64.
const MAX_LENGTH: usize = 512;

/// Declares the formats with their names.
macro_rules! formats {
    ($($(#[$doc:meta])* $format:ident = $name:literal;)*) => {
        /// The format of a text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Format {
            $($(#[$doc])* $format,)*
        }

        impl Format {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$format),*];

            const fn label(self) -> &'static str {
                match self {
                    $(Self::$format => $name,)*
                }
            }
        }
    };
}

formats! {
    /// Date and time with offset (RFC 3339 section 5.6).
    DateTime = "date-time";
    /// The same without offset.
    DateTimeLocal = "date-time-local";
    /// A date (RFC 3339 `full-date`).
    Date = "date";
    /// A time with offset (RFC 3339 `full-time`).
    Time = "time";
    /// A time without offset.
    TimeLocal = "time-local";
    /// The date of HTTP fields (RFC 9110 section 5.6.7).
    HttpDate = "http-date";
    /// A duration (RFC 3339 appendix A).
    Duration = "duration";
    /// A UUID (RFC 9562).
    Uuid = "uuid";
    /// A UUID without dashes, which a hash may look like.
    PlainUuid = "uuid";
    /// A ULID.
    Ulid = "ulid";
    /// A `MongoDB` object id.
    ObjectId = "object-id";
    /// 32, 40, 56, 64, 96 or 128 hex digits.
    Hash = "hash";
    /// Hex digits, 16 at least, of which some are letters and some are not.
    Hex = "hex";
    /// An e-mail address.
    Email = "email";
    /// A URI with scheme (RFC 3986).
    Uri = "uri";
    /// An IPv4 address.
    Ipv4 = "ipv4";
    /// An IPv6 address.
    Ipv6 = "ipv6";
    /// A block of addresses.
    Cidr = "cidr";
    /// A host name with a dot in it.
    Hostname = "hostname";
    /// A MAC address (EUI-48).
    Mac = "mac";
    /// Base64 (RFC 4648 section 4).
    Byte = "byte";
    /// A JSON Web Token in compact form.
    Jwt = "jwt";
    /// Letters of both cases and digits as chance mixes them.
    Token = "token";
    /// A short word, an underscore and an identifier.
    PrefixedId = "prefixed-id";
    /// A telephone number: E.164, or grouped as North America does.
    Phone = "phone";
    /// A language tag (BCP 47): a known language, perhaps with script and region.
    Language = "language-tag";
    /// A country (ISO 3166-1 alpha-2).
    Country = "country-code";
    /// A currency (ISO 4217).
    Currency = "currency-code";
    /// Digits alone. Not shown: the pattern tells it.
    Digits = "digits";
    /// A decimal number as text.
    Decimal = "decimal";
    /// A version number of three parts (semver.org).
    Version = "version";
    /// A media type.
    MediaType = "media-range";
    /// A colour as `#` and hex digits.
    Color = "color";
    /// Bytes: a file part.
    Binary = "binary";
}

impl Format {
    /// The name in a schema; `None` for one that is not shown.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Digits => None,
            shown => Some(shown.label()),
        }
    }

    /// The next wider format, which every value of this one has too.
    pub const fn wider(self) -> Option<Self> {
        match self {
            Self::PlainUuid => Some(Self::Hash),
            Self::Hash | Self::ObjectId => Some(Self::Hex),
            Self::Jwt => Some(Self::Token),
            Self::Token => Some(Self::Byte),
            Self::Digits => Some(Self::Decimal),
            _ => None,
        }
    }

    /// Whether every value of `self` has the format `other` too.
    pub fn is_within(self, other: Self) -> bool {
        let mut format = Some(self);
        while let Some(candidate) = format {
            if candidate == other {
                return true;
            }
            format = candidate.wider();
        }
        false
    }

    /// The most special format that values of both have; `None` when there is none.
    pub fn common(self, other: Self) -> Option<Self> {
        let mut format = Some(self);
        while let Some(candidate) = format {
            if other.is_within(candidate) {
                return Some(candidate);
            }
            format = candidate.wider();
        }
        None
    }

    /// Whether a word may have this form by chance, so that one value proves little.
    pub const fn is_weak(self) -> bool {
        matches!(
            self,
            Self::Language
                | Self::Country
                | Self::Currency
                | Self::Hostname
                | Self::Decimal
                | Self::Hex
                | Self::Token
                | Self::Byte
        )
    }

    /// The format of a text, given the classes of its bytes.
    pub fn of(text: &[u8], classes: Classes) -> Option<Self> {
        if text.len() > MAX_LENGTH {
            return long(text, classes);
        }
        if classes.meets(Classes::WILD) || text.len() < 2 && classes != Classes::DIGIT {
            return None;
        }
        if !classes.meets(Classes::DIGIT) {
            return without_digits(text, classes);
        }
        if classes == Classes::DIGIT {
            return Some(digits(text));
        }
        if classes.within(WORD) {
            with_digits(text, classes)
        } else {
            with_punctuation(text, classes)
        }
    }
}

/// Only forms whose start tells: nobody reads kilobytes for a format.
fn long(text: &[u8], classes: Classes) -> Option<Format> {
    match text {
        _ if network::has_scheme(text) => Some(Format::Uri),
        _ if secret::is_jwt(text) => Some(Format::Jwt),
        _ if !classes.meets(Classes::WILD) && secret::is_base64(text) => Some(Format::Byte),
        _ => None,
    }
}

fn digits(text: &[u8]) -> Format {
    if kind::is_hex(text, &[24]) { Format::ObjectId } else { Format::Digits }
}

fn without_digits(text: &[u8], classes: Classes) -> Option<Format> {
    if classes == Classes::LOWER || classes == Classes::UPPER {
        return codes::word(text).or_else(|| hex(text));
    }
    if classes.within(WORD) {
        return match text {
            _ if network::is_hostname(text) => Some(Format::Hostname),
            _ => codes::is_language(text).then_some(Format::Language),
        };
    }
    with_punctuation(text, classes)
}

/// Letters, digits, `-`, `_` and `.`, of which at least one is a digit.
fn with_digits(text: &[u8], classes: Classes) -> Option<Format> {
    if classes.meets(Classes::DOT) {
        return match text {
            _ if network::is_ipv4(text) => Some(Format::Ipv4),
            _ if codes::is_decimal(text) => Some(Format::Decimal),
            _ if codes::is_version(text) => Some(Format::Version),
            _ if secret::is_jwt(text) => Some(Format::Jwt),
            _ if time::is_duration(text) => Some(Format::Duration),
            _ => network::is_hostname(text).then_some(Format::Hostname),
        };
    }
    if text.len() == 36 && kind::is_uuid(text) {
        return Some(Format::Uuid);
    }
    if classes.meets(Classes::DASH) {
        let found = match text {
            _ if time::is_date(text) => Some(Format::Date),
            _ if codes::is_decimal(text) => Some(Format::Decimal),
            _ if codes::is_phone(text) => Some(Format::Phone),
            _ if network::is_mac(text) => Some(Format::Mac),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    match text {
        _ if kind::is_uuid(text) => {
            Some(if text.len() == 32 { Format::PlainUuid } else { Format::Uuid })
        }
        _ if kind::is_hex(text, &[24]) => Some(Format::ObjectId),
        _ if kind::is_ulid(text) => Some(Format::Ulid),
        _ if kind::is_prefixed_id(text) => Some(Format::PrefixedId),
        _ if time::is_duration(text) => Some(Format::Duration),
        _ if codes::is_language(text) => Some(Format::Language),
        _ => hex(text).or_else(|| kind::is_token(text).then_some(Format::Token)),
    }
}

fn hex(text: &[u8]) -> Option<Format> {
    if kind::is_hex(text, &[32, 40, 56, 64, 96, 128]) {
        return Some(Format::Hash);
    }
    let is_hex = text.len() >= 16
        && text.len().is_multiple_of(2)
        && text.iter().any(u8::is_ascii_digit)
        && text.iter().all(u8::is_ascii_hexdigit);
    is_hex.then_some(Format::Hex)
}

/// Texts with other printable bytes than words have. What the classes rule out is not tried.
fn with_punctuation(text: &[u8], classes: Classes) -> Option<Format> {
    let has = |class: Classes| classes.meets(class);
    let colon = has(Classes::COLON);
    if colon && text.get(4) == Some(&b'-') {
        return time::of(text);
    }
    match text {
        _ if colon && network::has_scheme(text) => Some(Format::Uri),
        _ if has(Classes::AT) => {
            (!has(Classes::SPACE) && kind::is_email(text)).then_some(Format::Email)
        }
        _ if matches!(text.len(), 38 | 45) && kind::is_uuid(text) => Some(Format::Uuid),
        _ if codes::is_color(text) => Some(Format::Color),
        _ if codes::is_phone(text) => Some(Format::Phone),
        _ if colon && time::is_http_date(text) => Some(Format::HttpDate),
        _ if has(Classes::SPACE) => None,
        _ if colon && network::is_mac(text) => Some(Format::Mac),
        _ if colon && network::is_ipv6(text) => Some(Format::Ipv6),
        _ if has(Classes::SLASH) && network::is_cidr(text) => Some(Format::Cidr),
        _ if has(Classes::SLASH) && codes::is_media_type(text) => Some(Format::MediaType),
        _ if colon => time::of(text),
        _ => secret::is_base64(text).then_some(Format::Byte),
    }
}

#[cfg(test)]
mod tests;
