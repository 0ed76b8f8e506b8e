//! A sensor that runs on this machine while something is measured.

use std::{
    fs::File,
    io::{BufReader, Write as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError, SyncSender},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use super::Setting;
use crate::process;

/// How long a start may take.
const START: Duration = Duration::from_secs(20);
/// How long a stop may take.
const STOP: Duration = Duration::from_secs(10);
/// What the log says once the kernel programs are attached.
const ATTACHED: &str = " attached ";
/// The kernel frees programs some time after their last user is gone, and a sensor refuses to
/// start beside another's.
const PROGRAMS_GO: Duration = Duration::from_millis(300);

/// `sensor run`, with the default configuration. Ends with this value.
pub struct Sensor {
    child: Child,
    binary: PathBuf,
    socket: PathBuf,
    /// From the start of the process to attached kernel programs.
    pub attached_after: Duration,
}

/// An answer of `sensor status`.
pub struct Status(Value);

impl Sensor {
    /// Starts it and waits until it is attached.
    pub fn start(setting: &Setting) -> Result<Self> {
        super::require_root()?;
        let socket = setting.folder.join("control.sock");
        let log = setting.folder.join("sensor.log");
        let mut command = Command::new(&setting.sensor);
        command
            .args(["run", "--output", "none", "--config", "/dev/null", "--log-level", "info"])
            .arg("--socket")
            .arg(&socket)
            .arg("--set")
            .arg(format!("store.path={}", setting.folder.join("inventory.redb").display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().context("failed to start the sensor")?;
        let lines = BufReader::new(child.stderr.take().context("the sensor has no log")?);
        let mut sensor =
            Self { child, binary: setting.sensor.clone(), socket, attached_after: Duration::ZERO };
        let (sender, attached) = mpsc::sync_channel(1);
        let file =
            File::create(&log).with_context(|| format!("failed to create {}", log.display()))?;
        thread::spawn(move || keep_log(lines, file, &sender));
        match attached.recv_timeout(START) {
            Ok(time) => sensor.attached_after = time.duration_since(started),
            Err(RecvTimeoutError::Timeout) => bail!("the sensor did not attach in {START:?}"),
            Err(RecvTimeoutError::Disconnected) => {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                bail!("the sensor ended before it attached: {}", said.trim_end());
            }
        }
        Ok(sensor)
    }

    /// Process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it how it is.
    pub fn status(&self) -> Result<Status> {
        let text = process::output(
            Command::new(&self.binary)
                .args(["status", "--output", "json", "--config", "/dev/null", "--socket"])
                .arg(&self.socket),
        )?;
        Ok(Status(serde_json::from_str(&text).context("failed to parse the sensor's status")?))
    }

    /// Stops it and waits for its end.
    pub fn stop(mut self) -> Result<()> {
        self.terminate()?;
        thread::sleep(PROGRAMS_GO);
        Ok(())
    }

    fn terminate(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            bail!("the sensor ended by itself");
        }
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM)?;
        let deadline = Instant::now() + STOP;
        while Instant::now() < deadline {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
        }
        bail!("the sensor did not stop in {STOP:?}")
    }
}

impl Drop for Sensor {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) && self.terminate().is_err() {
            // Nothing is left to try after a kill.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Copies the log into a file and tells when the line on the attachment came.
fn keep_log(lines: impl std::io::BufRead, mut file: File, attached: &SyncSender<Instant>) {
    for line in lines.lines().map_while(Result::ok) {
        // One that may not start beside another says who is attached.
        if line.contains(ATTACHED) && !line.starts_with("error: ") {
            // A second time nobody listens.
            let _ = attached.try_send(Instant::now());
        }
        // A log that cannot be kept fails no measurement.
        let _ = writeln!(file, "{line}");
    }
}

impl Status {
    /// A counter that is no loss.
    pub fn counter(&self, name: &str) -> u64 {
        self.0["counters"][name].as_u64().unwrap_or(0)
    }

    /// What it holds in memory.
    pub fn memory(&self, name: &str) -> u64 {
        self.0["memory"][name].as_u64().unwrap_or(0)
    }

    /// Processor time used in user space and in system calls.
    pub fn cpu_seconds(&self) -> f64 {
        self.0["cpu_seconds"].as_f64().unwrap_or(f64::NAN)
    }

    /// Every cause of loss with its count and unit, those that never happened too.
    pub fn losses(&self) -> Vec<(String, u64, String)> {
        let losses = self.0["losses"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        losses
            .map(|loss| {
                (text(&loss["cause"]), loss["count"].as_u64().unwrap_or(0), text(&loss["what"]))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_status_is_read() {
        let status = Status(json!({
            "cpu_seconds": 1.5,
            "counters": {"exchanges": 7},
            "memory": {"resident_bytes": 9},
            "losses": [{"cause": "ring_full", "count": 3, "what": "segments"}],
        }));
        assert_eq!((status.counter("exchanges"), status.counter("none")), (7, 0));
        assert_eq!(status.memory("resident_bytes"), 9);
        assert_eq!(status.losses(), [("ring_full".to_owned(), 3, "segments".to_owned())]);
    }
}
