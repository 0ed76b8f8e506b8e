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
    /// The path may be found by a search.
    pub searchable: bool,
    root: bool,
    read: Instant,
}

impl Place {
    /// A cgroup with the facts that follow from its path.
    pub fn new(id: u64, path: Option<Box<str>>, now: Instant) -> Self {
        let facts = path.as_deref().map(|path| Arc::new(facts(path)));
        let root = path.as_deref() == Some("/");
        Self { id, path, facts, searchable: false, root, read: now }
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
        while let Some(shorter) = rest.strip_prefix("/..").filter(|rest| rest.starts_with('/')) {
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
        let failed = path.is_err();
        let searchable = path == Err(Unresolved::Unsupported);
        let place = Arc::new(Place { searchable, ..Place::new(id, path.ok(), now) });
        self.cache.insert(id, Arc::clone(&place));
        (Some(place), failed)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_at_home_where_its_socket_was_made() {
        let check = |socket: &str, process: &str, expect: bool| {
            let place = Place::new(9, Some(socket.into()), Instant::now());
            let process = Process { cgroup: Some(process.into()), ..Process::default() };
            assert_eq!(place.holds(&process), expect, "{socket} {process:?}");
        };
        check("/a/b", "/a/b", true);
        check("/a/b", "/a", false);
        check("/a/b", "/a/b/c", false);
        check("/a/b", "/a/bc", false);
        check("/", "/", true);
        // Seen from the cgroup namespace of a container.
        check("/k/pod1/c1", "/../../pod1/c1", true);
        check("/k/pod1/c1", "/../c1", true);
        check("/k/pod1/c1", "/../c2", false);
        check("/k/pod1/xc1", "/../c1", false);
        check("/k/pod1", "/..", false);
        check("/k/pod1", "/../", false);
        check("/k/..c1", "/..c1", false);
    }
}
