//! A module is a file of its own name, and begins by saying what it is. (A module's
//! tests say it by their name.)

use super::{Violation, source::Source};

pub fn check(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        if source.path.ends_with("/mod.rs") {
            violations.push(Violation::new(
                source,
                1,
                "a mod.rs",
                "move it beside its folder: `x/mod.rs` becomes `x.rs`",
            ));
        }
        let named = source.in_sensor().is_some() && source.is_test();
        if !source.text.starts_with("//! ") && !named {
            violations.push(Violation::new(
                source,
                1,
                "the file does not begin with a `//!` doc",
                "say in its first line what it is and why it stands apart",
            ));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::assert_lines;

    #[test]
    fn modules_are_named_and_introduced() {
        assert_lines(check, "sensor/src/sink.rs", "//! Sinks.\n", &[]);
        assert_lines(check, "sensor/src/sink/mod.rs", "//! Sinks.\n", &[1]);
        assert_lines(check, "sensor/src/sink.rs", "use std::fs;\n", &[1]);
        assert_lines(check, "sensor/src/sink.rs", "", &[1]);
        assert_lines(check, "sensor/src/sink/tests.rs", "use super::*;\n", &[]);
        assert_lines(check, "tests/live.rs", "use super::*;\n", &[1]);
        assert_lines(check, "docs/events.md", "# Events", &[]);
    }
}
