//! The machine that the cases run on, and the one sensor that most of them share.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use aya::programs::loaded_programs;
use sensor::capture::{attribution::cgroup, probe};

use crate::{cases::Boot, sensor::Sensor};

/// How long anything may take. Emulated machines are slow.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What the cases know of the machine.
pub struct Machine {
    /// The sensor's executable.
    pub binary: PathBuf,
    /// Where its files lie.
    pub scratch: PathBuf,
    shared: Option<Sensor>,
    /// Held on a machine that others use too: one sensor at a time.
    _turn: Option<File>,
}

impl Machine {
    pub fn new(binary: &str, boot: Boot) -> Result<Self> {
        let scratch = std::env::temp_dir().join(format!("vm-runner-{}", std::process::id()));
        fs::create_dir_all(&scratch)
            .with_context(|| format!("failed to create {}", scratch.display()))?;
        fs::write(scratch.join("key"), [7; 32]).context("failed to write the key of the hashes")?;
        let turn = match boot {
            Boot::Native => Some(turn()?),
            Boot::Plain | Boot::Lockdown => None,
        };
        Ok(Self { binary: binary.into(), scratch, shared: None, _turn: turn })
    }

    /// The shared sensor with default settings, started when there is none.
    pub fn sensor(&mut self) -> Result<&mut Sensor> {
        let sensor = match self.shared.take() {
            Some(sensor) => sensor,
            None => Sensor::start(self, &[])?,
        };
        Ok(self.shared.insert(sensor))
    }

    /// Ends the shared sensor, for a case that starts its own or none.
    pub fn stop(&mut self) {
        self.shared = None;
    }

    /// What the last sensor logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.scratch.join("log")).unwrap_or_default()
    }

    /// A command of the sensor, with the control socket of the cases.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--socket").arg(self.scratch.join("control"));
        command.env("SENSOR_STORE__PATH", self.scratch.join("inventory.redb"));
        command
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.scratch);
    }
}

/// The lock that the live tests take too.
fn turn() -> Result<File> {
    let path = std::env::temp_dir().join("sensor-live-tests.lock");
    let file = File::create(&path).with_context(|| format!("failed to open {}", path.display()))?;
    file.lock().with_context(|| format!("failed to lock {}", path.display()))?;
    Ok(file)
}

/// The root of the cgroup v2 hierarchy.
pub fn cgroup_root() -> Result<PathBuf> {
    cgroup::find_mount().context("no cgroup v2 is mounted")
}

/// Whether the kernel programs know the sender (Linux 6.10 and later).
pub fn knows_sender() -> bool {
    probe::knows_sender().unwrap_or(false)
}

/// Waits until no program of a sensor is loaded: the kernel frees them soon after the end.
pub fn no_program() -> Result<()> {
    wait("the sensor's programs to be gone", || {
        let mut loaded = loaded_programs().filter_map(Result::ok);
        Ok((!loaded.any(|program| program.name().starts_with(b"sensor_"))).then_some(()))
    })
}

/// Calls `done` until it gives a value, or for [`PATIENCE`].
pub fn wait<T>(what: &str, mut done: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(value) = done()? {
            return Ok(value);
        }
        if start.elapsed() > PATIENCE {
            bail!("waited {} s for {what}", PATIENCE.as_secs());
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Runs a command; an error has what it said.
pub fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("failed to start {name}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let error = String::from_utf8_lossy(&output.stderr);
    bail!("{name} failed ({}): {said}{}", output.status, error.trim_end())
}

/// Runs a line of words.
pub fn shell(line: &str) -> Result<String> {
    let mut words = line.split(' ');
    let program = words.next().unwrap_or_default();
    run(Command::new(program).args(words))
}

/// Writes a file of /proc or /sys.
pub fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("failed to write {text} to {}", path.display()))
}
