//! Finds the processes that hold a socket, on a thread of its own.
//!
//! A lookup reads /proc and may take milliseconds, so it is kept off the capture thread and
//! within a budget of time.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender},
    time::{Duration, Instant},
};

use super::{
    cgroup::Hierarchy,
    process::{self, Process},
    socket::{Namespaces, Query},
};

/// Time that lookups may take in each second, on average.
const BUDGET: Duration = Duration::from_millis(20);

/// Longest time for one lookup. What is not complete by then gives no answer.
const LOOKUP_MAX: Duration = Duration::from_millis(50);

/// Processes looked at in one lookup.
const PROCESSES_MAX: usize = 8 * 1024;

/// Holders beyond this number are as good as unknown.
pub const HOLDERS_MAX: usize = 64;

/// A question: who holds this socket?
#[derive(Clone, Debug)]
pub struct Request {
    /// The socket.
    pub query: Query,
    /// Its cgroup's id.
    pub cgroup: u64,
    /// Its cgroup's path, where known.
    pub path: Option<Box<str>>,
    /// The path is to be searched for.
    pub search: bool,
    /// A process that was named as its sender, or 0.
    pub sender: u32,
}

/// The answer to a [`Request`].
#[derive(Debug)]
pub struct Answer {
    /// As in the request.
    pub query: Query,
    /// As in the request.
    pub cgroup: u64,
    /// As in the request.
    pub sender: u32,
    /// The cgroup's path, where the lookup had to search for it and found it.
    pub path: Option<Box<str>>,
    /// What was found.
    pub outcome: Outcome,
}

/// What a lookup found.
#[derive(Debug)]
pub enum Outcome {
    /// The processes that hold the socket, at least one: all of its cgroup and the sender, or
    /// where none of these does, all of the node.
    Holders(Vec<Process>),
    /// No such socket or no holder: it was closed, or is not visible from here.
    NotFound,
    /// The search was too long.
    Incomplete,
    /// The budget is used up. Nothing was looked at.
    Deferred,
}

/// The lookup thread's state.
#[derive(Debug)]
pub struct Lookups {
    requests: Receiver<Request>,
    answers: SyncSender<Answer>,
    hierarchy: Option<Hierarchy>,
    namespaces: Namespaces,
    budget: Budget,
}

impl Lookups {
    pub(super) fn new(
        requests: Receiver<Request>,
        answers: SyncSender<Answer>,
        hierarchy: Option<Hierarchy>,
    ) -> Self {
        let budget = Budget::new(Instant::now());
        Self { requests, answers, hierarchy, namespaces: Namespaces::default(), budget }
    }

    /// Answers requests until the [`super::Attribution`] is dropped. The body of a thread.
    pub fn run(mut self) {
        loop {
            let answer = match self.requests.recv_timeout(Duration::from_secs(1)) {
                Ok(request) => self.answer(&request),
                Err(RecvTimeoutError::Timeout) => {
                    self.namespaces.expire(Instant::now());
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            // There is room for as many answers as may be asked for.
            if self.answers.try_send(answer).is_err() {
                return;
            }
        }
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let begin = Instant::now();
        let mut answer = Answer {
            query: request.query,
            cgroup: request.cgroup,
            sender: request.sender,
            path: None,
            outcome: Outcome::Deferred,
        };
        if self.budget.has_time(begin) {
            let deadline = begin + LOOKUP_MAX;
            if request.search {
                let search = |hierarchy: &Hierarchy| hierarchy.search(request.cgroup, deadline);
                answer.path = self.hierarchy.as_ref().and_then(search);
            }
            let path = request.path.as_deref().or(answer.path.as_deref());
            answer.outcome = self.find(request, path, deadline);
            self.namespaces.expire(begin);
            self.budget.spend(begin.elapsed());
        }
        answer
    }

    fn find(&mut self, request: &Request, path: Option<&str>, deadline: Instant) -> Outcome {
        let near = self.near(request, path);
        if let Some(inode) = self.namespaces.inode(&request.query, &near, deadline) {
            match holders(&near, inode, deadline) {
                Some(found) if found.is_empty() => {}
                found => return found.map_or(Outcome::Incomplete, Outcome::Holders),
            }
        } else if !near.is_empty() {
            // The members of a cgroup share their network namespace, so it was closed.
            return nothing(deadline);
        }
        // The root cgroup says nothing, and a socket made in one cgroup may be held in another.
        let all = process::all(PROCESSES_MAX);
        let Some(inode) = self.namespaces.inode(&request.query, &all, deadline) else {
            return nothing(deadline);
        };
        match holders(&all, inode, deadline) {
            Some(found) if found.is_empty() => nothing(deadline),
            found => found.map_or(Outcome::Incomplete, Outcome::Holders),
        }
    }

    /// The processes to ask first: the members of the cgroup, if there are any, and the one named
    /// as sender.
    fn near(&self, request: &Request, path: Option<&str>) -> Vec<u32> {
        let (Some(hierarchy), Some(path)) = (&self.hierarchy, path) else { return Vec::new() };
        if path == "/" {
            return Vec::new();
        }
        let mut near = hierarchy.members(path, PROCESSES_MAX);
        if !near.is_empty() && request.sender != 0 && !near.contains(&request.sender) {
            near.push(request.sender);
        }
        near
    }
}

/// The outcome of a search that found nothing.
fn nothing(deadline: Instant) -> Outcome {
    if Instant::now() < deadline { Outcome::NotFound } else { Outcome::Incomplete }
}

/// All of the candidates that hold the socket with this inode number. `None` when not all could
/// be asked: one that was found may then not be the only one.
///
/// Processes that the sensor may not read count as not holding it.
fn holders(candidates: &[u32], inode: u32, deadline: Instant) -> Option<Vec<Process>> {
    let mut found = Vec::new();
    for &pid in candidates {
        if Instant::now() >= deadline || found.len() > HOLDERS_MAX {
            return None;
        }
        if process::holds_socket(pid, inode, deadline)? {
            found.extend(Process::read(pid));
        }
    }
    if candidates.len() >= PROCESSES_MAX {
        return None;
    }
    if found.len() > 1 {
        // Between fork and exec a child has all the descriptors of its parent: look again.
        let holds = |process: &Process| process::holds_socket(process.pid, inode, deadline);
        found.retain(|process| holds(process).unwrap_or(true));
    }
    Some(found)
}

/// A budget of time that fills up evenly. What is spent beyond it has to be made up for.
#[derive(Debug)]
struct Budget {
    /// Seconds left, negative after an expensive lookup.
    left: f64,
    filled: Instant,
}

impl Budget {
    fn new(now: Instant) -> Self {
        Self { left: BUDGET.as_secs_f64(), filled: now }
    }

    fn has_time(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        let full = BUDGET.as_secs_f64();
        self.left = (self.left + passed * full).min(full);
        self.filled = now;
        self.left > 0.0
    }

    fn spend(&mut self, time: Duration) {
        self.left -= time.as_secs_f64();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_holds_on_average() {
        let mut now = Instant::now();
        let mut budget = Budget::new(now);
        let mut spent = Duration::ZERO;
        for _ in 0..10_000 {
            now += Duration::from_millis(1);
            if budget.has_time(now) {
                budget.spend(Duration::from_millis(7));
                spent += Duration::from_millis(7);
            }
        }
        let most = BUDGET * 11 + Duration::from_millis(7);
        assert!(spent > BUDGET * 9 && spent <= most, "{spent:?} in ten seconds");
    }

    #[test]
    fn unused_time_is_not_saved_up() {
        let begin = Instant::now();
        let mut budget = Budget::new(begin);
        let later = begin + Duration::from_hours(1);
        assert!(budget.has_time(later));
        budget.spend(BUDGET);
        assert!(!budget.has_time(later));
        assert!(budget.has_time(later + Duration::from_millis(10)));
    }
}
