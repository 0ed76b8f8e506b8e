//! What all connections to one listening address have in common.
//!
//! Short connections are over before a lookup has found their process. Their executable is known
//! all the same, when it is that of every connection seen at this address and of a process that
//! still runs. Bias: two programs that share one address in one cgroup, of which only one was
//! seen so far, are taken for one.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    cache::Cache,
    places::Place,
    process::Process,
    processes::{Processes, Seen},
};
use crate::exchange::Workload;

/// Addresses remembered.
const CAPACITY: usize = 4096;

/// How long a finding stands for connections that were not looked up, and how long an address at
/// which programs disagreed gives no executable.
const MEMORY: Duration = Duration::from_mins(1);

/// Executables by (cgroup, local address).
#[derive(Debug)]
pub struct Services {
    cache: Cache<(u64, SocketAddr), Service>,
}

#[derive(Debug)]
struct Service {
    process: Arc<Process>,
    workload: Arc<Workload>,
    found: Instant,
    disagreed: Option<Instant>,
}

impl Services {
    /// Nothing known.
    pub fn new() -> Self {
        Self { cache: Cache::new(CAPACITY) }
    }

    /// A process was found behind a connection that was accepted at this address.
    ///
    /// The root cgroup is left out: all containers of a version 1 machine are in it, each with
    /// its own addresses. So are processes that are in another cgroup than their socket.
    pub fn learn(
        &mut self,
        place: &Place,
        local: SocketAddr,
        process: &Arc<Process>,
        now: Instant,
    ) {
        if place.is_root() || process.executable.is_none() || !place.holds(process) {
            return;
        }
        let key = (place.id, local);
        let Some(known) = self.cache.get(key) else {
            let workload = shared(place, process);
            let process = Arc::clone(process);
            self.cache.insert(key, Service { process, workload, found: now, disagreed: None });
            return;
        };
        known.found = now;
        if Arc::ptr_eq(&known.process, process) {
            return;
        }
        if known.process.executable != process.executable {
            known.disagreed = Some(now);
            known.workload = shared(place, process);
        }
        known.process = Arc::clone(process);
    }

    /// What connections accepted at this address have in common.
    pub fn get(
        &mut self,
        place: &Place,
        local: SocketAddr,
        processes: &mut Processes,
        now: Instant,
    ) -> Option<Arc<Workload>> {
        let known = self.cache.get((place.id, local))?;
        let recent = |at: Instant| now.saturating_duration_since(at) < MEMORY;
        if !recent(known.found) || known.disagreed.is_some_and(recent) {
            return None;
        }
        let Seen::Process(process) = processes.get(known.process.pid, now) else { return None };
        let same =
            process.start == known.process.start && process.executable == known.process.executable;
        same.then(|| Arc::clone(&known.workload))
    }
}

fn shared(place: &Place, process: &Process) -> Arc<Workload> {
    let facts = place.facts.as_deref().cloned().unwrap_or_default();
    Arc::new(Workload { executable: process.executable.clone(), ..facts })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: ([u8; 4], u16) = ([192, 0, 2, 1], 80);

    /// This process, as if it were in the cgroup `/a`.
    fn process() -> Process {
        Process { cgroup: Some("/a".into()), ..Process::read(std::process::id()).unwrap() }
    }

    #[test]
    fn connections_to_one_address_share_the_executable() {
        let now = Instant::now();
        let (place, address) = (Place::new(9, Some("/a".into()), now), ADDRESS.into());
        let mut processes = Processes::new(true, now);
        let mut services = Services::new();
        assert_eq!(services.get(&place, address, &mut processes, now), None);

        let server = Arc::new(process());
        services.learn(&place, address, &server, now);
        let found = services.get(&place, address, &mut processes, now).unwrap();
        assert_eq!(found.executable, server.executable);
        assert_eq!((found.pid, &found.comm, found.cgroup.as_deref()), (None, &None, Some("/a")));
        let elsewhere = Place::new(10, Some("/b".into()), now);
        assert_eq!(services.get(&elsewhere, address, &mut processes, now), None);
        let later = now + MEMORY;
        assert_eq!(services.get(&place, address, &mut processes, later), None, "too long ago");

        let other = Process { executable: Some("/bin/other".into()), ..process() };
        services.learn(&place, address, &Arc::new(other), now);
        services.learn(&place, address, &server, now);
        assert_eq!(services.get(&place, address, &mut processes, now), None, "two programs");
        services.learn(&place, address, &server, later);
        assert!(services.get(&place, address, &mut processes, later).is_some());
    }

    #[test]
    fn what_is_not_shared() {
        let now = Instant::now();
        let check = |path: &str, process: Process, expect: bool| {
            let (place, address) = (Place::new(9, Some(path.into()), now), ADDRESS.into());
            let mut services = Services::new();
            services.learn(&place, address, &Arc::new(process), now);
            let found = services.get(&place, address, &mut Processes::new(true, now), now);
            assert_eq!(found.is_some(), expect, "{path}");
        };
        check("/a", process(), true);
        check("/b", process(), false);
        check("/", Process { cgroup: Some("/".into()), ..process() }, false);
        check("/a", Process { executable: None, ..process() }, false);
        check("/a", Process { pid: 0x3fff_ffff, ..process() }, false);
        check("/a", Process { start: 1, ..process() }, false);
    }
}
