//! A running sensor, and what it tells.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::machine::{Machine, PATIENCE, run, wait};

/// After the last expected record, how long to wait for one that should not come.
const SETTLE: Duration = Duration::from_millis(300);

/// Killed when dropped.
pub struct Sensor {
    child: Child,
    /// Lines as they came: reading keeps up with a busy machine, parsing may not.
    lines: Arc<Mutex<Vec<String>>>,
    binary: PathBuf,
    socket: PathBuf,
}

impl Sensor {
    /// Starts one with `KEY=VALUE` settings and waits until it answers.
    pub fn start(machine: &Machine, settings: &[&str]) -> Result<Self> {
        let log = File::create(machine.scratch.join("log")).context("failed to open the log")?;
        let mut command = machine.command(&["run", "--output", "jsonl"]);
        let key = format!("mask.key_file={}", machine.scratch.join("key").display());
        for setting in [key.as_str()].iter().chain(settings) {
            command.args(["--set", setting]);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("failed to start the sensor")?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let stdout = child.stdout.take().context("no standard output of the sensor")?;
        read(stdout, Arc::clone(&lines));
        let socket = machine.scratch.join("control");
        let mut sensor = Self { child, lines, binary: machine.binary.clone(), socket };
        wait("an answer of the sensor", || match sensor.child.try_wait()? {
            Some(status) => bail!("the sensor ended with {status}: {}", machine.log().trim_end()),
            None => Ok(sensor.status().ok()),
        })?;
        Ok(sensor)
    }

    /// `sensor status --output json`.
    pub fn status(&self) -> Result<Value> {
        let mut command = Command::new(&self.binary);
        command.args(["status", "--output", "json", "--socket"]).arg(&self.socket);
        serde_json::from_str(&run(&mut command)?).context("the status is no JSON")
    }

    /// A counter of activity.
    pub fn counter(&self, name: &str) -> Result<u64> {
        let status = self.status()?;
        status["counters"][name].as_u64().with_context(|| format!("no counter {name}"))
    }

    /// Every loss above zero.
    pub fn losses(&self) -> Result<Vec<(String, u64)>> {
        let status = self.status()?;
        let losses = status["losses"].as_array().context("no losses in the status")?;
        let loss = |loss: &Value| {
            Some((loss["cause"].as_str()?.to_owned(), loss["count"].as_u64().filter(|n| *n > 0)?))
        };
        Ok(losses.iter().filter_map(loss).collect())
    }

    /// Records of servers on `port` so far.
    pub fn records(&self, port: u16) -> Vec<Value> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let key = format!("\"server.port\":{port},");
        let lines = lines.iter().filter(|line| line.contains(&key));
        // What is no JSON is a record that the cases miss.
        lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Waits for `count` records of servers on `port`; an error when there are fewer or more.
    pub fn expect(&self, port: u16, count: usize) -> Result<Vec<Value>> {
        let start = Instant::now();
        while self.records(port).len() < count && start.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(20));
        }
        thread::sleep(SETTLE);
        let records = self.records(port);
        ensure!(
            records.len() == count,
            "{} records of {count} exchanges; losses {:?}",
            records.len(),
            self.losses()
        );
        Ok(records)
    }

    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(self.child.id() as i32).context("no process id")?;
        kill_process(pid, signal).with_context(|| format!("failed to send {signal:?}"))
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> Result<ExitStatus> {
        wait("the end of the sensor", || Ok(self.child.try_wait()?))
    }
}

impl Drop for Sensor {
    fn drop(&mut self) {
        // SIGTERM first: it detaches and removes its socket.
        let _ = self.signal(Signal::TERM);
        if self.ended().is_err() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Collects records until the sensor ends.
fn read(stdout: ChildStdout, lines: Arc<Mutex<Vec<String>>>) {
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    });
}
