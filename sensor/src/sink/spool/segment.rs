//! The files of a spool: what is found at the start, and what of it can be used.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use tracing::warn;

use super::frame;

const EXTENSION: &str = "spool";
const POSITION_FILE: &str = "acknowledged";
/// Bytes read at once while a file is searched for its last whole frame.
const CHUNK: usize = 1 << 20;

/// A file of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its place in the order.
    pub number: u64,
    /// Bytes, whole frames and the header.
    pub length: u64,
    /// Frames in it.
    pub records: u64,
}

/// A place between two frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The segment.
    pub segment: u64,
    /// The byte in it.
    pub offset: u64,
}

/// What a folder held.
#[derive(Debug, Default)]
pub struct Found {
    /// Segments with records, oldest first.
    pub segments: Vec<Segment>,
    /// Files cut behind their last whole record.
    pub torn: u64,
    /// Files that another version wrote, or nobody.
    pub set_aside: u64,
    /// The greatest number of any file.
    pub last: u64,
}

/// The path of a segment.
pub fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:016}.{EXTENSION}"))
}

/// Creates a segment that holds only its header.
pub fn create(folder: &Path, number: u64) -> io::Result<File> {
    let path = path(folder, number);
    let mut file =
        OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(&path)?;
    let written = file.write_all(&frame::header());
    written.inspect_err(|_| drop(fs::remove_file(&path))).map(|()| file)
}

/// Looks through a folder: cuts torn tails, sets aside what is of another version, removes what
/// holds nothing.
pub fn recover(folder: &Path) -> io::Result<Found> {
    let mut found = Found::default();
    let mut numbers: Vec<u64> =
        fs::read_dir(folder)?.filter_map(|entry| number(&entry.ok()?.path())).collect();
    numbers.sort_unstable();
    found.last = numbers.last().copied().unwrap_or(0);
    for number in numbers {
        let path = path(folder, number);
        let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
        match check(&mut file, number)? {
            Checked::Usable { segment, torn } => {
                if torn > 0 {
                    file.set_len(segment.length)?;
                    found.torn += 1;
                    warn!(file = %path.display(), bytes = torn, "spool file cut behind its last whole record");
                }
                found.segments.push(segment);
            }
            Checked::Empty => fs::remove_file(&path)?,
            Checked::Foreign { version } => {
                found.set_aside += 1;
                set_aside(&path, version)?;
            }
        }
    }
    Ok(found)
}

enum Checked {
    Usable {
        segment: Segment,
        torn: u64,
    },
    /// Without a whole record.
    Empty,
    Foreign {
        version: Option<u32>,
    },
}

fn check(file: &mut File, number: u64) -> io::Result<Checked> {
    let size = file.metadata()?.len();
    let mut header = [0; frame::HEADER];
    if size < frame::HEADER as u64 {
        return Ok(Checked::Empty);
    }
    file.read_exact(&mut header)?;
    let version = frame::version(&header);
    if version != Some(frame::VERSION) {
        return Ok(Checked::Foreign { version });
    }
    let (length, records) = whole_frames(file)?;
    if records == 0 {
        return Ok(Checked::Empty);
    }
    let segment = Segment { number, length, records };
    Ok(Checked::Usable { segment, torn: size - length })
}

/// Length of header and whole frames, and how many these are.
fn whole_frames(file: &mut File) -> io::Result<(u64, u64)> {
    let (mut length, mut records) = (frame::HEADER as u64, 0);
    let mut bytes = Vec::new();
    loop {
        let chunk = read_at(file, length, CHUNK, &mut bytes)?;
        let (whole, count) = frame::whole(chunk);
        if count > 0 {
            (length, records) = (length + whole as u64, records + count);
            continue;
        }
        match frame::stated_length(chunk) {
            // Longer than a chunk: it is read alone.
            Some(stated) if stated > CHUNK => {
                let chunk = read_at(file, length, stated, &mut bytes)?;
                let Some((_, size)) = frame::first(chunk) else { return Ok((length, records)) };
                (length, records) = (length + size as u64, records + 1);
            }
            _ => return Ok((length, records)),
        }
    }
}

/// Up to `limit` bytes from `offset` on.
pub fn read_at<'b>(
    file: &mut File,
    offset: u64,
    limit: usize,
    bytes: &'b mut Vec<u8>,
) -> io::Result<&'b [u8]> {
    bytes.clear();
    file.seek(SeekFrom::Start(offset))?;
    file.take(limit as u64).read_to_end(bytes)?;
    Ok(bytes)
}

/// Takes a file out of the order without losing it.
fn set_aside(path: &Path, version: Option<u32>) -> io::Result<()> {
    let suffix = version.map_or_else(|| "unknown".to_owned(), |number| format!("v{number}"));
    let aside = path.with_extension(format!("{EXTENSION}.{suffix}"));
    warn!(
        file = %path.display(), aside = %aside.display(), version, expected = frame::VERSION,
        "spool file of another version set aside; the sensor that wrote it can send it"
    );
    fs::rename(path, aside)
}

fn number(path: &Path) -> Option<u64> {
    let is_segment = path.extension()? == EXTENSION;
    is_segment.then(|| path.file_stem()?.to_str()?.parse().ok()).flatten()
}

/// The file that says up to where records were acknowledged.
#[derive(Debug)]
pub struct PositionFile(File);

impl PositionFile {
    /// Opens it, and reads what it says; the beginning when it is not readable.
    pub fn open(folder: &Path) -> io::Result<(Self, Position)> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join(POSITION_FILE))?;
        let mut bytes = [0; 20];
        let read = file.read_exact_at(&mut bytes, 0);
        let position = read.ok().and_then(|()| parse(&bytes)).unwrap_or_default();
        Ok((Self(file), position))
    }

    /// Writes the position. Without it, records are sent again, so a failure costs no record.
    pub fn write(&self, position: Position) -> io::Result<()> {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&position.segment.to_le_bytes());
        bytes[8..16].copy_from_slice(&position.offset.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..16]);
        bytes[16..].copy_from_slice(&crc.to_le_bytes());
        self.0.write_all_at(&bytes, 0)
    }
}

fn parse(bytes: &[u8; 20]) -> Option<Position> {
    let number = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let crc = u32::from_le_bytes(*bytes.last_chunk()?);
    let position = Position { segment: number(0)?, offset: number(8)? };
    (crc32fast::hash(&bytes[..16]) == crc).then_some(position)
}
