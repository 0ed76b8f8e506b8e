//! Secrets that have come and whose connection is not known, or not over.
//!
//! A library's key log call does not say which connection it is about, so a secret waits here
//! until it opens a record: the tag is the proof. From then on it is kept under the client random
//! of that connection, where the capture of the other end finds it too.

mod walk;

use std::collections::VecDeque;

use hashbrown::HashMap;

pub(super) use walk::Seen;
use walk::Walk;

use super::secret::{Label, Secret, SecretBytes};
use crate::exchange::Timestamp;

/// Secrets tried on a record in one go; the next go takes the next ones.
const MAX_TRIES: usize = 1024;
/// Secrets among which a new one is looked for: both ends log the same within a handshake's time. A
/// repeat that is older is kept twice, which costs a trial.
const RECENT: usize = 128;
/// Secrets kept under one client random: each label twice, for a retry or a forged line.
const MAX_PER_CONNECTION: usize = 2 * Label::COUNT;

/// Bounds on what a keyring keeps.
#[derive(Clone, Copy, Debug)]
pub struct KeyringLimits {
    /// Secrets of each label, and connections, kept at most.
    pub count: usize,
    /// Nanoseconds after which a secret is forgotten.
    pub age: u64,
    /// Trials of secrets on records of all connections in 100 ms of the capture's clock. What finds
    /// none left is tried later.
    pub tries: u64,
}

/// What [`KeyringLimits::tries`] is for, in nanoseconds.
const TICK: u64 = 100_000_000;

/// What became of secrets.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyringCounts {
    /// Secrets taken in.
    pub added: u64,
    /// Secrets that were there already.
    pub repeated: u64,
    /// Secrets that opened a record.
    pub claimed: u64,
    /// Secrets forgotten because there were too many.
    pub evicted: u64,
    /// Secrets that grew too old before they opened anything.
    pub expired: u64,
    /// Trials of a secret on a record.
    pub tries: u64,
    /// Trials put off because there were too many.
    pub deferred: u64,
}

/// Secrets in wait of their connection. Wiped when dropped.
pub struct Keyring {
    limits: KeyringLimits,
    /// By label, oldest first: no client random is known.
    unclaimed: [VecDeque<Entry>; Label::COUNT],
    /// By client random.
    connections: HashMap<[u8; 32], Connection, foldhash::fast::RandomState>,
    /// The client randoms by the time of their first secret.
    ages: VecDeque<(Timestamp, [u8; 32])>,
    /// Fingerprints of TLS 1.3 secrets that opened a record: the other end logs them as well.
    claimed: Fingerprints,
    serial: u64,
    /// Since when trials are counted, and how many are left.
    tick: (Timestamp, u64),
    /// What became of secrets.
    pub counts: KeyringCounts,
}

#[derive(Clone)]
struct Entry {
    label: Label,
    bytes: SecretBytes,
    time: Timestamp,
    serial: u64,
}

type Connection = Vec<Entry>;

/// The connection that looks for a secret.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claimant {
    pub client_random: [u8; 32],
    /// When its first `ClientHello` was seen.
    pub began: Timestamp,
    /// When its last hello was seen: its secrets are logged about then.
    pub agreed: Timestamp,
}

impl Keyring {
    /// An empty keyring.
    pub fn new(limits: KeyringLimits) -> Self {
        Self {
            limits,
            unclaimed: Default::default(),
            connections: HashMap::default(),
            ages: VecDeque::new(),
            claimed: Fingerprints::default(),
            serial: 0,
            tick: (Timestamp::default(), limits.tries),
            counts: KeyringCounts::default(),
        }
    }

    /// Takes in a secret that was logged then. The oldest makes room when there are too many.
    pub fn add(&mut self, secret: Secret, logged: Timestamp) {
        self.expire(logged);
        let Secret { label, client_random, bytes } = secret;
        let entry = Entry { label, bytes, time: logged, serial: self.serial + 1 };
        let added = match client_random {
            Some(random) => self.add_known(random, entry),
            None => self.add_unclaimed(entry),
        };
        if added {
            self.serial += 1;
            self.counts.added += 1;
        } else {
            self.counts.repeated += 1;
        }
    }

    /// Forgets what is too old.
    pub fn expire(&mut self, now: Timestamp) {
        let age = self.limits.age;
        if now.since(self.tick.0) >= TICK {
            self.tick = (now, self.limits.tries);
        }
        for queue in &mut self.unclaimed {
            while queue.front().is_some_and(|entry| now.since(entry.time) > age) {
                queue.pop_front();
                self.counts.expired += 1;
            }
        }
        while let Some((time, random)) = self.ages.front() {
            if now.since(*time) <= age {
                break;
            }
            self.connections.remove(random);
            self.ages.pop_front();
        }
    }

    /// Secrets that no connection has claimed.
    pub fn unclaimed(&self) -> usize {
        self.unclaimed.iter().map(VecDeque::len).sum()
    }

    /// Tries the secrets of a label and length that `seen` has not met: those of the claimant's
    /// client random, then the unclaimed ones, those logged nearest to its handshake first. One
    /// that `proof` accepts becomes the connection's.
    pub(super) fn claim<T>(
        &mut self,
        label: Label,
        length: usize,
        claimant: &Claimant,
        seen: &mut Seen,
        mut proof: impl FnMut(&SecretBytes) -> Option<T>,
    ) -> Option<T> {
        if seen.newest == self.serial && !seen.unfinished {
            return None;
        }
        let (_, left) = &mut self.tick;
        if *left == 0 {
            self.counts.deferred += 1;
            return None;
        }
        let tries = &mut self.counts.tries;
        let mut prove = |entry: &Entry| {
            *tries += 1;
            *left = left.saturating_sub(1);
            proof(&entry.bytes)
        };
        let fits = |entry: &Entry| entry.bytes.as_ref().len() == length;
        let known = self.connections.get(&claimant.client_random).into_iter().flatten();
        let mut known = known.filter(|e| e.label == label && e.serial > seen.newest && fits(e));
        if let Some(proved) = known.find_map(&mut prove) {
            self.counts.claimed += 1;
            return Some(proved);
        }
        let queue = &self.unclaimed[label as usize];
        let mut walk = Walk::new(queue, label, claimant, seen);
        let proved = walk.by_ref().take(MAX_TRIES).find_map(|index| {
            // Where the library gave no label there is one under each.
            let fresh = fits(&queue[index]) && !self.claimed.contains(&queue[index].bytes);
            Some((index, fresh.then(|| prove(&queue[index])).flatten()?))
        });
        *seen = walk.seen(self.serial);
        let (index, proved) = proved?;
        self.counts.claimed += 1;
        self.move_to_connection(label, index, claimant.client_random);
        Some(proved)
    }

    fn move_to_connection(&mut self, label: Label, index: usize, client_random: [u8; 32]) {
        let queue = &mut self.unclaimed[label as usize];
        // The master secret of TLS 1.2 opens every connection that resumes its session, and may
        // have come for several before the first was seen: it stays.
        if label == Label::Master {
            let Some(entry) = queue.get(index).cloned() else { return };
            self.add_known(client_random, entry);
            return;
        }
        let Some(entry) = queue.remove(index) else { return };
        self.claimed.insert(&entry.bytes, self.limits.count);
        self.add_known(client_random, entry);
    }

    fn add_known(&mut self, random: [u8; 32], entry: Entry) -> bool {
        if !self.connections.contains_key(&random) {
            if self.ages.len() >= self.limits.count
                && let Some((_, oldest)) = self.ages.pop_front()
                && let Some(entries) = self.connections.remove(&oldest)
            {
                self.counts.evicted += entries.len() as u64;
            }
            self.ages.push_back((entry.time, random));
        }
        let entries = self.connections.entry(random).or_default();
        if entries.iter().any(|known| known.label == entry.label && known.bytes == entry.bytes) {
            return false;
        }
        if entries.len() >= MAX_PER_CONNECTION {
            entries.remove(0);
            self.counts.evicted += 1;
        }
        entries.push(entry);
        true
    }

    fn add_unclaimed(&mut self, entry: Entry) -> bool {
        let queue = &mut self.unclaimed[entry.label as usize];
        let recent = queue.iter().rev().take(RECENT);
        if recent.into_iter().any(|known| known.bytes == entry.bytes)
            || self.claimed.contains(&entry.bytes)
        {
            return false;
        }
        if queue.len() >= self.limits.count {
            queue.pop_front();
            self.counts.evicted += 1;
        }
        queue.push_back(entry);
        true
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Keyring")
            .field("unclaimed", &self.unclaimed())
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

/// Keyed hashes of secrets, in two generations of bounded size.
#[derive(Default)]
struct Fingerprints {
    young: HashMap<u64, (), foldhash::fast::RandomState>,
    old: HashMap<u64, (), foldhash::fast::RandomState>,
    hasher: foldhash::quality::RandomState,
}

impl Fingerprints {
    fn insert(&mut self, secret: &SecretBytes, generation: usize) {
        if self.young.len() >= generation {
            self.old = std::mem::take(&mut self.young);
        }
        let fingerprint = self.fingerprint(secret);
        self.young.insert(fingerprint, ());
    }

    fn contains(&self, secret: &SecretBytes) -> bool {
        let fingerprint = self.fingerprint(secret);
        self.young.contains_key(&fingerprint) || self.old.contains_key(&fingerprint)
    }

    fn fingerprint(&self, secret: &SecretBytes) -> u64 {
        std::hash::BuildHasher::hash_one(&self.hasher, secret.as_ref())
    }
}

#[cfg(test)]
mod tests;
