//! Cgroups that sockets were made in.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    cache::Cache,
    cgroup::{Hierarchy, Unresolved},
    process::Process,
    workload,
};
use crate::exchange::Workload;

/// Cgroups remembered.
const CAPACITY: usize = 8192;

/// When to ask again for an id without a path.
const RETRY: Duration = Duration::from_secs(10);

/// A cgroup, as far as known.
#[derive(Debug)]
pub struct Place {
    /// Its id.
    pub id: u64,
    /// Its path, if known.
    pub path: Option<Box<str>>,
    /// What the path says of every socket made in it. `None` without a path.
    pub facts: Option<Arc<Workload>>,
    root: bool,
    read: Instant,
}

impl Place {
    fn new(id: u64, path: Option<Box<str>>, now: Instant) -> Self {
        let facts = path.as_deref().map(|path| Arc::new(facts(path)));
        let root = path.as_deref() == Some("/");
        Self { id, path, facts, root, read: now }
    }

    /// Whether it is the root, which says nothing: sockets are also there where the kernel does
    /// not keep track (version 1 machines).
    pub fn is_root(&self) -> bool {
        self.root
    }

    /// Whether the process is in this cgroup, as far as the paths tell.
    pub fn holds(&self, process: &Process) -> bool {
        let (Some(path), Some(other)) = (self.path.as_deref(), process.cgroup.as_deref()) else {
            return false;
        };
        let mut rest = other;
        while let Some(shorter) = rest.strip_prefix("/..") {
            rest = shorter;
        }
        if rest.len() == other.len() {
            return path == other;
        }
        // Seen from another cgroup namespace, the head of the path is not known.
        rest.len() > 1 && path.ends_with(rest)
    }
}

fn facts(path: &str) -> Workload {
    let found = workload::parse(path);
    Workload {
        cgroup: Some(path.into()),
        container: found.container.map(Into::into),
        pod: found.pod.map(Into::into),
        ..Workload::default()
    }
}

/// A bounded cache in front of the cgroup hierarchy.
#[derive(Debug)]
pub struct Places {
    hierarchy: Option<Hierarchy>,
    cache: Cache<u64, Arc<Place>>,
}

impl Places {
    /// `mount`: where the hierarchy is, if there is one.
    pub fn new(mount: Option<&Path>) -> Self {
        let hierarchy = mount.and_then(|mount| Hierarchy::open(mount).ok());
        Self { hierarchy, cache: Cache::new(CAPACITY) }
    }

    /// The cgroup with this id; `None` for 0, which stands for no id. The second value is
    /// whether the hierarchy was asked for it just now and did not tell.
    pub fn get(&mut self, id: u64, now: Instant) -> (Option<Arc<Place>>, bool) {
        let Some(hierarchy) = self.hierarchy.as_ref().filter(|_| id != 0) else {
            return (None, false);
        };
        if let Some(place) = self.cache.get(id)
            && (place.path.is_some() || now.saturating_duration_since(place.read) < RETRY)
        {
            return (Some(Arc::clone(place)), false);
        }
        let path = hierarchy.path(id);
        let removed = path == Err(Unresolved::Removed);
        let place = Arc::new(Place::new(id, path.ok(), now));
        self.cache.insert(id, Arc::clone(&place));
        (Some(place), removed)
    }

    /// Takes a path that was found elsewhere.
    pub fn learn(&mut self, id: u64, path: Box<str>, now: Instant) {
        self.cache.insert(id, Arc::new(Place::new(id, Some(path), now)));
    }

    /// Whether the process is in the cgroup; where the cgroup's path is not known by a look at
    /// the process's, which then is the cgroup's too.
    pub fn holds(&mut self, place: &Place, process: &Process, now: Instant) -> bool {
        if place.path.is_some() {
            return place.holds(process);
        }
        let (Some(hierarchy), Some(path)) = (&self.hierarchy, &process.cgroup) else {
            return false;
        };
        let same = hierarchy.id(path) == Some(place.id);
        if same {
            self.learn(place.id, path.clone(), now);
        }
        same
    }
}
