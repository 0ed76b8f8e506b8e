//! The facts on a process that go into a record.

use crate::{exchange::Workload, inventory::endpoint::process_name};

/// Longest text of a process in a record: its executable's path may have 4,096 bytes.
const MAX_TEXT: usize = 256;

/// A process, cut to what a record holds.
#[derive(Default)]
pub(super) struct Process<'a> {
    pub(super) pid: Option<u32>,
    pub(super) name: Option<&'a str>,
    pub(super) path: Option<&'a str>,
    pub(super) container: Option<&'a str>,
    pub(super) pod: Option<&'a str>,
}

impl<'a> Process<'a> {
    pub(super) fn of(workload: Option<&'a Workload>) -> Self {
        let Some(workload) = workload else { return Self::default() };
        Self {
            pid: workload.pid,
            name: process_name(workload).map(cut),
            path: workload.executable.as_deref().map(cut),
            container: workload.container.as_deref().map(cut),
            pod: workload.pod.as_deref().map(cut),
        }
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}
