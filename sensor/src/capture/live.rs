//! Live capture: loads the kernel programs, attaches them to the root of the cgroup v2
//! hierarchy and turns their records into [`Segment`]s.
//!
//! Everything detaches when the process ends, however it ends: the attachments are links held
//! by file descriptors, nothing is pinned.

pub mod notices;

use std::{
    fs::File,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::AsFd,
    path::{Path, PathBuf},
    time::Duration,
};

use aya::{
    Ebpf, EbpfLoader,
    maps::{HashMap, MapData, MapError, PerCpuArray, RingBuf},
    programs::{
        CgroupAttachMode, CgroupSkb, CgroupSkbAttachType, ProgramError, cgroup_skb::CgroupSkbLink,
    },
};
use aya_log::EbpfLogger;
use notices::{Notice, Notices, NoticesError};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{FlockOperation, flock},
    io::Errno,
    process::{Resource, Rlimit, setrlimit},
    time::{ClockId, clock_gettime},
};
use sensor_ebpf::{Connection, Counters, SegmentHeader, Verdict, flags, names};
use tracing::level_filters::LevelFilter;

use crate::{
    capture::{Direction, Origin, Segment, TcpFlags, probe},
    exchange::{ConnectionId, Timestamp},
};

/// The kernel programs, or nothing when they were not built.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/sensor-ebpf.o"));

/// Whether this binary carries the kernel programs.
pub fn has_object() -> bool {
    !OBJECT.is_empty()
}

/// What the kernel side is told at load. Sizes in bytes.
#[derive(Clone, Debug)]
pub struct Options {
    /// Root of the cgroup v2 hierarchy.
    pub cgroup: PathBuf,
    /// Ring buffer size: a power of two, and a multiple of the page size.
    pub ring_bytes: u32,
    /// Payload copied each turn of an HTTP connection.
    pub turn_bytes: u32,
    /// Payload copied each turn where only heads are wanted.
    pub header_bytes: u32,
    /// Connections that the kernel side remembers.
    pub connections: u32,
    /// Whether TLS connections are copied, and secrets reported.
    pub read_tls: bool,
    /// Level of the programs' own log.
    pub log_level: LevelFilter,
}

/// Why the capture did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Built without the kernel object.
    #[error("this binary was built without the kernel programs; build it with `cargo xtask build`")]
    NoObject,
    /// Another sensor is attached.
    #[error("another sensor is attached to {0}; a node needs one only: stop it first")]
    SecondSensor(PathBuf),
    /// The directory is in no cgroup v2 hierarchy.
    #[error("{0} is no cgroup v2 directory; set capture.cgroup to one, or to auto")]
    NotCgroup(PathBuf),
    /// The cgroup could not be opened.
    #[error("failed to open the cgroup v2 root {path}: {source}")]
    Cgroup {
        /// Where it was looked for.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The object was refused before any program was loaded.
    #[error("failed to create the kernel maps: {source}{hint}")]
    Maps {
        /// The cause.
        source: Box<aya::EbpfError>,
        /// What to do.
        hint: &'static str,
    },
    /// A program was refused.
    #[error("failed to {action} the kernel program {program}: {source}{hint}")]
    Program {
        /// Load or attach.
        action: &'static str,
        /// Its name.
        program: &'static str,
        /// The cause.
        source: Box<ProgramError>,
        /// What to do.
        hint: &'static str,
    },
    /// A map that the object should have.
    #[error("the kernel object has no map or program {0}; rebuild with `cargo xtask build`")]
    Missing(&'static str),
    /// A map could not be used.
    #[error("failed to open the kernel map {name}: {source}")]
    Map {
        /// Its name.
        name: &'static str,
        /// The cause.
        source: MapError,
    },
}

/// Attached kernel programs. Dropping it detaches them.
pub struct LiveCapture {
    ring: RingBuf<MapData>,
    connections: HashMap<MapData, u64, Connection>,
    counters: PerCpuArray<MapData, Counters>,
    /// `None` when they are not wanted.
    notices: Result<Option<Notices>, NoticesError>,
    logger: Option<EbpfLogger<&'static dyn log::Log>>,
    clock: Clock,
    knows_sender: bool,
    links: Vec<CgroupSkbLink>,
    unreadable: u64,
    /// Holds the lock against a second sensor.
    _cgroup: File,
    ebpf: Option<Ebpf>,
}

impl LiveCapture {
    /// Loads and attaches the programs.
    pub fn start(options: &Options) -> Result<Self, Error> {
        if !has_object() {
            return Err(Error::NoObject);
        }
        let cgroup = open_cgroup(&options.cgroup)?;
        // Before 5.11 maps count against this limit. It cannot be raised everywhere.
        let unlimited = Rlimit { current: None, maximum: None };
        let _ = setrlimit(Resource::Memlock, unlimited);
        // Kernels before 6.10 refuse the helper; the verifier skips it when the global is 0.
        let knows_sender = probe::knows_sender().unwrap_or(false);
        let mut ebpf = load(options, knows_sender)?;
        let links = vec![
            attach(&mut ebpf, names::INGRESS, &cgroup, CgroupSkbAttachType::Ingress)?,
            attach(&mut ebpf, names::EGRESS, &cgroup, CgroupSkbAttachType::Egress)?,
        ];
        let notices = options.read_tls.then(|| Notices::start(&mut ebpf)).transpose();
        let logger = EbpfLogger::init(&mut ebpf).ok();
        let open = |name| move |source| Error::Map { name, source };
        let mut take = |name| ebpf.take_map(name).ok_or(Error::Missing(name));
        let ring = RingBuf::try_from(take(names::SEGMENTS)?).map_err(open(names::SEGMENTS))?;
        let connections =
            HashMap::try_from(take(names::CONNECTIONS)?).map_err(open(names::CONNECTIONS))?;
        let counters =
            PerCpuArray::try_from(take(names::COUNTERS)?).map_err(open(names::COUNTERS))?;
        Ok(Self {
            ring,
            connections,
            counters,
            notices,
            logger,
            clock: Clock::now(),
            knows_sender,
            links,
            unreadable: 0,
            _cgroup: cgroup,
            ebpf: Some(ebpf),
        })
    }

    /// Detaches the programs. What the ring buffer holds can still be drained.
    pub fn detach(&mut self) {
        self.links.clear();
    }

    /// Whether the kernel names the sending process of a segment (Linux 6.10 and later).
    pub fn knows_sender(&self) -> bool {
        self.knows_sender
    }

    /// Hands every waiting segment to `sink`, at most `limit`; returns how many.
    pub fn drain(&mut self, limit: usize, mut sink: impl FnMut(&Segment<'_>)) -> usize {
        self.clock = Clock::now();
        let mut count = 0;
        while count < limit {
            let Some(record) = self.ring.next() else { break };
            count += 1;
            match split(&record) {
                Some((header, payload)) => sink(&segment(&header, payload, self.clock)),
                None => self.unreadable += 1,
            }
        }
        if let Some(logger) = &mut self.logger {
            logger.flush();
        }
        count
    }

    /// Hands every secret and program start that waits to `sink`. To be called before segments
    /// are drained, since a secret is logged before the first record that it opens.
    pub fn drain_notices(&mut self, sink: impl FnMut(Notice<'_>)) {
        if let Ok(Some(notices)) = &mut self.notices {
            notices.drain(Clock::now(), sink);
        }
    }

    /// Why no secrets are reported although they were asked for.
    pub fn notices_error(&self) -> Option<&NoticesError> {
        self.notices.as_ref().err()
    }

    /// The loaded object, for whoever attaches the probes. What is attached here stays.
    pub fn take_object(&mut self) -> Option<Ebpf> {
        self.ebpf.take()
    }

    /// Waits until the kernel side wakes its reader, or `timeout` has passed.
    pub fn wait(&self, timeout: Duration) {
        let timeout = Timespec {
            tv_sec: timeout.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: i64::from(timeout.subsec_nanos()),
        };
        let mut descriptors = [PollFd::from_borrowed_fd(self.ring.as_fd(), PollFlags::IN)];
        // An interruption is as good as a time-out: the caller looks and comes back.
        let _ = poll(&mut descriptors, Some(&timeout));
    }

    /// Stops copying a connection, if the kernel side still knows it.
    pub fn mute(&mut self, connection: ConnectionId) {
        const EXISTING: u64 = 2; // BPF_EXIST
        if let Ok(mut state) = self.connections.get(&connection.0, 0) {
            state.verdict = Verdict::Mute as u8;
            // Gone in between: nothing is left to mute.
            let _ = self.connections.insert(connection.0, state, EXISTING);
        }
    }

    /// Records that made no sense, which the kernel side never writes.
    pub fn unreadable(&self) -> u64 {
        let notices = self.notices.as_ref().ok().and_then(Option::as_ref);
        self.unreadable + notices.map_or(0, Notices::unreadable)
    }

    /// The kernel side's counters, summed over CPUs.
    pub fn counters(&self) -> Counters {
        let mut sum = Counters::default();
        if let Ok(values) = self.counters.get(&0, 0) {
            values.iter().for_each(|value| add(&mut sum, value));
        }
        sum
    }

    /// Connections by the name of their verdict. Walks the whole map.
    pub fn verdicts(&self) -> [(&'static str, u64); Verdict::ALL.len()] {
        let mut counts = Verdict::ALL.map(|verdict| (verdict.name(), 0));
        for (_, connection) in self.connections.iter().flatten() {
            if let Some((_, count)) = counts.get_mut(connection.verdict as usize) {
                *count += 1;
            }
        }
        counts
    }

    /// Names of the attached programs.
    pub fn programs(&self) -> [&'static str; 2] {
        [names::INGRESS, names::EGRESS]
    }
}

/// Opens the cgroup, and locks it: the lock lies on the directory itself, the same one in every
/// mount namespace of the node, and goes with the process that holds it.
fn open_cgroup(path: &Path) -> Result<File, Error> {
    let file =
        File::open(path).map_err(|source| Error::Cgroup { path: path.to_owned(), source })?;
    // Every cgroup v2 directory has this file, and no v1 directory does.
    if !path.join("cgroup.controllers").exists() {
        return Err(Error::NotCgroup(path.to_owned()));
    }
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(Error::SecondSensor(path.to_owned())),
        // A kernel without such locks is no reason not to start.
        _ => Ok(file),
    }
}

fn load(options: &Options, current_pid: bool) -> Result<Ebpf, Error> {
    let wake_bytes = options.ring_bytes / 4;
    let current_pid = u32::from(current_pid);
    let own_pid = std::process::id();
    let read_tls = u32::from(options.read_tls);
    let log_level = kernel_level(options.log_level);
    let mut ebpf = EbpfLoader::new()
        .map_max_entries(names::SEGMENTS, options.ring_bytes)
        .map_max_entries(names::CONNECTIONS, options.connections)
        .override_global(names::TURN_BYTES, &options.turn_bytes, true)
        .override_global(names::READ_TLS, &read_tls, true)
        .override_global(names::HEADER_BYTES, &options.header_bytes, true)
        .override_global(names::WAKE_BYTES, &wake_bytes, true)
        .override_global(names::SELF_PID, &own_pid, true)
        .override_global(names::HAS_CURRENT_PID, &current_pid, true)
        .override_global(aya_log::LEVEL, &log_level, true)
        .load(OBJECT)
        .map_err(|source| Error::Maps { hint: hint(&source), source: Box::new(source) })?;
    for name in [names::INGRESS, names::EGRESS] {
        program(&mut ebpf, name)?.load().map_err(|source| Error::Program {
            action: "load",
            program: name,
            hint: hint(&source),
            source: Box::new(source),
        })?;
    }
    Ok(ebpf)
}

/// The level as `aya_log::Level` numbers it, from error to trace; 0 is off.
fn kernel_level(level: LevelFilter) -> u8 {
    match level.into_level() {
        None => 0,
        Some(tracing::Level::ERROR) => 1,
        Some(tracing::Level::WARN) => 2,
        Some(tracing::Level::INFO) => 3,
        Some(tracing::Level::DEBUG) => 4,
        Some(tracing::Level::TRACE) => 5,
    }
}

fn attach(
    ebpf: &mut Ebpf,
    name: &'static str,
    cgroup: &File,
    direction: CgroupSkbAttachType,
) -> Result<CgroupSkbLink, Error> {
    let program = program(ebpf, name)?;
    let failed = |source: ProgramError| Error::Program {
        action: "attach",
        program: name,
        hint: hint(&source),
        source: Box::new(source),
    };
    let id = program.attach(cgroup, direction, CgroupAttachMode::Single).map_err(failed)?;
    program.take_link(id).map_err(failed)
}

fn program<'a>(ebpf: &'a mut Ebpf, name: &'static str) -> Result<&'a mut CgroupSkb, Error> {
    ebpf.program_mut(name).and_then(|program| program.try_into().ok()).ok_or(Error::Missing(name))
}

/// What a user can do about a refusal, by the system error at the root of it.
fn hint(error: &(dyn std::error::Error + 'static)) -> &'static str {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return match io.raw_os_error().map(Errno::from_raw_os_error) {
                Some(Errno::PERM | Errno::ACCESS) => {
                    "; run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON (`sensor doctor` tells which are missing)"
                }
                Some(Errno::INVAL | Errno::NOSYS) => {
                    "; the kernel may be older than 5.10 (`sensor doctor` tells)"
                }
                Some(Errno::NOMEM) => "; lower capture.ring_bytes or capture.connections",
                _ => "",
            };
        }
        cause = error.source();
    }
    ""
}

/// Splits a ring record into header and payload; `None` for a record that is too short, which
/// the kernel side never writes.
fn split(record: &[u8]) -> Option<(SegmentHeader, &[u8])> {
    let (header, rest) = record.split_at_checked(size_of::<SegmentHeader>())?;
    // SAFETY: the slice has exactly the header's size, every bit pattern is a valid header, and
    // read_unaligned asks nothing of the address.
    let header = unsafe { header.as_ptr().cast::<SegmentHeader>().read_unaligned() };
    let payload = rest.get(..header.copied as usize)?;
    Some((header, payload))
}

fn segment<'a>(header: &SegmentHeader, payload: &'a [u8], clock: Clock) -> Segment<'a> {
    let ipv6 = header.flags & flags::IPV6 != 0;
    Segment {
        connection: ConnectionId(header.cookie),
        direction: if header.flags & flags::OUTBOUND != 0 {
            Direction::Outbound
        } else {
            Direction::Inbound
        },
        time: clock.timestamp(header.time),
        sequence: header.sequence,
        acknowledgement: header.acknowledgement,
        flags: TcpFlags(header.tcp_flags),
        length: header.length,
        payload,
        skipped: header.skipped,
        lost: header.lost,
        first: header.flags & flags::FIRST != 0,
        past_budget: header.flags & flags::PAST_BUDGET != 0,
        local: SocketAddr::new(address(&header.local, ipv6), header.local_port),
        remote: SocketAddr::new(address(&header.remote, ipv6), header.remote_port),
        origin: Origin {
            cgroup: header.cgroup,
            pid: header.pid,
            twin: header.twin,
            listener: header.flags & flags::LISTENER != 0,
        },
    }
}

fn address(bytes: &[u8; 16], ipv6: bool) -> IpAddr {
    if ipv6 {
        // A dual-stack socket's IPv4 peer is written as IPv4 on the wire, so this is IPv6.
        Ipv6Addr::from(*bytes).into()
    } else {
        Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]).into()
    }
}

/// Turns `CLOCK_BOOTTIME` into wall-clock time.
#[derive(Clone, Copy)]
struct Clock {
    /// Unix time of the boot, in nanoseconds.
    boot: u64,
}

impl Clock {
    fn now() -> Self {
        let wall = nanoseconds(clock_gettime(ClockId::Realtime));
        Self { boot: wall.saturating_sub(nanoseconds(clock_gettime(ClockId::Boottime))) }
    }

    fn timestamp(self, boot_time: u64) -> Timestamp {
        Timestamp(self.boot.saturating_add(boot_time))
    }
}

fn nanoseconds(time: Timespec) -> u64 {
    (time.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as u64)
}

fn add(sum: &mut Counters, value: &Counters) {
    sum.segments += value.segments;
    sum.bytes += value.bytes;
    sum.skipped_bytes += value.skipped_bytes;
    sum.ring_full_segments += value.ring_full_segments;
    sum.ring_full_bytes += value.ring_full_bytes;
    sum.ring_full_requests += value.ring_full_requests;
    sum.ring_full_twin_requests += value.ring_full_twin_requests;
    sum.copy_failed_segments += value.copy_failed_segments;
    sum.map_full_connections += value.map_full_connections;
    sum.header_errors += value.header_errors;
    sum.connections += value.connections;
    sum.http_connections += value.http_connections;
    sum.http2_connections += value.http2_connections;
    sum.tls_connections += value.tls_connections;
    sum.other_connections += value.other_connections;
    sum.twins += value.twins;
    sum.listener_segments += value.listener_segments;
    sum.secrets += value.secrets;
    sum.notices_lost += value.notices_lost;
    sum.secrets_refused += value.secrets_refused;
    sum.ring_high_water = sum.ring_high_water.max(value.ring_high_water);
}
