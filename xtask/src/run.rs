//! Builds the sensor and becomes it.

use std::{os::unix::process::CommandExt, process::Command};

use anyhow::{Context, Result, bail};

use crate::{build, process, workspace};

/// Builds, then replaces this process with `sensor run`, so that signals (Ctrl-C) reach it.
/// Returns only on failure.
pub fn run(arguments: &[String]) -> Result<()> {
    build::run(build::KernelProfile::Release)?;
    let sensor = workspace::release_binary()?;
    let mut command = if process::is_root() {
        Command::new(&sensor)
    } else {
        let Some(sudo) = process::find_binary("sudo") else {
            bail!(
                "loading kernel programs needs root and there is no sudo on PATH: run as root \
                 `{} run`",
                sensor.display()
            );
        };
        eprintln!("xtask: starting the sensor with sudo (kernel programs need root)");
        let mut command = Command::new(sudo);
        command.arg(&sensor);
        command
    };
    let error = command.arg("run").args(arguments).exec();
    Err(error).with_context(|| format!("failed to start {}", sensor.display()))
}
