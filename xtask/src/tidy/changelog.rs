//! A change that a user can observe has a line; this keeps the place for it.

use super::{Violation, source::Source};

const PATH: &str = "CHANGELOG.md";

pub fn check(sources: &[Source]) -> Vec<Violation> {
    let mend = "add `## [Unreleased]` above the newest release, and a line for what users will see";
    let violation = |what: &str| Violation {
        path: PATH.to_owned(),
        line: 1,
        what: what.to_owned(),
        mend: mend.to_owned(),
    };
    let Some(changelog) = sources.iter().find(|source| source.path == PATH) else {
        return vec![violation("there is no changelog")];
    };
    if changelog.text.lines().any(|line| line.trim_end() == "## [Unreleased]") {
        return Vec::new();
    }
    vec![violation("there is no section `## [Unreleased]`")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::assert_lines;

    #[test]
    fn the_section_is_asked_for() {
        assert_lines(check, PATH, "# Changelog\n\n## [Unreleased]\n", &[]);
        assert_lines(check, PATH, "# Changelog\n\n## [0.1.0]\n", &[1]);
        assert_lines(check, "README.md", "## [Unreleased]\n", &[1]);
    }
}
