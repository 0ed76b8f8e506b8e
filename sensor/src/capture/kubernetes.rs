//! Names of pods: what the API server says of the containers of this node.
//!
//! A container id and a pod uid come from the cgroup, always; this adds the names that people
//! know, where there is an API server. It runs on a thread of its own ([`watch`]) that lists the
//! node's pods and follows their changes, and hands the analysis a new picture after each.
//! Nothing waits for it: what comes later is filled in later ([`Pods::fill`]).
//!
//! Bias: a container that its pod's status does not name yet has no names, rather than those of
//! the pod alone.

mod pod;
mod watch;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

pub use self::watch::{ClientError, Watcher};
use crate::exchange::{Kubernetes, Workload};

/// Containers of the node by id, and pods by uid.
#[derive(Clone, Debug, Default)]
pub struct Pods(Arc<HashMap<Box<str>, Arc<Kubernetes>>>);

impl Pods {
    /// Tells the workload its names, if they are known and it has none. Whether it did.
    pub fn fill(&self, workload: &Workload) -> bool {
        if self.0.is_empty() || workload.kubernetes.get().is_some() {
            return false;
        }
        // The sandbox of a pod has the pod's own cgroup, and an id that no status names.
        let id = workload.container.as_deref().or(workload.pod.as_deref());
        let Some(found) = id.and_then(|id| self.0.get(id)) else { return false };
        workload.kubernetes.set(Arc::clone(found)).is_ok()
    }
}

/// Where the watcher leaves its pictures.
#[derive(Debug, Default)]
pub struct Board {
    picture: Mutex<Pods>,
    version: AtomicU64,
    pods: AtomicU64,
    errors: AtomicU64,
}

impl Board {
    /// The picture, if it is newer than `seen`, which is brought up to date.
    pub fn take_newer(&self, seen: &mut u64) -> Option<Pods> {
        let version = self.version.load(Ordering::Acquire);
        if version == *seen {
            return None;
        }
        *seen = version;
        self.picture.lock().ok().map(|picture| picture.clone())
    }

    /// Pods known, and errors so far.
    pub fn counts(&self) -> (u64, u64) {
        (self.pods.load(Ordering::Relaxed), self.errors.load(Ordering::Relaxed))
    }

    fn show(&self, pods: Pods, count: usize) {
        if let Ok(mut picture) = self.picture.lock() {
            *picture = pods;
        }
        self.pods.store(count as u64, Ordering::Relaxed);
        self.version.fetch_add(1, Ordering::Release);
    }

    fn count_error(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
