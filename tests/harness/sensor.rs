//! A running sensor.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use sensor::{mask::MaskKey, stats::Status};
use serde_json::Value;

use super::{Event, Node, Running, Scratch, wait_for};

/// How long a sensor may take to end after SIGTERM.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long records may take to come before they count as never coming.
const PATIENCE: Duration = Duration::from_secs(6);

/// The command line of a sensor whose files lie in one directory.
#[derive(Debug)]
pub struct Settings {
    /// Where its control socket, key and records lie.
    pub scratch: Scratch,
    binary: PathBuf,
    set: Vec<String>,
    flags: Vec<&'static str>,
    /// All capabilities unless set.
    capabilities: Option<&'static str>,
}

impl Settings {
    /// Settings for tests on `node`.
    pub fn new(node: &Node) -> Self {
        let scratch = Scratch::new();
        scratch.write("key", [7; 32]);
        Self {
            scratch,
            binary: node.binary.clone(),
            set: Vec::new(),
            flags: Vec::new(),
            capabilities: None,
        }
    }

    /// Adds `KEY=VALUE`.
    #[must_use]
    pub fn set(mut self, setting: &str) -> Self {
        self.set.push(setting.to_owned());
        self
    }

    /// Adds a flag of `sensor run`.
    #[must_use]
    pub fn flag(mut self, flag: &'static str) -> Self {
        self.flags.push(flag);
        self
    }

    /// Leaves it these capabilities and no others, such as `net_admin,sys_admin`.
    #[must_use]
    pub fn capabilities(mut self, names: &'static str) -> Self {
        self.capabilities = Some(names);
        self
    }

    /// The control socket.
    pub fn socket(&self) -> PathBuf {
        self.scratch.file("control")
    }

    /// The command `sensor run`, not started.
    pub fn command(&self) -> Command {
        let mut command = self.program();
        let path = |name| self.scratch.file(name).display().to_string();
        command.args(["run", "--output", "none"]).args(&self.flags);
        let own = [
            "output.exchanges=file".to_owned(),
            format!("output.file.path={}", path("events.jsonl")),
            "output.file.max_bytes=4GiB".to_owned(),
            format!("control.socket={}", path("control")),
            format!("store.path={}", path("inventory.redb")),
            format!("mask.key_file={}", path("key")),
        ];
        for setting in own.iter().chain(&self.set) {
            command.args(["--set", setting]);
        }
        command
    }

    fn program(&self) -> Command {
        let Some(names) = self.capabilities else { return Command::new(&self.binary) };
        let mut command = Command::new("setpriv");
        let kept: String = names.split(',').map(|name| format!(",+{name}")).collect();
        command.args(["--inh-caps=-all", "--no-new-privs", "--bounding-set"]);
        command.arg(format!("-all{kept}")).arg(&self.binary);
        command
    }

    /// The key of the hashes.
    pub fn key(&self) -> MaskKey {
        MaskKey::from_file(&self.scratch.file("key")).expect("the key was written")
    }

    /// What it has said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.scratch.file("log")).unwrap_or_default()
    }

    /// A command of the sensor's own command line that talks to the running one.
    pub fn client(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--socket").arg(self.socket());
        command
    }
}

/// A sensor that runs and answers. Its log is shown when the test fails.
#[derive(Debug)]
pub struct Sensor {
    /// What it was started with.
    pub settings: Settings,
    /// Its process.
    pub process: Running,
    events: Vec<Event>,
    read: u64,
}

impl Sensor {
    /// Starts one with the settings of tests.
    pub fn start(node: &Node) -> Self {
        Self::start_with(Settings::new(node))
    }

    /// Starts one and waits until it captures. A sensor that somebody else runs is waited for.
    pub fn start_with(mut settings: Settings) -> Self {
        let start = Instant::now();
        loop {
            settings = match Self::try_start(settings, Vec::new(), 0) {
                Ok(sensor) => return sensor,
                Err(unused) => unused,
            };
            assert!(start.elapsed() < Duration::from_mins(1), "another sensor does not go away");
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// Starts one after this one has ended, on the same files.
    #[must_use]
    pub fn again(self) -> Self {
        let Self { settings, process, events, read } = self;
        drop(process);
        Self::try_start(settings, events, read).expect("the killed one is gone")
    }

    /// Gives the settings back when another sensor is attached.
    fn try_start(settings: Settings, events: Vec<Event>, read: u64) -> Result<Self, Settings> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(settings.scratch.file("log"))
            .expect("the log can be made");
        let process = Running::start(settings.command().stderr(Stdio::from(log)));
        let mut sensor = Self { settings, process, events, read };
        let refused = wait_for("answer of the sensor", || match sensor.process.ended() {
            Some(_) if sensor.settings.log().contains("another sensor is attached") => Some(true),
            Some(status) => panic!("the sensor ended with {status}"),
            None => sensor.ask("/status").ok().map(|_| false),
        });
        if refused {
            let _ = fs::remove_file(sensor.settings.scratch.file("log"));
            return Err(sensor.settings);
        }
        Ok(sensor)
    }

    /// The answer of the control socket to a path.
    pub fn ask(&self, path: &str) -> io::Result<Value> {
        let mut stream = UnixStream::connect(self.settings.socket())?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: sensor\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, content) = answer.split_once("\r\n\r\n").unwrap_or_default();
        assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
        Ok(serde_json::from_str(content)?)
    }

    /// How it is.
    pub fn status(&self) -> Status {
        let answer = self.ask("/status").expect("a running sensor answers");
        serde_json::from_value(answer).expect("an answer as documented")
    }

    /// One of its counters, or a loss.
    pub fn counter(&self, name: &str) -> u64 {
        let status = self.status();
        let loss = || status.losses.iter().find(|loss| loss.cause == name).map(|loss| loss.count);
        status.counters.get(name).copied().or_else(loss).unwrap_or_else(|| panic!("no {name}"))
    }

    /// Every loss that happened.
    pub fn losses(&self) -> Vec<(String, u64)> {
        let losses = self.status().losses.into_iter().filter(|loss| loss.count > 0);
        losses.map(|loss| (loss.cause, loss.count)).collect()
    }

    /// Records of servers on `port` so far.
    pub fn events(&mut self, port: u16) -> Vec<Event> {
        self.read_events();
        on(&self.events, port)
    }

    /// Waits for `count` records of servers on `port`, as long as some still come, and gives
    /// those that came.
    pub fn wait_events(&mut self, port: u16, count: usize) -> Vec<Event> {
        let mut last = (0, Instant::now());
        loop {
            self.read_events();
            let have = self.events.iter().filter(|event| event.port() == Some(port)).count();
            if have > last.0 {
                last = (have, Instant::now());
            }
            if have >= count || last.1.elapsed() > PATIENCE {
                return on(&self.events, port);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops it by SIGTERM. It must end well and in time.
    pub fn stop(&mut self) {
        self.process.signal(Signal::TERM);
        let status = self.process.wait(FAREWELL);
        assert!(status.success(), "the sensor ended with {status}");
        self.read_events();
    }

    /// Waits for `count` records of servers on `port`, stops the sensor and gives the records:
    /// all that there will ever be.
    pub fn finish(&mut self, port: u16, count: usize) -> Vec<Event> {
        self.wait_events(port, count);
        self.stop();
        self.events(port)
    }

    fn read_events(&mut self) {
        let path = self.settings.scratch.file("events.jsonl");
        let Ok(mut file) = File::open(&path) else { return };
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(self.read)).expect("a regular file");
        file.read_to_end(&mut text).expect("a readable file");
        let Some(end) = text.iter().rposition(|&byte| byte == b'\n') else { return };
        self.read += end as u64 + 1;
        self.events.extend(text[..end].split(|&byte| byte == b'\n').map(Event::parse));
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        let log = self.log();
        if std::thread::panicking() && !log.is_empty() {
            eprintln!("--- log of the sensor\n{log}---");
        }
    }
}

fn on(events: &[Event], port: u16) -> Vec<Event> {
    events.iter().filter(|event| event.port() == Some(port)).cloned().collect()
}
