//! Threads and tasks are started in one file, so that one file shows what runs at once.

use super::{Violation, source::Source};

/// Calls that start a thread or a task. (`thread::scope` waits for its threads.)
const CALLS: &[&str] = &[
    "thread::spawn",
    "thread::Builder",
    "tokio::spawn",
    "task::spawn",
    "spawn_blocking",
    "spawn_local",
];

/// Files that may, each with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("cli/stop.rs", "waits for signals in commands that have no pipeline"),
    ("capture/attribution/socket.rs", "enters a network namespace and ends before the call does"),
    ("control/client.rs", "drives a connection in a command, not in the daemon"),
];

pub fn check(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust() && !source.is_test()) {
        let Some(path) = source.in_sensor() else { continue };
        let excepted = EXCEPTIONS.iter().any(|(file, _)| *file == path);
        if excepted || path == "pipeline.rs" || path.starts_with("pipeline/") {
            continue;
        }
        let end = source.tests_start();
        for call in CALLS {
            for offset in source.words(call).filter(|offset| *offset < end) {
                violations.push(Violation::new(
                    source,
                    source.line(offset),
                    format!("`{call}` outside the pipeline"),
                    "give the work as a function or a future, and start it in pipeline.rs",
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
    fn only_the_pipeline_spawns() {
        let text = "fn f() {\n    std::thread::spawn(g);\n    tokio::spawn(h);\n}\n";
        assert_lines(check, "sensor/src/sink/file.rs", text, &[2, 3]);
        assert_lines(check, "sensor/src/pipeline.rs", text, &[]);
        assert_lines(check, "sensor/src/sink/tests.rs", text, &[]);
        assert_lines(check, "tests/live.rs", text, &[]);
        let tests = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{text}}}\n");
        assert_lines(check, "sensor/src/sink/file.rs", &tests, &[]);
    }
}
