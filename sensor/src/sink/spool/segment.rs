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
/// What the names of files end with of which nothing can be read.
const UNREADABLE: &str = "unreadable";
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
    /// Segments with records, oldest first. Frames in them may have rotted.
    pub segments: Vec<Segment>,
    /// Files cut behind their last whole record.
    pub torn: u64,
    /// Files that another version wrote, or nobody, and those that cannot be read.
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
        if let Err(error) = found.take(&path, number) {
            // The others can be sent, and the sensor starts.
            warn!(file = %path.display(), %error, "spool file cannot be read");
            found.set_aside(&path, UNREADABLE);
        }
    }
    Ok(found)
}

impl Found {
    fn take(&mut self, path: &Path, number: u64) -> io::Result<()> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        match check(&mut file, number)? {
            Checked::Usable { segment, torn } => {
                if torn > 0 {
                    file.set_len(segment.length)?;
                    self.torn += 1;
                    warn!(file = %path.display(), bytes = torn, "spool file cut behind its last whole record");
                }
                self.segments.push(segment);
            }
            Checked::Empty => fs::remove_file(path)?,
            Checked::Unreadable => self.set_aside(path, UNREADABLE),
            Checked::Foreign { version: Some(version) } => {
                self.set_aside(path, &format!("v{version}"));
            }
            Checked::Foreign { version: None } => self.set_aside(path, "unknown"),
        }
        Ok(())
    }

    /// Takes a file out of the order without losing it.
    fn set_aside(&mut self, path: &Path, suffix: &str) {
        self.set_aside += 1;
        let aside = path.with_extension(format!("{EXTENSION}.{suffix}"));
        warn!(
            file = %path.display(), aside = %aside.display(), expected = frame::VERSION,
            "spool file that this version cannot read set aside; the sensor that wrote it can send it"
        );
        if let Err(error) = fs::rename(path, aside) {
            warn!(file = %path.display(), %error, "it cannot be renamed, and stays");
        }
    }
}

enum Checked {
    Usable {
        segment: Segment,
        torn: u64,
    },
    /// Without a record.
    Empty,
    /// With records of which none can be found.
    Unreadable,
    Foreign {
        version: Option<u32>,
    },
}

fn check(file: &mut File, number: u64) -> io::Result<Checked> {
    let size = file.metadata()?.len();
    let mut header = [0; frame::HEADER];
    if size <= frame::HEADER as u64 {
        return Ok(Checked::Empty);
    }
    file.read_exact(&mut header)?;
    let version = frame::version(&header);
    if version != Some(frame::VERSION) {
        return Ok(Checked::Foreign { version });
    }
    let (length, records) = whole_frames(file)?;
    if records == 0 {
        return Ok(Checked::Unreadable);
    }
    let segment = Segment { number, length, records };
    Ok(Checked::Usable { segment, torn: size - length })
}

/// Length of header and frames up to the last whole one, and how many these are. One that rotted
/// between whole ones counts: the reader steps over it.
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
            Some(stated) if stated > chunk.len() && chunk.len() == CHUNK => {
                let chunk = read_at(file, length, stated, &mut bytes)?;
                let Some((_, size)) = frame::first(chunk) else { return Ok((length, records)) };
                (length, records) = (length + size as u64, records + 1);
            }
            Some(_) => match rotted(file, length, &mut bytes)? {
                Some(size) => (length, records) = (length + size as u64, records + 1),
                None => return Ok((length, records)),
            },
            None => return Ok((length, records)),
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

/// How many bytes to step over at `offset`, where a frame rotted that is not the last.
pub fn rotted(file: &mut File, offset: u64, bytes: &mut Vec<u8>) -> io::Result<Option<usize>> {
    Ok(frame::rotted(read_at(file, offset, 2 * CHUNK, bytes)?))
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
