//! The servers and tools of the tests and benches.
//!
//! What comes from npm, PyPI and Maven the tests fetch themselves, into the target directory.

use std::path::Path;

use anyhow::{Result, bail};

use super::apt;
use crate::process;

/// Debian packages, each with what proves it, a binary or a file: a machine may have it from
/// elsewhere.
const TOOLS: &[(&str, &str)] = &[
    ("binutils", "strip"),
    ("caddy", "caddy"),
    ("curl", "curl"),
    ("default-jdk-headless", "javac"),
    ("gnutls-bin", "gnutls-cli"),
    ("golang-go", "go"),
    ("haproxy", "haproxy"),
    ("iproute2", "ip"),
    ("kcat", "kcat"),
    ("lighttpd", "lighttpd"),
    ("lighttpd-mod-gnutls", "/usr/lib/lighttpd/mod_gnutls.so"),
    ("lighttpd-mod-openssl", "/usr/lib/lighttpd/mod_openssl.so"),
    ("maven", "mvn"),
    ("nftables", "nft"),
    ("nginx-light", "nginx"),
    ("nodejs", "node"),
    ("npm", "npm"),
    ("openssl", "openssl"),
    ("python3", "python3"),
    ("python3-pip", "pip3"),
    ("tmux", "tmux"),
    ("wget", "wget"),
    ("wrk", "wrk"),
];

/// What librdkafka is compiled with, and linked to.
const LIBRARIES: &[(&str, &str)] = &[
    ("g++", "c++"),
    ("libssl-dev", "/usr/include/openssl/ssl.h"),
    ("make", "make"),
    ("pkg-config", "pkg-config"),
    ("zlib1g-dev", "/usr/include/zlib.h"),
];

/// The same, for virtual machines.
const VM_TOOLS: &[(&str, &str)] = &[
    ("binutils", "strip"),
    ("busybox-static", "busybox"),
    ("cpio", "cpio"),
    ("libc-bin", "ldd"),
    ("openssl", "openssl"),
    ("qemu-system-x86", "qemu-system-x86_64"),
    ("xz-utils", "xz"),
];

/// Installs what the tests and benches lack, or fails with its list.
pub fn install() -> Result<()> {
    install_all(TOOLS, "tests and benches")
}

/// Installs what `cargo xtask vm` lacks, or fails with its list.
pub fn install_for_vms() -> Result<()> {
    install_all(VM_TOOLS, "virtual machines")
}

/// Installs what the sensor's own build lacks, or fails with its list.
pub fn install_for_build() -> Result<()> {
    install_all(LIBRARIES, "build of the sensor")
}

fn install_all(tools: &[(&'static str, &'static str)], users: &str) -> Result<()> {
    let missing = missing(tools);
    if missing.is_empty() {
        return Ok(());
    }
    if process::is_root() && process::find_binary("apt-get").is_some() {
        let packages: Vec<_> = missing.iter().map(|(package, _)| *package).collect();
        return apt::install(&packages);
    }
    bail!(message(users, &missing, process::is_root()))
}

/// The packages whose proof is not on this machine, with that proof.
fn missing(tools: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    tools.iter().copied().filter(|(_, proof)| !is_there(proof)).collect()
}

fn is_there(proof: &str) -> bool {
    if proof.starts_with('/') {
        Path::new(proof).exists()
    } else {
        process::find_binary(proof).is_some()
    }
}

fn message(users: &str, missing: &[(&str, &str)], root: bool) -> String {
    let (packages, binaries): (Vec<_>, Vec<_>) = missing.iter().copied().unzip();
    format!(
        "the {users} lacks these programs and files: {}\n  on Debian or Ubuntu: {}\n  \
         elsewhere: install them by your system's means",
        binaries.join(", "),
        apt::command(&packages, root)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_binaries_and_packages() {
        let text = message("tests", &[("nginx-light", "nginx"), ("wrk", "wrk")], false);
        assert!(text.contains("programs and files: nginx, wrk\n"), "{text}");
        assert!(text.contains("--no-install-recommends nginx-light wrk\n"), "{text}");
    }
}
