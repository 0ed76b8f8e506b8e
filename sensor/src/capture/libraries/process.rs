//! A process as the watcher remembers it.

use std::{
    fs,
    hash::{BuildHasher as _, RandomState},
    time::Instant,
};

use super::maps::{FileId, Mapping};

/// A process that was looked at.
#[derive(Debug)]
pub(super) struct Process {
    /// Tells it from a later one of the same number.
    pub started: u64,
    /// Tells whether its mappings have changed.
    pub mappings: u64,
    /// Its files with a TLS library.
    pub files: Vec<FileId>,
    /// The kernel's name of it, where it has such files.
    pub name: Box<str>,
    /// When it was looked at last.
    pub looked: Instant,
    /// The last look at all processes in which it was seen.
    pub sweep: u64,
}

/// What `/proc/PID/stat` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stat {
    /// The kernel's name of the process.
    pub name: String,
    /// Start time in clock ticks since boot.
    pub started: u64,
}

impl Stat {
    /// Of a process; `None` when it has gone.
    pub fn read(pid: u32) -> Option<Self> {
        Self::parse(&String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/stat")).ok()?))
    }

    /// The name is in parentheses and may hold anything; the start time is the twentieth word
    /// after it (`proc_pid_stat(5)`).
    fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.rsplit_once(')')?;
        let (_, name) = name.split_once('(')?;
        let started = rest.split_ascii_whitespace().nth(19)?.parse().ok()?;
        Some(Self { name: name.to_owned(), started })
    }
}

/// A number that differs where the mappings do.
pub(super) fn fingerprint(state: &RandomState, mappings: &[Mapping]) -> u64 {
    let parts: Vec<_> = mappings.iter().map(|mapping| (mapping.id, &mapping.range)).collect();
    state.hash_one(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        fn check(name: &str) {
            let rest = "S 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 1 2 3";
            let expect = Stat { name: name.to_owned(), started: 4711 };
            assert_eq!(Stat::parse(&format!("12 ({name}) {rest}\n")), Some(expect));
        }
        check("sleep");
        check("a) S 1 (b");
        check(" ) ");
        check("");
        assert_eq!(Stat::parse("12 (sleep) S 1"), None);
        assert_eq!(Stat::parse("nonsense"), None);
    }
}
