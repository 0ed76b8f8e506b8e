//! The program `tls-peer`, as the end that nobody can read and as a target.

use std::{
    fs::{self, File},
    net::SocketAddr,
    ops::Range,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    super::{Running, Scratch, Server, read_output},
    Asked, Certificate, WARM_UP,
};

/// The program, in a directory of its own.
#[derive(Debug)]
pub struct Peer {
    scratch: Scratch,
    executable: PathBuf,
}

/// How connections are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Many requests on each of so many connections.
    Kept,
    /// A connection for each request, with a whole handshake.
    Fresh,
    /// A connection for each request, which resumes an earlier session.
    Resumed,
}

impl Manner {
    /// Its word on the command lines of the tests' clients.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Fresh => "fresh",
            Self::Resumed => "resumed",
        }
    }
}

/// A part of what is asked.
#[derive(Clone, Debug)]
pub struct Phase {
    /// The method of all of its requests.
    pub method: &'static str,
    /// Their ids.
    pub ids: Range<u64>,
    /// The size of the content of each.
    pub body: u64,
    /// How connections are used.
    pub manner: Manner,
}

/// What is asked, part by part.
#[derive(Clone, Debug)]
pub struct Load(pub Vec<Phase>);

impl Load {
    /// So many requests, most of them over kept connections, by several methods.
    pub fn of(requests: u64) -> Self {
        let mut phases = Vec::new();
        let mut first = 0;
        for (method, body, manner, percent) in [
            ("GET", 0, Manner::Kept, 60),
            ("POST", 700, Manner::Kept, 20),
            ("PUT", 300, Manner::Fresh, 10),
            ("GET", 0, Manner::Resumed, 10),
        ] {
            let last = first + requests * percent / 100;
            phases.push(Phase { method, ids: first..last, body, manner });
            first = last;
        }
        Self(phases)
    }

    /// How many requests these are.
    pub fn requests(&self) -> usize {
        self.0.iter().map(|phase| phase.ids.clone().count()).sum()
    }
}

impl Peer {
    /// The program with its symbols, a target.
    pub fn with_symbols() -> Self {
        Self { scratch: Scratch::new(), executable: peer() }
    }

    /// The program without: nothing is left by which its secrets could be found.
    pub fn dark() -> Self {
        let scratch = Scratch::new();
        let file = scratch.file("peer");
        read_output(Command::new("strip").arg("-o").arg(&file).arg(peer()));
        Self { scratch, executable: file }
    }

    /// The file that it runs.
    pub fn executable(&self) -> &Path {
        &self.executable
    }

    /// Asks a server, part by part, and gives what was asked.
    pub fn ask(
        &self,
        address: SocketAddr,
        load: &Load,
        connections: usize,
        change: impl Fn(Command) -> Command,
    ) -> Vec<Asked> {
        let mut asked = Vec::new();
        for phase in &load.0 {
            let Phase { method, ids, body, manner } = phase;
            let mut command = Command::new(&self.executable);
            command.arg("ask").arg(address.to_string()).arg(method);
            command.args([ids.start, ids.end, *body].map(|number| number.to_string()));
            command.args([&connections.to_string(), manner.word()]);
            let said = read_output(&mut change(command));
            asked.extend(said.lines().map(|line| Asked::parse(line, phase)));
        }
        asked
    }

    /// Serves on an address.
    pub fn serve(
        &self,
        address: SocketAddr,
        certificate: &Certificate,
        protocol: Option<&str>,
    ) -> Server {
        let mut command = Command::new(&self.executable);
        command.arg("serve").arg(address.to_string());
        command.args([certificate.certificate(), certificate.key()]).args(protocol);
        let said = File::create(self.said()).expect("a directory of its own");
        let process = Running::start(command.stdout(said));
        Server::wait(process, Scratch::new(), address)
    }

    /// What the server was asked so far, of these phases.
    pub fn served(&self, load: &Load) -> Vec<Asked> {
        let text = fs::read_to_string(self.said()).expect("the server has started");
        let phase = |line: &str| {
            let id = Asked::id(line);
            let phase = load.0.iter().find(|phase| phase.ids.contains(&id));
            phase.unwrap_or_else(|| panic!("nobody asked for {line:?}"))
        };
        let lines = text.lines().filter(|line| Asked::id(line) < WARM_UP);
        lines.map(|line| Asked::parse(line, phase(line))).collect()
    }

    fn said(&self) -> PathBuf {
        self.scratch.file("said")
    }
}

/// The program as cargo built it beside the tests, with its symbols.
pub fn peer() -> PathBuf {
    let test = std::env::current_exe().expect("a process has an executable");
    test.ancestors().nth(2).expect("tests lie in deps").join("tls-peer")
}
