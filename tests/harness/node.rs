//! The machine under the tests: whether it can run them, and who may use it now.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

/// The programs that the tests start. `cargo xtask setup --tests` installs them.
const PROGRAMS: &[&str] = &[
    "caddy",
    "curl",
    "gnutls-cli",
    "go",
    "haproxy",
    "ip",
    "java",
    "kcat",
    "lighttpd",
    "mount",
    "mvn",
    "nft",
    "nginx",
    "node",
    "npm",
    "openssl",
    "pip3",
    "python3",
    "setpriv",
    "strip",
    "wget",
    "wrk",
];

/// The right to start a sensor: there is one on a node, so one test at a time holds this.
#[derive(Debug)]
pub struct Node {
    /// The sensor's executable.
    pub binary: PathBuf,
    /// The root of the cgroup v2 hierarchy.
    pub cgroup: PathBuf,
    /// Where things that are made once are kept.
    pub cache: PathBuf,
    _lock: File,
}

/// Waits for its turn to use the node. `None`, with a word on why, where the machine cannot run
/// live tests.
///
/// # Panics
/// With `SENSOR_REQUIRE_LIVE=1` where the machine cannot: then a skipped test is a failed one.
pub fn require_live() -> Option<Node> {
    match enter() {
        Ok(node) => Some(node),
        Err(reason) => {
            let required = std::env::var("SENSOR_REQUIRE_LIVE").is_ok_and(|value| value == "1");
            assert!(!required, "live tests must run here, and cannot: {reason}");
            eprintln!("skipped: {reason}");
            None
        }
    }
}

fn enter() -> Result<Node, String> {
    if !rustix::process::geteuid().is_root() {
        return Err("not root".to_owned());
    }
    let target = target_directory();
    let binary =
        std::env::var_os("SENSOR_BIN").map_or_else(|| target.join("release/sensor"), PathBuf::from);
    if !binary.exists() {
        return Err(format!("no {}; build it with `cargo xtask build`", binary.display()));
    }
    let missing: Vec<_> = PROGRAMS.iter().copied().filter(|name| !is_on_path(name)).collect();
    if !missing.is_empty() {
        return Err(format!("not on PATH: {}", missing.join(", ")));
    }
    let cgroup = cgroup_root().ok_or("no cgroup v2 is mounted")?;
    let cache = target.join("test-env");
    fs::create_dir_all(&cache).map_err(|error| format!("{}: {error}", cache.display()))?;
    Ok(Node { binary, cgroup, cache, _lock: lock()? })
}

/// Held by file and not by a mutex: another test process is another user of the same node.
fn lock() -> Result<File, String> {
    let path = std::env::temp_dir().join("sensor-live-tests.lock");
    let locked = File::create(&path).and_then(|file| file.lock().map(|()| file));
    locked.map_err(|error| format!("cannot lock {}: {error}", path.display()))
}

/// The target directory: test executables lie in `<target>/<profile>/deps`.
fn target_directory() -> PathBuf {
    let executable = std::env::current_exe().expect("a process has an executable");
    executable.ancestors().nth(3).unwrap_or(Path::new("target")).to_owned()
}

fn is_on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(name).exists())
}

fn cgroup_root() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let path = fields.next()?;
        (fields.next()? == "cgroup2").then(|| path.into())
    })
}
