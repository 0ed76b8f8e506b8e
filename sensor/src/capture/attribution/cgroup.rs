//! The cgroup v2 hierarchy: from the id that the kernel programs give to a path.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd},
        unix::{ffi::OsStrExt, fs::DirEntryExt, fs::MetadataExt},
    },
    path::{Path, PathBuf},
    time::Instant,
};

use super::process::{PATH_MAX, text};

/// Directories that [`Hierarchy::search`] reads at most.
const SEARCH_MAX: usize = 16 * 1024;

/// A mounted cgroup v2 hierarchy.
#[derive(Debug)]
pub struct Hierarchy {
    mount: PathBuf,
    root: File,
    root_id: u64,
}

/// Why an id has no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// The cgroup was removed; sockets and their id outlive it.
    Removed,
    /// Lookup by handle is not possible here (no `CAP_DAC_READ_SEARCH`, or a kernel before 5.5).
    Unsupported,
}

/// Where the cgroup v2 hierarchy is mounted: `/sys/fs/cgroup`, or on hybrid machines a folder
/// such as `/sys/fs/cgroup/unified`. A mount of the whole hierarchy is preferred to a part.
pub fn find_mount() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    mount_in(&mounts)
}

/// Reads the format of `proc_pid_mountinfo(5)`.
fn mount_in(mounts: &str) -> Option<PathBuf> {
    let mut part = None;
    for line in mounts.lines() {
        let Some((left, right)) = line.split_once(" - ") else { continue };
        if right.split(' ').next() != Some("cgroup2") {
            continue;
        }
        let mut fields = left.split(' ').skip(3);
        let (Some(root), Some(point)) = (fields.next(), fields.next()) else { continue };
        if root == "/" {
            return Some(unescape(point));
        }
        part = part.or_else(|| Some(unescape(point)));
    }
    part
}

/// Undoes the octal escapes of white space and backslash.
fn unescape(point: &str) -> PathBuf {
    let escapes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    escapes.iter().fold(point.to_owned(), |point, (code, plain)| point.replace(code, plain)).into()
}

impl Hierarchy {
    /// Opens the hierarchy mounted at `mount`.
    pub fn open(mount: &Path) -> io::Result<Self> {
        let root = File::open(mount)?;
        let root_id = root.metadata()?.ino();
        Ok(Self { mount: mount.to_owned(), root, root_id })
    }

    /// Whether this is the id of the root.
    pub fn is_root(&self, id: u64) -> bool {
        id == self.root_id
    }

    /// The path of a cgroup below the root, such as `/system.slice/nginx.service`.
    ///
    /// Ids are never used again and cgroups of version 2 cannot be renamed, so that the answer
    /// stays true for good.
    pub fn path(&self, id: u64) -> Result<Box<str>, Unresolved> {
        if self.is_root(id) {
            return Ok("/".into());
        }
        let directory = self.open_by_id(id).map_err(|error| match error.raw_os_error() {
            Some(libc::ESTALE | libc::ENOENT) => Unresolved::Removed,
            _ => Unresolved::Unsupported,
        })?;
        let link = fs::read_link(format!("/proc/self/fd/{}", directory.as_raw_fd()));
        self.below(&link.map_err(|_| Unresolved::Unsupported)?).ok_or(Unresolved::Removed)
    }

    /// Opens a cgroup's directory by a file handle of type `FILEID_KERNFS` (linux/exportfs.h),
    /// which is the id and nothing else.
    fn open_by_id(&self, id: u64) -> io::Result<OwnedFd> {
        /// `struct file_handle` of `open_by_handle_at(2)` with eight bytes of handle.
        #[repr(C)]
        struct Handle {
            bytes: libc::c_uint,
            kind: libc::c_int,
            id: u64,
        }
        const FILEID_KERNFS: libc::c_int = 0xfe;
        let mut handle = Handle { bytes: 8, kind: FILEID_KERNFS, id };
        let flags = libc::O_PATH | libc::O_CLOEXEC;
        // SAFETY: `root` is an open descriptor. `handle` lives through the call and has the
        // layout of `struct file_handle` followed by the `bytes` bytes that it announces.
        let descriptor = unsafe {
            libc::open_by_handle_at(self.root.as_raw_fd(), (&raw mut handle).cast(), flags)
        };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call gave a new descriptor that nothing else owns.
        Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
    }

    /// The part of a path below the mount point. `None` for what is not below it, is longer than
    /// is kept, or was removed in the meantime (the kernel then says so at the end).
    fn below(&self, path: &Path) -> Option<Box<str>> {
        let path = path.strip_prefix(&self.mount).ok()?.as_os_str().as_bytes();
        (path.len() < PATH_MAX && !path.ends_with(b" (deleted)"))
            .then(|| format!("/{}", text(path)).into())
    }

    /// The id of the cgroup with this path below the root.
    pub fn id(&self, path: &str) -> Option<u64> {
        // Paths seen from another cgroup namespace climb out of the mount.
        if path.split('/').any(|name| name == "..") {
            return None;
        }
        let directory = self.mount.join(path.trim_start_matches('/'));
        fs::metadata(directory).ok().map(|metadata| metadata.ino())
    }

    /// The path of a cgroup by a walk through the tree, for where [`Self::path`] is not
    /// supported. Ends without an answer at the deadline.
    pub fn search(&self, id: u64, deadline: Instant) -> Option<Box<str>> {
        let mut waiting = vec![self.mount.clone()];
        for _ in 0..SEARCH_MAX {
            let directory = waiting.pop()?;
            if Instant::now() >= deadline {
                return None;
            }
            let Ok(entries) = fs::read_dir(&directory) else { continue };
            for entry in entries.flatten() {
                if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    continue;
                }
                if entry.ino() == id {
                    return self.below(&entry.path());
                }
                if waiting.len() < SEARCH_MAX {
                    waiting.push(entry.path());
                }
            }
        }
        None
    }

    /// The processes in a cgroup (not those in cgroups below it), at most `limit`.
    pub fn members(&self, path: &str, limit: usize) -> Vec<u32> {
        let file = self.mount.join(path.trim_start_matches('/')).join("cgroup.procs");
        let mut content = String::new();
        // A process id has at most seven digits and a line feed.
        let bytes = limit as u64 * 8;
        let read = File::open(file).and_then(|file| file.take(bytes).read_to_string(&mut content));
        if read.is_err() {
            return Vec::new();
        }
        // Processes that are not visible from here are listed as 0.
        let lines = content.lines().filter_map(|line| line.parse().ok());
        lines.filter(|&pid| pid != 0).take(limit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points() {
        let check = |mounts: &str, expect: Option<&str>| {
            assert_eq!(mount_in(mounts).as_deref(), expect.map(Path::new), "{mounts}");
        };
        let whole = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw";
        check(whole, Some("/sys/fs/cgroup/unified"));
        check(
            &format!("31 20 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n{whole}"),
            Some("/sys/fs/cgroup/unified"),
        );
        let part = "50 31 0:38 /../.. /part rw - cgroup2 cgroup2 rw";
        check(part, Some("/part"));
        check(&format!("{part}\n{whole}"), Some("/sys/fs/cgroup/unified"));
        check("41 31 0:38 / /a\\040b rw - cgroup2 cgroup2 rw", Some("/a b"));
        check("41 31 0:38 / /v1 rw - cgroup cgroup rw,memory", None);
        check("41 31 - cgroup2", None);
        check("", None);
    }
}
