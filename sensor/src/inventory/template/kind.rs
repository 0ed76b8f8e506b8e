//! What a path segment or a query value looks like.

/// Longest percent-encoded segment that is decoded to be typed.
const MAX_DECODED: usize = 256;

/// The form of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SegmentKind {
    /// Decimal digits, perhaps with a sign.
    Integer,
    /// A UUID (RFC 9562): with dashes, without, in braces, or as a URN.
    Uuid,
    /// A ULID: 26 digits of Crockford's base 32.
    Ulid,
    /// A `MongoDB` object id: 24 hex digits.
    ObjectId,
    /// A hash: 32, 40, 64 or 128 hex digits.
    Hash,
    /// A calendar date (RFC 3339), perhaps with a time.
    Date,
    /// An e-mail address.
    Email,
    /// Letters of both cases and digits as chance mixes them, or a JSON Web Token.
    Token,
    /// A short word, an underscore and an identifier: `cus_9s6XKzkNRiz8i3`.
    PrefixedId,
    /// Free text: a space or a control byte in it, longer than any literal, or with user
    /// information (a URL in a path, a target that is no URL).
    Text,
    /// Parameters behind a `;`.
    Matrix,
}

impl SegmentKind {
    /// The name in events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Uuid => "uuid",
            Self::Ulid => "ulid",
            Self::ObjectId => "object_id",
            Self::Hash => "hash",
            Self::Date => "date",
            Self::Email => "email",
            Self::Token => "token",
            Self::PrefixedId => "prefixed_id",
            Self::Text => "text",
            Self::Matrix => "matrix",
        }
    }

    /// The form of a decoded value, `None` for a plain word.
    pub fn of(value: &[u8]) -> Option<Self> {
        if value.iter().any(|&byte| byte <= b' ' || byte == 0x7f) {
            return Some(Self::Text);
        }
        let has_digit = value.iter().any(u8::is_ascii_digit);
        match value {
            _ if is_integer(value) => Some(Self::Integer),
            _ if is_email(value) => Some(Self::Email),
            _ if has_user_information(value) => Some(Self::Text),
            _ if !has_digit => None,
            _ if is_uuid(value) => Some(Self::Uuid),
            _ if is_hex(value, &[24]) => Some(Self::ObjectId),
            _ if is_hex(value, &[32, 40, 64, 128]) => Some(Self::Hash),
            _ if is_ulid(value) => Some(Self::Ulid),
            _ if is_date(value) => Some(Self::Date),
            _ if is_prefixed_id(value) => Some(Self::PrefixedId),
            _ if is_token(value) => Some(Self::Token),
            _ => None,
        }
    }
}

/// [`SegmentKind::of`] for a value that may be percent-encoded.
pub(super) fn classify_encoded(value: &[u8]) -> Option<SegmentKind> {
    if !value.contains(&b'%') {
        return SegmentKind::of(value);
    }
    let mut decoded = [0; MAX_DECODED];
    let mut length = 0;
    for byte in percent_decode(value) {
        let Some(place) = decoded.get_mut(length) else { return Some(SegmentKind::Text) };
        *place = byte;
        length += 1;
    }
    SegmentKind::of(&decoded[..length])
}

/// The bytes that a percent-encoded value stands for (RFC 3986 section 2.1). A `%` that no two
/// hex digits follow stands for itself.
pub(crate) fn percent_decode(value: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = value;
    std::iter::from_fn(move || {
        let (&first, mut behind) = rest.split_first()?;
        let mut byte = first;
        if let (b'%', [high, low, after @ ..]) = (first, behind)
            && let (Some(high), Some(low)) = (hex_value(*high), hex_value(*low))
        {
            byte = high << 4 | low;
            behind = after;
        }
        rest = behind;
        Some(byte)
    })
}

/// Appends a literal segment in normal form (RFC 3986 section 6.2.2): what need not be encoded
/// is not, all else is, in upper case. `plain` says that nothing in it needs a look.
pub(super) fn push_literal(route: &mut String, value: &[u8], plain: bool) {
    if plain && let Ok(text) = str::from_utf8(value) {
        return route.push_str(text);
    }
    let mut rest = value;
    while let Some((&byte, behind)) = rest.split_first() {
        let encoded = match (byte, behind) {
            (b'%', [high, low, ..]) => hex_value(*high).zip(hex_value(*low)),
            _ => None,
        };
        let (byte, is_literal) = match encoded {
            Some((high, low)) => (high << 4 | low, class(high << 4 | low) & UNRESERVED != 0),
            None => (byte, class(byte) & PLAIN != 0),
        };
        if is_literal {
            route.push(char::from(byte));
        } else {
            route.push('%');
            route.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
            route.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        }
        rest = if encoded.is_some() { &behind[2..] } else { behind };
    }
}

/// May stand in a route as it is: `pchar` of RFC 3986 without `;`.
pub(super) const PLAIN: u8 = 1;
/// A digit or `@`.
pub(super) const TELLING: u8 = 2;
/// `unreserved` of RFC 3986.
const UNRESERVED: u8 = 4;
/// A decimal digit.
pub(super) const DIGIT: u8 = 8;

/// The classes of a byte.
pub(super) fn class(byte: u8) -> u8 {
    CLASSES[usize::from(byte)]
}

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => PLAIN | UNRESERVED | TELLING | DIGIT,
            b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => PLAIN | UNRESERVED,
            b'@' => PLAIN | TELLING,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b':' => PLAIN,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

fn is_integer(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

pub(crate) fn is_hex(value: &[u8], lengths: &[usize]) -> bool {
    lengths.contains(&value.len()) && value.iter().all(u8::is_ascii_hexdigit)
}

pub(crate) fn is_uuid(value: &[u8]) -> bool {
    match value.len() {
        32 => {
            // Without dashes a hash has the same form, so ask for version and variant.
            is_hex(value, &[32])
                && matches!(value[12], b'1'..=b'8')
                && matches!(value[16], b'8' | b'9' | b'a' | b'b' | b'A' | b'B')
        }
        36 => value.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        }),
        38 => matches!(value, [b'{', inner @ .., b'}'] if is_uuid(inner)),
        45 => value[..9].eq_ignore_ascii_case(b"urn:uuid:") && is_uuid(&value[9..]),
        _ => false,
    }
}

pub(crate) fn is_ulid(value: &[u8]) -> bool {
    let is_digit = |byte: &u8| {
        byte.is_ascii_digit()
            || byte.is_ascii_alphabetic() && !b"ILOU".contains(&byte.to_ascii_uppercase())
    };
    value.len() == 26 && matches!(value[0], b'0'..=b'7') && value.iter().all(is_digit)
}

fn is_date(value: &[u8]) -> bool {
    let Some((date, time)) = value.split_at_checked(10) else { return false };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0, |sum, digit| {
            digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0'))
        })
    };
    date[4] == b'-'
        && date[7] == b'-'
        && number(&date[..4]).is_some()
        && number(&date[5..7]).is_some_and(|month| (1..=12).contains(&month))
        && number(&date[8..]).is_some_and(|day| (1..=31).contains(&day))
        && is_time(time)
}

/// What may follow a date: nothing, or `T` and a time with or without an offset.
fn is_time(time: &[u8]) -> bool {
    match time {
        [] => true,
        [b'T' | b't', rest @ ..] => {
            rest.len() >= 4 && rest.iter().all(|byte| b"0123456789:.+-Zz".contains(byte))
        }
        _ => false,
    }
}

pub(crate) fn is_email(value: &[u8]) -> bool {
    let Some(at) = value.iter().position(|&byte| byte == b'@') else { return false };
    let (local, domain) = (&value[..at], &value[at + 1..]);
    let is_domain_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.".contains(byte);
    !local.is_empty()
        && value.len() <= 254
        && domain.iter().all(is_domain_byte)
        && matches!(domain, [first, middle @ .., last]
            if *first != b'.' && *last != b'.' && middle.contains(&b'.'))
}

/// `user:password@` of a URL (RFC 3986 section 3.2.1).
fn has_user_information(value: &[u8]) -> bool {
    let at = value.iter().rposition(|&byte| byte == b'@');
    at.is_some_and(|at| value[..at].contains(&b':'))
}

pub(crate) fn is_prefixed_id(value: &[u8]) -> bool {
    let Some(at) = value.iter().rposition(|&byte| byte == b'_') else { return false };
    let (prefix, id) = (&value[..at], &value[at + 1..]);
    let is_prefix = matches!(prefix, [b'a'..=b'z', rest @ ..] if rest.len() < 24
        && rest.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_'));
    // `report_2024` and `callback_v2` are names; `cus_123456` and `in_1MtHbELk` are not.
    is_prefix
        && id.iter().all(u8::is_ascii_alphanumeric)
        && (id.len() >= 5 && id.iter().all(u8::is_ascii_digit)
            || id.len() >= 8 && digit_runs(id) >= 2)
}

pub(crate) fn is_token(value: &[u8]) -> bool {
    if value.starts_with(b"eyJ") && value.split(|&byte| byte == b'.').count() == 3 {
        return true;
    }
    value.len() >= 20
        && value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(byte))
        && value.iter().any(u8::is_ascii_lowercase)
        && value.iter().any(u8::is_ascii_uppercase)
        && is_mixed(value)
}

/// Whether digits and cases alternate as chance has it, unlike in `GetCustomerOrdersV2Async`.
fn is_mixed(value: &[u8]) -> bool {
    let case = |byte: u8| (byte.is_ascii_digit(), byte.is_ascii_uppercase());
    let changes = value.windows(2).filter(|pair| case(pair[0]) != case(pair[1])).count();
    digit_runs(value) >= 2 || changes * 2 >= value.len()
}

fn digit_runs(value: &[u8]) -> usize {
    let starts =
        value.windows(2).filter(|pair| !pair[0].is_ascii_digit() && pair[1].is_ascii_digit());
    starts.count() + usize::from(value.first().is_some_and(u8::is_ascii_digit))
}
