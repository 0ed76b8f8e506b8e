//! The program `load` of the tests crate, which makes captures and connections.
//!
//! A program of its own, so that this one does without the sensor's dependencies.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use super::certificate::Certificate;
use crate::{process, workspace};

/// Exchanges of a connection in captures.
const PER_CONNECTION: &str = "100";
/// Bytes of a response's content in captures.
const BODY_BYTES: &str = "300";

/// The program, built.
pub struct Program(PathBuf);

/// One that runs until this value goes.
pub struct Running {
    child: Child,
    /// The first line that it printed.
    pub said: String,
}

/// Builds it.
pub fn build() -> Result<Program> {
    process::run(workspace::cargo_command()?.args([
        "build",
        "--quiet",
        "--release",
        "--package",
        "tests",
        "--bin",
        "load",
    ]))?;
    Ok(Program(workspace::target_directory()?.join("release/load")))
}

impl Program {
    /// Writes a capture file of so many exchanges.
    pub fn capture(&self, file: &Path, exchanges: u32) -> Result<()> {
        process::run(Command::new(&self.0).arg("capture").arg(file).args([
            &exchanges.to_string(),
            PER_CONNECTION,
            BODY_BYTES,
        ]))
    }

    /// Writes a capture of the same exchanges over TLS, and its key log.
    pub fn tls_capture(
        &self,
        file: &Path,
        keys: &Path,
        certificate: &Certificate,
        exchanges: u32,
    ) -> Result<()> {
        process::run(
            Command::new(&self.0)
                .arg("tls-capture")
                .args([file, keys, &certificate.certificate, &certificate.key])
                .args([&exchanges.to_string(), PER_CONNECTION, BODY_BYTES]),
        )
    }

    /// Writes a capture of so many exchanges over so many endpoints, called `even` or `skewed`.
    pub fn endpoints_capture(
        &self,
        file: &Path,
        exchanges: u32,
        endpoints: u32,
        popularity: &str,
    ) -> Result<()> {
        process::run(Command::new(&self.0).arg("endpoints-capture").arg(file).args([
            &exchanges.to_string(),
            &endpoints.to_string(),
            popularity,
        ]))
    }

    /// Starts it and waits for its first line.
    pub fn start(&self, arguments: &[&str]) -> Result<Running> {
        let mut child = Command::new(&self.0)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("failed to start {}", self.0.display()))?;
        let output = child.stdout.take().context("no standard output")?;
        let mut running = Running { child, said: String::new() };
        BufReader::new(output).read_line(&mut running.said)?;
        if running.said.is_empty() {
            bail!("`load {}` ended early", arguments.join(" "));
        }
        running.said.truncate(running.said.trim_end().len());
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The end of its input ends it, in good time or never.
        drop(self.child.stdin.take());
        std::thread::sleep(Duration::from_millis(50));
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
