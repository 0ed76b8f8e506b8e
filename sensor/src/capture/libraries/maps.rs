//! The files that a process has mapped to execute, from `/proc/PID/maps` (`proc_pid_maps(5)`).

use std::{
    fs::File,
    io::{self, Read as _},
    path::PathBuf,
};

/// Bytes of a process's list of mappings that are read.
const MAX_BYTES: u64 = 4 << 20;
/// Files of one process that are looked at.
const MAX_FILES: usize = 1024;

/// A file on the node, as the kernel names it in lists of mappings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId {
    /// Device of the file system: major and minor number.
    pub device: (u32, u32),
    /// Inode number.
    pub inode: u64,
}

/// A file mapped to execute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mapping {
    pub id: FileId,
    /// Addresses of the mapping, as the link in `map_files` is called.
    pub range: String,
    /// Path in the mount namespace of the process.
    pub path: String,
}

/// The files that a process has mapped to execute, each once.
pub(super) fn of_process(pid: u32) -> io::Result<Vec<Mapping>> {
    let mut text = Vec::new();
    File::open(format!("/proc/{pid}/maps"))?.take(MAX_BYTES).read_to_end(&mut text)?;
    Ok(parse(&String::from_utf8_lossy(&text)))
}

fn parse(text: &str) -> Vec<Mapping> {
    let mut mappings: Vec<Mapping> = Vec::new();
    for mapping in text.lines().filter_map(line) {
        if mappings.len() == MAX_FILES {
            break;
        }
        if mappings.iter().all(|known| known.id != mapping.id) {
            mappings.push(mapping);
        }
    }
    mappings
}

/// `7f12-7f34 r-xp 0000 fd:01 1234   /usr/lib/libssl.so.3`
fn line(line: &str) -> Option<Mapping> {
    let mut words = line.split_ascii_whitespace();
    let range = words.next()?;
    let flags = words.next()?;
    let _offset = words.next()?;
    let (major, minor) = words.next()?.split_once(':')?;
    let inode = words.next()?.parse().ok().filter(|inode| *inode != 0)?;
    if flags.as_bytes().get(2) != Some(&b'x') {
        return None;
    }
    let device = (u32::from_str_radix(major, 16).ok()?, u32::from_str_radix(minor, 16).ok()?);
    let path = line.find('/').map_or("", |start| &line[start..]);
    // Memory that was written and then mapped as a file is code made as the process runs.
    if path.is_empty() || path.starts_with("/memfd:") || path.starts_with("/dev/") {
        return None;
    }
    Some(Mapping { id: FileId { device, inode }, range: range.to_owned(), path: path.to_owned() })
}

impl Mapping {
    /// Opens the very file that is mapped, deleted or not, in whichever mount namespace it lies.
    pub fn open(&self, pid: u32) -> io::Result<File> {
        File::open(format!("/proc/{pid}/map_files/{}", self.range)).or_else(|_| {
            let path = PathBuf::from(format!("/proc/{pid}/root{}", self.path));
            let file = File::open(path)?;
            if of_file(&file)? == self.id {
                return Ok(file);
            }
            Err(io::Error::other("another file is in its place"))
        })
    }
}

/// The id of an open file. On some file systems (btrfs, overlay) not the one in lists of mappings.
pub(super) fn of_file(file: &File) -> io::Result<FileId> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = file.metadata()?;
    let device = metadata.dev();
    Ok(FileId {
        device: (rustix::fs::major(device), rustix::fs::minor(device)),
        inode: metadata.ino(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_are_executed_count_and_each_once() {
        let text = "\
00400000-00401000 r--p 00000000 fe:00 11 /usr/bin/app with space
00401000-00402000 r-xp 00001000 fe:00 11 /usr/bin/app with space
7f00-7f10 r-xp 00001000 fe:00 12                 /usr/lib/libssl.so.3 (deleted)
7f20-7f30 r-xp 00001000 fe:00 12                 /usr/lib/libssl.so.3 (deleted)
7f40-7f50 r-xp 00000000 00:01 99                 /memfd:doublemapper (deleted)
7f60-7f70 r-xp 00000000 00:00 0                  [vdso]
7f80-7f90 rw-p 00000000 00:00 0
nonsense
7fa0-7fb0 r-xp 0 zz:zz 5 /x
";
        let found: Vec<_> =
            parse(text).into_iter().map(|m| (m.id.inode, m.range, m.path)).collect();
        let expect = [
            (11, "00401000-00402000", "/usr/bin/app with space"),
            (12, "7f00-7f10", "/usr/lib/libssl.so.3 (deleted)"),
        ];
        let expect: Vec<_> =
            expect.iter().map(|(i, r, p)| (*i, (*r).to_owned(), (*p).to_owned())).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn own_mappings_open_as_the_files_that_they_are() {
        let pid = std::process::id();
        let mappings = of_process(pid).expect("own mappings");
        let own = std::env::current_exe().expect("own path");
        let mapping = mappings.iter().find(|m| own.to_str() == Some(&m.path)).expect("own file");
        let opened = mapping.open(pid).expect("opens");
        let expect = of_file(&File::open(own).expect("opens")).expect("has an id");
        assert_eq!(of_file(&opened).expect("has an id"), expect);
    }
}
