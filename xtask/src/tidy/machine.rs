//! Paths that are there on one machine only.

use super::{Violation, source::Source};

/// Where people and build services keep their files.
const FOLDERS: &[&str] = &["/home/", "/Users/", "/root/", "/work/", "/workspace/", "/workspaces/"];

/// Data of others, and this check itself.
const NOT_OURS: &[&str] = &["tests/data/", "xtask/src/tidy/machine.rs", "LICENSE", "Cargo.lock"];

pub fn check(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let ours = |path: &str| !NOT_OURS.iter().any(|prefix| path.starts_with(prefix));
    for source in sources.iter().filter(|source| ours(&source.path)) {
        for (number, line) in source.text.lines().enumerate() {
            if let Some(folder) = FOLDERS.iter().find(|folder| begins_a_path(line, folder)) {
                violations.push(Violation::new(
                    source,
                    number + 1,
                    format!("a path under {folder}"),
                    "make it relative to the workspace, or take it from the environment; in an \
                     example use /srv, /var or /etc",
                ));
            }
        }
    }
    violations
}

/// Whether a path on the line starts with the folder: `/proc/1/root/` and `example.com/home/`
/// only contain it.
fn begins_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(offset, _)| {
        let before = line[..offset].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || "\"'`=:([<".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::assert_lines;

    #[test]
    fn somebodys_paths_are_found() {
        let file = |text, expect: &[usize]| {
            assert_lines(check, "docs/operations.md", text, expect);
        };
        file("cd\n/home/ann/sensor", &[2]);
        file("PATH=/root/.cargo/bin", &[1]);
        file("see `/Users/ann/x`", &[1]);
        file("/proc/1/root/etc, /proc/{pid}/root/etc, /proc/<pid>/root/etc", &[]);
        file("GET http://example.com/home/index.html", &[]);
        file("work/in/progress", &[]);
    }

    #[test]
    fn data_of_others_is_left_alone() {
        assert_lines(check, "tests/data/nginx/golden.json", "\"/home/ann/\"", &[]);
    }
}
