//! How much of the node's TLS is read, and by which program the rest was spoken.
//!
//! A row is a program (its executable and container), not a process: short-lived clients would
//! fill the table.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::{
    connections::TlsOutcome,
    exchange::{Timestamp, Workload},
    tls::DarkReason,
};

/// Rows kept; what finds no room is counted under no program.
const MAX_ROWS: usize = 1024;
/// Outcomes that wait until their process can be known.
const MAX_PENDING: usize = 16_384;
/// How long they wait, in nanoseconds: a lookup has its answer by then.
const PATIENCE: u64 = 1_000_000_000;

/// Outcomes of TLS connections, by program.
#[derive(Debug, Default)]
pub struct Coverage {
    rows: HashMap<Program, Tally>,
    pending: VecDeque<(Timestamp, TlsOutcome)>,
}

/// Who speaks TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Program {
    executable: Option<Box<str>>,
    comm: Option<Box<str>>,
    container: Option<Box<str>>,
}

#[derive(Clone, Debug, Default)]
struct Tally {
    pid: Option<u32>,
    read: u64,
    dark: BTreeMap<&'static str, u64>,
}

/// A program's TLS connections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TlsProgram {
    /// Path of the executable in the process's own mount namespace; `None` when no process could
    /// be named.
    pub executable: Option<String>,
    /// The kernel's name of the process.
    pub name: Option<String>,
    /// Container id.
    pub container: Option<String>,
    /// The process that spoke last.
    pub pid: Option<u32>,
    /// Connections that are read.
    pub read: u64,
    /// Connections that are not, by reason.
    pub dark: BTreeMap<String, u64>,
    /// What the search for the key-log function came to.
    pub library: Option<String>,
}

impl Coverage {
    /// Takes an outcome, to be booked when its process can be known.
    pub fn add(&mut self, outcome: TlsOutcome, now: Timestamp) {
        if self.pending.len() >= MAX_PENDING {
            self.pending.pop_front();
        }
        self.pending.push_back((now, outcome));
    }

    /// Books what has waited long enough, with the process that `who` names.
    pub fn book(
        &mut self,
        now: Timestamp,
        mut who: impl FnMut(&TlsOutcome) -> Option<Arc<Workload>>,
    ) {
        while let Some((time, outcome)) = self.pending.front() {
            // The first call for a socket asks, a later one gets the answer.
            let workload = who(outcome);
            let process = workload.as_ref().is_some_and(|workload| workload.pid.is_some());
            if !process && now.since(*time) < PATIENCE {
                break;
            }
            self.count(outcome.result.map_err(DarkReason::as_str), workload.as_deref());
            self.pending.pop_front();
        }
    }

    fn count(&mut self, result: Result<(), &'static str>, workload: Option<&Workload>) {
        let mut program = workload.map(Program::of).unwrap_or_default();
        if self.rows.len() >= MAX_ROWS && !self.rows.contains_key(&program) {
            program = Program::default();
        }
        let tally = self.rows.entry(program).or_default();
        tally.pid = workload.and_then(|workload| workload.pid).or(tally.pid);
        match result {
            Ok(()) => tally.read += 1,
            Err(reason) => *tally.dark.entry(reason).or_default() += 1,
        }
    }

    /// The rows, those with the most dark connections first.
    pub fn rows(&self) -> Vec<TlsProgram> {
        let text = |value: &Option<Box<str>>| value.as_deref().map(str::to_owned);
        let mut rows: Vec<_> = self
            .rows
            .iter()
            .map(|(program, tally)| TlsProgram {
                executable: text(&program.executable),
                name: text(&program.comm),
                container: text(&program.container),
                pid: tally.pid,
                read: tally.read,
                dark: tally
                    .dark
                    .iter()
                    .map(|(reason, count)| ((*reason).to_owned(), *count))
                    .collect(),
                library: None,
            })
            .collect();
        rows.sort_by_key(|row| {
            let dark: u64 = row.dark.values().sum();
            (std::cmp::Reverse(dark), std::cmp::Reverse(row.read), row.executable.clone())
        });
        rows
    }
}

impl Program {
    fn of(workload: &Workload) -> Self {
        Self {
            executable: workload.executable.clone(),
            comm: workload.comm.clone(),
            container: workload.container.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(executable: &str) -> Workload {
        Workload { pid: Some(7), executable: Some(executable.into()), ..Workload::default() }
    }

    #[test]
    fn programs_are_counted_by_outcome_and_the_darkest_comes_first() {
        let mut coverage = Coverage::default();
        coverage.count(Ok(()), Some(&workload("/bin/a")));
        coverage.count(Ok(()), Some(&workload("/bin/a")));
        coverage.count(Err("secret_never_came"), Some(&workload("/bin/b")));
        coverage.count(Err("no_handshake"), None);
        coverage.count(Err("no_handshake"), None);
        let rows = coverage.rows();
        let names: Vec<_> = rows.iter().map(|row| row.executable.as_deref()).collect();
        assert_eq!(names, [None, Some("/bin/b"), Some("/bin/a")]);
        assert_eq!((rows[2].read, rows[2].dark.len(), rows[0].dark["no_handshake"]), (2, 0, 2));
    }

    #[test]
    fn programs_beyond_the_cap_are_counted_under_none() {
        let mut coverage = Coverage::default();
        for number in 0..MAX_ROWS + 10 {
            coverage.count(Ok(()), Some(&workload(&format!("/bin/{number}"))));
        }
        let rows = coverage.rows();
        assert!(rows.len() <= MAX_ROWS + 1);
        assert_eq!(rows.iter().map(|row| row.read).sum::<u64>(), MAX_ROWS as u64 + 10);
    }
}
