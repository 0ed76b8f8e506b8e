//! A lint is switched off with a reason, and only while it would fire.

use super::{
    Violation,
    source::{Source, words},
};

pub fn check(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        for (offset, attribute) in attributes(&source.code) {
            let line = source.line(offset);
            if calls(attribute, "allow") {
                violations.push(Violation::new(
                    source,
                    line,
                    "`allow` keeps a lint off when nothing needs it any more",
                    "write `#[expect(lint, reason = \"...\")]`",
                ));
            }
            if calls(attribute, "expect") && words(attribute, "reason").next().is_none() {
                violations.push(Violation::new(
                    source,
                    line,
                    "`expect` without a reason",
                    "say why: `#[expect(lint, reason = \"...\")]`",
                ));
            }
        }
    }
    violations
}

/// Each attribute, inner or outer, from its `#`.
fn attributes(code: &str) -> Vec<(usize, &str)> {
    let starts = code.match_indices('#').map(|(offset, _)| offset);
    starts
        .filter_map(|offset| {
            let rest = &code[offset + 1..];
            let body = rest.strip_prefix('!').unwrap_or(rest);
            body.starts_with('[').then(|| (offset, &code[offset..offset + 1 + length(rest)]))
        })
        .collect()
}

/// Up to the bracket that closes the first one.
fn length(text: &str) -> usize {
    let mut depth = 0;
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' if depth == 1 => return offset + 1,
            b']' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether `name` stands in the attribute with parentheses after it.
fn calls(attribute: &str, name: &str) -> bool {
    words(attribute, name)
        .any(|offset| attribute[offset + name.len()..].trim_start().starts_with('('))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::assert_lines;

    #[test]
    fn lints_are_switched_off_with_a_reason() {
        let file = |text, expect: &[usize]| {
            assert_lines(check, "sensor/src/sink.rs", text, expect);
        };
        file("#[expect(dead_code, reason = \"later\")]\nfn f() {}", &[]);
        file("#[expect(\n    dead_code,\n    reason = \"later\",\n)]\nfn f() {}", &[]);
        file("\n#[expect(dead_code)]\nfn f() {}", &[2]);
        file("#![allow(dead_code)]", &[1]);
        file("#[allow(dead_code, reason = \"x\")]", &[1]);
        file("#[cfg_attr(test, allow(dead_code))]", &[1]);
        file("#[cfg_attr(test, expect(dead_code))]", &[1]);
        file("// #[allow(dead_code)]\nlet a = b.expect(\"#[allow(x)]\");", &[]);
        file("#[derive(Debug)]\nfn allow() { expect(x[0]) }", &[]);
    }
}
