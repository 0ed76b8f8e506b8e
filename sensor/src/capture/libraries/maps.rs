//! The files that a process has mapped to execute, from `/proc/PID/maps` (`proc_pid_maps(5)`).

use std::{
    collections::HashSet,
    ffi::c_void,
    fs::File,
    io::{self, Read as _},
    os::fd::AsRawFd as _,
    path::Path,
};

use rustix::{
    fs::{FileType, Mode, OFlags},
    mm::{MapFlags, ProtFlags, mmap, munmap},
};

/// Bytes of a process's list of mappings that are read.
const MAX_BYTES: u64 = 4 << 20;
/// Files of one process that are looked at.
const MAX_FILES: usize = 1024;

/// A file on the node, as the kernel names it in lists of mappings. On some file systems (btrfs,
/// overlayfs) these are not the numbers that `stat` shows.
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
    Ok(parse(&read(&format!("/proc/{pid}/maps"))?))
}

/// The id of an open file, by the only way to learn it on every file system: it is mapped for a
/// moment, not touched, and looked up in the list of this process's own mappings.
pub(super) fn id_of(file: &File) -> io::Result<FileId> {
    // SAFETY: a new mapping at an address of the kernel's choice. It is never read.
    let address =
        unsafe { mmap(std::ptr::null_mut(), 1, ProtFlags::READ, MapFlags::PRIVATE, file, 0)? };
    let text = read("/proc/self/maps");
    // SAFETY: the mapping made above, to which there is no reference.
    unsafe { munmap(address, 1)? };
    let text = text?;
    let found = text.lines().filter_map(fields).find(|fields| fields.holds(address));
    found.map(|fields| fields.id).ok_or_else(|| io::Error::other("its mapping is not listed"))
}

impl Mapping {
    /// A link to the very file that is mapped.
    pub fn link(&self, pid: u32) -> String {
        format!("/proc/{pid}/map_files/{}", self.range)
    }

    /// Opens the very file that is mapped, deleted or not, in whichever mount namespace it lies.
    pub fn open(&self, pid: u32) -> io::Result<File> {
        let file = open_regular(Path::new(&self.link(pid)))
            .or_else(|_| open_regular(Path::new(&format!("/proc/{pid}/root{}", self.path))))?;
        // The process may have mapped another file in the meantime, to make this one pass for it.
        if id_of(&file)? == self.id {
            return Ok(file);
        }
        Err(io::Error::other("another file is in its place"))
    }
}

/// Opens a file to read, unless it is a device or a pipe: opening these alone may do something, or
/// wait for ever.
pub(super) fn open_regular(path: &Path) -> io::Result<File> {
    let place = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&place)?.st_mode);
    if kind != FileType::RegularFile {
        return Err(io::Error::other("not a regular file"));
    }
    // Not waiting for whoever holds a lease on it (fcntl(2), F_SETLEASE) either.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let link = format!("/proc/self/fd/{}", place.as_raw_fd());
    Ok(rustix::fs::open(link, flags, Mode::empty())?.into())
}

fn read(path: &str) -> io::Result<String> {
    let mut text = Vec::new();
    File::open(path)?.take(MAX_BYTES).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn parse(text: &str) -> Vec<Mapping> {
    let mut known = HashSet::new();
    text.lines()
        .filter_map(fields)
        .filter(|fields| fields.is_code() && known.insert(fields.id))
        .take(MAX_FILES)
        .map(|fields| Mapping {
            id: fields.id,
            range: fields.range.to_owned(),
            path: fields.path.to_owned(),
        })
        .collect()
}

/// A line: `7f12-7f34 r-xp 0000 fd:01 1234   /usr/lib/libssl.so.3`.
struct Fields<'a> {
    range: &'a str,
    flags: &'a str,
    id: FileId,
    path: &'a str,
}

fn fields(line: &str) -> Option<Fields<'_>> {
    let mut words = line.split_ascii_whitespace();
    let range = words.next()?;
    let flags = words.next()?;
    let _offset = words.next()?;
    let (major, minor) = words.next()?.split_once(':')?;
    let inode = words.next()?.parse().ok()?;
    let device = (u32::from_str_radix(major, 16).ok()?, u32::from_str_radix(minor, 16).ok()?);
    let path = line.find('/').map_or("", |start| &line[start..]);
    Some(Fields { range, flags, id: FileId { device, inode }, path })
}

impl Fields<'_> {
    /// Code from a file. Memory that was written and then mapped as a file is code made as the
    /// process runs.
    fn is_code(&self) -> bool {
        self.flags.as_bytes().get(2) == Some(&b'x')
            && self.id.inode != 0
            && !self.path.is_empty()
            && !self.path.starts_with("/memfd:")
    }

    fn holds(&self, address: *const c_void) -> bool {
        let number = |text| usize::from_str_radix(text, 16).ok();
        let bounds = self.range.split_once('-').and_then(|(a, b)| Some(number(a)?..number(b)?));
        bounds.is_some_and(|bounds| bounds.contains(&address.addr()))
    }
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
7fc0-7fd0 r-xp 0 fe:00 99999999999999999999999 /x
7fe0-7ff0 r-xp 0 fe:00 13                        /usr/lib/a\\012b
8000-8010 r-xp 0 fe:00 14                        anon_inode:[perf_event]
8020-8030 r
8040-8050 --x 0 fe:00 15 /short flags
\u{fffd}\u{fffd}
";
        let found: Vec<_> =
            parse(text).into_iter().map(|m| (m.id.inode, m.range, m.path)).collect();
        let expect = [
            (11, "00401000-00402000", "/usr/bin/app with space"),
            (12, "7f00-7f10", "/usr/lib/libssl.so.3 (deleted)"),
            (13, "7fe0-7ff0", "/usr/lib/a\\012b"),
            (15, "8040-8050", "/short flags"),
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
        assert_eq!(id_of(&opened).expect("has an id"), mapping.id);
    }

    #[test]
    fn a_file_that_took_the_place_of_the_mapped_one_is_not_taken_for_it() {
        let pid = std::process::id();
        let mappings = of_process(pid).expect("own mappings");
        let [first, second, ..] = &mappings[..] else { panic!("the test and its libraries") };
        let swapped = Mapping { range: second.range.clone(), ..first.clone() };
        let error = swapped.open(pid).expect_err("it is another file").to_string();
        assert_eq!(error, "another file is in its place");
    }

    #[test]
    fn neither_devices_nor_pipes_are_opened() {
        let pipe = std::env::temp_dir().join(format!("libraries-pipe-{}", std::process::id()));
        let _ = std::fs::remove_file(&pipe);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)
            .expect("a pipe");
        for path in [Path::new("/dev/zero"), &pipe, Path::new("/proc/self")] {
            // Opening the pipe would wait for a writer that never comes.
            let error = open_regular(path).expect_err("no regular file").to_string();
            assert_eq!(error, "not a regular file", "{}", path.display());
        }
        std::fs::remove_file(pipe).expect("removed");
    }
}
