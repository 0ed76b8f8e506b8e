//! Debian packages.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::process;

/// Installs the packages; the caller is root.
///
/// Refuses to remove any: `rustc-web` conflicts with Debian's own `rustc`, and taking a user's
/// compiler away is not for a build to decide.
pub fn install(packages: &[&str]) -> Result<()> {
    eprintln!("xtask: installing with apt-get: {}", packages.join(" "));
    // A fresh image has no package lists; lists that know the packages may still be stale, which
    // shows as a download that fails.
    let known = apt_get(&["install", "--simulate", "-qq"], packages)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("failed to start apt-get")?
        .success();
    if known && process::run(&mut apt_get(&["install"], packages)).is_ok() {
        return Ok(());
    }
    process::run(&mut apt_get(&["update"], &[]))?;
    process::run(&mut apt_get(&["install"], packages))
}

/// The command that a user types for the same.
pub fn command(packages: &[&str], root: bool) -> String {
    let sudo = if root { "" } else { "sudo " };
    format!(
        "{sudo}apt-get update && {sudo}apt-get install -y --no-install-recommends {}",
        packages.join(" ")
    )
}

fn apt_get(action: &[&str], packages: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(["-y", "-q", "--no-install-recommends", "--no-remove"])
        // Another apt-get may run, such as a machine's own upgrade at boot.
        .args(["-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0"])
        .args(action)
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Standard output belongs to the task that asked for the toolchain.
        .stdout(std::io::stderr());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shown_command_asks_for_root_where_it_must() {
        assert_eq!(
            command(&["wrk"], false),
            "sudo apt-get update && sudo apt-get install -y --no-install-recommends wrk"
        );
        assert_eq!(
            command(&["wrk"], true),
            "apt-get update && apt-get install -y --no-install-recommends wrk"
        );
    }
}
