//! Numbers, sizes and times as people read them, and text that is safe on a terminal.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// An integer with thousands separators: `12,345`.
pub fn integer(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count in at most seven columns: `123,456`, `1.23 M`.
pub fn count(number: u64) -> String {
    match number {
        0..1_000_000 => integer(number),
        1_000_000..1_000_000_000 => three_digits(number as f64 / 1e6, "M"),
        _ => three_digits(number as f64 / 1e9, "G"),
    }
}

/// A rate in events a second: `0.3`, `12`, `3,400`.
pub fn rate(rate: f64) -> String {
    if rate < 0.05 {
        "0".to_owned()
    } else if rate < 9.95 {
        format!("{rate:.1}")
    } else {
        count(rate.round() as u64)
    }
}

/// A time given in milliseconds: `850 µs`, `1.2 ms`, `340 ms`, `2.1 s`.
pub fn milliseconds(milliseconds: f64) -> String {
    let microseconds = milliseconds * 1e3;
    if microseconds < 999.5 {
        format!("{microseconds:.0} µs")
    } else if milliseconds < 9.95 {
        format!("{milliseconds:.1} ms")
    } else if milliseconds < 999.5 {
        format!("{milliseconds:.0} ms")
    } else if milliseconds < 59_950.0 {
        format!("{:.1} s", milliseconds / 1e3)
    } else {
        format!("{:.1} min", milliseconds / 60e3)
    }
}

/// A size: `512 B`, `1.2 MiB`.
pub fn bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 999.5 {
            return if unit == "B" { format!("{bytes} B") } else { three_digits(value, unit) };
        }
        value /= 1024.0;
    }
    three_digits(value, "TiB")
}

/// A length of time in seconds: `45 s`, `13 min`, `2 h 13 min`, `3 d 4 h`.
pub fn seconds(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// How long before `now` an RFC 3339 time is: `3 s`. The text itself if it is none.
pub fn ago(time: &str, now: jiff::Timestamp) -> String {
    match time.parse::<jiff::Timestamp>() {
        Ok(time) => seconds(u64::try_from(now.duration_since(time).as_secs()).unwrap_or(0)),
        Err(_) => printable(time),
    }
}

fn three_digits(value: f64, unit: &str) -> String {
    let digits = match value {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

/// `text` without what could steer a terminal: a target chooses its host names and paths.
/// Control and invisible formatting characters (such as bidirectional overrides) become `\u{fffd}`.
pub fn printable(text: &str) -> String {
    let unsafe_on_terminals = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars()
        .map(|letter| if unsafe_on_terminals(letter) { '\u{fffd}' } else { letter })
        .collect()
}

/// Columns that `text` takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` in at most `limit` columns, with `…` for its middle: both ends of a route tell.
pub fn cut_middle(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub(1);
    let head = fitting(text.chars(), room - room / 2);
    let tail: Vec<char> = fitting(text.chars().rev(), room / 2).chars().collect();
    let cut = head.chars().chain((limit > 0).then_some('…')).chain(tail.into_iter().rev());
    cut.collect()
}

/// `text` in at most `limit` columns, with `…` for its end.
pub fn cut_end(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let mut head = fitting(text.chars(), limit.saturating_sub(1));
    if limit > 0 {
        head.push('…');
    }
    head
}

/// Pieces joined by commas, in lines of at most `limit` columns. A piece is broken, between words,
/// only when it does not fit a line; a word never is.
pub fn wrap(pieces: &[String], limit: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (index, piece) in pieces.iter().enumerate() {
        let piece = if index + 1 < pieces.len() { format!("{piece},") } else { piece.clone() };
        let fits = width(&piece) <= limit;
        let words = if fits { vec![&piece[..]] } else { piece.split(' ').collect() };
        for word in words {
            let line = lines.last_mut().expect("there is always a line");
            if line.is_empty() {
                line.push_str(word);
            } else if width(line) + 1 + width(word) <= limit {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
    }
    lines
}

fn fitting(letters: impl Iterator<Item = char>, limit: usize) -> String {
    let mut used = 0;
    letters
        .take_while(|letter| {
            used += letter.width().unwrap_or(0);
            used <= limit
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_plain() {
        fn check(text: &str, expect: &str) {
            assert_eq!(text, expect);
        }
        check(&integer(0), "0");
        check(&integer(999), "999");
        check(&integer(1_000), "1,000");
        check(&integer(1_234_567), "1,234,567");
        check(&count(999_999), "999,999");
        check(&count(1_234_567), "1.23 M");
        check(&count(12_345_678), "12.3 M");
        check(&count(u64::MAX), "18446744074 G");
        check(&rate(0.0), "0");
        check(&rate(0.31), "0.3");
        check(&rate(9.99), "10");
        check(&rate(3400.4), "3,400");
        check(&rate(f64::NAN), "0");
        check(&milliseconds(0.0004), "0 µs");
        check(&milliseconds(0.85), "850 µs");
        check(&milliseconds(0.9999), "1.0 ms");
        check(&milliseconds(1.24), "1.2 ms");
        check(&milliseconds(9.96), "10 ms");
        check(&milliseconds(340.2), "340 ms");
        check(&milliseconds(2_100.0), "2.1 s");
        check(&milliseconds(90_000.0), "1.5 min");
        check(&bytes(512), "512 B");
        check(&bytes(65_536), "64.0 KiB");
        check(&bytes(16 << 20), "16.0 MiB");
        check(&bytes(1_288_490), "1.23 MiB");
        check(&seconds(45), "45 s");
        check(&seconds(800), "13 min");
        check(&seconds(8_000), "2 h 13 min");
        check(&seconds(273_600), "3 d 4 h");
        let now = "2026-01-01T00:00:10Z".parse().unwrap();
        check(&ago("2026-01-01T00:00:07.5Z", now), "2 s");
        check(&ago("2026-01-01T00:01:00Z", now), "0 s");
        check(&ago("yester\x1bday", now), "yester\u{fffd}day");
    }

    #[test]
    fn text_is_cut_to_columns_not_bytes() {
        fn check(text: &str, limit: usize, middle: &str, end: &str) {
            assert_eq!(
                (cut_middle(text, limit), cut_end(text, limit)),
                (middle.into(), end.into())
            );
            assert!(width(middle) <= limit && width(end) <= limit);
        }
        check("/users/{id}/orders", 18, "/users/{id}/orders", "/users/{id}/orders");
        check("/users/{id}/orders", 9, "/use…ders", "/users/{…");
        check("/users/{id}/orders", 2, "/…", "/…");
        check("/users/{id}/orders", 1, "…", "…");
        check("/users/{id}/orders", 0, "", "");
        check("/日本語/日本語", 7, "/日…語", "/日本…");
    }

    #[test]
    fn lines_break_between_pieces_first() {
        fn check(pieces: &[&str], limit: usize, expect: &[&str]) {
            let pieces: Vec<_> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
            assert_eq!(wrap(&pieces, limit), expect);
        }
        check(&[], 10, &[""]);
        check(&["a b", "c d"], 10, &["a b, c d"]);
        check(&["one two", "three four"], 12, &["one two,", "three four"]);
        check(&["one two three", "four"], 8, &["one two", "three,", "four"]);
        check(&["incomprehensible", "b"], 4, &["incomprehensible,", "b"]);
    }

    #[test]
    fn nothing_from_the_wire_steers_the_terminal() {
        assert_eq!(printable("a\x1b[2Jb\u{9b}c\rd\u{202e}e\u{7f}"), "a�[2Jb�c�d�e�");
        assert_eq!(printable("/gr\u{fc}n/日本"), "/gr\u{fc}n/日本");
    }
}
