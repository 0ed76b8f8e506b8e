//! Sockets of processes in cgroups such as the kubelet makes.

use std::{
    io::{Read, Write},
    path::PathBuf,
    process::Stdio,
};

use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use super::*;

const ID: &str = "a3f5c1d2e4b6978801234567890abcdefa3f5c1d2e4b6978801234567890abcd";
const UID: &str = "8f6a2b1c-0d3e-4f5a-9b8c-7d6e5f4a3b2c";

/// Cgroups as the kubelet makes them, below one of the test's own.
struct Tree {
    top: PathBuf,
    leaf: PathBuf,
}

impl Tree {
    fn create(name: &str) -> std::io::Result<Self> {
        let mount = cgroup::find_mount().ok_or(std::io::ErrorKind::NotFound)?;
        let top = mount.join(format!("sensor-test-{name}-{}", std::process::id()));
        let pod = format!("kubepods-burstable-pod{}.slice", UID.replace('-', "_"));
        let leaf = top
            .join("kubepods.slice/kubepods-burstable.slice")
            .join(pod)
            .join(format!("cri-containerd-{ID}.scope"));
        let tree = Self { top, leaf };
        fs::create_dir_all(&tree.leaf)?;
        Ok(tree)
    }

    fn id(&self) -> u64 {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(&self.leaf).unwrap().ino()
    }

    fn take(&self, pid: u32) -> std::io::Result<()> {
        fs::write(self.leaf.join("cgroup.procs"), pid.to_string())
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let mut directory = self.leaf.clone();
        // A process that has just ended may hold it for a moment.
        for _ in 0..100 {
            while fs::remove_dir(&directory).is_ok() && directory != self.top {
                directory.pop();
            }
            if !self.top.exists() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        eprintln!("left behind: {}", self.top.display());
    }
}

/// A shell in the tree that connects to `port` from there, and its socket.
fn shell_in(tree: &Tree, port: u16) -> std::io::Result<(Guard, TcpStream)> {
    let script = format!("read; exec 3<>/dev/tcp/127.0.0.1/{port}; echo; read");
    let mut child = Command::new("bash")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map(Guard)?;
    tree.take(child.0.id())?;
    child.0.stdin.as_mut().unwrap().write_all(b"\n")?;
    child.0.stdout.as_mut().unwrap().read_exact(&mut [0])?;
    let pid = Pid::from_child(&child.0);
    let handle = pidfd_open(pid, PidfdFlags::empty())?;
    let descriptor = pidfd_getfd(handle.as_fd(), 3, PidfdGetfdFlags::empty())?;
    Ok((child, descriptor.into()))
}

#[test]
fn container_and_pod_of_a_socket() {
    let _alone = alone();
    let Some(tree) = live("cgroup", Tree::create("pod")) else { return };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let made = shell_in(&tree, listener.local_addr().unwrap().port());
    let Some((child, stream)) = live("shell in a cgroup", made) else { return };
    let mut socket = seen(&stream, false);
    drop(stream);
    socket.cgroup = tree.id();

    let mut running = Running::start();
    let now = Instant::now();
    let attribution = running.attribution.as_mut().unwrap();
    let contained = |found: &Workload| {
        assert_eq!(found.container.as_deref(), Some(ID));
        assert_eq!(found.pod.as_deref(), Some(UID));
        let path = format!(
            "/{}",
            tree.leaf.strip_prefix(cgroup::find_mount().unwrap()).unwrap().display()
        );
        assert_eq!(found.cgroup.as_deref(), Some(&*path));
    };
    let at_once = attribution.workload(&socket, now).expect("the cgroup is known at once");
    contained(&at_once);
    assert_eq!(at_once.pid, None);

    // Named by the kernel, wrongly: a process of another cgroup.
    let mut misled = Socket { cookie: u64::MAX, pid: std::process::id(), ..socket };
    let found = attribution.workload(&misled, now).unwrap();
    contained(&found);
    assert_eq!(found.pid, None);
    assert_eq!(attribution.statistics().sender_distrusted, 1);
    // And rightly.
    (misled.cookie, misled.pid) = (u64::MAX - 1, child.0.id());
    let found = attribution.workload(&misled, now).unwrap();
    contained(&found);
    assert_eq!((found.pid, found.comm.as_deref()), (Some(child.0.id()), Some("bash")));

    let found = running.settle(&socket);
    contained(&found);
    assert_eq!((found.pid, found.comm.as_deref()), (Some(child.0.id()), Some("bash")));

    // The process is moved away, the socket stays where it was made.
    let moved =
        fs::write(cgroup::find_mount().unwrap().join("cgroup.procs"), child.0.id().to_string());
    if live("move back", moved).is_none() {
        return;
    }
    let mut running = Running::start();
    let now = Instant::now();
    socket.pid = child.0.id();
    let attribution = running.attribution.as_mut().unwrap();
    let found = attribution.workload(&socket, now).unwrap();
    contained(&found);
    assert_eq!(found.pid, None, "not trusted yet");
    assert_eq!(running.settle(&socket).pid, Some(child.0.id()), "it holds the socket");
}

#[test]
fn cgroup_paths_by_id() {
    let Some(tree) = live("cgroup", Tree::create("path")) else { return };
    let mount = cgroup::find_mount().unwrap();
    let hierarchy = Hierarchy::open(&mount).unwrap();
    let path = format!("/{}", tree.leaf.strip_prefix(&mount).unwrap().display());
    let (id, deadline) = (tree.id(), Instant::now() + Duration::from_secs(10));
    assert_eq!(hierarchy.search(id, deadline).as_deref(), Some(&*path));
    assert_eq!(hierarchy.search(u64::MAX, deadline), None);
    assert_eq!(hierarchy.id(&path), Some(id));
    assert_eq!(hierarchy.id("/../.."), None);
    let Some(found) = live("by handle", hierarchy.path(id).map_err(|error| format!("{error:?}")))
    else {
        return;
    };
    assert_eq!(*found, path);
    let root = hierarchy.id("/").unwrap();
    assert!(hierarchy.is_root(root));
    assert_eq!(hierarchy.path(root).as_deref(), Ok("/"));
    drop(tree);
    assert_eq!(hierarchy.path(id), Err(cgroup::Unresolved::Removed));
    assert_eq!(hierarchy.search(id, deadline), None);
}
