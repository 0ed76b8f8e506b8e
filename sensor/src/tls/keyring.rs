//! Secrets that have come and whose connection is not known, or not over.
//!
//! A library's key log call does not say which connection it is about, so a secret waits here
//! until it opens a record: the tag is the proof. From then on it is kept under the client random
//! of that connection, where the capture of the other end finds it too.

use std::collections::VecDeque;

use hashbrown::HashMap;

use super::secret::{Label, Secret, SecretBytes};
use crate::exchange::Timestamp;

/// Secrets tried on a record in one go; the next go takes the next ones.
const MAX_TRIES: usize = 1024;
/// Secrets among which a new one is looked for: both ends log the same within a handshake's time. A
/// repeat that is older is kept twice, which costs a trial.
const RECENT: usize = 128;
/// Secrets kept under one client random: each label twice, for a retry or a forged line.
const MAX_PER_CONNECTION: usize = 2 * Label::COUNT;

/// Nanoseconds that a secret may have been logged before its connection's `ClientHello` was seen:
/// early data's are made before it is sent.
const EARLIER: u64 = 1_000_000_000;

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

/// How far a connection has looked through the secrets of a label.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// Serials of the first and the last one tried; all between them were.
    tried: Option<(u64, u64)>,
    /// The newest secret of any label at that time.
    newest: u64,
    /// Some are left from then.
    unfinished: bool,
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

/// The way through a queue from the time of a handshake on, forwards and backwards, the nearer
/// secret first. What was logged long before the connection began is none of its, but for a master
/// secret, whose session may be resumed.
struct Walk<'a> {
    queue: &'a VecDeque<Entry>,
    from: Timestamp,
    /// Those before are not looked at.
    floor: usize,
    /// Those from `start` up to `end` are behind.
    start: usize,
    end: usize,
}

impl<'a> Walk<'a> {
    fn new(queue: &'a VecDeque<Entry>, label: Label, claimant: &Claimant, seen: &Seen) -> Self {
        let from = claimant.agreed;
        let before = |time: Timestamp| queue.partition_point(|entry| entry.time < time);
        let floor = match label {
            Label::Master => 0,
            _ => before(Timestamp(claimant.began.0.saturating_sub(EARLIER))),
        };
        let (start, end) = match seen.tried {
            Some((first, last)) => (
                queue.partition_point(|entry| entry.serial < first),
                queue.partition_point(|entry| entry.serial <= last),
            ),
            None => (before(from), before(from)),
        };
        Self { queue, from, floor, start, end }
    }

    /// How far the queue was looked through, when `newest` is the newest secret.
    fn seen(&self, newest: u64) -> Seen {
        let serial = |index: usize| self.queue.get(index).map(|entry| entry.serial);
        let last = self.end.checked_sub(1).filter(|last| *last >= self.start).and_then(serial);
        Seen {
            tried: serial(self.start).zip(last),
            newest,
            unfinished: self.start > self.floor || self.end < self.queue.len(),
        }
    }

    fn distance(&self, index: usize) -> u64 {
        let time = self.queue[index].time;
        time.since(self.from).max(self.from.since(time))
    }
}

impl Iterator for Walk<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let before = self.start.checked_sub(1).filter(|before| *before >= self.floor);
        let behind = Some(self.end).filter(|behind| *behind < self.queue.len());
        let backwards = match (before, behind) {
            (Some(before), Some(behind)) => self.distance(before) < self.distance(behind),
            (before, _) => before.is_some(),
        };
        if backwards {
            self.start -= 1;
            return before;
        }
        self.end += usize::from(behind.is_some());
        behind
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
mod tests {
    use super::*;

    const RANDOM: [u8; 32] = [7; 32];

    fn secret(label: Label, random: Option<[u8; 32]>, number: u8) -> Secret {
        let bytes: Vec<u8> = (0..32).map(|index| index ^ number).collect();
        Secret::new(label, random, &bytes).unwrap()
    }

    fn keyring(count: usize, age: u64) -> Keyring {
        Keyring::new(KeyringLimits { count, age, tries: u64::MAX })
    }

    /// A connection whose handshake was over in the nanosecond `time`.
    fn claimant(client_random: [u8; 32], time: u64) -> Claimant {
        Claimant { client_random, began: Timestamp(time), agreed: Timestamp(time) }
    }

    /// Claims the secret of a number; how many were tried, if it was there.
    fn claim_at(
        keyring: &mut Keyring,
        claimant: &Claimant,
        seen: &mut Seen,
        number: u8,
    ) -> Option<u64> {
        let before = keyring.counts.tries;
        keyring
            .claim(Label::ServerHandshake, 32, claimant, seen, |secret| {
                (secret.as_ref()[0] == number).then_some(())
            })
            .map(|()| keyring.counts.tries - before)
    }

    fn claim(keyring: &mut Keyring, random: [u8; 32], seen: &mut Seen, number: u8) -> Option<u64> {
        claim_at(keyring, &claimant(random, 0), seen, number)
    }

    #[test]
    fn the_nearest_is_tried_first_and_nothing_twice() {
        let mut keyring = keyring(100, u64::MAX);
        for number in 1..=10 {
            let logged = Timestamp(u64::from(number) * 10);
            keyring.add(secret(Label::ServerHandshake, None, number), logged);
            keyring.add(secret(Label::ClientHandshake, None, number), logged);
        }
        let claimant = claimant(RANDOM, 52);
        let mut seen = Seen::default();
        assert_eq!(claim_at(&mut keyring, &claimant, &mut seen, 11), None);
        assert_eq!(keyring.counts.tries, 10);
        assert_eq!(claim_at(&mut keyring, &claimant, &mut seen, 10), None);
        assert_eq!(keyring.counts.tries, 10);
        keyring.add(secret(Label::ServerHandshake, None, 11), Timestamp(110));
        assert_eq!(claim_at(&mut keyring, &claimant, &mut seen, 11), Some(1));
        // 50, 60, 40, 70.
        let other = Claimant { client_random: [8; 32], ..claimant };
        assert_eq!(claim_at(&mut keyring, &other, &mut Seen::default(), 7), Some(4));
    }

    #[test]
    fn what_was_logged_long_before_the_connection_is_none_of_its() {
        let mut keyring = keyring(100, u64::MAX);
        keyring.add(secret(Label::ServerHandshake, None, 1), Timestamp(0));
        keyring.add(secret(Label::ServerHandshake, None, 2), Timestamp(EARLIER));
        let claimant = claimant(RANDOM, 2 * EARLIER);
        assert_eq!(claim_at(&mut keyring, &claimant, &mut Seen::default(), 1), None);
        assert_eq!(keyring.counts.tries, 1);
        assert_eq!(claim_at(&mut keyring, &claimant, &mut Seen::default(), 2), Some(1));
        // A session may be resumed long after.
        keyring.add(Secret::new(Label::Master, None, &[1, 2].repeat(24)).unwrap(), Timestamp(0));
        let found = keyring.claim(Label::Master, 48, &claimant, &mut Seen::default(), |_| Some(()));
        assert_eq!(found, Some(()));
    }

    #[test]
    fn of_a_secret_without_a_label_one_copy_is_used() {
        let mut keyring = keyring(100, u64::MAX);
        for label in [Label::ServerHandshake, Label::ServerApplication] {
            keyring.add(secret(label, None, 1), Timestamp(0));
        }
        assert_eq!(claim(&mut keyring, RANDOM, &mut Seen::default(), 1), Some(1));
        let other = claimant([8; 32], 0);
        let found =
            keyring.claim(Label::ServerApplication, 32, &other, &mut Seen::default(), |_| Some(()));
        assert_eq!((found, keyring.counts.tries), (None, 1));
    }

    #[test]
    fn a_claimed_secret_serves_the_other_end_and_no_other_connection() {
        let mut keyring = keyring(100, u64::MAX);
        keyring.add(secret(Label::ServerHandshake, None, 1), Timestamp(0));
        assert_eq!(claim(&mut keyring, RANDOM, &mut Seen::default(), 1), Some(1));
        // The peer's library logs it as well.
        keyring.add(secret(Label::ServerHandshake, None, 1), Timestamp(0));
        assert_eq!((keyring.unclaimed(), keyring.counts.repeated), (0, 1));
        assert_eq!(claim(&mut keyring, RANDOM, &mut Seen::default(), 1), Some(1));
        assert_eq!(claim(&mut keyring, [8; 32], &mut Seen::default(), 1), None);
    }

    #[test]
    fn a_client_random_is_believed() {
        let mut keyring = keyring(100, u64::MAX);
        keyring.add(secret(Label::ServerHandshake, Some(RANDOM), 1), Timestamp(0));
        assert_eq!(claim(&mut keyring, [8; 32], &mut Seen::default(), 1), None);
        assert_eq!(claim(&mut keyring, RANDOM, &mut Seen::default(), 1), Some(1));
    }

    #[test]
    fn count_and_age_are_bounded() {
        let mut keyring = keyring(3, 10);
        for number in 1..=5 {
            keyring.add(secret(Label::ServerHandshake, None, number), Timestamp(0));
            keyring.add(secret(Label::ServerHandshake, Some([number; 32]), number), Timestamp(0));
        }
        assert_eq!((keyring.unclaimed(), keyring.connections.len()), (3, 3));
        assert_eq!(keyring.counts.evicted, 4);
        for number in 1..=100 {
            keyring.add(secret(Label::ServerHandshake, Some([5; 32]), number), Timestamp(5));
        }
        assert_eq!(keyring.connections[&[5; 32]].len(), MAX_PER_CONNECTION);
        keyring.expire(Timestamp(11));
        assert_eq!((keyring.unclaimed(), keyring.connections.len()), (0, 0));
        assert_eq!(keyring.counts.expired, 3);
    }

    #[test]
    fn a_flood_costs_a_bounded_number_of_tries() {
        let mut keyring = keyring(10_000, u64::MAX);
        for number in 0..5000_u16 {
            let [high, low] = number.to_be_bytes();
            let bytes: Vec<u8> = [high, low].into_iter().chain(0..30).collect();
            let secret = Secret::new(Label::ServerHandshake, None, &bytes).unwrap();
            keyring.add(secret, Timestamp(0));
        }
        assert_eq!(claim(&mut keyring, RANDOM, &mut Seen::default(), 200), None);
        assert_eq!(keyring.counts.tries, MAX_TRIES as u64);
        // The farthest come last, and they do come.
        let mut seen = Seen::default();
        let goes = 5000_usize.div_ceil(MAX_TRIES);
        let found = (0..goes).find_map(|_| claim(&mut keyring, RANDOM, &mut seen, 19));
        assert!(found.is_some());
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let check = |label, bytes: &[u8]| assert!(Secret::new(label, None, bytes).is_none());
        check(Label::Master, &[1, 2, 3]);
        check(Label::Master, &(0..32).collect::<Vec<u8>>());
        check(Label::ServerHandshake, &[0; 32]);
        check(Label::ServerHandshake, &[0xff; 48]);
        check(Label::ClientEarly, &(0..64).collect::<Vec<u8>>());
        check(Label::ClientEarly, b"");
    }
}
