//! Dates, times and durations.

use super::Format;

/// Date and time, or a time.
pub fn of(text: &[u8]) -> Option<Format> {
    if let Some((date, [b'T' | b't', rest @ ..])) = text.split_at_checked(10)
        && is_date(date)
    {
        return match clock(rest)? {
            [] => Some(Format::DateTimeLocal),
            offset => is_offset(offset).then_some(Format::DateTime),
        };
    }
    match clock(text)? {
        [] => Some(Format::TimeLocal),
        offset => is_offset(offset).then_some(Format::Time),
    }
}

/// `YYYY-MM-DD`, with a day that the month has.
pub fn is_date(text: &[u8]) -> bool {
    if text.len() != 10 || text[4] != b'-' || text[7] != b'-' {
        return false;
    }
    let (year, month, day) = (number(&text[..4]), number(&text[5..7]), number(&text[8..]));
    let (Some(year), Some(month), Some(day)) = (year, month, day) else { return false };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(is_leap),
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// What is behind `HH:MM:SS` and a fraction. A leap second is one.
fn clock(text: &[u8]) -> Option<&[u8]> {
    let (clock, rest) = text.split_at_checked(8)?;
    let parts = (number(&clock[..2])?, number(&clock[3..5])?, number(&clock[6..])?);
    if clock[2] != b':' || clock[5] != b':' || parts.0 > 23 || parts.1 > 59 || parts.2 > 60 {
        return None;
    }
    let [b'.', fraction @ ..] = rest else { return Some(rest) };
    let end = fraction.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(fraction.len());
    (end > 0).then(|| &fraction[end..])
}

fn is_offset(text: &[u8]) -> bool {
    match text {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', hours @ .., b':', tens, ones] if hours.len() == 2 => {
            number(hours).is_some_and(|hours| hours < 24)
                && number(&[*tens, *ones]).is_some_and(|minutes| minutes < 60)
        }
        _ => false,
    }
}

/// `P1Y2M3DT4H5M6.7S` and the like, or weeks. Lower case and a bare `P` are none.
pub fn is_duration(text: &[u8]) -> bool {
    let [b'P', rest @ ..] = text else { return false };
    let (date, time) = match rest.iter().position(|&byte| byte == b'T') {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    are_parts(date, b"YMWD")
        && time.map_or(!date.is_empty(), |time| !time.is_empty() && are_parts(time, b"HMS"))
}

/// Numbers, each with a unit, the units in their order.
fn are_parts(mut text: &[u8], mut units: &[u8]) -> bool {
    while !text.is_empty() {
        let digits = text.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.');
        let Some(end) = digits.filter(|&end| end > 0 && text[0] != b'.') else { return false };
        let Some(unit) = units.iter().position(|&unit| unit == text[end]) else { return false };
        units = &units[unit + 1..];
        text = &text[end + 1..];
    }
    true
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn is_http_date(text: &[u8]) -> bool {
    text.len() == 29
        && text[3..5] == *b", "
        && text.ends_with(b" GMT")
        && number(&text[5..7]).is_some()
        && number(&text[12..16]).is_some()
        && clock(&text[17..25]).is_some_and(<[u8]>::is_empty)
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum: u32, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0'))
    })
}
