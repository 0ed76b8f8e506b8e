//! Notes to self belong in an issue, and debugging goes before the commit.

use super::{
    Violation,
    source::{Source, words},
};

/// Words in any file.
const NOTES: &[&str] = &["TODO", "FIXME", "HACK"];

/// Macros in Rust.
const MACROS: &[&str] = &["dbg", "todo", "unimplemented"];

/// Data of others, and this check itself.
const NOT_OURS: &[&str] = &["tests/data/", "xtask/src/tidy/markers.rs", "LICENSE"];

pub fn check(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let ours = |path: &str| !NOT_OURS.iter().any(|prefix| path.starts_with(prefix));
    for source in sources.iter().filter(|source| ours(&source.path)) {
        for note in NOTES {
            for offset in words(&source.text, note) {
                violations.push(Violation::new(
                    source,
                    source.line(offset),
                    format!("`{note}` in the tree"),
                    "do it, or describe it in an issue and drop the note",
                ));
            }
        }
        for name in MACROS.iter().filter(|_| source.is_rust()) {
            let calls = source.words(name);
            for offset in calls.filter(|at| source.code[at + name.len()..].starts_with('!')) {
                violations.push(Violation::new(
                    source,
                    source.line(offset),
                    format!("`{name}!` in the tree"),
                    "log with `tracing` or return an error",
                ));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::assert_lines;

    #[test]
    fn leftovers_are_found() {
        let file = |text, expect: &[usize]| {
            assert_lines(check, "sensor/src/sink.rs", text, expect);
        };
        file("// TODO: more\n// FIXME later", &[1, 2]);
        file("fn f() {\n    dbg!(x);\n    todo!()\n}", &[2, 3]);
        file("// TODOS are fine\nlet dbg = 1; // dbg!", &[]);
    }

    #[test]
    fn other_files_have_notes_too() {
        assert_lines(check, "README.md", "a\nTODO", &[2]);
        assert_lines(check, "README.md", "dbg!(x)", &[]);
    }
}
