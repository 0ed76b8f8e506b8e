//! From an open file to probes in it: the scan, its remembered result, the attachment.

use std::{
    collections::BTreeSet,
    fs::File,
    io,
    path::PathBuf,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use tracing::{debug, info, warn};

use super::{
    Attach, AttachError,
    cache::{Cache, Outcome},
};
use crate::capture::keylog::{self, Budget, Found, Identity, Library, Nothing, Source};

/// Probes in place at most. Each holds a descriptor, and each of their files another.
const MAX_PROBES: usize = 2048;

/// Type number of overlayfs (`OVERLAYFS_SUPER_MAGIC` in linux/magic.h).
const OVERLAYFS: i128 = 0x794c_7630;

/// Why a scan says nothing.
const CHANGED: &str = "the file changed while it was read";

pub(super) struct Scanner<A: Attach> {
    attach: A,
    cache: Cache,
    placed: Vec<Placed<A::Link>>,
    /// Set when the sensor ends: a scan in progress ends as well.
    stop: Arc<AtomicBool>,
    warned: bool,
    /// Files scanned.
    pub scanned: u64,
    /// Files whose result was remembered.
    pub remembered: u64,
    /// Probes that the kernel refused.
    pub refused: u64,
}

/// What was made of a file.
pub(super) enum State<L> {
    /// No TLS library.
    Nothing,
    /// One that is not read.
    Dark {
        library: Option<Library>,
        reason: String,
        /// Whether it may end otherwise another time.
        again: Again,
    },
    /// Probes are in place.
    Probed(Arc<Probe<L>>),
}

/// Whether a file is worth another try at the next look at all processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    Never,
    /// The scan took too long: the machine may be quieter.
    Seldom,
    /// No probe could be attached.
    Always,
}

/// The probes of a file.
pub(super) struct Probe<L> {
    /// Names of the libraries; a program may have two.
    pub libraries: String,
    /// Where they are in the file.
    pub offsets: Vec<u64>,
    /// Why some of the file's functions have none.
    pub refusal: Option<String>,
    links: Vec<L>,
}

struct Placed<L> {
    /// The file below an overlay.
    below: Option<Identity>,
    probe: Weak<Probe<L>>,
}

impl<A: Attach> Scanner<A> {
    pub fn new(attach: A, cache: Option<PathBuf>, stop: Arc<AtomicBool>) -> Self {
        Self {
            attach,
            cache: Cache::open(cache),
            placed: Vec::new(),
            stop,
            warned: false,
            scanned: 0,
            remembered: 0,
            refused: 0,
        }
    }

    /// Whether the sensor ends.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Probes in place.
    pub fn probes(&self) -> usize {
        let live = self.placed.iter().filter_map(|placed| placed.probe.upgrade());
        live.map(|probe| probe.links.len()).sum()
    }

    /// Writes what has changed in the cache.
    pub fn save(&mut self) {
        self.cache.save();
    }

    /// Scans a file and attaches to what was found.
    pub fn examine(&mut self, file: &File, identity: Identity, path: &str) -> State<A::Link> {
        match self.outcome(file, identity) {
            Ok(found) => self.place(file, identity, path, &found),
            Err(Nothing::NoTls) => State::Nothing,
            Err(nothing) => {
                debug!(path, %nothing, "TLS library not read");
                State::Dark {
                    library: library(&nothing),
                    reason: nothing.to_string(),
                    again: match &nothing {
                        Nothing::OverBudget { limit } if limit == "time" => Again::Seldom,
                        Nothing::Refused { why } if why == CHANGED => Again::Always,
                        _ => Again::Never,
                    },
                }
            }
        }
    }

    /// Where the functions in a file are, if there are any.
    pub fn functions(&mut self, file: &File, identity: Identity) -> Option<Vec<u64>> {
        let found = self.outcome(file, identity).ok()?;
        Some(found.iter().map(|found| found.offset).collect())
    }

    /// The functions in a file, from memory where they are known.
    fn outcome(&mut self, file: &File, identity: Identity) -> Outcome {
        if let Some(outcome) = self.cache.get(file, identity) {
            self.remembered += 1;
            return outcome;
        }
        self.scanned += 1;
        let source = Interruptible { file, stop: &self.stop };
        let explanation = keylog::explain(&source, Budget::default());
        let unchanged = file.metadata().is_ok_and(|after| Identity::of(&after) == identity);
        if !unchanged || self.is_stopped() {
            return Err(Nothing::Refused { why: CHANGED.to_owned() });
        }
        let outcome = explanation.outcome;
        // It may fare better on a quieter machine.
        if !matches!(outcome, Err(Nothing::OverBudget { .. })) {
            self.cache.put(identity, explanation.build_id.as_deref(), &outcome);
        }
        outcome
    }

    fn place(
        &mut self,
        file: &File,
        identity: Identity,
        path: &str,
        found: &[Found],
    ) -> State<A::Link> {
        self.placed.retain(|placed| placed.probe.strong_count() > 0);
        let offsets: Vec<_> = found.iter().map(|found| found.offset).collect();
        let below = below(file, identity);
        let same = self.placed.iter().filter(|placed| placed.below.is_some());
        let mut same = same.filter(|placed| placed.below == below);
        if let Some(probe) = same.find_map(|placed| placed.probe.upgrade())
            && probe.offsets == offsets
        {
            return State::Probed(probe);
        }
        let Some(library) = found.first().map(|found| found.library) else {
            return State::Nothing;
        };
        let (links, refusal) = self.attach_all(file, path, found);
        if links.is_empty() {
            let reason = refusal.unwrap_or_default();
            return State::Dark { library: Some(library), reason, again: Again::Always };
        }
        let libraries = names(found);
        info!(path, libraries, probes = links.len(), "TLS library probed");
        let probe = Arc::new(Probe { libraries, offsets, refusal, links });
        self.placed.push(Placed { below, probe: Arc::downgrade(&probe) });
        State::Probed(probe)
    }

    fn attach_all(
        &mut self,
        file: &File,
        path: &str,
        found: &[Found],
    ) -> (Vec<A::Link>, Option<String>) {
        let mut links = Vec::new();
        let mut refusal = None;
        let room = MAX_PROBES.saturating_sub(self.probes());
        if found.len() > room {
            return (links, Some(format!("there are {MAX_PROBES} probes already")));
        }
        for function in found {
            match self.attach.attach(file, function) {
                Ok(link) => links.push(link),
                Err(error) => {
                    self.refused += 1;
                    let error = AttachError::full(&error);
                    if !std::mem::replace(&mut self.warned, true) {
                        warn!(path, error, "a TLS library cannot be probed: it stays dark");
                    }
                    refusal = Some(error);
                }
            }
        }
        (links, refusal)
    }
}

fn names(found: &[Found]) -> String {
    let names: BTreeSet<_> = found.iter().map(|found| found.library.name()).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

fn library(nothing: &Nothing) -> Option<Library> {
    match nothing {
        Nothing::NoFunction { library, .. } => *library,
        _ => None,
    }
}

/// What tells which file lies below a file of an overlay. Every container has an overlay of its
/// own, and where they share an image they share the file: a probe on one is a probe on all, and
/// a second one would report each secret twice. An overlay shows the number and the times of the
/// file below, and no two files that are not the same one changed in the same nanosecond under
/// the same number.
fn below(file: &File, identity: Identity) -> Option<Identity> {
    let kind = rustix::fs::fstatfs(file).ok()?.f_type;
    (i128::from(kind) == OVERLAYFS).then_some(Identity { device: 0, ..identity })
}

/// A file whose reads fail once the sensor ends.
struct Interruptible<'a> {
    file: &'a File,
    stop: &'a AtomicBool,
}

impl Source for Interruptible<'_> {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Source::read_at(self.file, offset, into)
    }
}
