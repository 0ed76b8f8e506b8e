//! Who speaks: processes, containers, network namespaces.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::traffic::{check, check_items};
use crate::{
    http::{Client, Process},
    machine::{Machine, PATIENCE, cgroup_root, shell},
    report::Outcome,
    sensor::Sensor,
};

/// A cable between this namespace and a new one, in which the server is.
pub fn namespaces(machine: &mut Machine) -> Result<Outcome> {
    const INTERFACE: &str = "sensor0";
    let server = Process::start(&["unshare", "-n"], "0.0.0.0:0")?;
    let before = interfaces()?;
    if let Err(error) = shell(&format!("ip link add {INTERFACE} type veth")) {
        eprintln!("{error:#}");
        return Ok(Outcome::Skipped("no veth devices"));
    }
    // The kernel names the other end; busybox cannot.
    let own = BTreeSet::from([INTERFACE.to_owned()]);
    let after = interfaces()?;
    let peer = after.iter().find(|name| !before.contains(*name) && !own.contains(*name));
    let peer = peer.context("no second veth device")?;
    let inside = format!("nsenter -t {} -n", server.pid());
    for line in [
        &format!("ip link set {peer} netns {}", server.pid()),
        &format!("ip addr add 10.203.113.1/24 dev {INTERFACE}"),
        &format!("ip link set {INTERFACE} up"),
        &format!("{inside} ip addr add 10.203.113.2/24 dev {peer}"),
        &format!("{inside} ip link set {peer} up"),
    ] {
        shell(line)?;
    }
    let address = ([10, 203, 113, 2], server.address.port()).into();
    let sensor = machine.sensor()?;
    let mut client = Client::connect(address)?;
    (0..30).try_for_each(|id| client.item(id))?;
    let records = check_items(sensor, address, 30)?;
    check(&records[29], "server.address", &"10.203.113.2".into())?;
    check(&records[29], "client.address", &"10.203.113.1".into())?;
    // The devices go with the namespace, and that with the server.
    Ok(Outcome::Passed)
}

fn interfaces() -> Result<BTreeSet<String>> {
    let entries = fs::read_dir("/sys/class/net").context("failed to list interfaces")?;
    Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

pub fn process(machine: &mut Machine) -> Result<Outcome> {
    let server = Process::start(&[], "127.0.0.1:0")?;
    let record = named_record(machine.sensor()?, &server)?;
    check(&record, "client.process.pid", &std::process::id().into())?;
    check(&record, "process.executable.name", &executable().into())?;
    Ok(Outcome::Passed)
}

/// Sends until a record names the server's process, which none may name wrongly.
pub fn named_record(sensor: &Sensor, server: &Process) -> Result<Value> {
    const PAUSE: Duration = Duration::from_millis(200);
    let mut client = Client::connect(server.address)?;
    let turns = (PATIENCE.as_millis() / PAUSE.as_millis()) as usize;
    for turn in 0..turns {
        client.item(turn as u64)?;
        thread::sleep(PAUSE);
        let records = sensor.records(server.address.port());
        let named = |key: &str, pid: u32| {
            let mut pids = records.iter().filter_map(|record| record[key].as_u64());
            pids.all(|found| found == u64::from(pid))
        };
        ensure!(named("process.pid", server.pid()), "another process is named: {records:?}");
        ensure!(named("client.process.pid", std::process::id()), "another client: {records:?}");
        let both = |record: &&Value| {
            !record["process.pid"].is_null() && !record["client.process.pid"].is_null()
        };
        if let Some(record) = records.iter().find(both) {
            return Ok(record.clone());
        }
    }
    let records = sensor.records(server.address.port());
    let last = records.last().map(|record| {
        ["process.pid", "client.process.pid", "container.id"].map(|key| record[key].to_string())
    });
    bail!("no record of {} names the processes; the last one has {last:?}", records.len())
}

fn executable() -> String {
    let own = std::env::current_exe().unwrap_or_default();
    own.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

pub fn container(machine: &mut Machine) -> Result<Outcome> {
    let container = Container::new(&cgroup_root()?)?;
    let server = container.server("")?;
    let record = named_record(machine.sensor()?, &server)?;
    check(&record, "container.id", &Container::ID.into())?;
    Ok(Outcome::Passed)
}

/// Cgroup directories as of a container of containerd. Removed when dropped, after what runs
/// inside.
pub struct Container {
    directories: Vec<PathBuf>,
}

impl Container {
    pub const ID: &str = "7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a";

    pub fn new(root: &Path) -> Result<Self> {
        let pod = "pod0b1c2d3e_4f50_6172_8394_a5b6c7d8e9f0";
        let mut container = Self { directories: Vec::new() };
        let mut directory = root.to_owned();
        for name in [
            "kubepods.slice",
            &format!("kubepods-{pod}.slice"),
            &format!("cri-containerd-{}.scope", Self::ID),
        ] {
            directory.push(name);
            fs::create_dir(&directory)
                .with_context(|| format!("failed to create {}", directory.display()))?;
            container.directories.push(directory.clone());
        }
        Ok(container)
    }

    /// A server inside, which first does `more` in a shell.
    pub fn server(&self, more: &str) -> Result<Process> {
        let directory = self.directories.last().context("a container has a directory")?;
        let script = format!("echo $$ > {}/cgroup.procs; {more}exec \"$@\"", directory.display());
        Process::start(&["sh", "-c", &script, "sh"], "127.0.0.1:0")
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        for directory in self.directories.iter().rev() {
            // A process that was just killed is still leaving.
            for _ in 0..100 {
                if fs::remove_dir(directory).is_ok() {
                    break;
                }
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}
