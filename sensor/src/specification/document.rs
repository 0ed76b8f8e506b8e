//! The document as a tree, from JSON or YAML.

use serde_json::Value;

use super::{Kind, Location, MAX_DOCUMENT, Problem};

/// Reads JSON when the document begins as an object of JSON does, else YAML 1.2.
///
/// Both are bounded in depth (JSON at 128 levels, YAML at 80), and YAML in what its aliases repeat.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    if bytes.len() > MAX_DOCUMENT {
        return Err(Problem { location: Location::Document, kind: Kind::TooLong });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii_start().first() == Some(&b'{') {
        return serde_json::from_slice(bytes).map_err(|error| json_problem(&error));
    }
    let text = str::from_utf8(bytes).map_err(|error| encoding_problem(bytes, error))?;
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| yaml_problem(&error))
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        // `no` is Norway, in YAML 1.2 as in the enum of countries that it stands in.
        strict_booleans: true,
        with_snippet: false,
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
        budget: serde_saphyr::budget! {
            max_depth: 80,
            max_nodes: 8_000_000,
            max_events: 16_000_000,
            max_total_scalar_bytes: MAX_DOCUMENT,
        },
    }
}

fn json_problem(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or(&text).to_owned();
    let location = Location::Line { line: error.line() as u64, column: error.column() as u64 };
    Problem { location, kind: Kind::Syntax(what) }
}

fn yaml_problem(error: &serde_saphyr::Error) -> Problem {
    let location = error.location().map_or(Location::Document, |location| Location::Line {
        line: location.line(),
        column: location.column(),
    });
    Problem { location, kind: Kind::Syntax(error.without_snippet().to_string()) }
}

fn encoding_problem(bytes: &[u8], error: std::str::Utf8Error) -> Problem {
    let before = &bytes[..error.valid_up_to()];
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let location = Location::Line {
        line: memchr::memchr_iter(b'\n', before).count() as u64 + 1,
        column: (before.len() - line_start) as u64 + 1,
    };
    Problem { location, kind: Kind::Syntax("not UTF-8".to_owned()) }
}
