//! What a path segment or a query value looks like.

use super::encoding::percent_decode;

/// Longest percent-encoded segment that is decoded to be typed.
const MAX_DECODED: usize = 256;

/// Shortest token without a digit.
pub(super) const MIN_LETTER_TOKEN: usize = 16;

/// The form of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SegmentKind {
    /// Decimal digits, perhaps with a sign.
    Integer,
    /// A number with a fraction.
    Decimal,
    /// Integers with commas between.
    List,
    /// A UUID (RFC 9562): with dashes, without, in braces, or as a URN.
    Uuid,
    /// A ULID: 26 digits of Crockford's base 32.
    Ulid,
    /// A `MongoDB` object id: 24 hex digits.
    ObjectId,
    /// A hash: 32, 40, 64, 96 or 128 hex digits, or base64 with its padding.
    Hash,
    /// A calendar date (RFC 3339), perhaps with a time.
    Date,
    /// An e-mail address.
    Email,
    /// Letters of both cases and digits as chance mixes them, or a JSON Web Token.
    Token,
    /// A short word, an underscore or hyphen and an identifier: `cus_9s6XKzkNRiz8i3`.
    PrefixedId,
    /// Words with hyphens between, which their siblings show to be a value.
    Slug,
    /// Any other literal that its siblings show to be a value: `alice`, `DE`.
    Word,
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
            Self::Decimal => "decimal",
            Self::List => "list",
            Self::Uuid => "uuid",
            Self::Ulid => "ulid",
            Self::ObjectId => "object_id",
            Self::Hash => "hash",
            Self::Date => "date",
            Self::Email => "email",
            Self::Token => "token",
            Self::PrefixedId => "prefixed_id",
            Self::Slug => "slug",
            Self::Word => "word",
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
            _ if !has_digit => is_letter_token(value).then_some(Self::Token),
            _ if is_precise(value) => Some(Self::Decimal),
            _ if is_list(value) => Some(Self::List),
            _ if is_uuid(value) => Some(Self::Uuid),
            _ if is_hex(value, &[24]) => Some(Self::ObjectId),
            _ if is_hex(value, &[32, 40, 64, 96, 128]) || is_base64(value) => Some(Self::Hash),
            _ if is_ulid(value) => Some(Self::Ulid),
            _ if is_date(value) => Some(Self::Date),
            _ if is_prefixed_id(value) => Some(Self::PrefixedId),
            _ if is_token(value)
                || is_small_token(value)
                || is_access_key(value)
                || is_grouped_number(value) =>
            {
                Some(Self::Token)
            }
            _ => None,
        }
    }

    /// The form of a literal that turned out to be a value.
    pub(crate) fn of_word(value: &[u8]) -> Self {
        let is_word = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_alphanumeric);
        let is_slug = value.contains(&b'-') && value.split(|&byte| byte == b'-').all(is_word);
        classify_encoded(value).unwrap_or(match value {
            _ if is_slug => Self::Slug,
            _ if is_decimal(value) => Self::Decimal,
            _ => Self::Word,
        })
    }
}

/// An access key id of AWS: it may have one digit or none but its form is known, and it must not
/// stand in a route.
fn is_access_key(value: &[u8]) -> bool {
    let known = [&b"AKIA"[..], b"ASIA", b"AGPA", b"AIDA", b"AROA"];
    value.len() == 20
        && known.iter().any(|prefix| value.starts_with(prefix))
        && value.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Digits in groups with dashes between, nine at least: the numbers of people, phones and accounts are written so.
/// What has a date's form was looked for before.
fn is_grouped_number(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    digits >= 9 && value.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-')
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

pub(crate) fn is_integer(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Digits, a point and digits.
pub(super) fn is_decimal(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let Some(point) = digits.iter().position(|&byte| byte == b'.') else { return false };
    is_integer(&digits[..point]) && digits[0] != b'-' && {
        let fraction = &digits[point + 1..];
        !fraction.is_empty() && fraction.iter().all(u8::is_ascii_digit)
    }
}

/// A decimal that is no version: negative, or with at least two digits behind the point.
fn is_precise(value: &[u8]) -> bool {
    is_decimal(value)
        && (value[0] == b'-'
            || value.len() - value.iter().position(|&b| b == b'.').unwrap_or(0) > 2)
}

/// Bias: `48.13,11.57` is a position and not a list, so a list has integers only.
fn is_list(value: &[u8]) -> bool {
    value.contains(&b',') && value.split(|&byte| byte == b',').all(is_integer)
}

pub(crate) fn is_hex(value: &[u8], lengths: &[usize]) -> bool {
    lengths.contains(&value.len()) && value.iter().all(u8::is_ascii_hexdigit)
}

/// RFC 4648 section 4 or 5, told by its padding.
fn is_base64(value: &[u8]) -> bool {
    let digits = value.strip_suffix(b"==").or_else(|| value.strip_suffix(b"="));
    value.len() >= 16
        && value.len().is_multiple_of(4)
        && digits.is_some_and(|digits| {
            digits.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-_".contains(byte))
        })
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
        38 => {
            matches!(value, [b'{', inner @ .., b'}'] | [b'(', inner @ .., b')'] if is_uuid(inner))
        }
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

pub(super) fn is_date(value: &[u8]) -> bool {
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
    let top = domain.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
    !local.is_empty()
        && value.len() <= 254
        && domain.iter().all(is_domain_byte)
        // `lodash@4.17.21` is none.
        && top.iter().any(u8::is_ascii_alphabetic)
        && matches!(domain, [first, middle @ .., last]
            if *first != b'.' && *last != b'.' && middle.contains(&b'.'))
}

/// `user:password@` of a URL (RFC 3986 section 3.2.1).
fn has_user_information(value: &[u8]) -> bool {
    let at = value.iter().rposition(|&byte| byte == b'@');
    at.is_some_and(|at| value[..at].contains(&b':'))
}

pub(crate) fn is_prefixed_id(value: &[u8]) -> bool {
    let Some(at) = value.iter().rposition(|&byte| byte == b'_' || byte == b'-') else {
        return false;
    };
    let (prefix, id) = (&value[..at], &value[at + 1..]);
    let is_prefix = matches!(prefix, [b'a'..=b'z', rest @ ..] if rest.len() < 24
        && rest.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_'));
    if value[at] == b'-' {
        // `vpc-1a2b3c4d`, but not `report-20240531` or `about-facade12`.
        return is_prefix && prefix.len() <= 8 && is_mixed_hex(id);
    }
    // `report_2024` and `callback_v2` are names; `cus_123456` and `in_1MtHbELk` are not.
    is_prefix
        && id.iter().all(u8::is_ascii_alphanumeric)
        && (id.len() >= 5 && id.iter().all(u8::is_ascii_digit)
            || id.len() >= 8 && digit_runs(id) >= 2)
}

fn is_mixed_hex(id: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    id.len() >= 8 && id.iter().all(is_digit) && digit_runs(id) >= 2
}

pub(crate) fn is_token(value: &[u8]) -> bool {
    if value.starts_with(b"eyJ") && value.split(|&byte| byte == b'.').count() == 3 {
        return true;
    }
    let has_upper = value.iter().any(u8::is_ascii_uppercase);
    let is_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_=".contains(byte);
    if !has_upper || value.len() < 8 || !value.iter().all(is_byte) {
        return false;
    }
    let has_lower = value.iter().any(u8::is_ascii_lowercase);
    match value.len() {
        // `U024BE7LH`, `B0018XYZ12`.
        8.. if !has_lower && value.iter().all(u8::is_ascii_alphanumeric) => digit_runs(value) >= 2,
        20.. => has_lower && is_mixed(value),
        // `dQw4w9WgXcQ`. A shorter text looks like chance by chance, so ask for more of it.
        10.. => has_lower && changes(value) * 5 >= (value.len() - 1) * 3,
        _ => false,
    }
}

/// Small letters and digits as chance mixes them: `50c8159d`, `g6jxaenk6eo`. Bias: what could be a
/// name with numbers in it, such as `ipv4to6`, is one.
fn is_small_token(value: &[u8]) -> bool {
    let is_byte = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    value.iter().all(is_byte)
        && match digit_runs(value) {
            0 | 1 => false,
            2 => is_mixed_hex(value) || value.len() >= 20,
            _ => value.len() >= 10 || is_mixed_hex(value),
        }
}

/// A token that happens to have no digit.
fn is_letter_token(value: &[u8]) -> bool {
    value.len() >= MIN_LETTER_TOKEN
        && value.iter().all(u8::is_ascii_alphabetic)
        && changes(value) * 3 >= value.len()
        && longest_consonants(value) >= 6
}

/// Whether digits and cases alternate as chance has it, unlike in `GetCustomerOrdersV2Async`.
fn is_mixed(value: &[u8]) -> bool {
    digit_runs(value) >= 2
        || changes(value) * 2 >= value.len()
        || changes(value) * 4 >= value.len() && longest_consonants(value) >= 6
}

/// Changes between digits, capitals and the others.
pub(crate) fn changes(value: &[u8]) -> usize {
    let case = |byte: u8| (byte.is_ascii_digit(), byte.is_ascii_uppercase());
    value.windows(2).filter(|pair| case(pair[0]) != case(pair[1])).count()
}

/// The longest run of consonants: in English words at most five.
pub(crate) fn longest_consonants(value: &[u8]) -> usize {
    let is_consonant = |byte: &u8| byte.is_ascii_alphabetic() && !b"aeiouyAEIOUY".contains(byte);
    value.split(|byte| !is_consonant(byte)).map(<[u8]>::len).max().unwrap_or(0)
}

pub(crate) fn digit_runs(value: &[u8]) -> usize {
    let starts =
        value.windows(2).filter(|pair| !pair[0].is_ascii_digit() && pair[1].is_ascii_digit());
    starts.count() + usize::from(value.first().is_some_and(u8::is_ascii_digit))
}
