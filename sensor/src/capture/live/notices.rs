//! What the kernel side reports besides segments: secrets, and programs that start.

use std::mem::offset_of;

use aya::{
    Ebpf,
    maps::{MapData, MapError, RingBuf},
    programs::{ProgramError, RawTracePoint, UProbe},
};
use sensor_ebpf::{NoticeKind, names};

use super::Clock;
use crate::{capture::keylog, exchange::Timestamp};

/// The tracepoint of [`names::EXEC`].
const EXEC_TRACEPOINT: &str = "sched_process_exec";

/// Notices taken in one go.
const BATCH: usize = 2048;

/// One report. Secrets are borrowed from the ring buffer, so that no copy is left behind.
pub enum Notice<'a> {
    /// A TLS library logs key material.
    Secret(LoggedSecret<'a>),
    /// A process started a program.
    Exec {
        /// Its process id.
        pid: u32,
    },
}

/// Arguments of a call of a key-log function. Not checked: whoever made the library chose them.
pub struct LoggedSecret<'a> {
    /// Process id of the caller.
    pub pid: u32,
    /// When it was called.
    pub time: Timestamp,
    /// The label of the NSS key log format; `None` where the library does not say which it is.
    pub label: Option<&'a [u8]>,
    /// The random of the `ClientHello`, where the library says it.
    pub client_random: Option<[u8; 32]>,
    /// The secret.
    pub secret: &'a [u8],
}

/// The ring buffer of notices.
pub(super) struct Notices {
    ring: RingBuf<MapData>,
    unreadable: u64,
}

impl Notices {
    /// Loads the programs that report, and attaches the one on program starts. The probes are
    /// attached one by one as libraries are found; without them no secret comes.
    pub fn start(ebpf: &mut Ebpf) -> Result<Self, NoticesError> {
        for name in [names::SECRET, names::SECRET_GO, names::SECRET_WINDOW] {
            let program = ebpf.program_mut(name).ok_or(NoticesError::Missing(name))?;
            let probe: &mut UProbe = program.try_into().map_err(refused("load", name))?;
            probe.load().map_err(refused("load", name))?;
        }
        let name = names::EXEC;
        let program = ebpf.program_mut(name).ok_or(NoticesError::Missing(name))?;
        let exec: &mut RawTracePoint = program.try_into().map_err(refused("load", name))?;
        exec.load().map_err(refused("load", name))?;
        exec.attach(EXEC_TRACEPOINT).map_err(refused("attach", name))?;
        let map = ebpf.take_map(names::NOTICES).ok_or(NoticesError::Missing(names::NOTICES))?;
        Ok(Self { ring: RingBuf::try_from(map)?, unreadable: 0 })
    }

    /// Hands waiting notices to `sink`, at most [`BATCH`]: whoever floods the ring keeps nobody
    /// from the segments.
    pub fn drain(&mut self, clock: Clock, mut sink: impl FnMut(Notice<'_>)) {
        for _ in 0..BATCH {
            let Some(record) = self.ring.next() else { break };
            match parse(&record, clock) {
                Some(notice) => sink(notice),
                None => self.unreadable += 1,
            }
        }
    }

    /// Notices that made no sense.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }
}

/// Why no secrets and program starts are reported.
#[derive(Debug, thiserror::Error)]
pub enum NoticesError {
    /// A map or program that the object should have.
    #[error("the kernel object has no map or program {0}; rebuild with `cargo xtask build`")]
    Missing(&'static str),
    /// A program was refused.
    #[error("failed to {action} the kernel program {program}: {source}")]
    Program {
        /// Load or attach.
        action: &'static str,
        /// Its name.
        program: &'static str,
        /// The cause.
        source: Box<ProgramError>,
    },
    /// The ring buffer could not be opened.
    #[error("failed to open the kernel map of notices: {0}")]
    Map(#[from] MapError),
}

fn refused(
    action: &'static str,
    program: &'static str,
) -> impl Fn(ProgramError) -> NoticesError + Copy {
    move |source| NoticesError::Program { action, program, source: Box::new(source) }
}

/// Takes a record apart in place; `None` for one that the kernel side never writes.
fn parse(record: &[u8], clock: Clock) -> Option<Notice<'_>> {
    use sensor_ebpf::Notice as Raw;
    let time = record.get(offset_of!(Raw, time)..)?.first_chunk()?;
    let time = clock.timestamp(u64::from_ne_bytes(*time));
    let pid = word(record, offset_of!(Raw, pid))?;
    let kind = word(record, offset_of!(Raw, kind))?;
    let field = |at: usize, length_at: usize| {
        let length = word(record, length_at)? as usize;
        record.get(at..)?.get(..length)
    };
    let secret = || field(offset_of!(Raw, secret), offset_of!(Raw, secret_length));
    if kind == NoticeKind::Exec as u32 {
        return Some(Notice::Exec { pid });
    }
    if kind == NoticeKind::Window as u32 {
        let secret = keylog::secret_in_window(secret()?)?;
        return Some(Notice::Secret(LoggedSecret {
            pid,
            time,
            label: None,
            client_random: None,
            secret,
        }));
    }
    let label = field(offset_of!(Raw, label), offset_of!(Raw, label_length))?;
    let random = field(offset_of!(Raw, client_random), offset_of!(Raw, random_length))?;
    Some(Notice::Secret(LoggedSecret {
        pid,
        time,
        label: Some(label),
        client_random: random.try_into().ok(),
        secret: secret()?,
    }))
}

fn word(record: &[u8], at: usize) -> Option<u32> {
    let bytes = record.get(at..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use sensor_ebpf::Notice as Raw;

    use super::*;

    const CLOCK: Clock = Clock { boot: 1_000 };

    fn record(kind: NoticeKind, label: &[u8], random: usize, secret: &[u8]) -> Vec<u8> {
        let mut record = vec![0; size_of::<Raw>()];
        let mut put = |at: usize, bytes: &[u8]| record[at..][..bytes.len()].copy_from_slice(bytes);
        put(offset_of!(Raw, time), &5_u64.to_ne_bytes());
        put(offset_of!(Raw, pid), &7_u32.to_ne_bytes());
        put(offset_of!(Raw, kind), &(kind as u32).to_ne_bytes());
        put(offset_of!(Raw, label_length), &(label.len() as u32).to_ne_bytes());
        put(offset_of!(Raw, random_length), &(random as u32).to_ne_bytes());
        put(offset_of!(Raw, secret_length), &(secret.len() as u32).to_ne_bytes());
        put(offset_of!(Raw, label), label);
        put(offset_of!(Raw, client_random), &[9; 32][..random.min(32)]);
        put(offset_of!(Raw, secret), secret);
        record
    }

    #[test]
    fn a_record_says_who_logged_what() {
        let bytes = record(NoticeKind::Secret, b"CLIENT_RANDOM", 32, &[5; 48]);
        let Some(Notice::Secret(logged)) = parse(&bytes, CLOCK) else { panic!("no secret") };
        assert_eq!((logged.pid, logged.label), (7, Some(&b"CLIENT_RANDOM"[..])));
        assert_eq!(logged.time, Timestamp(1_005));
        assert_eq!((logged.client_random, logged.secret), (Some([9; 32]), &[5; 48][..]));
        let bytes = record(NoticeKind::Secret, b"SERVER_TRAFFIC_SECRET_0", 0, &[5; 32]);
        let Some(Notice::Secret(logged)) = parse(&bytes, CLOCK) else { panic!("no secret") };
        assert_eq!(logged.client_random, None);
        assert!(matches!(
            parse(&record(NoticeKind::Exec, b"", 0, b""), CLOCK),
            Some(Notice::Exec { pid: 7 })
        ));
    }

    #[test]
    fn lengths_beyond_the_record_are_refused() {
        let mut bytes = record(NoticeKind::Secret, b"CLIENT_RANDOM", 32, &[5; 48]);
        bytes[offset_of!(Raw, secret_length)] = 200;
        assert!(parse(&bytes, CLOCK).is_none());
        let cut = &record(NoticeKind::Secret, b"CLIENT_RANDOM", 0, &[5; 48])[..20];
        assert!(parse(cut, CLOCK).is_none());
    }
}
