//! The cases, in the order in which they run.

mod bad_days;
mod life;
mod objects;
mod places;
mod tls;
mod traffic;

use std::path::Path;

use anyhow::Result;

use crate::{
    machine::Machine,
    report::{Case, Outcome, Run},
};

/// How the machine was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boot {
    /// A virtual machine.
    Plain,
    /// A virtual machine whose kernel was told `lockdown=confidentiality`.
    Lockdown,
    /// This machine, which is left as it is.
    Native,
}

impl Boot {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "plain" => Some(Self::Plain),
            "lockdown" => Some(Self::Lockdown),
            "native" => Some(Self::Native),
            _ => None,
        }
    }
}

type Try = fn(&mut Machine) -> Result<Outcome>;

/// Where a case can be tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    /// On every machine.
    Any,
    /// In a virtual machine, since it changes the machine.
    Vm,
}

/// Name, meaning and place. The first two need a machine that nothing was mounted on yet.
const CASES: &[(&str, &str, On, Try)] = &[
    ("no_cgroup_v2", "no cgroup v2 mounted: said so", On::Vm, bad_days::no_cgroup_v2),
    ("start", "starts, and `sensor doctor` finds no fault", On::Any, life::start),
    ("keep_alive", "keep-alive: 200 requests over 4 connections", On::Any, traffic::keep_alive),
    ("one_each", "100 requests, a connection each", On::Any, traffic::one_each),
    ("pipelining", "20 requests in one segment", On::Any, traffic::pipelining),
    ("chunked", "chunked content both ways", On::Any, traffic::chunked),
    ("large_content", "1 MiB each way: over the budget, sizes exact", On::Any, traffic::large),
    ("ipv6", "IPv6", On::Any, traffic::ipv6),
    ("late_acknowledgement", "request in the handshake's last segment", On::Any, traffic::late),
    ("fast_open", "request in the SYN (TCP Fast Open)", On::Vm, traffic::fast_open),
    ("not_http", "another protocol is muted", On::Any, traffic::not_http),
    ("namespaces", "two network namespaces, seen once", On::Any, places::namespaces),
    ("process", "process of server and client", On::Any, places::process),
    ("container", "container of the server", On::Any, places::container),
    ("tls", "TLS 1.2 and 1.3 of OpenSSL, read by its secrets", On::Any, tls::openssl),
    ("status", "`sensor status`: no losses so far", On::Any, life::status),
    ("second", "a second sensor is refused", On::Any, life::second),
    ("no_btf", "no BTF to be found: not needed", On::Vm, bad_days::no_btf),
    ("unprivileged", "as nobody: said so", On::Any, bad_days::unprivileged),
    ("user_namespace", "root of a user namespace only: said so", On::Any, bad_days::user_namespace),
    ("terminate", "SIGTERM: ends well, nothing stays loaded", On::Any, life::terminate),
    ("kill", "SIGKILL: nothing stays loaded, starts again", On::Any, life::kill),
    ("ring_full", "ring buffer full: counted, goes on", On::Any, traffic::ring_full),
    // Last: where net_cls is used once, older kernels forget cgroup v2 of new sockets for good.
    ("net_cls", "cgroup v1 net_cls in use", On::Vm, bad_days::net_cls),
];

/// The cases of this boot. Those of the objects come first, one for each file in the folder.
pub fn all(boot: Boot, objects: &Path) -> Result<Vec<Case>> {
    if boot == Boot::Lockdown {
        let cases: [(&str, &str, Try); 2] = [
            ("lockdown", "lockdown=confidentiality", bad_days::lockdown),
            (
                "lockdown_tls",
                "TLS under lockdown=confidentiality: not read, said so",
                bad_days::lockdown_tls,
            ),
        ];
        return Ok(cases.map(|(name, meaning, run)| case(name, meaning, Box::new(run))).into());
    }
    let mut cases = objects::cases(objects)?;
    cases.extend(CASES.iter().map(|(name, meaning, on, run)| {
        let skipped = *on == On::Vm && boot == Boot::Native;
        let run: Run = if skipped {
            Box::new(|_| Ok(Outcome::Skipped("it would change this machine")))
        } else {
            Box::new(*run)
        };
        case(name, meaning, run)
    }));
    Ok(cases)
}

fn case(name: &str, meaning: &str, run: Run) -> Case {
    Case { name: name.to_owned(), meaning: meaning.to_owned(), run }
}
