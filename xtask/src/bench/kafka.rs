//! How fast a capture file gets into Kafka, with the broker on the same machine, and what the sink
//! costs.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use super::{
    Setting, children, create_folder,
    figure::{Figure, show},
    load,
};
use crate::{process, workspace};

/// Exchanges of the capture.
const EXCHANGES: u32 = 300_000;
/// How long the broker may take to listen.
const START: Duration = Duration::from_mins(1);

pub fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let capture = setting.folder.join("exchanges.pcap");
    load::build()?.capture(&capture, EXCHANGES)?;
    let broker = Broker::start(&setting.folder)?;
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    for round in 1..=setting.rounds {
        let before = processor_time(setting, &capture, &["--output", "json"])?;
        let begun = Instant::now();
        let prefix = format!("kafka.prefix=bench{round}.");
        let brokers = format!("kafka.brokers=127.0.0.1:{}", broker.port);
        let arguments = ["--output", "kafka", "--set", &brokers, "--set", &prefix];
        let with = processor_time(setting, &capture, &arguments)?;
        let rate = f64::from(EXCHANGES) / begun.elapsed().as_secs_f64();
        let cost = with.saturating_sub(before).as_secs_f64() * 1e6 / f64::from(EXCHANGES);
        let (rate_text, cost_text) = (show(rate, 0), show(cost, 1));
        eprintln!(
            "bench: kafka: round {round} of {}: {rate_text} exchanges/s, {cost_text} µs",
            setting.rounds
        );
        rates.push(rate);
        costs.push(cost);
    }
    drop(broker);
    fs::remove_file(&capture).with_context(|| format!("failed to remove {}", capture.display()))?;
    Ok(vec![
        Figure::new("replay to a broker beside it, acks=all", "exchanges/s", 0, rates)
            .at_least(None, 60_000.0),
        Figure::new("masking, JSON, spool and librdkafka", "µs/exchange", 1, costs)
            .at_most(5.0)
            .note("processor time beyond that of the endpoint list alone"),
    ])
}

fn processor_time(setting: &Setting, capture: &Path, arguments: &[&str]) -> Result<Duration> {
    let before = children::processor_time()?;
    let mut command = Command::new(&setting.sensor);
    command.args(["replay", "--config", "/dev/null", "--set", "inventory.learn_rate=0"]);
    process::run(command.args(arguments).arg(capture).stdout(Stdio::null()))?;
    Ok(children::processor_time()?.saturating_sub(before))
}

/// One broker of its own, which ends with the value.
struct Broker {
    process: Child,
    folder: PathBuf,
    port: u16,
}

impl Broker {
    fn start(folder: &Path) -> Result<Self> {
        let libraries = libraries()?;
        let folder = folder.join("kafka");
        let _ = fs::remove_dir_all(&folder);
        create_folder(&folder)?;
        let (port, controller) = (free_port()?, free_port()?);
        let file = folder.join("server.properties");
        let text = format!(
            "process.roles=broker,controller\nnode.id=1\n\
             controller.quorum.voters=1@127.0.0.1:{controller}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
             controller.listener.names=CONTROLLER\nlog.dirs={}\n\
             offsets.topic.replication.factor=1\n",
            folder.join("data").display()
        );
        fs::write(&file, text).with_context(|| format!("failed to write {}", file.display()))?;
        let java = || {
            let mut command = Command::new("java");
            command.args(["-Xmx512m", "-cp"]).arg(libraries.join("*")).stdout(Stdio::null());
            command
        };
        let mut format = java();
        format.args(["kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c"]);
        process::run(format.arg(&file))?;
        let mut server = java();
        let process = server.arg("kafka.Kafka").arg(&file).stderr(Stdio::null()).spawn();
        let process = process.context("failed to start java")?;
        let mut broker = Self { process, folder, port };
        broker.wait()?;
        Ok(broker)
    }

    fn wait(&mut self) -> Result<()> {
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if let Some(status) = self.process.try_wait()? {
                bail!("the broker ended with {status}");
            }
            ensure!(begun.elapsed() < START, "the broker does not listen after a minute");
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Kafka's jars, where the tests keep them too.
fn libraries() -> Result<PathBuf> {
    let folder = workspace::target_directory()?.join("test-env/kafka-4.3.1");
    if !folder.exists() {
        let partial = folder.with_extension("bench");
        let _ = fs::remove_dir_all(&partial);
        let description = workspace::root().join("tests/programs/kafka-pom.xml");
        let mut fetch = Command::new("mvn");
        fetch.args(["-q", "-B", "-f"]).arg(description).arg("dependency:copy-dependencies");
        process::run(fetch.arg(format!("-DoutputDirectory={}", partial.display())))?;
        fs::rename(&partial, &folder)
            .with_context(|| format!("failed to create {}", folder.display()))?;
    }
    Ok(folder)
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on loopback")?;
    Ok(listener.local_addr().context("no free port on loopback")?.port())
}
