//! JSON lines in a file that rotates: `name.jsonl`, then `name.1.jsonl` and so on, older with
//! rising number.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use tracing::{info, warn};

use super::{BUFFER, Lines, Lost, Sink};
use crate::event::ExchangeEvent;

/// How far back the start of a torn line is looked for: records are shorter than this.
const MAX_RECORD: u64 = 64 * 1024;

/// How every record begins.
const RECORD: &[u8] = br#"{"schema":""#;

/// Where to write and how much to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSettings {
    /// The file that is written to.
    pub path: PathBuf,
    /// Size in bytes at which it is rotated; it grows larger only by a record that is larger.
    pub max_bytes: u64,
    /// Rotated files to keep besides.
    pub keep: u32,
}

/// A sink on a rotating file.
pub struct RotatingFile {
    settings: FileSettings,
    /// `None` after a failure; the next write opens it again.
    file: Option<File>,
    lines: Lines,
    failing: bool,
}

impl RotatingFile {
    /// Opens the file to append to it; a line at its end that a crash cut short is taken off.
    /// Fails when it cannot be opened, is no regular file, or ends in something that is no
    /// record.
    pub fn open(settings: FileSettings) -> io::Result<Self> {
        let file = Some(open(&settings.path)?);
        Ok(Self { settings, file, lines: Lines::default(), failing: false })
    }

    fn write(&mut self) -> io::Result<()> {
        let mut file = self.file_with_room(self.lines.length() as u64)?;
        match append(&mut self.lines, &mut file) {
            Ok(()) => self.file = Some(file),
            Err(Unwritten { error, torn: false }) => {
                self.file = Some(file);
                return Err(error);
            }
            // Opening it again takes the torn line off.
            Err(Unwritten { error, torn: true }) => return Err(error),
        }
        Ok(())
    }

    /// The file, opened if need be and rotated if `length` bytes are too many for it.
    fn file_with_room(&mut self, length: u64) -> io::Result<File> {
        let file = match self.file.take() {
            // Someone may have deleted it under us.
            Some(file) if file.metadata()?.nlink() > 0 => file,
            _ => open(&self.settings.path)?,
        };
        let size = file.metadata()?.len();
        if size == 0 || size.saturating_add(length) <= self.settings.max_bytes {
            return Ok(file);
        }
        rotate(&self.settings)?;
        open(&self.settings.path)
    }

    /// Says once that records are being lost, and once that they are not any more.
    fn report(&mut self, result: &io::Result<()>) {
        let path = self.settings.path.display();
        match result {
            Err(error) if !self.failing => {
                warn!(%path, %error, "records are lost: the file cannot be written");
            }
            Ok(()) if self.failing => info!(%path, "records are written again"),
            _ => {}
        }
        self.failing = result.is_err();
    }
}

impl Sink for RotatingFile {
    fn exchange(&mut self, event: &ExchangeEvent<'_>) -> io::Result<()> {
        self.lines.push(event);
        let enough = self.settings.max_bytes.min(BUFFER as u64);
        if self.lines.length() as u64 >= enough { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.lines.length() > 0 {
            let result = self.write();
            if let Err(error) = &result {
                self.lines.drop_all(error);
            }
            self.report(&result);
        }
        Ok(())
    }

    fn lost(&self) -> Lost {
        self.lines.lost
    }
}

impl Drop for RotatingFile {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

/// An output whose end can be taken back.
trait Append: Write {
    fn take_back(&mut self, bytes: u64) -> io::Result<()>;
}

impl Append for File {
    fn take_back(&mut self, bytes: u64) -> io::Result<()> {
        self.set_len(self.metadata()?.len().saturating_sub(bytes))
    }
}

/// A write that failed, and whether it left half a line behind.
struct Unwritten {
    error: io::Error,
    torn: bool,
}

/// Writes the lines; when that fails, takes back the one that was cut.
fn append(lines: &mut Lines, output: &mut impl Append) -> Result<(), Unwritten> {
    lines.write_to(output).map_err(|failure| {
        lines.drop_remainder(&failure.error);
        let torn = failure.torn > 0 && output.take_back(failure.torn as u64).is_err();
        Unwritten { error: failure.error, torn }
    })
}

fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o640)
        // A pipe without a reader must not hold up the sensor; it is refused below.
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file"));
    }
    take_off_torn_line(&file)?;
    Ok(file)
}

/// Cuts the file behind its last whole line, if what follows is the beginning of a record.
fn take_off_torn_line(file: &File) -> io::Result<()> {
    let size = file.metadata()?.len();
    let start = size.saturating_sub(MAX_RECORD);
    let mut tail = vec![0; (size - start) as usize];
    file.read_exact_at(&mut tail, start)?;
    let whole = tail.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let torn = &tail[whole..];
    if torn.is_empty() {
        return Ok(());
    }
    if torn[..torn.len().min(RECORD.len())] != RECORD[..torn.len().min(RECORD.len())] {
        let message = "its last line is not a record and has no end; name another file";
        return Err(io::Error::new(ErrorKind::InvalidData, message));
    }
    file.set_len(start + whole as u64)
}

/// Moves `name.jsonl` to `name.1.jsonl`, that to `name.2.jsonl`, up to the first number that is
/// free or the last that is kept.
fn rotate(settings: &FileSettings) -> io::Result<()> {
    let path = &settings.path;
    if settings.keep == 0 {
        return fs::remove_file(path);
    }
    let last = (1..settings.keep).find(|&number| !numbered(path, number).exists());
    for number in (1..last.unwrap_or(settings.keep)).rev() {
        fs::rename(numbered(path, number), numbered(path, number + 1))?;
    }
    fs::rename(path, numbered(path, 1))
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = OsString::from(path.file_stem().unwrap_or_default());
    name.push(format!(".{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests;
