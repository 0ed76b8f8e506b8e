//! On the running kernel: real sockets, network namespaces, cgroups and processes.

use std::{
    fs,
    net::{Ipv4Addr, Ipv6Addr, TcpListener, TcpStream},
    os::fd::{AsFd, OwnedFd},
    process::{Child, Command},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

use rustix::{
    net::sockopt::socket_cookie,
    thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe},
};

use super::*;

mod contained;

/// Unwraps what needs privileges. Without them the test is skipped, unless it must run.
fn live<T, E: std::fmt::Display>(what: &str, result: Result<T, E>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) if std::env::var_os("SENSOR_REQUIRE_LIVE").is_some_and(|v| v == "1") => {
            panic!("{what}: {error}")
        }
        Err(error) => {
            eprintln!("skipped: {what}: {error}");
            None
        }
    }
}

/// Whether /proc is the node's and network namespaces may be entered.
fn lookups_work() -> std::io::Result<()> {
    if !process::proc_is_of_node() {
        return Err(std::io::Error::other("/proc is not the node's"));
    }
    let own = fs::File::open("/proc/self/ns/net")?;
    let enter = move || {
        move_into_link_name_space(own.as_fd(), Some(LinkNameSpaceType::Network))?;
        Ok(())
    };
    thread::spawn(enter).join().unwrap()
}

/// Held by tests that start processes: for a moment, these have the descriptors of all tests.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A child that ends with the test.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A child whose standard input is this descriptor.
fn child_with(descriptor: impl Into<OwnedFd>) -> Guard {
    Guard(Command::new("sleep").arg("60").stdin(descriptor.into()).spawn().expect("sleep starts"))
}

/// A connection on loopback: (accepted end, connecting end).
fn connection(listener: &TcpListener) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (listener.accept().unwrap().0, client)
}

/// What the kernel programs would give for this socket, in no cgroup that is known.
fn seen(stream: &TcpStream, serves: bool) -> Socket {
    Socket {
        cookie: socket_cookie(stream).unwrap(),
        cgroup: 0,
        pid: 0,
        local: stream.local_addr().unwrap(),
        remote: stream.peer_addr().unwrap(),
        serves,
    }
}

/// An attribution with its lookup thread.
struct Running {
    attribution: Option<Attribution>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Running {
    fn start() -> Self {
        let mount = cgroup::find_mount();
        let (attribution, lookups) = Attribution::new(mount.as_deref(), Instant::now());
        let thread = thread::spawn(|| lookups.run());
        Self { attribution: Some(attribution), thread: Some(thread) }
    }

    /// Asks until the lookup has come to an end, and once more.
    fn settle(&mut self, socket: &Socket) -> Workload {
        let attribution = self.attribution.as_mut().unwrap();
        let begin = Instant::now();
        let ended = |counts: Statistics| counts.found + counts.not_found;
        let before = ended(attribution.statistics());
        // The clock runs ahead, so that what is put off does not take real seconds.
        for step in 0..300 {
            let now = begin + Duration::from_millis(100 * step);
            attribution.workload(socket, now);
            thread::sleep(Duration::from_millis(10));
            attribution.poll(now);
            if ended(attribution.statistics()) > before {
                return attribution.workload(socket, now).map(|w| (*w).clone()).unwrap_or_default();
            }
        }
        panic!("no lookup came to an end: {:?}", attribution.statistics());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.attribution.take());
        self.thread.take().unwrap().join().expect("the lookup thread ends when asked nothing more");
    }
}

#[test]
fn a_process_is_found_by_its_socket() {
    let _alone = alone();
    if live("lookup", lookups_work()).is_none() {
        return;
    }
    let mut running = Running::start();
    for address in [Ipv4Addr::LOCALHOST.into(), std::net::IpAddr::from(Ipv6Addr::LOCALHOST)] {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let (server, client) = connection(&listener);
        let socket = seen(&server, true);
        let found = running.settle(&socket);
        assert_eq!(found.pid, Some(std::process::id()));
        let executable = std::env::current_exe().unwrap();
        assert_eq!(found.executable.as_deref(), executable.to_str());

        // The same socket, in a child alone.
        let socket = seen(&client, false);
        let child = child_with(client);
        let found = running.settle(&socket);
        assert_eq!(found.pid, Some(child.0.id()));
        assert_eq!(found.comm.as_deref(), Some("sleep"));
    }
}

#[test]
fn a_socket_that_several_hold_has_no_process() {
    let _alone = alone();
    if live("lookup", lookups_work()).is_none() {
        return;
    }
    let mut running = Running::start();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (server, _client) = connection(&listener);
    let mut socket = seen(&server, true);
    let one = child_with(server.try_clone().unwrap());
    let two = child_with(server);
    let found = running.settle(&socket);
    assert_eq!(found.pid, None);
    assert!(
        found.executable.is_some_and(|path| path.contains("sleep") || path.contains("coreutils"))
    );
    // The kernel names one of them.
    socket.pid = two.0.id();
    let attribution = running.attribution.as_mut().unwrap();
    let found = attribution.workload(&socket, Instant::now()).unwrap();
    assert_eq!(found.pid, Some(two.0.id()));
    drop(one);
}

#[test]
fn a_false_sender_is_refuted() {
    let _alone = alone();
    if live("lookup", lookups_work()).is_none() {
        return;
    }
    let mut running = Running::start();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (server, _client) = connection(&listener);
    let mut socket = seen(&server, true);
    let bystander = Guard(Command::new("sleep").arg("60").spawn().unwrap());
    let now = Instant::now();
    socket.pid = std::process::id();
    let attribution = running.attribution.as_mut().unwrap();
    assert_eq!(attribution.workload(&socket, now).unwrap().pid, Some(socket.pid));
    socket.pid = bystander.0.id();
    assert_eq!(attribution.workload(&socket, now).and_then(|found| found.pid), None);
    assert_eq!(attribution.statistics().sender_disputed, 1);
    let found = running.settle(&socket);
    assert_eq!(found.pid, Some(std::process::id()));
}

#[test]
fn only_the_right_cookie_finds_the_socket() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (server, client) = connection(&listener);
    let query = |stream: &TcpStream, serves| {
        let socket = seen(stream, serves);
        let (cookie, local, remote) = (socket.cookie, socket.local, socket.remote);
        socket::Query { cookie, local, remote, serves }
    };
    let own = [std::process::id()];
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut namespaces = socket::Namespaces::default();
    let right = query(&server, true);
    if live("network namespace", namespaces.inode(&right, &own, deadline).ok_or("not entered"))
        .is_none()
    {
        return;
    }
    let wrong = socket::Query { cookie: right.cookie ^ 1, ..right };
    assert_eq!(namespaces.inode(&wrong, &own, deadline), None);
    let other_end = socket::Query { cookie: query(&client, false).cookie, ..right };
    assert_eq!(namespaces.inode(&other_end, &own, deadline), None);
    assert_eq!(namespaces.inode(&right, &[u32::MAX], deadline), None);

    // A client whose packets show a translated peer.
    let direct = query(&client, false);
    let translated = socket::Query { remote: "192.0.2.7:1".parse().unwrap(), ..direct };
    let inode = namespaces.inode(&direct, &own, deadline);
    assert!(inode.is_some());
    assert_eq!(namespaces.inode(&translated, &own, deadline), inode);
    let wrong = socket::Query { cookie: direct.cookie ^ 1, ..translated };
    assert_eq!(namespaces.inode(&wrong, &own, deadline), None);

    // An IPv6 listener that serves IPv4.
    let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let _client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let (server, _) = listener.accept().unwrap();
    let mut mapped = query(&server, true);
    assert!(namespaces.inode(&mapped, &own, deadline).is_some(), "as the socket says it");
    mapped.local.set_ip(mapped.local.ip().to_canonical());
    mapped.remote.set_ip(mapped.remote.ip().to_canonical());
    assert!(namespaces.inode(&mapped, &own, deadline).is_some(), "as the packets say it");

    // Closed: there is a socket for a while, but it is nobody's.
    let (server, client) = connection(&TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let gone = query(&client, false);
    drop(client);
    assert_eq!(namespaces.inode(&gone, &own, deadline), None);
    drop(server);
}

#[test]
fn a_socket_in_another_network_namespace() {
    let _alone = alone();
    // A thread's own namespace, which goes with the thread and the child that it starts.
    let in_namespace = || {
        // SAFETY: a new network namespace changes neither memory nor descriptors.
        unsafe { unshare_unsafe(UnshareFlags::NEWNET) }?;
        let up = Command::new("ip").args(["link", "set", "lo", "up"]).status()?;
        if !up.success() {
            return Err(std::io::Error::other("ip link set lo up failed"));
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (server, client) = connection(&listener);
        let sockets = (seen(&server, true), seen(&client, false));
        Ok((sockets, child_with(server), child_with(client)))
    };
    let made = thread::spawn(in_namespace).join().unwrap();
    let Some(((server, client), server_child, client_child)) = live("network namespace", made)
    else {
        return;
    };
    let before = fs::read_link("/proc/thread-self/ns/net").unwrap();
    let mut running = Running::start();
    assert_eq!(running.settle(&server).pid, Some(server_child.0.id()));
    assert_eq!(running.settle(&client).pid, Some(client_child.0.id()));
    assert_eq!(fs::read_link("/proc/thread-self/ns/net").unwrap(), before);
}

#[test]
fn nothing_known_is_nothing_said() {
    let (mut attribution, lookups) = Attribution::new(None, Instant::now());
    drop(lookups);
    let socket = Socket {
        cookie: 1,
        cgroup: 12345,
        pid: 0,
        local: "192.0.2.1:80".parse().unwrap(),
        remote: "192.0.2.2:40000".parse().unwrap(),
        serves: true,
    };
    let now = Instant::now();
    assert_eq!(attribution.workload(&socket, now), None);
    attribution.poll(now);
    if attribution.sees_processes() {
        assert_eq!(attribution.statistics().deferred, 1);
        // A thread of the kernel, and a process that is none.
        let kernel = Socket { cookie: 2, pid: 2, ..socket };
        assert_eq!(attribution.workload(&kernel, now), None);
        let gone = Socket { cookie: 3, pid: 0x3fff_ffff, ..socket };
        let found = attribution.workload(&gone, now).unwrap();
        assert_eq!(*found, Workload { pid: Some(gone.pid), ..Workload::default() });
        assert_eq!(attribution.statistics().pid_not_visible, 1);
    }
}
