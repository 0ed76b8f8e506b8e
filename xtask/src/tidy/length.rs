//! A file that has outgrown its room holds more than one idea.

use super::{Violation, source::Source};

/// Lines of a Rust file, its tests included.
const LIMIT: usize = 500;

/// Files that may be longer, each with the reason.
const EXCEPTIONS: &[(&str, &str)] =
    &[("sensor/src/config/keys.rs", "a table with an entry for each key, and nothing else")];

pub fn check(sources: &[Source]) -> Vec<Violation> {
    let rust = sources.iter().filter(|source| source.is_rust());
    rust.filter_map(|source| problem(source, EXCEPTIONS)).collect()
}

fn problem(source: &Source, exceptions: &[(&str, &str)]) -> Option<Violation> {
    let lines = source.text.lines().count();
    let excepted = exceptions.iter().any(|(path, _)| *path == source.path);
    if lines > LIMIT && !excepted {
        return Some(Violation::new(
            source,
            LIMIT + 1,
            format!("{lines} lines, the limit is {LIMIT}"),
            "split it by idea into a folder of its name, or give a reason in \
             xtask/src/tidy/length.rs",
        ));
    }
    (lines <= LIMIT && excepted).then(|| {
        Violation::new(
            source,
            1,
            format!("an exception for more than {LIMIT} lines that it no longer needs"),
            "take it out of xtask/src/tidy/length.rs",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::assert_lines;

    #[test]
    fn long_files_are_found() {
        assert_lines(check, "sensor/src/sink.rs", &"x\n".repeat(LIMIT), &[]);
        assert_lines(check, "sensor/src/sink.rs", &"x\n".repeat(LIMIT + 1), &[LIMIT + 1]);
        assert_lines(check, "docs/events.md", &"x\n".repeat(LIMIT + 1), &[]);
    }

    #[test]
    fn an_exception_holds_while_it_is_needed() {
        let exceptions = &[("a.rs", "a table")];
        let line = |text: &str| problem(&Source::new("a.rs", text), exceptions).map(|v| v.line);
        assert_eq!(line(&"x\n".repeat(LIMIT + 1)), None);
        assert_eq!(line("x\n"), Some(1));
    }
}
