//! Care with key material: no core dump of this process, no swapping out of its memory.

use rustix::{
    mm::{MlockAllFlags, mlockall},
    process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit},
    thread::{CapabilitySet, capabilities},
};

/// What of it the system allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    /// No core dumps, and no other user's debugger.
    pub undumpable: bool,
    /// Memory stays in memory.
    pub locked: bool,
}

/// Protects the memory of this process, as far as the system allows. To be called before any
/// secret is in it.
pub fn protect_memory() -> Protection {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let undumpable = setrlimit(Resource::Core, none).is_ok()
        && set_dumpable_behavior(DumpableBehavior::NotDumpable).is_ok();
    // Where a limit applies, what is mapped beyond it would fail later.
    let unlimited = getrlimit(Resource::Memlock).current.is_none()
        || capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::IPC_LOCK));
    let flags = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    Protection { undumpable, locked: unlimited && mlockall(flags).is_ok() }
}
