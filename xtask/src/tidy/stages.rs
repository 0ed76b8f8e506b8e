//! Which stage of the sensor may import which.
//!
//! Tests are left out: they may make their input with a later stage.

use super::{
    Violation,
    source::{Source, words},
};

/// The pipeline, left to right, one module each. A stage imports only from its left.
///
/// `docs/architecture.md` has the reasons.
const STAGES: &[&str] = &[
    "capture",
    "stream",
    "tls",
    "protocol",
    "pairing",
    "connections",
    "coverage",
    "inventory",
    "specification",
    "behaviour",
    "detect",
    "event",
    "sink",
    "store",
    "config",
    "analysis",
    "control",
    "pipeline",
    "cli",
];

/// What all stages use. They import none.
const COMMON: &[&str] = &["exchange", "mask", "memory", "stats"];

/// The crate that holds the kernel ABI; it never leaves the first stage.
const KERNEL_ABI: &str = "sensor_ebpf";

pub fn check(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust() && !source.is_test()) {
        let Some(path) = source.in_sensor() else { continue };
        let stage = module(path);
        // The roots name every module.
        if stage == "lib" || stage == "main" {
            continue;
        }
        if rank(stage).is_none() && !COMMON.contains(&stage) {
            let (what, mend) = unknown(stage);
            violations.push(Violation::new(source, 1, what, mend));
            continue;
        }
        for (offset, imported) in imports(&source.code[..source.tests_start()]) {
            if let Some((what, mend)) = problem(stage, &imported) {
                violations.push(Violation::new(source, source.line(offset), what, mend));
            }
        }
        if stage != "capture" {
            for offset in source.words(KERNEL_ABI) {
                violations.push(Violation::new(
                    source,
                    source.line(offset),
                    format!("`{stage}` uses the kernel ABI"),
                    "translate it in `capture`, into that stage's own types",
                ));
            }
        }
    }
    violations
}

/// `capture/live.rs` and `capture.rs` are of `capture`.
fn module(path: &str) -> &str {
    let first = path.split('/').next().unwrap_or(path);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// What is wrong with the import, and what to do.
fn problem(stage: &str, imported: &str) -> Option<(String, String)> {
    if stage == imported || COMMON.contains(&imported) {
        return None;
    }
    if COMMON.contains(&stage) {
        return Some((
            format!("`{stage}`, which all stages use, imports `{imported}`"),
            format!("move what it needs into `{stage}`, or itself into a stage"),
        ));
    }
    let Some(place) = rank(imported) else { return Some(unknown(imported)) };
    (Some(place) > rank(stage)).then(|| {
        (
            format!("`{stage}` imports `{imported}`, which lies to its right"),
            format!(
                "pass the value in, or move the type to `exchange` or to the left of `{stage}`"
            ),
        )
    })
}

/// The place in the pipeline, from the left.
fn rank(module: &str) -> Option<usize> {
    STAGES.iter().position(|stage| *stage == module)
}

fn unknown(module: &str) -> (String, String) {
    (
        format!("`{module}` has no place in the pipeline"),
        "give it one in xtask/src/tidy/stages.rs".to_owned(),
    )
}

/// The first path segment after each `crate::`, with its offset; in braces, of each branch.
fn imports(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for offset in words(code, "crate") {
        let Some(at) = after_colons(code, offset + "crate".len()) else { continue };
        if code[at..].starts_with('{') {
            found.extend(branches(code, at));
        } else {
            found.extend(identifier(&code[at..]).map(|name| (at, name)));
        }
    }
    found
}

/// Where the path goes on after `::`.
fn after_colons(code: &str, at: usize) -> Option<usize> {
    let path = code[at..].trim_start().strip_prefix("::")?.trim_start();
    Some(code.len() - path.len())
}

/// The first segment of each branch of the braces that open at `open`.
fn branches(code: &str, open: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut depth = 0;
    let mut at_start = false;
    for (offset, character) in code[open..].char_indices() {
        match character {
            '{' => {
                depth += 1;
                at_start = depth == 1;
            }
            '}' if depth == 1 => break,
            '}' => depth -= 1,
            ',' => at_start = depth == 1,
            _ if at_start && !character.is_whitespace() => {
                let at = open + offset;
                found.extend(identifier(&code[at..]).map(|name| (at, name)));
                at_start = false;
            }
            _ => {}
        }
    }
    found
}

/// The identifier at the start, unless it calls a macro of the crate.
fn identifier(code: &str) -> Option<String> {
    let end = code.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(code.len());
    (end > 0 && !code[end..].starts_with('!')).then(|| code[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::assert_lines;

    #[test]
    fn imports_from_the_right_are_found() {
        let stream = |text, expect: &[usize]| {
            assert_lines(check, "sensor/src/stream/reassembly.rs", text, expect);
        };
        stream("use crate::capture::Segment;\nuse crate::exchange::Timestamp;\n", &[]);
        stream("use crate::stream::Window;\n", &[]);
        stream("\nuse crate::protocol::http1;\n", &[2]);
        stream("use crate::{\n    capture::{Segment, Direction},\n    pairing::Pairs,\n};\n", &[3]);
        stream("use crate::{capture, sink};\n", &[1]);
        stream("fn f() {\n    crate :: cli :: main();\n}\n", &[2]);
        stream("//! See [`crate::cli`].\nconst A: &str = \"crate::cli\";\n", &[]);
        stream("pub(crate) fn f() { crate::log!() }\n", &[]);
        stream("pub(in crate::stream) fn f() {}\n", &[]);
        stream("#[cfg(test)]\nmod tests {\n    use crate::event;\n}\n", &[]);
    }

    #[test]
    fn common_modules_import_no_stage() {
        let exchange = |text, expect: &[usize]| {
            assert_lines(check, "sensor/src/exchange.rs", text, expect);
        };
        exchange("use crate::stats::Counter;", &[]);
        exchange("use crate::capture::Segment;", &[1]);
    }

    #[test]
    fn a_module_without_a_place_is_told() {
        assert_lines(check, "sensor/src/kafka.rs", "\nuse crate::{sink, event};", &[1]);
        assert_lines(check, "sensor/src/sink.rs", "use crate::kafka::Topic;", &[1]);
        assert_lines(check, "sensor/src/lib.rs", "pub use crate::kafka::Topic;", &[]);
    }

    #[test]
    fn the_kernel_abi_stays_in_capture() {
        let text = "use sensor_ebpf::Segment;";
        assert_lines(check, "sensor/src/capture/live.rs", text, &[]);
        assert_lines(check, "sensor/src/stream.rs", text, &[1]);
    }
}
