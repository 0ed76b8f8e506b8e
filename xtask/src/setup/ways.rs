//! The ways to a BPF toolchain: what each lacks on a machine, and how it comes.

use std::{fmt::Write, process::Command};

use anyhow::{Context, Result};

use super::{apt, host::Host};
use crate::process;

/// Tried with Debian's LLVM 22; newer ones may ask for a newer LLVM.
const INSTALL_LINKER: &str = "PATH=/usr/lib/llvm-22/bin:$PATH LLVM_SYS_221_PREFIX=/usr/lib/llvm-22 \
     cargo install bpf-linker@0.13.0 --locked --no-default-features --features llvm-22";

/// One way, with the steps that it still takes.
pub struct Way {
    name: &'static str,
    steps: Vec<Step>,
}

struct Step {
    /// What is missing.
    what: String,
    /// The command that brings it, or where to read about it.
    command: String,
    action: Action,
}

enum Action {
    Packages(Vec<&'static str>),
    Shell,
    /// This process may not, or cannot.
    ByHand,
}

/// The ways that can lead to a toolchain on this machine, the preferred one first.
pub fn ways(host: &Host) -> Vec<Way> {
    let mut ways = Vec::new();
    if host.debian {
        ways.push(debian(host));
    }
    ways.push(nightly(host));
    ways
}

/// What is missing on each way, with the commands, for a person.
pub fn message(host: &Host) -> String {
    let ways = ways(host);
    let takes = if ways.len() > 1 { "either way below is enough" } else { "this is what it takes" };
    let mut text = format!("the kernel programs cannot be built on this machine yet; {takes}\n");
    for way in ways {
        let _ = write!(text, "\n{}:\n", way.name);
        for step in way.steps {
            let _ = write!(text, "  missing: {}\n    {}\n", step.what, step.command);
        }
    }
    text.push_str("\nThen run the same command again. (`cargo xtask setup` checks this alone.)");
    text
}

impl Way {
    /// Whether this process may take every step.
    pub fn may_install(&self) -> bool {
        self.steps.iter().all(|step| !matches!(step.action, Action::ByHand))
    }

    /// Takes the steps in turn.
    pub fn install(&self) -> Result<()> {
        for step in &self.steps {
            step.install().with_context(|| format!("failed to install {}", step.what))?;
        }
        Ok(())
    }
}

impl Step {
    fn install(&self) -> Result<()> {
        match &self.action {
            Action::Packages(packages) => apt::install(packages),
            Action::Shell => {
                eprintln!("xtask: {}", self.command);
                let mut command = Command::new("sh");
                command.args(["-c", &self.command]);
                // A tool's build has no place among the workspace's own.
                command.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET");
                command.stdout(std::io::stderr());
                process::run(&mut command)
            }
            Action::ByHand => Ok(()),
        }
    }
}

/// Debian's `rustc-web`, and bpf-linker built against Debian's LLVM of the same version.
fn debian(host: &Host) -> Way {
    let mut packages = host.no_compiler.clone();
    if host.linker.is_none() {
        packages.extend(&host.no_llvm);
    }
    let mut steps = Vec::new();
    if !packages.is_empty() {
        steps.push(Step {
            what: packages.join(", "),
            command: apt::command(&packages, host.root),
            action: if host.root { Action::Packages(packages) } else { Action::ByHand },
        });
    }
    if host.linker.is_none() {
        steps.push(Step {
            what: "bpf-linker".to_owned(),
            command: INSTALL_LINKER.to_owned(),
            action: Action::Shell,
        });
    }
    Way { name: "with Debian 12's packages (as root)", steps }
}

/// rustup's nightly, which belongs to the user: no root needed.
fn nightly(host: &Host) -> Way {
    let mut steps = Vec::new();
    if !host.rustup {
        steps.push(Step {
            what: "rustup".to_owned(),
            command: "see https://rustup.rs".to_owned(),
            action: Action::ByHand,
        });
    }
    let toolchain = match (host.nightly, host.rust_src) {
        (true, true) => None,
        (true, false) => Some("rustup component add rust-src --toolchain nightly"),
        (false, _) => {
            Some("rustup toolchain install nightly --profile minimal --component rust-src")
        }
    };
    if let Some(command) = toolchain {
        steps.push(Step {
            what: "rustup's nightly toolchain with rust-src".to_owned(),
            command: command.to_owned(),
            action: Action::Shell,
        });
    }
    if host.linker.is_none() {
        steps.push(linker_for_nightly(host));
    }
    Way { name: "with rustup's nightly", steps }
}

/// bpf-linker must know nightly's LLVM, which no distribution has: its makers' own release does.
fn linker_for_nightly(host: &Host) -> Step {
    let what = "bpf-linker".to_owned();
    if host.binstall {
        let command = "cargo binstall --no-confirm bpf-linker".to_owned();
        return Step { what, command, action: Action::Shell };
    }
    Step {
        what,
        command: "a release on PATH: https://github.com/aya-rs/bpf-linker#installation".to_owned(),
        action: Action::ByHand,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A Debian machine with nothing on it but rustup's stable.
    fn fresh() -> Host {
        Host {
            root: true,
            debian: true,
            rustup: true,
            no_compiler: vec!["rustc-web", "cargo-web"],
            no_llvm: vec!["llvm-22-dev"],
            ..Host::default()
        }
    }

    /// Which ways this process would take, with the number of their steps.
    #[track_caller]
    fn check(host: &Host, expect: &[(bool, usize)]) {
        let ways = ways(host);
        let found: Vec<_> = ways.iter().map(|way| (way.may_install(), way.steps.len())).collect();
        assert_eq!(found, expect, "{host:?}");
    }

    #[test]
    fn each_machine_gets_the_ways_that_it_can_go() {
        let linker = Some(PathBuf::from("/bin/bpf-linker"));
        // Debian, as root: packages, then the linker. Nightly's linker would be by hand.
        check(&fresh(), &[(true, 2), (false, 2)]);
        check(&Host { linker: linker.clone(), ..fresh() }, &[(true, 1), (true, 1)]);
        check(&Host { no_compiler: Vec::new(), ..fresh() }, &[(true, 2), (false, 2)]);
        // Not root: packages are by hand, rustup is the user's own.
        check(&Host { root: false, ..fresh() }, &[(false, 2), (false, 2)]);
        check(&Host { root: false, binstall: true, ..fresh() }, &[(false, 2), (true, 2)]);
        // Packages there, linker not: cargo install needs no root.
        let built = Host { no_compiler: Vec::new(), no_llvm: Vec::new(), ..fresh() };
        check(&Host { root: false, ..built }, &[(true, 1), (false, 2)]);
        // Not Debian.
        let other = Host { debian: false, ..fresh() };
        check(&other, &[(false, 2)]);
        check(&Host { rustup: false, ..other.clone() }, &[(false, 3)]);
        check(&Host { nightly: true, linker: linker.clone(), ..other.clone() }, &[(true, 1)]);
        check(&Host { linker, ..other }, &[(true, 1)]);
    }

    #[test]
    fn the_message_has_all_that_is_missing_with_its_command() {
        let text = message(&Host { root: false, ..fresh() });
        for part in [
            "missing: rustc-web, cargo-web, llvm-22-dev\n    sudo apt-get update",
            "missing: bpf-linker\n    PATH=/usr/lib/llvm-22/bin:$PATH LLVM_SYS_221_PREFIX=/usr/lib/llvm-22 cargo install",
            "rustup toolchain install nightly --profile minimal --component rust-src",
            "https://github.com/aya-rs/bpf-linker#installation",
        ] {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
        assert!(!text.contains("rustup.rs"), "rustup is there:\n{text}");
    }

    #[test]
    fn a_nightly_without_sources_gets_only_them() {
        let text = message(&Host { nightly: true, ..fresh() });
        assert!(text.contains("rustup component add rust-src --toolchain nightly"), "{text}");
        assert!(!text.contains("toolchain install"), "{text}");
    }
}
