//! Network namespaces.

use std::{fs::File, process::Command};

use rustix::{
    fd::AsFd,
    thread::{LinkNameSpaceType, move_into_link_name_space},
};

use super::read_output;

/// A network namespace, deleted with its interfaces when dropped.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// A new one with loopback up, its name distinguished by `role`.
    pub fn new(role: &str) -> Self {
        let name = format!("sensor-{}-{role}", std::process::id());
        read_output(Command::new("ip").args(["netns", "add", &name]));
        let namespace = Self { name };
        namespace.ip("link set dev lo up");
        namespace
    }

    /// Its name for `ip netns`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `ip` in it with arguments parted by spaces.
    pub fn ip(&self, arguments: &str) {
        read_output(Command::new("ip").args(["-n", &self.name]).args(arguments.split(' ')));
    }

    /// Lays a cable between two namespaces, with an interface name and addresses at each end.
    /// IPv6 addresses are usable at once (no duplicate address detection).
    pub fn join(&self, interface: &str, addresses: &[&str], other: &Self, their: (&str, &[&str])) {
        self.ip(&format!(
            "link add name {interface} type veth peer name {} netns {}",
            their.0, other.name
        ));
        for (namespace, interface, addresses) in
            [(self, interface, addresses), (other, their.0, their.1)]
        {
            for address in addresses {
                let nodad = if address.contains(':') { " nodad" } else { "" };
                namespace.ip(&format!("addr add {address} dev {interface}{nodad}"));
            }
            namespace.ip(&format!("link set dev {interface} up"));
        }
    }

    /// The command, changed so that it runs inside. It keeps its process id.
    pub fn wrap(&self, command: &Command) -> Command {
        let mut wrapped = Command::new("ip");
        wrapped.args(["netns", "exec", &self.name]);
        wrapped.arg(command.get_program()).args(command.get_args());
        wrapped.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        wrapped
    }

    /// Runs a command in it.
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        read_output(&mut self.wrap(Command::new(program).args(arguments)))
    }

    fn path(&self) -> String {
        format!("/run/netns/{}", self.name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "delete", &self.name]).status();
    }
}

/// Does `work` on a thread inside a namespace: its sockets, and those of the threads that it
/// starts, belong there.
pub fn inside<T: Send>(namespace: &Namespace, work: impl FnOnce() -> T + Send) -> T {
    let enter = || {
        let file = File::open(namespace.path()).expect("the namespace exists");
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
            .expect("root may enter");
        work()
    };
    let result = std::thread::scope(|scope| scope.spawn(enter).join());
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
