//! Apache Kafka itself, one broker or three, from its published jars, and readers that are not
//! of this project.

mod read;

pub use read::{Record, python, read, topics};

use std::{
    fs::{self, File},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::Signal;

use super::{Node, Running, Scratch, free_port, once::once, program, read_output};

/// How long a broker may take to listen.
const START: Duration = Duration::from_mins(1);

/// The id of every cluster.
const CLUSTER: &str = "MkU3OEVBNTcwNTJENDM2Qk";

/// What brokers of a test differ in, as lines of `server.properties`.
pub type Properties = Vec<String>;

/// Brokers that run, each a controller too.
#[derive(Debug)]
pub struct Cluster {
    brokers: Vec<Broker>,
    /// Where their files lie.
    pub scratch: Scratch,
    libraries: PathBuf,
}

#[derive(Debug)]
struct Broker {
    port: u16,
    /// `None` while it is down.
    process: Option<Running>,
}

impl Cluster {
    /// So many brokers on loopback ports, which listen when this returns.
    pub fn start(node: &Node, count: usize) -> Self {
        let mut cluster = Self::new(node, &ports(count), &Properties::new(), &[]);
        (0..count).for_each(|index| cluster.launch(index));
        (0..count).for_each(|index| cluster.wait(index));
        cluster
    }

    /// One broker with properties of its own, listeners among them, that listens on `port`
    /// without asking who comes; `format` are more arguments of the storage tool.
    pub fn start_with(node: &Node, port: u16, properties: &Properties, format: &[&str]) -> Self {
        let mut cluster = Self::new(node, &[port], properties, format);
        cluster.launch(0);
        cluster.wait(0);
        cluster
    }

    /// One broker that is not started yet.
    pub fn prepare(node: &Node) -> Self {
        Self::new(node, &ports(1), &Properties::new(), &[])
    }

    fn new(node: &Node, ports: &[u16], properties: &Properties, format: &[&str]) -> Self {
        let (libraries, scratch) = (libraries(node), Scratch::new());
        scratch.write("log4j2.properties", LOGGING);
        let controllers: Vec<_> = ports.iter().map(|_| free_port()).collect();
        let voters = controllers.iter().enumerate();
        let voters = voters.map(|(index, port)| format!("{}@127.0.0.1:{port}", index + 1));
        let voters = voters.collect::<Vec<_>>().join(",");
        for (index, (port, controller)) in ports.iter().zip(&controllers).enumerate() {
            let data = scratch.file(&format!("data-{index}"));
            let common = common(ports.len(), index, &data);
            let is_listeners = |line: &&String| line.starts_with("listeners=");
            let listeners = properties.iter().find(is_listeners).cloned();
            let listeners =
                listeners.unwrap_or_else(|| format!("listeners=PLAINTEXT://127.0.0.1:{port}"));
            let mut lines = common;
            lines.push(format!("controller.quorum.voters={voters}"));
            lines.push(format!("{listeners},CONTROLLER://127.0.0.1:{controller}"));
            lines.extend(properties.iter().filter(|line| !is_listeners(line)).cloned());
            let file = scratch.write(&format!("{index}.properties"), lines.join("\n"));
            let mut command = java(&libraries);
            command.args(["kafka.tools.StorageTool", "format", "-t", CLUSTER]);
            read_output(command.arg("-c").arg(file).args(format));
        }
        let brokers = ports.iter().map(|&port| Broker { port, process: None }).collect();
        Self { brokers, scratch, libraries }
    }

    /// Starts a broker that is down, and waits for it.
    pub fn restart(&mut self, index: usize) {
        self.launch(index);
        self.wait(index);
    }

    /// Starts a broker that is down.
    pub fn launch(&mut self, index: usize) {
        let log = self.scratch.file(&format!("{index}.log"));
        let log = File::options().create(true).append(true).open(log).expect("a log");
        let mut command = java(&self.libraries);
        command.arg(self.option("-Dlog4j2.configurationFile=", "log4j2.properties"));
        command.arg("kafka.Kafka").arg(self.scratch.file(&format!("{index}.properties")));
        command.stdout(Stdio::from(log.try_clone().expect("a file"))).stderr(Stdio::from(log));
        self.brokers[index].process = Some(Running::start(&mut command));
    }

    fn option(&self, name: &str, file: &str) -> String {
        format!("{name}{}", self.scratch.file(file).display())
    }

    fn wait(&mut self, index: usize) {
        let start = Instant::now();
        let broker = &mut self.brokers[index];
        while TcpStream::connect(("127.0.0.1", broker.port)).is_err() {
            let ended = broker.process.as_mut().and_then(Running::ended);
            let log = || fs::read_to_string(self.scratch.file(&format!("{index}.log")));
            assert!(ended.is_none(), "a broker ended: {}", log().unwrap_or_default());
            assert!(start.elapsed() < START, "a broker does not listen: {:?}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Kills a broker: SIGKILL.
    pub fn kill(&mut self, index: usize) {
        let mut process = self.brokers[index].process.take().expect("a broker that runs");
        process.signal(Signal::KILL);
        process.wait(Duration::from_secs(10));
    }

    /// Addresses of all brokers, with commas.
    pub fn addresses(&self) -> String {
        let addresses = self.brokers.iter().map(|broker| format!("127.0.0.1:{}", broker.port));
        addresses.collect::<Vec<_>>().join(",")
    }

    /// The setting of the sensor that leads here.
    pub fn setting(&self) -> String {
        format!("kafka.brokers={}", self.addresses())
    }

    /// Runs a tool of Kafka's own, such as `org.apache.kafka.tools.TopicCommand`.
    pub fn tool(&self, class: &str, arguments: &[&str]) -> String {
        let mut command = java(&self.libraries);
        command.arg(self.option("-Dlog4j2.configurationFile=", "log4j2.properties"));
        read_output(command.arg(class).args(arguments))
    }
}

fn ports(count: usize) -> Vec<u16> {
    (0..count).map(|_| free_port()).collect()
}

/// What brokers of all tests have in common.
fn common(count: usize, index: usize, data: &Path) -> Properties {
    vec![
        "process.roles=broker,controller".to_owned(),
        format!("node.id={}", index + 1),
        "controller.listener.names=CONTROLLER".to_owned(),
        format!("log.dirs={}", data.display()),
        format!("offsets.topic.replication.factor={count}"),
        format!("default.replication.factor={count}"),
        format!("min.insync.replicas={}", count.div_ceil(2)),
        "group.initial.rebalance.delay.ms=0".to_owned(),
        "auto.create.topics.enable=false".to_owned(),
    ]
}

/// A Java that starts quickly rather than peaks high.
fn java(libraries: &Path) -> Command {
    let mut command = Command::new("java");
    command.args(["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]);
    // Java expands the star itself.
    command.arg("-cp").arg(libraries.join("*"));
    command
}

/// Kafka's jars, fetched once.
fn libraries(node: &Node) -> PathBuf {
    once(&node.cache.join("kafka-4.3.1"), |folder| {
        let mut fetch = Command::new("mvn");
        fetch.args(["-q", "-B", "-f"]).arg(program("kafka-pom.xml"));
        fetch.arg("dependency:copy-dependencies");
        fetch.arg(format!("-DoutputDirectory={}", folder.display()));
        fetch
    })
}

const LOGGING: &str = "\
rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %c %m%n
";
