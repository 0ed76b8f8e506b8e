//! Processes seen lately.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use super::{cache::Cache, places::Place, process::Process};
use crate::exchange::Workload;

/// Processes remembered.
const CAPACITY: usize = 4096;

/// How long facts are taken for true: a process may execute another program or be moved.
const FRESH: Duration = Duration::from_secs(1);

/// Processes read in a second, which bounds the time that the capture thread spends in /proc to
/// a few hundredths.
const READS_MAX: u32 = 500;

/// A bounded cache in front of /proc.
#[derive(Debug)]
pub struct Processes {
    cache: Cache<u32, Entry>,
    visible: bool,
    second: Instant,
    reads: u32,
}

#[derive(Debug)]
struct Entry {
    process: Option<Arc<Process>>,
    read: Instant,
    /// The workload made of it for a socket of a cgroup.
    workload: Option<(u64, Arc<Workload>)>,
}

/// What /proc says of a process id.
#[derive(Debug)]
pub enum Seen {
    /// These facts, at most a second old.
    Process(Arc<Process>),
    /// There is no such process (any more), or it is not visible.
    Gone,
    /// Too many processes were read in this second.
    Refused,
}

impl Processes {
    /// `visible`: /proc shows the processes of the node.
    pub fn new(visible: bool, now: Instant) -> Self {
        Self { cache: Cache::new(CAPACITY), visible, second: now, reads: 0 }
    }

    /// Whether /proc shows the processes of the node.
    pub fn visible(&self) -> bool {
        self.visible
    }

    /// Looks up a process.
    pub fn get(&mut self, pid: u32, now: Instant) -> Seen {
        if !self.visible {
            return Seen::Gone;
        }
        if let Some(entry) = self.cache.get(pid)
            && now.saturating_duration_since(entry.read) < FRESH
        {
            return entry.process.clone().map_or(Seen::Gone, Seen::Process);
        }
        if now.saturating_duration_since(self.second) >= Duration::from_secs(1) {
            self.second = now;
            self.reads = 0;
        }
        if self.reads >= READS_MAX {
            return Seen::Refused;
        }
        self.reads += 1;
        self.set(pid, Process::read(pid).ok(), now).map_or(Seen::Gone, Seen::Process)
    }

    /// Takes facts that were read elsewhere just now.
    pub fn insert(&mut self, process: Process, now: Instant) -> Arc<Process> {
        let process = Arc::new(process);
        let kept = self.set(process.pid, Some(Process::clone(&process)), now);
        kept.unwrap_or(process)
    }

    /// The same facts stay in the same place, so that what was concluded from them can be kept.
    fn set(&mut self, pid: u32, process: Option<Process>, now: Instant) -> Option<Arc<Process>> {
        let empty = || Entry { process: None, read: now, workload: None };
        let entry = self.cache.get_or_insert_with(pid, empty);
        entry.read = now;
        if entry.process.as_deref() != process.as_ref() {
            entry.process = process.map(Arc::new);
            entry.workload = None;
        }
        entry.process.clone()
    }

    /// The workload of a process for a socket made in `place`.
    ///
    /// Where the process is in the socket's cgroup, the cgroup facts are the socket's, else the
    /// process's own.
    pub fn workload(&mut self, process: &Process, place: Option<&Place>) -> Arc<Workload> {
        let key = place.map_or(0, |place| place.id);
        let entry = self.cache.get(process.pid);
        if let Some(Entry { process: Some(same), workload: Some((id, workload)), .. }) = &entry
            && *id == key
            && **same == *process
        {
            return Arc::clone(workload);
        }
        let workload = Arc::new(compose(process, place));
        if let Some(entry) = entry.filter(|entry| entry.process.as_deref() == Some(process)) {
            entry.workload = Some((key, Arc::clone(&workload)));
        }
        workload
    }

    /// What all the holders of a socket made in `place` have in common: everything, where there
    /// is one.
    pub fn common(&mut self, holders: &[Arc<Process>], place: Option<&Place>) -> Arc<Workload> {
        let mut workloads = holders.iter().map(|process| self.workload(process, place));
        let Some(first) = workloads.next() else { return Arc::default() };
        workloads.fold(first, |common, other| Arc::new(agreement(&common, &other)))
    }
}

/// The facts that two workloads have in common.
fn agreement(one: &Workload, other: &Workload) -> Workload {
    fn same<T: Clone + PartialEq>(one: Option<&T>, other: Option<&T>) -> Option<T> {
        one.filter(|_| one == other).cloned()
    }
    Workload {
        pid: same(one.pid.as_ref(), other.pid.as_ref()),
        comm: same(one.comm.as_ref(), other.comm.as_ref()),
        executable: same(one.executable.as_ref(), other.executable.as_ref()),
        cgroup: same(one.cgroup.as_ref(), other.cgroup.as_ref()),
        container: same(one.container.as_ref(), other.container.as_ref()),
        pod: same(one.pod.as_ref(), other.pod.as_ref()),
        kubernetes: OnceLock::new(),
    }
}

fn compose(process: &Process, place: Option<&Place>) -> Workload {
    let here = place.filter(|place| place.holds(process)).and_then(|place| place.facts.as_deref());
    Workload {
        pid: Some(process.pid),
        comm: Some(process.comm.clone()),
        executable: process.executable.clone(),
        cgroup: here.map_or(&process.cgroup, |facts| &facts.cgroup).clone(),
        container: here.and_then(|facts| facts.container.clone()).or(process.container.clone()),
        pod: here.and_then(|facts| facts.pod.clone()).or(process.pod.clone()),
        kubernetes: OnceLock::new(),
    }
}
