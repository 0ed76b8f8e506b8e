//! Threads and tasks are started in one file, so that one file shows what runs at once.

use super::{Violation, source::Source};

/// Calls that start a thread or a task.
const CALLS: &[&str] = &[
    "thread::spawn",
    "thread::Builder",
    "thread::scope",
    "tokio::spawn",
    "task::spawn",
    "spawn_blocking",
    "spawn_local",
];

pub fn check(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        let Some(path) = source.in_sensor() else { continue };
        if path == "pipeline.rs" || path.starts_with("pipeline/") {
            continue;
        }
        // A file's tests come last in it, and may start what they like.
        let end = source.code.find("#[cfg(test)]").unwrap_or(source.code.len());
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
        assert_lines(check, "tests/live.rs", text, &[]);
        let tests = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{text}}}\n");
        assert_lines(check, "sensor/src/sink/file.rs", &tests, &[]);
    }
}
