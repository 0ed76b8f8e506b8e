//! Where things lie.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::{LazyLock, OnceLock},
};

use anyhow::{Context, Result};

use crate::process;

/// The folder of the workspace's `Cargo.toml`.
///
/// Asked at run time first: two checkouts that share a target directory share this binary too.
pub fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        package.parent().expect("xtask lies in the workspace's folder").to_owned()
    });
    &ROOT
}

/// Cargo's target directory, whether it comes from `CARGO_TARGET_DIR`, from a configuration
/// file or by default. Absolute.
pub fn target_directory() -> Result<&'static Path> {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    if let Some(directory) = DIRECTORY.get() {
        return Ok(directory);
    }
    // In the caller's folder, because a relative CARGO_TARGET_DIR is relative to it.
    let metadata = process::output(
        Command::new(cargo())
            .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
            .arg(root().join("Cargo.toml")),
    )?;
    let metadata: serde_json::Value =
        serde_json::from_str(&metadata).context("failed to parse the output of cargo metadata")?;
    let directory = metadata["target_directory"]
        .as_str()
        .context("cargo metadata did not name a target directory")?;
    Ok(DIRECTORY.get_or_init(|| PathBuf::from(directory)))
}

/// The binary that a node runs.
pub fn release_binary() -> Result<PathBuf> {
    Ok(target_directory()?.join("release/sensor"))
}

/// The kernel object, where `sensor/build.rs` looks for it.
pub fn kernel_object() -> Result<PathBuf> {
    Ok(target_directory()?.join("ebpf/sensor-ebpf.o"))
}

/// The cargo that runs this task, or the one on PATH.
pub fn cargo() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// `cargo` in the workspace with its target directory settled.
pub fn cargo_command() -> Result<Command> {
    let mut command = Command::new(cargo());
    command.current_dir(root()).env("CARGO_TARGET_DIR", target_directory()?);
    Ok(command)
}
