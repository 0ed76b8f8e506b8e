//! The inode number of a socket, by its cookie: `sock_diag(7)`.
//!
//! The kernel compares the cookie, which no other socket of the machine has or will have
//! (since 5.4; before, each network namespace counted its own), so that an answer is about this
//! socket or there is none.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    thread,
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_MULTIPART, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR, NetlinkBuffer,
    NetlinkHeader, NetlinkMessage, Parseable,
};
use netlink_packet_sock_diag::{
    SOCK_DIAG_BY_FAMILY, SockDiagMessage,
    constants::{AF_INET, AF_INET6, IPPROTO_TCP},
    inet::{ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags},
};
use netlink_sys::{Socket, protocols::NETLINK_SOCK_DIAG};
use rustix::{
    fs::{Mode, OFlags, open},
    thread::{LinkNameSpaceType, move_into_link_name_space},
};

use super::process;

/// Sockets kept open, one for each network namespace.
const NAMESPACES_MAX: usize = 256;

/// Namespaces in which all sockets of a port are listed when none has the addresses.
const LISTED_MAX: usize = 8;

/// How long a socket is kept after its last use. It keeps its namespace alive (and the devices
/// in it), so the time is short.
const IDLE: Duration = Duration::from_secs(5);

/// Which socket is meant.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// `SO_COOKIE`.
    pub cookie: u64,
    /// Its own address.
    pub local: SocketAddr,
    /// The peer's.
    pub remote: SocketAddr,
    /// It was accepted, not connected.
    pub serves: bool,
}

/// Network namespaces that were entered lately.
#[derive(Debug, Default)]
pub struct Namespaces {
    open: HashMap<u64, Namespace, RandomState>,
}

#[derive(Debug)]
struct Namespace {
    socket: Socket,
    used: Instant,
}

impl Namespaces {
    /// The inode number of the socket, which lies in the network namespace of one of `pids`.
    ///
    /// First by its addresses. A client's packets may show others than the socket has (NAT on
    /// the way out): then by a list of the sockets with one of its ports.
    /// `None` when there is no such socket, when no process has it any more, or at the deadline.
    pub fn inode(&mut self, query: &Query, pids: &[u32], deadline: Instant) -> Option<u32> {
        let mut tried: Vec<u64> = Vec::new();
        for &pid in pids {
            if Instant::now() >= deadline || tried.len() >= NAMESPACES_MAX {
                return None;
            }
            let Some(id) = process::network_namespace(pid) else { continue };
            if tried.contains(&id) {
                continue;
            }
            tried.push(id);
            if let Some(inode) =
                self.socket(id, pid).and_then(|socket| exact(socket, query, deadline))
            {
                return (inode != 0).then_some(inode);
            }
        }
        if query.serves {
            return None;
        }
        // The sockets are taken, not borrowed: an unread rest of a list goes with them.
        let sockets = tried.iter().take(LISTED_MAX).filter_map(|id| self.open.remove(id));
        let inode = sockets
            .map(|namespace| listed(&namespace.socket, query, deadline))
            .find_map(|inode| inode)?;
        (inode != 0).then_some(inode)
    }

    /// Leaves the namespaces that were not asked lately.
    pub fn expire(&mut self, now: Instant) {
        self.open.retain(|_, namespace| now.saturating_duration_since(namespace.used) < IDLE);
    }

    fn socket(&mut self, id: u64, pid: u32) -> Option<&Socket> {
        let now = Instant::now();
        if !self.open.contains_key(&id) {
            if self.open.len() >= NAMESPACES_MAX {
                let oldest = self.open.iter().min_by_key(|(_, namespace)| namespace.used);
                let oldest = oldest.map(|(&id, _)| id)?;
                self.open.remove(&oldest);
            }
            let socket = enter(pid).ok()?;
            self.open.insert(id, Namespace { socket, used: now });
        }
        let namespace = self.open.get_mut(&id)?;
        namespace.used = now;
        Some(&namespace.socket)
    }
}

/// A `sock_diag` socket in the network namespace of a process.
///
/// It stays in the namespace in which it was made. A thread of its own enters that, so that no
/// thread that lives on is ever in another namespace than the sensor's.
fn enter(pid: u32) -> io::Result<Socket> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let namespace = open(format!("/proc/{pid}/ns/net"), flags, Mode::empty())?;
    let open_inside = || {
        move_into_link_name_space(
            std::os::fd::AsFd::as_fd(&namespace),
            Some(LinkNameSpaceType::Network),
        )?;
        Socket::new(NETLINK_SOCK_DIAG)
    };
    thread::scope(|scope| {
        let thread =
            thread::Builder::new().name("sensor-netns".into()).spawn_scoped(scope, open_inside)?;
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread in the namespace died")))
    })
}

/// Asks for one socket by addresses and cookie.
fn exact(socket: &Socket, query: &Query, deadline: Instant) -> Option<u32> {
    let (local, remote) = (plain(query.local.ip()), plain(query.remote.ip()));
    let id = SocketId {
        source_port: query.local.port(),
        destination_port: query.remote.port(),
        source_address: local,
        destination_address: remote,
        interface_id: 0,
        cookie: query.cookie.to_ne_bytes(),
    };
    let family = if local.is_ipv4() { AF_INET } else { AF_INET6 };
    send(socket, NLM_F_REQUEST, family, id).ok()?;
    receive(socket, query.cookie, deadline)
}

/// Looks through all sockets that share the higher port: the likelier to be that of one client,
/// so the list is short.
fn listed(socket: &Socket, query: &Query, deadline: Instant) -> Option<u32> {
    let (local, remote) = (query.local.port(), query.remote.port());
    let (source_port, destination_port) = if local >= remote { (local, 0) } else { (0, remote) };
    let id = SocketId { source_port, destination_port, ..SocketId::new_v6() };
    // IPv4 packets may be those of an IPv6 socket.
    let families: &[u8] = if query.local.is_ipv4() { &[AF_INET, AF_INET6] } else { &[AF_INET6] };
    families.iter().find_map(|&family| {
        send(socket, NLM_F_REQUEST | NLM_F_DUMP, family, id.clone()).ok()?;
        receive(socket, query.cookie, deadline)
    })
}

/// Sockets with addresses mapped into IPv6 are found by the IPv4 ones.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn send(socket: &Socket, flags: u16, family: u8, socket_id: SocketId) -> io::Result<()> {
    let mut header = NetlinkHeader::default();
    header.flags = flags;
    let request = InetRequest {
        family,
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all(),
        socket_id,
    };
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut buffer = vec![0; message.buffer_len()];
    message.serialize(&mut buffer);
    socket.send(&buffer, libc::MSG_DONTWAIT).map(drop)
}

/// Reads answers up to the end, for the socket with this cookie.
///
/// The kernel answers within the call that sends (and goes on with a list within the call that
/// receives), so there is nothing to wait for.
fn receive(socket: &Socket, cookie: u64, deadline: Instant) -> Option<u32> {
    let mut buffer = vec![0; 32 * 1024];
    while Instant::now() < deadline {
        let length = socket.recv(&mut &mut buffer[..], libc::MSG_DONTWAIT).ok()?;
        let mut rest = buffer.get(..length)?;
        while let Ok(message) = NetlinkBuffer::new_checked(rest) {
            match message.message_type() {
                NLMSG_ERROR | NLMSG_DONE => return None,
                SOCK_DIAG_BY_FAMILY => {
                    // Attributes may follow; they are not read.
                    let found = InetResponseHeader::parse(message.payload()).ok()?;
                    if found.socket_id.cookie == cookie.to_ne_bytes() {
                        return Some(found.inode);
                    }
                    if message.flags() & NLM_F_MULTIPART == 0 {
                        return None;
                    }
                }
                _ => {}
            }
            let step = (message.length() as usize).next_multiple_of(4);
            rest = rest.get(step..).unwrap_or_default();
        }
    }
    None
}
