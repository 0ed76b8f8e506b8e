//! What this machine has of the BPF toolchain.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Compiler, Toolchain};
use crate::process;

/// Debian packages of the compiler, each with the file or folder that proves it.
///
/// For the binaries that is dpkg's record: Debian's older `rustc` and `cargo` have the same.
const COMPILER_PACKAGES: &[(&str, &str)] = &[
    ("rustc-web", "/var/lib/dpkg/info/rustc-web.list"),
    ("cargo-web", "/var/lib/dpkg/info/cargo-web.list"),
    ("libstd-rust-web-dev-bpf", "/usr/lib/rustlib/bpfel-unknown-none/lib"),
    ("rust-web-src", "/usr/lib/rustlib/src/rust/library"),
];

/// Debian packages that bpf-linker is built with.
const LINKER_PACKAGES: &[(&str, &str)] = &[
    ("llvm-22-dev", "/usr/lib/llvm-22/include/llvm-c"),
    ("libpolly-22-dev", "/usr/lib/llvm-22/include/polly"),
];

/// The findings. Plain data, so that every machine can be tried in a test.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent findings, not a state")]
pub struct Host {
    /// The effective user is root.
    pub root: bool,
    /// Debian, with apt-get.
    pub debian: bool,
    /// rustup is on PATH.
    pub rustup: bool,
    /// rustup has a toolchain `nightly`.
    pub nightly: bool,
    /// That toolchain has the sources of `core`.
    pub rust_src: bool,
    /// cargo-binstall is there, which fetches bpf-linker's own release.
    pub binstall: bool,
    /// Debian packages of the compiler that are not there.
    pub no_compiler: Vec<&'static str>,
    /// Debian packages that are not there, of those that bpf-linker is built with.
    pub no_llvm: Vec<&'static str>,
    /// The executable `bpf-linker`.
    pub linker: Option<PathBuf>,
}

impl Host {
    /// Looks at this machine. Asks rustup only when Debian's toolchain is not complete, since
    /// starting it costs more than all the rest.
    pub fn probe() -> Self {
        let mut host = Self {
            root: process::is_root(),
            no_compiler: missing(COMPILER_PACKAGES),
            no_llvm: missing(LINKER_PACKAGES),
            linker: find_linker(),
            ..Self::default()
        };
        if host.toolchain().is_some() {
            return host;
        }
        host.debian = process::find_binary("apt-get").is_some()
            && fs::read_to_string("/etc/os-release").is_ok_and(|text| is_debian(&text));
        host.binstall = find_tool("cargo-binstall").is_some();
        host.rustup = process::find_binary("rustup").is_some();
        if let Some(sysroot) = host.rustup.then(nightly_sysroot).flatten() {
            host.nightly = true;
            host.rust_src = sysroot.join("lib/rustlib/src/rust/library/core").is_dir();
        }
        host
    }

    /// The toolchain, when it is complete. Debian's goes first: it is one fixed version.
    pub fn toolchain(&self) -> Option<Toolchain> {
        let linker = self.linker.clone()?;
        let compiler = if self.no_compiler.is_empty() {
            Compiler::Debian
        } else if self.nightly && self.rust_src {
            Compiler::Nightly
        } else {
            return None;
        };
        Some(Toolchain { compiler, linker })
    }
}

/// The packages whose proof is absent.
fn missing(packages: &[(&'static str, &str)]) -> Vec<&'static str> {
    packages.iter().filter(|(_, proof)| !Path::new(proof).exists()).map(|(name, _)| *name).collect()
}

/// Debian itself: its derivatives do not carry `rustc-web`.
fn is_debian(os_release: &str) -> bool {
    os_release.lines().any(|line| line.trim() == "ID=debian")
}

fn find_linker() -> Option<PathBuf> {
    find_tool("bpf-linker")
}

/// A binary on PATH, or where `cargo install` puts one, which need not be on PATH.
fn find_tool(name: &str) -> Option<PathBuf> {
    process::find_binary(name).or_else(|| {
        let roots = [
            env::var_os("CARGO_INSTALL_ROOT").map(PathBuf::from),
            env::var_os("CARGO_HOME").map(PathBuf::from),
            env::home_dir().map(|home| home.join(".cargo")),
        ];
        let files = roots.into_iter().flatten().map(|root| root.join("bin").join(name));
        files.into_iter().find(|file| process::is_executable(file))
    })
}

fn nightly_sysroot() -> Option<PathBuf> {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "rustc", "--print", "sysroot"]);
    process::output(&mut command).ok().map(|line| PathBuf::from(line.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_release_names_debian_itself() {
        let check = |text, expect| assert_eq!(is_debian(text), expect, "{text}");
        check("NAME=\"Debian GNU/Linux\"\nID=debian\n", true);
        check("ID=ubuntu\nID_LIKE=debian\n", false);
        check("ID=\"fedora\"\n", false);
        check("", false);
    }

    #[test]
    fn a_package_is_missing_when_its_proof_is() {
        let packages = &[("here", "/proc/self/exe"), ("gone", "/proc/no-such-file")];
        assert_eq!(missing(packages), ["gone"]);
    }

    #[test]
    fn a_toolchain_is_a_compiler_and_a_linker() {
        let check = |packages: &[&'static str], nightly, rust_src, linker: bool, expect| {
            let host = Host {
                no_compiler: packages.to_vec(),
                nightly,
                rust_src,
                linker: linker.then(|| PathBuf::from("/bin/bpf-linker")),
                ..Host::default()
            };
            assert_eq!(host.toolchain().map(|found| found.compiler), expect, "{host:?}");
        };
        check(&[], false, false, true, Some(Compiler::Debian));
        check(&[], true, true, true, Some(Compiler::Debian));
        check(&["rustc-web"], true, true, true, Some(Compiler::Nightly));
        check(&["rustc-web"], true, false, true, None);
        check(&["rustc-web"], false, false, true, None);
        check(&[], true, true, false, None);
    }
}
