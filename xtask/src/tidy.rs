//! What a program can check of the architecture and the style.
//!
//! A rule that only a person can judge has no place here. Each check is a function over the
//! whole tree; adding one is a file in `tidy/` and a line in [`CHECKS`].

mod attributes;
mod changelog;
mod length;
mod machine;
mod markers;
mod modules;
mod source;
mod spawn;
mod stages;
mod unsafe_code;

use anyhow::{Result, bail};

use source::Source;

/// A rule of the house.
struct Check {
    name: &'static str,
    rule: &'static str,
    run: fn(&[Source]) -> Vec<Violation>,
}

const CHECKS: &[Check] = &[
    Check {
        name: "stages",
        rule: "a stage imports only from stages to its left",
        run: stages::check,
    },
    Check {
        name: "unsafe",
        rule: "`unsafe` only in the sensor's capture and in sensor-ebpf",
        run: unsafe_code::check,
    },
    Check { name: "spawn", rule: "only the pipeline starts threads and tasks", run: spawn::check },
    Check {
        name: "modules",
        rule: "no mod.rs, and every file begins by saying what it is",
        run: modules::check,
    },
    Check {
        name: "length",
        rule: "no file outgrows 500 lines without a reason",
        run: length::check,
    },
    Check {
        name: "attributes",
        rule: "`#[expect]` with a reason, never `#[allow]`",
        run: attributes::check,
    },
    Check { name: "machine", rule: "no path of somebody's machine", run: machine::check },
    Check {
        name: "markers",
        rule: "no note to self and no debugging leftover",
        run: markers::check,
    },
    Check {
        name: "changelog",
        rule: "the changelog has room for the next release",
        run: changelog::check,
    },
];

/// One place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Violation {
    /// Relative to the workspace.
    path: String,
    /// From 1.
    line: usize,
    what: String,
    mend: String,
}

impl Violation {
    fn new(source: &Source, line: usize, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { path: source.path.clone(), line, what: what.into(), mend: mend.into() }
    }
}

/// The task `cargo xtask tidy`.
pub fn run(list: bool) -> Result<()> {
    if list {
        for check in CHECKS {
            println!("{:<12}{}", check.name, check.rule);
        }
        return Ok(());
    }
    let sources = source::tree()?;
    let mut count = 0;
    for check in CHECKS {
        for Violation { path, line, what, mend } in (check.run)(&sources) {
            count += 1;
            println!("{path}:{line}: {what}\n    {mend} [{}]", check.name);
        }
    }
    if count > 0 {
        bail!("{count} places break a rule of the house (`cargo xtask tidy --list` has them all)");
    }
    println!("tidy: {} rules hold in {} files", CHECKS.len(), sources.len());
    Ok(())
}

/// For the tests of the checks: asserts which lines of `text`, as the file `path`, break the rule.
#[cfg(test)]
#[track_caller]
fn assert_lines(check: fn(&[Source]) -> Vec<Violation>, path: &str, text: &str, expect: &[usize]) {
    let violations = check(&[Source::new(path, text)]);
    let lines: Vec<_> = violations.iter().map(|violation| violation.line).collect();
    assert_eq!(lines, expect, "{path}:\n{text}\n{violations:#?}");
}
