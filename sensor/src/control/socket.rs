//! The socket file: created without a window in which others could connect, replaced when left
//! over from a crash, and removed at the end only if it is still ours.

use std::{
    fs, io,
    os::unix::{
        fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, RenameFlags};

/// The longest path that fits a socket address (`sun_path` with its NUL, unix(7)).
const LONGEST_PATH: usize = 107;

/// A listening control socket. Dropping it removes the file, if it is still this one.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    identity: Identity,
}

/// Why a control socket cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Another sensor answers there.
    #[error(
        "another sensor{} already serves {}; stop it or choose another with --set control.socket=",
        pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default(),
        path.display()
    )]
    InUse {
        /// The socket.
        path: PathBuf,
        /// The other's process id, where it can be seen.
        pid: Option<u32>,
    },
    /// Something else lies there.
    #[error(
        "{} is no socket; remove it or choose another path with --set control.socket=",
        .0.display()
    )]
    NotASocket(PathBuf),
    /// The path does not fit a socket address.
    #[error(
        "{} is longer than {LONGEST_PATH} bytes, which no socket path can be; choose a shorter \
         one with --set control.socket=",
        .0.display()
    )]
    TooLong(PathBuf),
    /// The machine refuses.
    #[error(
        "failed to {action} {}: {error}; run as root, or choose another path with --set \
         control.socket=",
        path.display()
    )]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

/// Who listens on a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// There is no such file.
    Absent,
    /// A file without a process: left over from a crash.
    LeftOver,
    /// A process, with its id where that can be seen from here.
    Process(Option<u32>),
}

/// Device and inode of the socket file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u64, u64);

impl Socket {
    /// Listens on `path`, with mode 0600 from the first moment on. Creates missing directories
    /// with mode 0700, and replaces a socket that nobody listens on any more.
    pub fn bind(path: &Path) -> Result<Self, SocketError> {
        if path.as_os_str().len() > LONGEST_PATH {
            return Err(SocketError::TooLong(path.to_owned()));
        }
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(failed_to("create directory", directory))?;
        clear(path)?;
        let listener = listen(directory, path)?;
        let identity = identity(path).map_err(failed_to("inspect", path))?;
        Ok(Self { listener, path: path.to_owned(), identity })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The listener for the current tokio runtime. The file stays until `self` is dropped.
    pub(super) fn listener(&self) -> io::Result<Accept> {
        self.listener.set_nonblocking(true)?;
        tokio::net::UnixListener::from_std(self.listener.try_clone()?)
    }
}

type Accept = tokio::net::UnixListener;

impl Drop for Socket {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.identity) {
            // Nothing can be done about a failure: the next start takes care of the file.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Finds out who listens on `path`.
pub fn probe(path: &Path) -> io::Result<Listener> {
    match UnixStream::connect(path) {
        Ok(stream) => Ok(Listener::Process(peer(&stream))),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound => Ok(Listener::Absent),
            io::ErrorKind::ConnectionRefused => Ok(Listener::LeftOver),
            // A full backlog: somebody is there, and slow.
            io::ErrorKind::WouldBlock => Ok(Listener::Process(None)),
            _ => Err(error),
        },
    }
}

/// The process that listens at the other end; `None` when its PID namespace is not visible from
/// here, for which the kernel says 0.
///
/// By way of tokio, because rustix's `socket_peercred` has a type that cannot hold the 0.
fn peer(stream: &UnixStream) -> Option<u32> {
    let stream = stream.try_clone().ok()?;
    stream.set_nonblocking(true).ok()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().ok()?;
    let pid = {
        let _guard = runtime.enter();
        let stream = tokio::net::UnixStream::from_std(stream).ok();
        stream.and_then(|stream| stream.peer_cred().ok()?.pid())
    };
    // The caller may be in a runtime already, where a plain drop is not allowed.
    runtime.shutdown_background();
    pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid != 0)
}

/// Makes way at `path`: removes a left-over socket, refuses to touch anything else.
fn clear(path: &Path) -> Result<(), SocketError> {
    let before = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed_to("inspect", path)(error)),
    };
    if !before.file_type().is_socket() {
        return Err(SocketError::NotASocket(path.to_owned()));
    }
    match probe(path).map_err(failed_to("connect to", path))? {
        Listener::Absent => Ok(()),
        Listener::Process(pid) => Err(SocketError::InUse { path: path.to_owned(), pid }),
        Listener::LeftOver => {
            tracing::info!(path = %path.display(), "control socket left over from a crash replaced");
            fs::remove_file(path).map_err(failed_to("remove", path))
        }
    }
}

/// Binds inside a private directory, sets the mode, and only then moves the socket into place.
fn listen(directory: &Path, path: &Path) -> Result<UnixListener, SocketError> {
    let private = directory.join(format!(".{}", std::process::id()));
    let hidden = private.join("s");
    // Left over from a crashed process with the same id.
    let _ = fs::remove_file(&hidden);
    let _ = fs::remove_dir(&private);
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&private)
        .map_err(failed_to("create directory", &private))?;
    let listener = bind_at(&hidden).and_then(|listener| {
        match rustix::fs::renameat_with(CWD, &hidden, CWD, path, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(listener),
            Err(error) => Err(error.into()),
        }
    });
    let _ = fs::remove_file(&hidden);
    let _ = fs::remove_dir(&private);
    listener.map_err(|error| match error.kind() {
        // Another one came first since `clear`.
        io::ErrorKind::AlreadyExists => SocketError::InUse {
            path: path.to_owned(),
            pid: match probe(path) {
                Ok(Listener::Process(pid)) => pid,
                _ => None,
            },
        },
        _ => failed_to("create", path)(error),
    })
}

fn bind_at(path: &Path) -> io::Result<UnixListener> {
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

fn identity(path: &Path) -> io::Result<Identity> {
    fs::symlink_metadata(path).map(|metadata| Identity(metadata.dev(), metadata.ino()))
}

fn failed_to(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SocketError {
    move |error| SocketError::Io { action, path: path.to_owned(), error }
}
