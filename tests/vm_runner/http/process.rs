//! The server in a process of its own.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};

/// Killed when dropped.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
}

impl Process {
    /// Starts it behind the words of another command, which must become it (`exec`).
    pub fn start(before: &[&str], address: &str) -> Result<Self> {
        let own = std::env::current_exe().context("failed to find this executable")?;
        let own = own.to_string_lossy().into_owned();
        let words: Vec<&str> =
            before.iter().copied().chain([own.as_str(), "serve", address]).collect();
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("failed to start {}", words[0]))?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line).context("failed to read");
        let address = read.and_then(|_| line.trim().parse().context("the server did not start"));
        match address {
            Ok(address) => Ok(Self { child, address }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
