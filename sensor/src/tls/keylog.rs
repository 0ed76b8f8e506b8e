//! Key log files, as `SSLKEYLOGFILE` makes programs write them
//! (draft-ietf-tls-keylogfile): `LABEL <client random in hex> <secret in hex>`.

use data_encoding::HEXLOWER_PERMISSIVE;

use super::secret::{Label, Secret, SecretBytes};

/// What a key log held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// Secrets handed out.
    pub secrets: u64,
    /// Lines whose label names a secret that opens no record, or is unknown.
    pub unused: u64,
    /// Lines that are none of the format.
    pub malformed: u64,
}

/// Reads the lines of a key log. Comments and empty lines are skipped.
pub fn parse(text: &[u8], mut take: impl FnMut(Secret)) -> Parsed {
    let mut parsed = Parsed::default();
    for line in text.split(|&byte| byte == b'\n') {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        match parse_line(line) {
            Line::Secret(secret) => {
                parsed.secrets += 1;
                take(secret);
            }
            Line::Unused => parsed.unused += 1,
            Line::Malformed => parsed.malformed += 1,
        }
    }
    parsed
}

enum Line {
    Secret(Secret),
    Unused,
    Malformed,
}

fn parse_line(line: &[u8]) -> Line {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (Some(name), Some(random), Some(secret), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Line::Malformed;
    };
    let Some(label) = Label::parse(name) else {
        let is_label =
            name.iter().all(|&byte| byte.is_ascii_uppercase() || b"_0123456789".contains(&byte));
        return if is_label { Line::Unused } else { Line::Malformed };
    };
    let mut client_random = [0; 32];
    let Some(mut bytes) = SecretBytes::zeroed(secret.len() / 2) else { return Line::Malformed };
    if !unhex(random, &mut client_random) || !unhex(secret, bytes.as_mut()) {
        return Line::Malformed;
    }
    Secret::new(label, Some(client_random), bytes.as_ref()).map_or(Line::Malformed, Line::Secret)
}

/// Fills `output` from exactly twice as many hexadecimal digits.
fn unhex(digits: &[u8], output: &mut [u8]) -> bool {
    digits.len() == output.len() * 2 && HEXLOWER_PERMISSIVE.decode_mut(digits, output).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let random = "0f".repeat(32);
        let secret = "a1B2".repeat(24);
        let check = |line: String, expect: (u64, u64, u64)| {
            let parsed = parse(line.as_bytes(), |_| ());
            assert_eq!((parsed.secrets, parsed.unused, parsed.malformed), expect, "{line}");
        };
        check(format!("CLIENT_RANDOM {random} {secret}"), (1, 0, 0));
        check(format!("  CLIENT_RANDOM\t{random}  {secret} \r\n"), (1, 0, 0));
        check(format!("SERVER_TRAFFIC_SECRET_0 {random} {secret}\nCLIENT_RANDOM x y"), (1, 0, 1));
        check(format!("EXPORTER_SECRET {random} {secret}"), (0, 1, 0));
        check(format!("# comment\n\n\nSOME_NEW_LABEL_7 {random} {secret}"), (0, 1, 0));
        check(format!("CLIENT_RANDOM {random}"), (0, 0, 1));
        check(format!("CLIENT_RANDOM {random} {secret} more"), (0, 0, 1));
        check(format!("CLIENT_RANDOM {random} {}", &secret[2..]), (0, 0, 1));
        check(format!("CLIENT_RANDOM {random} {}", &secret[1..]), (0, 0, 1));
        check(format!("CLIENT_RANDOM {random}0 {secret}"), (0, 0, 1));
        check(format!("CLIENT_RANDOM {random} {}", "zz".repeat(48)), (0, 0, 1));
        check(format!("CLIENT_RANDOM {random} {}", "00".repeat(48)), (0, 0, 1));
        check(format!("client random {random}"), (0, 0, 1));
        check("\0\u{ff}\n\n".into(), (0, 0, 1));
    }

    #[test]
    fn the_secret_is_what_the_line_says() {
        let line = format!("CLIENT_RANDOM {} {}", "01".repeat(32), "0aFf".repeat(24));
        let mut found = Vec::new();
        parse(line.as_bytes(), |secret| found.push(secret));
        assert_eq!(found[0].label, Label::Master);
        assert_eq!(found[0].client_random, Some([1; 32]));
        assert_eq!(found[0].bytes.as_ref(), [0x0a, 0xff].repeat(24));
        assert_eq!(format!("{:?}", found[0]), "Secret { label: Master, .. }");
    }
}
