//! `unsafe` lives where the machine is touched, and nowhere else.

use super::{Violation, source::Source};

/// Path prefixes.
const ALLOWED: &[&str] = &["sensor/src/capture.rs", "sensor/src/capture/", "sensor-ebpf/"];

pub fn check(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let outside = |path: &str| !ALLOWED.iter().any(|allowed| path.starts_with(allowed));
    for source in sources.iter().filter(|source| source.is_rust() && outside(&source.path)) {
        for offset in source.words("unsafe") {
            violations.push(Violation::new(
                source,
                source.line(offset),
                "`unsafe` outside `capture` and sensor-ebpf",
                "use a safe wrapper (rustix has most system calls), or move it into `capture`",
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
    fn unsafe_is_found_outside_its_places() {
        let text = "//! unsafe\n#![forbid(unsafe_code)]\nfn f() { unsafe { g() } }\n";
        assert_lines(check, "sensor/src/sink.rs", text, &[3]);
        assert_lines(check, "sensor/src/captured.rs", text, &[3]);
        assert_lines(check, "tests/live.rs", text, &[3]);
        assert_lines(check, "sensor/src/capture/live.rs", text, &[]);
        assert_lines(check, "sensor/src/capture.rs", text, &[]);
        assert_lines(check, "sensor-ebpf/src/main.rs", text, &[]);
        assert_lines(check, "docs/architecture.md", "unsafe", &[]);
    }
}
