//! Everything that CI runs, step by step.

use std::{
    env,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use crate::{build, process, setup, tidy, vm, workspace};

/// The task `cargo xtask test`.
pub fn run(filter: Option<&str>, fast: bool) -> Result<()> {
    let whole = Instant::now();
    setup::toolchain()?;
    if !fast {
        step("tools of the tests", test_tools)?;
    }
    // One who names a test wants that test.
    if filter.is_none() {
        step("formatting", formatting)?;
        step("lints", lints)?;
        step("tidy", || tidy::run(false))?;
    }
    if !fast {
        step("release build", || build::run(build::KernelProfile::Release))?;
    }
    step("tests", || process::run(&mut tests(filter, fast)?))?;
    if filter.is_none() && !fast {
        step("kernels", kernels)?;
    }
    eprintln!("xtask: all passed in {}", seconds(whole.elapsed()));
    Ok(())
}

/// Says what begins and how long it took; names the step that failed.
fn step(name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    eprintln!("xtask: {name} ...");
    let start = Instant::now();
    work().with_context(|| format!("{name} failed after {}", seconds(start.elapsed())))?;
    eprintln!("xtask: {name} took {}", seconds(start.elapsed()));
    Ok(())
}

/// Live tests skip what they lack, unless they may not: then a missing tool is an error now
/// rather than many failures later.
fn test_tools() -> Result<()> {
    match setup::install_test_tools() {
        Err(error) if !live_tests_are_required() => {
            eprintln!("xtask: tests that need a missing program will be skipped: {error:#}");
            Ok(())
        }
        result => result,
    }
}

/// The same holds for virtual machines.
fn kernels() -> Result<()> {
    match vm::prepare() {
        Err(error) if !live_tests_are_required() => {
            eprintln!("xtask: other kernels are skipped: {error:#}");
            Ok(())
        }
        Err(error) => Err(error),
        Ok(()) => vm::run(&vm::Options::default()),
    }
}

fn formatting() -> Result<()> {
    process::run(workspace::cargo_command()?.args(["fmt", "--all", "--check"]))
        .context("run `cargo fmt --all`")
}

fn lints() -> Result<()> {
    let mut command = workspace::cargo_command()?;
    lean(&mut command);
    command.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    process::run(&mut command)
}

/// One profile for all tests, so that dependencies are compiled once.
fn tests(filter: Option<&str>, fast: bool) -> Result<Command> {
    let mut command = workspace::cargo_command()?;
    lean(&mut command);
    command.args(["test", "--workspace"]);
    if fast {
        command.args(["--exclude", "tests"]);
    }
    if live_tests_are_required() {
        command.env("SENSOR_REQUIRE_LIVE", "1");
    }
    // One who names a test does not want to wait.
    if filter.is_none() {
        command.env("SENSOR_TESTS_FULL", "1");
    }
    command.args(filter);
    Ok(command)
}

/// CI reads no debug information, and its disk is small.
pub fn lean(command: &mut Command) {
    if is_set("CI") {
        command.env("CARGO_PROFILE_DEV_DEBUG", "0");
    }
}

fn live_tests_are_required() -> bool {
    is_set("CI") || is_set("SENSOR_REQUIRE_LIVE")
}

/// Whether the variable says yes.
fn is_set(variable: &str) -> bool {
    env::var(variable).is_ok_and(|value| says_yes(&value))
}

fn says_yes(value: &str) -> bool {
    !matches!(value, "" | "0" | "false")
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(filter: Option<&str>, fast: bool) -> Vec<String> {
        let command = tests(filter, fast).unwrap();
        command.get_args().map(|word| word.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_filter_and_fast_narrow_the_tests() {
        assert_eq!(words(None, false), ["test", "--workspace"]);
        assert_eq!(words(Some("seq"), false), ["test", "--workspace", "seq"]);
        assert_eq!(words(None, true), ["test", "--workspace", "--exclude", "tests"]);
    }

    #[test]
    fn a_variable_says_yes() {
        let check = |value, expect| assert_eq!(says_yes(value), expect, "{value:?}");
        check("true", true);
        check("1", true);
        check("", false);
        check("0", false);
        check("false", false);
    }

    #[test]
    fn a_failed_step_names_itself_and_the_cause() {
        let error = step("lints", || anyhow::bail!("cause")).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.starts_with("lints failed after "), "{text}");
        assert!(text.ends_with(": cause"), "{text}");
    }
}
