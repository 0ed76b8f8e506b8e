//! Who owns a socket: process and container, never wrong, unknown when not sure.
//!
//! Three sources, from certain to none:
//! - **The cgroup of the socket** ([`places`]), which the kernel programs read. A socket stays in
//!   the cgroup in which it was made, and an accepted one in its listener's. Container and pod
//!   follow from its path ([`workload`]).
//! - **The sender** that the kernel programs name when a send call gives rise to a segment. It is
//!   trusted when it is in the socket's cgroup, or that is the root or not known. A process in
//!   another cgroup may have been given the socket, or been moved, or may have been
//!   interrupted while the kernel sent for somebody else: then no process is reported until a
//!   lookup has settled it. The same when two senders are named for one socket.
//! - **The holder of the socket** ([`lookup`]): from the cookie to the inode number to the
//!   descriptors of processes. One holder is the owner. Of several, what they have in common is
//!   reported, and the process only when the kernel names it as sender.
//!
//! Nothing here waits: [`Attribution::workload`] gives what is known now, lookups go to a thread
//! of their own ([`lookup::Lookups::run`]), and later calls for the same socket give more.

mod cache;
pub mod cgroup;
mod evidence;
pub mod lookup;
mod places;
pub mod process;
mod processes;
mod services;
mod socket;
pub mod workload;

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::{Duration, Instant},
};

use crate::exchange::Workload;
use cache::Cache;
use cgroup::Hierarchy;
use evidence::{Evidence, Stance, Verdict};
use lookup::{Answer, Lookups, Outcome, Request};
use places::{Place, Places};
use process::Process;
use processes::{Processes, Seen};
use services::Services;

/// Sockets remembered.
const SOCKETS: usize = 128 * 1024;

/// Lookups under way at a time.
const QUEUE: usize = 256;

/// How long to wait for the kernel to name a sender, where it does, before a lookup.
const SENDER_WAIT: Duration = Duration::from_secs(1);

/// What the kernel programs know of a socket.
#[derive(Clone, Copy, Debug)]
pub struct Socket {
    /// `SO_COOKIE`.
    pub cookie: u64,
    /// Id of the cgroup that it was made in, or 0.
    pub cgroup: u64,
    /// Process that was sending when a segment left, or 0.
    pub pid: u32,
    /// Its own address.
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
    /// It was accepted, not connected.
    pub serves: bool,
}

/// Counters of what was not found out, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Lookups made.
    pub lookups: u64,
    /// Of those, found the holders of the socket.
    pub found: u64,
    /// Of those, found several holders.
    pub shared: u64,
    /// Of those, found none: the socket was closed, or its process is not visible.
    pub not_found: u64,
    /// Of those, did not come to an end in their time.
    pub incomplete: u64,
    /// Lookups put off because the budget of time or the queue was used up.
    pub deferred: u64,
    /// Senders not trusted: in another cgroup than the socket, or a thread of the kernel.
    pub sender_distrusted: u64,
    /// Sockets for which the kernel named a second sender that was not known to hold them.
    pub sender_disputed: u64,
    /// Senders not looked at because too many new processes were seen in the same second.
    pub sender_deferred: u64,
    /// Senders that are not in /proc: gone, or in a PID namespace that is not visible.
    pub pid_not_visible: u64,
    /// Cgroup ids without a path when asked: removed, or lookup by handle not permitted.
    pub cgroup_unknown: u64,
}

impl Statistics {
    /// Every count by its name.
    pub fn named(&self) -> [(&'static str, u64); 11] {
        [
            ("lookups", self.lookups),
            ("found", self.found),
            ("shared", self.shared),
            ("not_found", self.not_found),
            ("incomplete", self.incomplete),
            ("deferred", self.deferred),
            ("sender_distrusted", self.sender_distrusted),
            ("sender_disputed", self.sender_disputed),
            ("sender_deferred", self.sender_deferred),
            ("pid_not_visible", self.pid_not_visible),
            ("cgroup_unknown", self.cgroup_unknown),
        ]
    }

    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Holders(holders) => {
                self.found += 1;
                self.shared += u64::from(holders.len() > 1);
            }
            Outcome::NotFound => self.not_found += 1,
            Outcome::Incomplete => self.incomplete += 1,
            Outcome::Deferred => {
                self.deferred += 1;
                return;
            }
        }
        self.lookups += 1;
    }
}

/// Finds out who owns sockets. Used on one thread.
#[derive(Debug)]
pub struct Attribution {
    places: Places,
    processes: Processes,
    services: Services,
    sockets: Cache<u64, Evidence>,
    requests: SyncSender<Request>,
    answers: Receiver<Answer>,
    under_way: usize,
    /// Whether this kernel names senders (since 6.10).
    senders: bool,
    statistics: Statistics,
}

impl Attribution {
    /// `hierarchy`: where cgroup v2 is mounted, see [`cgroup::find_mount`]. The second value is
    /// for a thread, see [`Lookups::run`]; without it there are no lookups.
    pub fn new(hierarchy: Option<&Path>, now: Instant) -> (Self, Lookups) {
        let (requests, incoming) = sync_channel(QUEUE);
        let (outgoing, answers) = sync_channel(QUEUE);
        let opened = hierarchy.and_then(|mount| Hierarchy::open(mount).ok());
        let lookups = Lookups::new(incoming, outgoing, opened);
        let attribution = Self {
            places: Places::new(hierarchy),
            processes: Processes::new(process::proc_is_of_node(), now),
            services: Services::new(),
            sockets: Cache::new(SOCKETS),
            requests,
            answers,
            under_way: 0,
            senders: false,
            statistics: Statistics::default(),
        };
        (attribution, lookups)
    }

    /// What is known now of the owner of a socket. `None`: nothing at all.
    ///
    /// A later call may give more, or (when the evidence turns out to contradict itself) less.
    pub fn workload(&mut self, socket: &Socket, now: Instant) -> Option<Arc<Workload>> {
        let place = self.place(socket.cgroup, now);
        let place = place.as_deref();
        let stance = self.hear(socket, now);
        let found = match stance {
            Stance::Proven(workload) => Some(workload),
            Stance::Holder(pid) => self.holder(pid, place, now),
            Stance::Sender(pid) => self.sender(pid, socket, place, now),
            Stance::Unknown => None,
        };
        self.ask(socket, place, now);
        found
            .or_else(|| self.services.get(place?, socket.local, &mut self.processes, now))
            .or_else(|| place?.facts.clone())
    }

    /// Takes the answers of the lookup thread. To be called now and then.
    pub fn poll(&mut self, now: Instant) {
        while let Ok(answer) = self.answers.try_recv() {
            self.under_way = self.under_way.saturating_sub(1);
            self.take(answer, now);
        }
    }

    /// The counters so far.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Lookups under way.
    pub fn under_way(&self) -> usize {
        self.under_way
    }

    /// Whether /proc shows the processes of the node. Without it only container and pod are
    /// known (in Kubernetes: `hostPID` is missing).
    pub fn sees_processes(&self) -> bool {
        self.processes.visible()
    }

    fn place(&mut self, id: u64, now: Instant) -> Option<Arc<Place>> {
        let (place, failed) = self.places.get(id, now);
        self.statistics.cgroup_unknown += u64::from(failed);
        place
    }

    fn hear(&mut self, socket: &Socket, now: Instant) -> Stance {
        self.senders |= socket.pid != 0;
        let ask = if self.senders { now + SENDER_WAIT } else { now };
        let evidence = self.sockets.get_or_insert_with(socket.cookie, || Evidence::new(ask));
        self.statistics.sender_disputed += u64::from(evidence.hear(socket.pid, now));
        evidence.stance()
    }

    /// One of several holders, which the kernel named.
    fn holder(&mut self, pid: u32, place: Option<&Place>, now: Instant) -> Option<Arc<Workload>> {
        match self.processes.get(pid, now) {
            Seen::Process(process) => Some(self.processes.workload(&process, place)),
            Seen::Gone | Seen::Refused => None,
        }
    }

    /// The sender that the kernel named, when there is no proof of who holds the socket.
    fn sender(
        &mut self,
        pid: u32,
        socket: &Socket,
        place: Option<&Place>,
        now: Instant,
    ) -> Option<Arc<Workload>> {
        let seen = self.processes.get(pid, now);
        let evidence = self.sockets.get(socket.cookie)?;
        let verdict = match seen {
            Seen::Process(process) => {
                let verdict = match evidence.verdict(&process) {
                    Some(verdict) => verdict,
                    None => self.judge(&process, socket, place, now),
                };
                if let (Verdict::Trusted(_), Some(place), true) = (&verdict, place, socket.serves) {
                    self.services.learn(place, socket.local, &process, now);
                }
                Some(verdict)
            }
            // What was found while it was there stands.
            Seen::Gone if evidence.last_verdict().is_some() => evidence.last_verdict(),
            Seen::Gone => {
                self.statistics.pid_not_visible += 1;
                let verdict = Verdict::Trusted(Arc::new(only_id(pid, place)));
                evidence.judge(Arc::new(Process { pid, ..Process::default() }), verdict.clone());
                Some(verdict)
            }
            Seen::Refused => {
                self.statistics.sender_deferred += 1;
                evidence.last_verdict()
            }
        };
        match verdict? {
            Verdict::Trusted(workload) => Some(workload),
            Verdict::Distrusted => None,
        }
    }

    fn judge(
        &mut self,
        process: &Arc<Process>,
        socket: &Socket,
        place: Option<&Place>,
        now: Instant,
    ) -> Verdict {
        let at_home =
            place.is_none_or(|place| place.is_root() || self.places.holds(place, process, now));
        let verdict = if at_home && !process.kernel {
            Verdict::Trusted(self.processes.workload(process, place))
        } else {
            self.statistics.sender_distrusted += 1;
            Verdict::Distrusted
        };
        if let Some(evidence) = self.sockets.get(socket.cookie) {
            evidence.judge(Arc::clone(process), verdict.clone());
        }
        verdict
    }

    /// Asks the lookup thread where that is due.
    fn ask(&mut self, socket: &Socket, place: Option<&Place>, now: Instant) {
        let visible = self.processes.visible();
        let Some(evidence) = self.sockets.get(socket.cookie) else { return };
        if !visible || !evidence.wants_proof(now) {
            return;
        }
        let request = Request {
            query: socket::Query {
                cookie: socket.cookie,
                local: socket.local,
                remote: socket.remote,
                serves: socket.serves,
            },
            cgroup: socket.cgroup,
            path: place.and_then(|place| place.path.clone()),
            search: place.is_some_and(|place| place.searchable),
            sender: evidence.sender(),
        };
        if self.under_way < QUEUE && self.requests.try_send(request).is_ok() {
            self.under_way += 1;
            evidence.asked();
        } else {
            evidence.refused(now);
            self.statistics.deferred += 1;
        }
    }

    fn take(&mut self, answer: Answer, now: Instant) {
        if let Some(path) = answer.path {
            self.places.learn(answer.cgroup, path, now);
        }
        let place = self.place(answer.cgroup, now);
        let place = place.as_deref();
        self.statistics.count(&answer.outcome);
        let Some(evidence) = self.sockets.get(answer.query.cookie) else { return };
        let holders = match answer.outcome {
            Outcome::Holders(holders) => holders,
            Outcome::Deferred => return evidence.refused(now),
            Outcome::NotFound | Outcome::Incomplete => return evidence.not_found(now),
        };
        let ids = holders.iter().map(|process| process.pid).collect();
        let holders: Vec<_> =
            holders.into_iter().map(|process| self.processes.insert(process, now)).collect();
        let workload = self.processes.common(&holders, place);
        if let (Some(first), Some(place), true) = (holders.first(), place, answer.query.serves)
            && workload.executable.is_some()
        {
            self.services.learn(place, answer.query.local, first, now);
        }
        evidence.prove(ids, workload, answer.sender, now);
    }
}

/// What is known of a process that cannot be looked at, and of its socket.
fn only_id(pid: u32, place: Option<&Place>) -> Workload {
    let facts = place.and_then(|place| place.facts.as_deref()).cloned().unwrap_or_default();
    Workload { pid: Some(pid), ..facts }
}

#[cfg(test)]
mod tests;
