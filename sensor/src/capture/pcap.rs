//! Capture files as a source of segments: pcap and pcapng, plain or gzip.
//!
//! A file is read once, front to back, through one bounded buffer, so its size does not
//! matter. Broken input is data: what was read before the break counts, and the [`Summary`]
//! names the break. The same file always gives the same segments.

mod classic;
mod flows;
mod input;
mod ip;
mod link;
mod ng;
#[cfg(test)]
mod tests;
mod window;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::{
    capture::{Direction, Origin, Segment},
    exchange::Timestamp,
};

use self::{flows::Flows, input::Input, ip::TcpPacket, link::Link, window::Window};

/// What was in a capture file. Every packet counts in `packets` and in exactly one of
/// `segments`, `not_tcp`, `fragments`, `cut`, `malformed` and `unknown_link`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Packets read.
    pub packets: u64,
    /// TCP segments given to the sink.
    pub segments: u64,
    /// Packets of other protocols.
    pub not_tcp: u64,
    /// IP fragments, which are not reassembled.
    pub fragments: u64,
    /// Packets that were captured too short for their headers.
    pub cut: u64,
    /// Packets with headers that contradict themselves.
    pub malformed: u64,
    /// Packets of a link type that is not supported.
    pub unknown_link: u64,
    /// The first such link type, by its tcpdump.org number.
    pub unknown_link_type: Option<u16>,
    /// Segments with a payload that the snap length cut.
    pub snapped: u64,
    /// Blocks of a pcapng file that break its grammar and were stepped over.
    pub bad_blocks: u64,
    /// Connections numbered.
    pub connections: u64,
    /// Connections forgotten while open, to bound memory. A later packet of one counts as a
    /// new connection.
    pub forgotten: u64,
    /// Why reading stopped before the end of the file, if it did.
    pub problem: Option<String>,
}

/// A file that gave nothing at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened.
    #[error("cannot open {path}: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The first bytes of the file cannot be read or unpacked.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file holds no bytes.
    #[error("{path} is empty, not even a capture file header is there")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{path} is no capture file: {start}; pcap and pcapng are read, plain or gzip")]
    NotACapture {
        /// The file.
        path: PathBuf,
        /// What its first bytes look like.
        start: String,
    },
}

/// Takes what a capture file holds. A closure takes the segments alone.
pub trait Sink {
    /// Takes a TCP segment.
    fn segment(&mut self, segment: &Segment<'_>);
    /// Takes TLS secrets that the file carries: text in the `SSLKEYLOGFILE` format, at most
    /// 4 MiB. It is key material; the reader wipes its own copy.
    fn key_log(&mut self, text: &[u8]) {
        let _ = text;
    }
}

impl<F: FnMut(&Segment<'_>)> Sink for F {
    fn segment(&mut self, segment: &Segment<'_>) {
        self(segment);
    }
}

/// Reads a capture file and gives each TCP segment to `sink`, pure acknowledgements included.
///
/// `progress` is told now and then how many bytes of the file (as it lies on disk) are done.
/// An error means that there is no capture; a capture that breaks off or goes bad is told in
/// [`Summary::problem`].
pub fn read(
    path: &Path,
    progress: &mut dyn FnMut(u64),
    sink: &mut impl Sink,
) -> Result<Summary, Error> {
    let file = File::open(path).map_err(|source| Error::Open { path: path.into(), source })?;
    read_from(path, file, progress, sink)
}

/// Reads a capture from any source; `name` stands in error messages. See [`read`].
pub fn read_from(
    name: &Path,
    source: impl Read,
    progress: &mut dyn FnMut(u64),
    sink: &mut impl Sink,
) -> Result<Summary, Error> {
    let unreadable = |source| Error::Read { path: name.into(), source };
    let mut window = Window::new(Input::open(source).map_err(unreadable)?, progress);
    let format = recognise(name, &mut window)?;
    let mut decoder = Decoder { summary: Summary::default(), flows: Flows::default(), sink };
    let end = match format {
        Format::Classic => classic::read(&mut window, &mut |packet| decoder.packet(packet)),
        Format::Ng => {
            let mut bad_blocks = 0;
            let end = ng::read(&mut window, &mut bad_blocks, &mut |item| match item {
                Item::Packet(packet) => decoder.packet(packet),
                Item::KeyLog(text) => decoder.sink.key_log(text),
            });
            decoder.summary.bad_blocks = bad_blocks;
            end
        }
    };
    window.report_progress();
    let mut summary = decoder.summary;
    summary.connections = decoder.flows.numbered();
    summary.forgotten = decoder.flows.forgotten();
    // A source that fails looks to the formats like a file that ends; the failure is the cause.
    summary.problem = match window.take_failure() {
        Some(failure) => Some(format!("reading stopped at byte {}: {failure}", window.offset())),
        None => end.err(),
    };
    Ok(summary)
}

enum Format {
    Classic,
    Ng,
}

fn recognise(name: &Path, window: &mut Window<'_, impl Read>) -> Result<Format, Error> {
    let start = window.peek(input::START);
    if classic::recognises(start) {
        return Ok(Format::Classic);
    }
    if ng::recognises(start) {
        return Ok(Format::Ng);
    }
    let path = name.into();
    if !start.is_empty() {
        let start = start[..start.len().min(input::START)].to_vec();
        let start = input::describe(&start, window.is_packed());
        return Err(Error::NotACapture { path, start });
    }
    match window.take_failure() {
        Some(source) => Err(Error::Read { path, source }),
        None => Err(Error::Empty { path }),
    }
}

/// What a block of a file holds.
enum Item<'a> {
    Packet(&'a Packet<'a>),
    /// The text of an `SSLKEYLOGFILE`.
    KeyLog(&'a [u8]),
}

/// A packet as the formats give it.
struct Packet<'a> {
    link: Link,
    time: Timestamp,
    /// The bytes that were captured.
    data: &'a [u8],
    /// Bytes on the wire, at least those of `data` in a sound file.
    wire_length: u32,
}

/// Why a packet gives no segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Skip {
    NotTcp,
    Fragment,
    Cut,
    Malformed,
    UnknownLink(u16),
}

struct Decoder<'s, S> {
    summary: Summary,
    flows: Flows,
    sink: &'s mut S,
}

impl<S: Sink> Decoder<'_, S> {
    fn packet(&mut self, packet: &Packet<'_>) {
        self.summary.packets += 1;
        let tcp = link::network(packet.link, packet.data).and_then(|network| {
            let wire_length = packet.wire_length as usize + network.len();
            ip::tcp(network, wire_length.saturating_sub(packet.data.len()))
        });
        match tcp {
            Ok(tcp) => self.segment(packet.time, &tcp),
            Err(skip) => self.skip(skip),
        }
    }

    fn segment(&mut self, time: Timestamp, tcp: &TcpPacket<'_>) {
        self.summary.segments += 1;
        self.summary.snapped += u64::from(tcp.payload.len() < tcp.length as usize);
        let (connection, direction) = self.flows.number(tcp);
        let (local, remote) = match direction {
            Direction::Outbound => (tcp.source, tcp.destination),
            Direction::Inbound => (tcp.destination, tcp.source),
        };
        self.sink.segment(&Segment {
            connection,
            direction,
            time,
            sequence: tcp.sequence,
            acknowledgement: tcp.acknowledgement,
            flags: tcp.flags,
            length: tcp.length,
            payload: tcp.payload,
            skipped: 0,
            lost: 0,
            first: false,
            past_budget: false,
            local,
            remote,
            origin: Origin::default(),
        });
    }

    fn skip(&mut self, skip: Skip) {
        let counter = match skip {
            Skip::NotTcp => &mut self.summary.not_tcp,
            Skip::Fragment => &mut self.summary.fragments,
            Skip::Cut => &mut self.summary.cut,
            Skip::Malformed => &mut self.summary.malformed,
            Skip::UnknownLink(link_type) => {
                self.summary.unknown_link_type.get_or_insert(link_type);
                &mut self.summary.unknown_link
            }
        };
        *counter += 1;
    }
}
