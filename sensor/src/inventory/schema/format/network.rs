//! Addresses and names of machines and resources.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A scheme that is common, then a colon and what the scheme asks for. Other schemes only with
/// `//`, because any label before a colon looks like one.
pub fn has_scheme(text: &[u8]) -> bool {
    let Some(colon) = text.iter().take(24).position(|&byte| byte == b':') else { return false };
    let (scheme, rest) = (&text[..colon], &text[colon + 1..]);
    let is_scheme = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
    let is_known = [&b"mailto"[..], b"data", b"tel", b"urn"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    let is_uri =
        is_scheme && (rest.len() > 2 && rest.starts_with(b"//") || is_known && rest.len() > 1);
    // A UUID as URN is a UUID.
    is_uri && !rest.starts_with(b"uuid:") && !text.iter().any(|&byte| byte <= b' ' || byte == b'"')
}

/// Dotted decimal, four parts without leading zeros.
pub fn is_ipv4(text: &[u8]) -> bool {
    parse::<Ipv4Addr>(text, 15).is_some()
}

/// RFC 4291 section 2.2. A time such as `12:30:00` has too few parts.
pub fn is_ipv6(text: &[u8]) -> bool {
    parse::<Ipv6Addr>(text, 45).is_some()
}

/// An address, a slash and a length (RFC 4632).
pub fn is_cidr(text: &[u8]) -> bool {
    let Some(slash) = text.iter().position(|&byte| byte == b'/') else { return false };
    let (address, length) = (&text[..slash], &text[slash + 1..]);
    let Some(length) = parse::<u8>(length, 3) else { return false };
    is_ipv4(address) && length <= 32 || is_ipv6(address) && length <= 128
}

/// Six pairs of hex digits with `:` or `-` between them.
pub fn is_mac(text: &[u8]) -> bool {
    text.len() == 17
        && text.iter().enumerate().all(|(index, byte)| match index % 3 {
            2 => (*byte == b':' || *byte == b'-') && *byte == text[2],
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Labels with dots between them (RFC 1123 section 2.1), the last of which is a top-level domain
/// in wide use. Only such: `report.pdf` and `com.example.Class` have the same form.
pub fn is_hostname(text: &[u8]) -> bool {
    let Some(dot) = text.iter().rposition(|&byte| byte == b'.') else { return false };
    let is_label = |label: &[u8]| {
        (1..=63).contains(&label.len())
            && label[0] != b'-'
            && label[label.len() - 1] != b'-'
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    text.len() <= 253
        && TOP_LEVEL.iter().any(|known| text[dot + 1..].eq_ignore_ascii_case(known))
        && text[..dot].split(|&byte| byte == b'.').all(is_label)
}

/// Country domains that are extensions of files as well (`md`, `py`, `rs`, `sh`) are left out.
const TOP_LEVEL: &[&[u8]] = &[
    b"com",
    b"net",
    b"org",
    b"edu",
    b"gov",
    b"mil",
    b"int",
    b"io",
    b"dev",
    b"app",
    b"ai",
    b"cloud",
    b"info",
    b"biz",
    b"online",
    b"shop",
    b"site",
    b"store",
    b"tech",
    b"xyz",
    b"local",
    b"internal",
    b"example",
    b"test",
    b"invalid",
    b"arpa",
    b"us",
    b"uk",
    b"de",
    b"fr",
    b"it",
    b"es",
    b"nl",
    b"be",
    b"ch",
    b"at",
    b"se",
    b"no",
    b"dk",
    b"fi",
    b"pt",
    b"ie",
    b"cz",
    b"hu",
    b"ro",
    b"gr",
    b"eu",
    b"ru",
    b"ua",
    b"tr",
    b"cn",
    b"jp",
    b"kr",
    b"tw",
    b"hk",
    b"sg",
    b"in",
    b"au",
    b"nz",
    b"ca",
    b"mx",
    b"br",
    b"ar",
    b"cl",
    b"za",
    b"ng",
    b"ke",
    b"eg",
    b"il",
    b"ae",
    b"sa",
    b"id",
    b"my",
    b"th",
    b"vn",
    b"ph",
    b"co",
    b"me",
    b"tv",
];

/// `text` as a `T`, when it has no more than `longest` bytes.
fn parse<T: std::str::FromStr>(text: &[u8], longest: usize) -> Option<T> {
    (text.len() <= longest).then(|| str::from_utf8(text).ok()?.parse().ok())?
}
