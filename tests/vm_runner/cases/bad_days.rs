//! Machines that are not as the sensor would like them, and what the user is told.

use std::{fs, os::unix::process::CommandExt, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

use super::{
    life::refusal,
    places::{Container, named_record},
    tls,
    traffic::{check, check_items},
};
use crate::{
    http::{Client, Server},
    machine::{Machine, cgroup_root, run, shell, write},
    report::Outcome,
};

/// Leaves cgroup v2 mounted for the cases that follow.
pub fn no_cgroup_v2(machine: &mut Machine) -> Result<Outcome> {
    let said = refusal(&mut machine.command(&["run", "--output", "none"]));
    let doctor = doctor_lines(machine, "cgroup v2");
    shell("mount -t cgroup2 none /sys/fs/cgroup")?;
    let said = said?;
    ensure!(said.contains("no cgroup v2 hierarchy is mounted"), "{said}");
    Ok(Outcome::Said(format!("{said}\n{doctor}")))
}

/// The file is all that a program can see of a kernel's BTF.
pub fn no_btf(machine: &mut Machine) -> Result<Outcome> {
    machine.stop();
    shell("mount -t tmpfs none /sys/kernel/btf")?;
    let tried = exchange(machine);
    let doctor = doctor_lines(machine, "BTF");
    machine.stop();
    shell("umount /sys/kernel/btf")?;
    tried?;
    Ok(Outcome::Said(doctor))
}

pub fn lockdown(machine: &mut Machine) -> Result<Outcome> {
    shell("mount -t cgroup2 none /sys/fs/cgroup")?;
    shell("mount -t securityfs none /sys/kernel/security")?;
    let mode = fs::read_to_string("/sys/kernel/security/lockdown").unwrap_or_default();
    if !mode.contains("[confidentiality]") {
        return Ok(Outcome::Skipped("this kernel has no lockdown"));
    }
    let doctor = doctor_lines(machine, "lockdown");
    exchange(machine)?;
    Ok(Outcome::Said(doctor))
}

/// The mode forbids programs to read kernel memory. The loader (aya) takes that for a kernel that
/// cannot tell it from a process's memory, and calls the older helpers, which are forbidden too:
/// TLS stays unread, and the sensor says so.
pub fn lockdown_tls(machine: &mut Machine) -> Result<Outcome> {
    let lockdown = fs::read_to_string("/sys/kernel/security/lockdown").unwrap_or_default();
    if !lockdown.contains("[confidentiality]") {
        return Ok(Outcome::Skipped("this kernel has no lockdown"));
    }
    machine.sensor()?;
    let log = machine.log();
    let refused = log.lines().find_map(|line| line.split_once("WARN "));
    let Some((_, refused)) = refused else { return tls::openssl(machine) };
    ensure!(refused.starts_with("TLS is not read"), "{refused}");
    // What follows is another one on each kernel.
    let refused = refused.split_once(" Verifier output").map_or(refused, |(refused, _)| refused);
    Ok(Outcome::Said(refused.to_owned()))
}

/// A process may use the `bpf` system call neither as nobody ...
pub fn unprivileged(machine: &mut Machine) -> Result<Outcome> {
    refused(machine, &[])
}

/// ... nor as root of a user namespace that nobody made.
pub fn user_namespace(machine: &mut Machine) -> Result<Outcome> {
    let mut command = Command::new("unshare");
    command.args(["-U", "-r", "true"]).uid(NOBODY).gid(NOBODY);
    if run(&mut command).is_err() {
        return Ok(Outcome::Skipped("nobody may not make user namespaces"));
    }
    refused(machine, &["unshare", "-U", "-r"])
}

const NOBODY: u32 = 65_534;

fn refused(machine: &mut Machine, before: &[&str]) -> Result<Outcome> {
    machine.stop();
    let binary = machine.binary.to_string_lossy().into_owned();
    let words: Vec<&str> = before.iter().copied().chain([binary.as_str()]).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(["run", "--output", "none"]).uid(NOBODY).gid(NOBODY);
    let said = refusal(&mut command)?;
    ensure!(said.contains("run as root"), "{said}");
    Ok(Outcome::Said(said))
}

/// Before 5.15 (Linux commit 8520e224f547) a socket had either a cgroup of v2 or a class of v1:
/// from the first class on, new sockets count as of the root of cgroup v2. The container is then
/// known from the process.
pub fn net_cls(machine: &mut Machine) -> Result<Outcome> {
    const CLASSES: &str = "/run/net_cls";
    machine.stop();
    fs::create_dir_all(CLASSES).context("failed to create a mount point")?;
    if shell(&format!("mount -t cgroup -o net_cls none {CLASSES}")).is_err() {
        return Ok(Outcome::Skipped("this kernel has no net_cls"));
    }
    let class = Path::new(CLASSES).join("server");
    fs::create_dir_all(&class).context("failed to create a class")?;
    write(&class.join("net_cls.classid"), "65537")?;
    let container = Container::new(&cgroup_root()?)?;
    let server = container.server(&format!("echo $$ > {}/cgroup.procs; ", class.display()))?;
    let record = named_record(machine.sensor()?, &server)?;
    check(&record, "missing", &serde_json::Value::Null)?;
    let from = if shell("dmesg")?.contains("disabling cgroup2 socket matching") {
        "its process, since sockets lose their cgroup"
    } else {
        "the socket"
    };
    if record["container.id"].is_null() {
        return Ok(Outcome::Noted(format!("container unknown (would come from {from})")));
    }
    check(&record, "container.id", &Container::ID.into())?;
    Ok(Outcome::Noted(format!("container known from {from}")))
}

/// The least that shows that the sensor works.
fn exchange(machine: &mut Machine) -> Result<()> {
    let server = Server::start("127.0.0.1:0")?;
    let sensor = machine.sensor()?;
    let mut client = Client::connect(server.address)?;
    (0..20).try_for_each(|id| client.item(id))?;
    check_items(sensor, server.address, 20).map(|_| ())
}

/// What `sensor doctor` says of one thing, its advice included.
fn doctor_lines(machine: &Machine, thing: &str) -> String {
    let output = machine.command(&["doctor"]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let text = text.unwrap_or_default();
    let mut lines =
        text.lines().skip_while(|line| !line.get(6..).is_some_and(|rest| rest.starts_with(thing)));
    let first = lines.next().into_iter();
    let rest = lines.take_while(|line| line.starts_with(' '));
    let shown: Vec<_> = first.chain(rest).map(str::trim_end).collect();
    shown.join("\n")
}
