//! Finds or installs what the project is built and tested with.
//!
//! What this process may not install it names, all at once, with the command that does.

mod apt;
mod host;
mod tools;
mod ways;

use std::path::PathBuf;

use anyhow::{Result, bail};

pub use tools::{install as install_test_tools, install_for_vms as install_vm_tools};

use host::Host;

/// What compiles and links the kernel programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// Whose Rust compiles for the BPF target.
    pub compiler: Compiler,
    /// The executable `bpf-linker`.
    pub linker: PathBuf,
}

/// A Rust that can compile for the BPF target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compiler {
    /// Debian's `rustc-web`, with a prebuilt `core` for BPF.
    Debian,
    /// rustup's nightly, which builds `core` from `rust-src`.
    Nightly,
}

/// The task `cargo xtask setup`.
pub fn run(with_tests: bool) -> Result<()> {
    let Toolchain { compiler, linker } = toolchain()?;
    if with_tests {
        install_test_tools()?;
    }
    let compiler = match compiler {
        Compiler::Debian => "Debian's rustc-web",
        Compiler::Nightly => "rustup's nightly",
    };
    println!("ready: kernel programs are built by {compiler}, linked by {}", linker.display());
    Ok(())
}

/// Finds the toolchain, or installs it where this process may, with the libraries that the sensor
/// is linked to.
pub fn toolchain() -> Result<Toolchain> {
    tools::install_for_build()?;
    let mut host = Host::probe();
    if let Some(toolchain) = host.toolchain() {
        return Ok(toolchain);
    }
    for way in ways::ways(&host) {
        if !way.may_install() {
            continue;
        }
        // A failure here is not the end: the next way may do, and if none does the message
        // below has the commands.
        if let Err(error) = way.install() {
            eprintln!("xtask: {error:#}");
        }
        host = Host::probe();
        if let Some(toolchain) = host.toolchain() {
            return Ok(toolchain);
        }
    }
    bail!(ways::message(&host))
}
