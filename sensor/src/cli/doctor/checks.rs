//! The checks: files of /proc and /sys, and what the kernel says when it is tried.

use std::{fs, io, path::Path};

use rustix::process::{Resource, getrlimit};

use super::Check;
use crate::{
    capture::{live, probe},
    cli::human,
    config::Config,
    control::{self, Listener},
};

/// The oldest kernel that the programs are tested on.
const OLDEST: (u32, u32) = (5, 10);
/// From here on, BPF memory is charged to the cgroup and not to `RLIMIT_MEMLOCK` (Linux commit
/// d5299b67dd59, in 5.11).
const NO_MEMLOCK: (u32, u32) = (5, 11);

/// Inode numbers of the initial namespaces (`include/uapi/linux/nsfs.h`).
const INITIAL_PID_NAMESPACE: &str = "pid:[4026531836]";
const INITIAL_CGROUP_NAMESPACE: &str = "cgroup:[4026531835]";

/// Every check, in the order in which a start would stumble.
pub fn all(config: &Config) -> Vec<Check> {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let mut checks = vec![
        kernel(&release),
        kernel_programs(live::has_object(), &probe::socket_programs()),
        ring_buffer(&probe::ring_buffer()),
        sender(&probe::knows_sender()),
        btf(Path::new("/sys/kernel/btf/vmlinux").exists()),
        lockdown(fs::read_to_string("/sys/kernel/security/lockdown").ok().as_deref()),
    ];
    checks.push(match &config.capture.cgroup {
        Some(path) => named_cgroup(path),
        None => cgroup(&read("/proc/mounts")),
    });
    checks.push(cgroup_namespace(&link("/proc/self/ns/cgroup")));
    let status = read("/proc/self/status");
    checks.push(user(rustix::process::geteuid().is_root()));
    checks.extend(capabilities(effective_capabilities(&status)));
    let limit = getrlimit(Resource::Memlock).current;
    checks.push(memory_lock(&release, limit, u64::from(config.capture.ring_bytes)));
    checks.push(pid_namespace(&link("/proc/self/ns/pid")));
    checks.push(socket(&config.control.socket));
    checks
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn link(path: &str) -> String {
    fs::read_link(path).map(|target| target.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Major and minor number of a release such as `6.1.0-13-amd64`.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|letter: char| !letter.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn kernel(release: &str) -> Check {
    const NAME: &str = "kernel";
    let (major, minor) = OLDEST;
    match version(release) {
        Some(version) if version >= OLDEST => Check::ok(NAME, release),
        Some(_) => {
            let advice = format!("run a kernel of version {major}.{minor} or later");
            Check::fail(NAME, format!("{release} is too old"), advice)
        }
        None => {
            let advice = format!("make sure that it is {major}.{minor} or later");
            Check::warn(NAME, format!("{release} is no version that is understood"), advice)
        }
    }
}

/// Whether the kernel programs are in this binary, and can be loaded here.
fn kernel_programs(embedded: bool, loadable: &Result<bool, String>) -> Check {
    const NAME: &str = "kernel programs";
    match loadable {
        _ if !embedded => {
            Check::fail(NAME, "not in this binary", "build it with `cargo xtask build`")
        }
        Ok(true) => Check::ok(NAME, "embedded, and this kernel has their type"),
        Ok(false) => {
            let advice = "run a kernel with CONFIG_CGROUP_BPF, 5.10 or later";
            Check::fail(NAME, "this kernel does not have their type", advice)
        }
        Err(error) => Check::fail(NAME, error.as_str(), "run as root"),
    }
}

fn ring_buffer(present: &Result<bool, String>) -> Check {
    const NAME: &str = "BPF ring buffer";
    match present {
        Ok(true) => Check::ok(NAME, "can be made"),
        Ok(false) => Check::fail(NAME, "not in this kernel", "run a kernel of 5.10 or later"),
        Err(error) => Check::fail(NAME, error.as_str(), "run as root"),
    }
}

fn sender(known: &Result<bool, String>) -> Check {
    const NAME: &str = "sending process";
    match known {
        Ok(true) => Check::ok(NAME, "named by the kernel"),
        Ok(false) => Check::ok(NAME, "looked up (the kernel names it from 6.10 on)"),
        Err(error) => Check::fail(NAME, error.as_str(), "run as root"),
    }
}

fn btf(present: bool) -> Check {
    let found = if present { "present" } else { "absent" };
    Check::ok("BTF", format!("{found} (not needed: no kernel structure is read)"))
}

fn lockdown(text: Option<&str>) -> Check {
    const NAME: &str = "lockdown";
    let mode = text.and_then(|text| text.split_once('[')?.1.split_once(']')).map(|(mode, _)| mode);
    match mode {
        None => Check::ok(NAME, "off, as far as can be seen"),
        Some("confidentiality") => Check::warn(
            NAME,
            "confidentiality: TLS is not read, the rest is",
            "boot with lockdown=integrity to have TLS read too",
        ),
        Some(mode) => Check::ok(NAME, mode),
    }
}

/// Looks for a cgroup v2 mount; /proc/mounts escapes spaces in paths as \040 (fstab(5)).
fn cgroup(mounts: &str) -> Check {
    const NAME: &str = "cgroup v2";
    let mount = mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let path = fields.next()?;
        (fields.next()? == "cgroup2").then_some(path)
    });
    match mount {
        Some(path) => Check::ok(NAME, format!("mounted on {}", path.replace("\\040", " "))),
        None => Check::fail(
            NAME,
            "not mounted",
            "mount -t cgroup2 none /sys/fs/cgroup/unified, or boot with \
             systemd.unified_cgroup_hierarchy=1",
        ),
    }
}

fn named_cgroup(path: &Path) -> Check {
    const NAME: &str = "cgroup v2";
    // Every cgroup v2 directory has this file, and no v1 directory does.
    if path.join("cgroup.controllers").exists() {
        return Check::ok(NAME, format!("{} (by capture.cgroup)", path.display()));
    }
    let found = format!("{} is no cgroup v2 directory", path.display());
    Check::fail(NAME, found, "set capture.cgroup to one, or to auto")
}

fn cgroup_namespace(link: &str) -> Check {
    const NAME: &str = "cgroup namespace";
    if link == INITIAL_CGROUP_NAMESPACE {
        return Check::ok(NAME, "the node's");
    }
    Check::warn(
        NAME,
        "not the node's: only this container's own traffic may be visible",
        "run on the host, or mount the host's /sys/fs/cgroup and name it in capture.cgroup",
    )
}

fn pid_namespace(link: &str) -> Check {
    const NAME: &str = "PID namespace";
    if link == INITIAL_PID_NAMESPACE {
        return Check::ok(NAME, "the node's");
    }
    Check::warn(
        NAME,
        "not the node's: processes outside cannot be named",
        "run on the host, with hostPID: true, or with docker run --pid=host",
    )
}

fn user(root: bool) -> Check {
    let found = if root { "root" } else { "not root (capabilities decide, see below)" };
    Check::ok("user", found)
}

/// The effective capability set (`CapEff` of `proc_pid_status(5)`).
fn effective_capabilities(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    line.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or(0)
}

const CAP_DAC_READ_SEARCH: u32 = 2;
const CAP_NET_ADMIN: u32 = 12;
const CAP_SYS_PTRACE: u32 = 19;
const CAP_SYS_ADMIN: u32 = 21;
const CAP_PERFMON: u32 = 38;
const CAP_BPF: u32 = 39;

fn capabilities(set: u64) -> Vec<Check> {
    let has = |capability: u32| set >> capability & 1 == 1;
    let admin = has(CAP_SYS_ADMIN);
    let state = |name, held: bool, need: Need, missing: &str| match (held, need) {
        (true, _) => Check::ok(name, "held"),
        (false, _) if admin && matches!(name, "CAP_BPF" | "CAP_PERFMON") => {
            Check::ok(name, "not held, but CAP_SYS_ADMIN includes it")
        }
        (false, Need::ToRun) => Check::fail(name, missing, grant(name)),
        (false, Need::ForMore) => Check::warn(name, missing, grant(name)),
    };
    vec![
        state("CAP_BPF", has(CAP_BPF), Need::ToRun, "missing: loads the kernel programs"),
        state("CAP_NET_ADMIN", has(CAP_NET_ADMIN), Need::ToRun, "missing: attaches them"),
        state("CAP_PERFMON", has(CAP_PERFMON), Need::ToRun, "missing: the verifier asks for it"),
        state(
            "CAP_SYS_PTRACE",
            has(CAP_SYS_PTRACE),
            Need::ForMore,
            "missing: processes of other users keep their names to themselves",
        ),
        state(
            "CAP_DAC_READ_SEARCH",
            has(CAP_DAC_READ_SEARCH),
            Need::ForMore,
            "missing: the cgroup of a socket is searched for, not opened by its id",
        ),
    ]
}

#[derive(Clone, Copy)]
enum Need {
    ToRun,
    ForMore,
}

fn grant(name: &str) -> String {
    format!("run as root, or grant {name} (systemd: AmbientCapabilities=, pods: capabilities.add)")
}

fn memory_lock(release: &str, limit: Option<u64>, ring_bytes: u64) -> Check {
    const NAME: &str = "locked memory";
    if version(release).is_none_or(|version| version >= NO_MEMLOCK) {
        return Check::ok(NAME, "no limit applies (since kernel 5.11)");
    }
    match limit {
        None => Check::ok(NAME, "unlimited"),
        // The ring buffer and about as much again for the connection map.
        Some(limit) if limit >= ring_bytes.saturating_mul(2) => {
            Check::ok(NAME, human::bytes(limit))
        }
        Some(limit) => Check::warn(
            NAME,
            format!("{} may be too little for this kernel", human::bytes(limit)),
            "ulimit -l unlimited (systemd: LimitMEMLOCK=infinity), or grant CAP_SYS_RESOURCE",
        ),
    }
}

fn socket(path: &Path) -> Check {
    const NAME: &str = "control socket";
    let shown = path.display();
    match control::probe(path) {
        Ok(Listener::Absent) => Check::ok(NAME, format!("{shown} is free: no sensor serves it")),
        Ok(Listener::LeftOver) => {
            Check::ok(NAME, format!("{shown} is left over from a crash: a start replaces it"))
        }
        Ok(Listener::Process(pid)) => {
            let pid = pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
            let found = format!("a sensor{pid} is running and serves {shown}");
            Check::warn(NAME, found, "a node needs one only: stop it before another is started")
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Check::warn(NAME, format!("permission denied on {shown}"), "run as root")
        }
        Err(error) => Check::warn(
            NAME,
            format!("{shown}: {error}"),
            "choose another with --set control.socket=",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn kernels_from_5_10_on() {
        fn check(release: &str, expect: Level) {
            assert_eq!(kernel(release).level, expect, "{release}");
        }
        check("5.10.0", Level::Ok);
        check("6.1.0-13-amd64", Level::Ok);
        check("10.0-rc1", Level::Ok);
        check("5.9.16", Level::Fail);
        check("4.19.0-amd64", Level::Fail);
        check("custom", Level::Warn);
    }

    #[test]
    fn capabilities_are_named_one_by_one() {
        fn check(set: u64, expect: &[&str]) {
            let checks = capabilities(set);
            let bad: Vec<_> = checks
                .iter()
                .filter(|check| check.level > Level::Ok)
                .map(|check| check.name)
                .collect();
            assert_eq!(bad, expect, "{set:x}");
        }
        let bit = |capability: u32| 1_u64 << capability;
        check(u64::MAX, &[]);
        check(
            0,
            &["CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"],
        );
        check(bit(CAP_SYS_ADMIN), &["CAP_NET_ADMIN", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"]);
        check(
            bit(CAP_BPF) | bit(CAP_NET_ADMIN) | bit(CAP_SYS_PTRACE) | bit(CAP_DAC_READ_SEARCH),
            &["CAP_PERFMON"],
        );
        assert_eq!(
            effective_capabilities("Name:\tx\nCapEff:\t000001ffffffffff\n"),
            0x1ff_ffff_ffff
        );
        assert_eq!(effective_capabilities(""), 0);
    }

    #[test]
    fn mounts_of_every_kind_of_machine() {
        fn check(mounts: &str, level: Level, found: &str) {
            let result = cgroup(mounts);
            assert_eq!((result.level, result.found.as_str()), (level, found));
        }
        check(
            "proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n",
            Level::Ok,
            "mounted on /sys/fs/cgroup",
        );
        check(
            "tmpfs /sys/fs/cgroup tmpfs ro 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n\
             none /sys/fs/cgroup/my\\040unified cgroup2 rw 0 0\n",
            Level::Ok,
            "mounted on /sys/fs/cgroup/my unified",
        );
        check("cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n", Level::Fail, "not mounted");
    }

    #[test]
    fn lockdown_modes() {
        fn check(text: Option<&str>, level: Level, found: &str) {
            let result = lockdown(text);
            assert_eq!((result.level, result.found.as_str()), (level, found));
        }
        check(None, Level::Ok, "off, as far as can be seen");
        check(Some("[none] integrity confidentiality\n"), Level::Ok, "none");
        check(Some("none [integrity] confidentiality\n"), Level::Ok, "integrity");
        check(
            Some("none integrity [confidentiality]\n"),
            Level::Warn,
            "confidentiality: TLS is not read, the rest is",
        );
    }

    #[test]
    fn locked_memory_matters_on_old_kernels_only() {
        fn check(release: &str, limit: Option<u64>, expect: Level) {
            assert_eq!(memory_lock(release, limit, 16 << 20).level, expect, "{release} {limit:?}");
        }
        check("6.1.0", Some(65_536), Level::Ok);
        check("5.10.0", Some(65_536), Level::Warn);
        check("5.10.0", Some(64 << 20), Level::Ok);
        check("5.10.0", None, Level::Ok);
    }

    #[test]
    fn namespaces() {
        assert_eq!(pid_namespace("pid:[4026531836]").level, Level::Ok);
        assert_eq!(pid_namespace("pid:[4026532201]").level, Level::Warn);
        assert_eq!(cgroup_namespace("cgroup:[4026531835]").level, Level::Ok);
        assert_eq!(cgroup_namespace("").level, Level::Warn);
    }

    #[test]
    fn every_failure_says_what_to_do() {
        for check in all(&Config::default()) {
            assert_eq!(check.level == Level::Ok, check.advice.is_empty(), "{check:?}");
        }
    }
}
