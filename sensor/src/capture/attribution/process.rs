//! A process as /proc shows it.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
    time::Instant,
};

use rustix::{
    fs::{Dir, Mode, OFlags, open, readlinkat},
    io::Errno,
};

use super::workload;

/// Inode number of the initial PID namespace: `PROC_PID_INIT_INO` of the kernel's
/// `include/linux/proc_ns.h`, since 3.8.
const INITIAL_PID_NAMESPACE: &str = "pid:[4026531836]";

/// `PF_KTHREAD` of the kernel's include/linux/sched.h, in the flags of /proc/PID/stat.
const KERNEL_THREAD: u64 = 0x0020_0000;

/// Longest path that is kept, in bytes.
pub const PATH_MAX: usize = 1024;

/// Facts on one process at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Process (thread group) id.
    pub pid: u32,
    /// When it started, in clock ticks since boot: tells a process from the next with its id.
    pub start: u64,
    /// A thread of the kernel, which owns no socket.
    pub kernel: bool,
    /// The kernel's name for it.
    pub comm: Box<str>,
    /// Path of the executable in its own mount namespace.
    pub executable: Option<Box<str>>,
    /// Path in the cgroup v2 hierarchy.
    pub cgroup: Option<Box<str>>,
    /// Container id.
    pub container: Option<Box<str>>,
    /// Kubernetes pod uid.
    pub pod: Option<Box<str>>,
}

impl Process {
    /// Reads /proc/PID.
    ///
    /// Fails when there is no such process; what else cannot be read is `None`.
    pub fn read(pid: u32) -> io::Result<Self> {
        let stat = Stat::read(pid)?;
        let mut process = Self {
            pid,
            start: stat.start,
            kernel: stat.flags & KERNEL_THREAD != 0,
            comm: stat.comm,
            executable: executable(pid),
            ..Self::default()
        };
        if let Ok(cgroups) = read_bounded(format!("/proc/{pid}/cgroup")) {
            process.set_cgroups(&cgroups);
        }
        Ok(process)
    }

    /// Takes the cgroup facts from the content of /proc/PID/cgroup, see cgroups(7).
    ///
    /// The version 2 line comes first; the others are asked where it names no container, and
    /// have to agree.
    fn set_cgroups(&mut self, content: &[u8]) {
        let content = String::from_utf8_lossy(content);
        let lines = content.lines().filter_map(|line| {
            let (hierarchy, rest) = line.split_once(':')?;
            let path = rest.split_once(':')?.1;
            Some((hierarchy, path.strip_suffix(" (deleted)").unwrap_or(path)))
        });
        let (unified, legacy): (Vec<_>, Vec<_>) = lines.partition(|line| line.0 == "0");
        let unified = unified.first().map_or("", |line| line.1);
        if !unified.is_empty() && unified.len() <= PATH_MAX {
            self.cgroup = Some(text(unified.as_bytes()));
        }
        let found = workload::parse(unified);
        let found = if found.container.is_some() { found } else { agreed(&legacy) };
        self.container = found.container.map(Into::into);
        self.pod = found.pod.map(Into::into);
    }
}

/// What all version 1 hierarchies that name a container say alike.
fn agreed<'a>(lines: &[(&str, &'a str)]) -> workload::Containment<'a> {
    let mut named =
        lines.iter().map(|line| workload::parse(line.1)).filter(|found| found.container.is_some());
    let Some(first) = named.next() else { return workload::Containment::default() };
    if named.all(|other| other == first) { first } else { workload::Containment::default() }
}

/// Whether /proc shows the processes of the node, under the ids that the kernel programs give.
///
/// It does not in a container without the host's PID namespace (`hostPID`).
pub fn proc_is_of_node() -> bool {
    let initial =
        |path| fs::read_link(path).is_ok_and(|link| link == Path::new(INITIAL_PID_NAMESPACE));
    // The sensor can see itself there and is in the initial namespace, or process 1 is (which
    // not every sensor may read).
    initial("/proc/self/ns/pid") || initial("/proc/1/ns/pid")
}

/// The ids of all processes, at most `limit`.
pub fn all(limit: usize) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .take(limit)
        .collect()
}

/// The inode number of a process's network namespace.
pub fn network_namespace(pid: u32) -> Option<u64> {
    let link = fs::read_link(format!("/proc/{pid}/ns/net")).ok()?;
    link.to_str()?.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok()
}

/// Whether one of the process's descriptors is the socket with this inode number.
///
/// `None` when the deadline came before the end. A process that is gone or may not be read holds
/// nothing.
pub fn holds_socket(pid: u32, inode: u32, deadline: Instant) -> Option<bool> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(directory) = open(format!("/proc/{pid}/fd"), flags, Mode::empty()) else {
        return Some(false);
    };
    let Ok(entries) = Dir::read_from(&directory) else { return Some(false) };
    let wanted = format!("socket:[{inode}]");
    let mut buffer = Vec::new();
    for (count, entry) in entries.flatten().enumerate() {
        if count % 64 == 63 && Instant::now() >= deadline {
            return None;
        }
        buffer = match readlinkat(&directory, entry.file_name(), buffer) {
            Ok(link) if link.as_bytes() == wanted.as_bytes() => return Some(true),
            Ok(link) => link.into_bytes(),
            Err(Errno::ACCESS | Errno::PERM) => return Some(false),
            Err(_) => Vec::new(),
        };
    }
    Some(false)
}

/// The fields of /proc/PID/stat that are used, see `proc_pid_stat(5)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The kernel's name for the process.
    pub comm: Box<str>,
    flags: u64,
    /// When it started, in clock ticks since boot: tells a process from the next with its id.
    pub start: u64,
}

impl Stat {
    /// Fails when there is no such process.
    pub fn read(pid: u32) -> io::Result<Self> {
        let content = read_bounded(format!("/proc/{pid}/stat"))?;
        Self::parse(&content).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn parse(content: &[u8]) -> Option<Self> {
        // The name may hold anything, parentheses too: it ends at the last one.
        let open = content.iter().position(|&byte| byte == b'(')?;
        let close = content.iter().rposition(|&byte| byte == b')')?;
        let comm = content.get(open + 1..close)?;
        let rest = std::str::from_utf8(content.get(close + 1..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        // The first field after the name is the third of the line.
        let flags = fields.nth(9 - 3)?.parse().ok()?;
        let start = fields.nth(22 - 9 - 1)?.parse().ok()?;
        Some(Self { comm: text(comm), flags, start })
    }
}

fn executable(pid: u32) -> Option<Box<str>> {
    use std::os::unix::ffi::OsStrExt;
    let path = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    let path = path.as_os_str().as_bytes();
    // The file was replaced or removed while it runs.
    let path = path.strip_suffix(b" (deleted)").unwrap_or(path);
    (path.len() <= PATH_MAX).then(|| text(path))
}

/// Text of outside origin: no control characters, which could steer a terminal.
pub fn text(bytes: &[u8]) -> Box<str> {
    String::from_utf8_lossy(bytes).replace(char::is_control, "\u{fffd}").into_boxed_str()
}

fn read_bounded(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(64 * 1024).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_lines() {
        let check = |line: &str, expect: Option<(&str, u64, u64)>| {
            let found = Stat::parse(line.as_bytes());
            let expect =
                expect.map(|(comm, flags, start)| Stat { comm: comm.into(), flags, start });
            assert_eq!(found, expect, "{line}");
        };
        let rest = "S 1 2 3 0 -1 4194560 10 11 12 13 14 15 16 17 20 0 1 0 987654 1 2";
        check(&format!("12 (bash) {rest}"), Some(("bash", 4_194_560, 987_654)));
        check(&format!("12 (a) (b) c) {rest}"), Some(("a) (b) c", 4_194_560, 987_654)));
        check(&format!("12 (a) S 1 (b) {rest}"), Some(("a) S 1 (b", 4_194_560, 987_654)));
        check(&format!("12 ( ) ) {rest}"), Some((" ) ", 4_194_560, 987_654)));
        check(&format!("12 () {rest}"), Some(("", 4_194_560, 987_654)));
        check("12 (bash) S 1 2", None);
        check("12 )bash( S 1 2 3 0 -1 4194560", None);
        check("nonsense", None);
        check("", None);
    }

    #[test]
    fn cgroup_lines() {
        let id = "a3f5c1d2e4b6978801234567890abcdefa3f5c1d2e4b6978801234567890abcd";
        let other = id.replace('a', "b");
        let check = |content: &str, cgroup: Option<&str>, container: Option<&str>| {
            let mut process = Process::default();
            process.set_cgroups(content.as_bytes());
            assert_eq!(process.cgroup.as_deref(), cgroup, "{content}");
            assert_eq!(process.container.as_deref(), container, "{content}");
        };
        check("0::/system.slice/a.service\n", Some("/system.slice/a.service"), None);
        check(&format!("0::/docker/{id}\n"), Some(&format!("/docker/{id}")), Some(id));
        check(
            &format!("12:memory:/docker/{id}\n1:name=systemd:/docker/{id}\n0::/\n"),
            Some("/"),
            Some(id),
        );
        check(&format!("12:memory:/docker/{id}\n3:cpu,cpuacct:/\n"), None, Some(id));
        check(&format!("12:memory:/docker/{id}\n3:cpu:/docker/{other}\n0::/\n"), Some("/"), None);
        check(
            &format!("12:memory:/docker/{other}\n0::/docker/{id}\n"),
            Some(&format!("/docker/{id}")),
            Some(id),
        );
        check("0::/gone.scope (deleted)\n", Some("/gone.scope"), None);
        check("0::/a:b:c\n", Some("/a:b:c"), None);
        check(&format!("0::/{}\n", "a".repeat(PATH_MAX)), None, None);
        check("nonsense\n\n:\n0:\n", None, None);
        check("", None, None);
    }

    #[test]
    fn text_cannot_steer_a_terminal() {
        assert_eq!(&*text(b"a\x1b[31m\n\xff"), "a\u{fffd}[31m\u{fffd}\u{fffd}");
    }

    #[test]
    fn this_process() {
        let pid = std::process::id();
        let process = Process::read(pid).unwrap();
        let executable = std::env::current_exe().unwrap();
        assert_eq!(process.executable.as_deref(), executable.to_str());
        assert!(!process.kernel && process.start > 0 && !process.comm.is_empty());
        assert!(all(usize::MAX).contains(&pid));
        assert_eq!(all(1).len(), 1);
        assert!(Process::read(u32::MAX).is_err());
    }
}
