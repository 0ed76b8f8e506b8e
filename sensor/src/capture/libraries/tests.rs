//! The watcher on processes and files of the test's own, with probes that are only counted.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, UNIX_EPOCH},
};

use super::{Attach, AttachError, Handle, LibraryFile, LibraryUser, ProcessState, Settings, watch};
use crate::capture::keylog::Found;

/// Offsets of the probes in place.
type Placed = Arc<Mutex<Vec<u64>>>;

struct Counted {
    placed: Placed,
    refuses: Arc<AtomicBool>,
}

struct Link(Placed, u64);

impl Drop for Link {
    fn drop(&mut self) {
        let mut placed = self.0.lock().unwrap();
        let place = placed.iter().position(|offset| *offset == self.1).expect("it is in place");
        placed.swap_remove(place);
    }
}

impl Attach for Counted {
    type Link = Link;

    fn attach(&mut self, _: &File, found: &Found) -> Result<Link, AttachError> {
        if self.refuses.load(Ordering::Relaxed) {
            return Err(AttachError::NoProgram);
        }
        self.placed.lock().unwrap().push(found.offset);
        Ok(Link(Arc::clone(&self.placed), found.offset))
    }
}

struct Running {
    handle: Option<Handle>,
    thread: Option<JoinHandle<()>>,
    placed: Placed,
    refuses: Arc<AtomicBool>,
    folder: PathBuf,
}

impl Running {
    /// A watcher with a folder of its own, in which `prepare` may put libraries.
    fn start(name: &str, refuses: bool, prepare: impl FnOnce(&Path)) -> Self {
        Self::with(name, refuses, Duration::from_hours(1), prepare)
    }

    fn with(name: &str, refuses: bool, rescan: Duration, prepare: impl FnOnce(&Path)) -> Self {
        let folder = std::env::temp_dir().join(format!("libraries-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("lib")).unwrap();
        prepare(&folder.join("lib"));
        let placed = Placed::default();
        let settings = Settings {
            rescan,
            cache: Some(folder.join("cache/libraries.json")),
            standard: vec![folder.join("lib")],
        };
        let refuses = Arc::new(AtomicBool::new(refuses));
        let counted = Counted { placed: Arc::clone(&placed), refuses: Arc::clone(&refuses) };
        let (handle, watcher) = watch(counted, settings);
        let thread = Some(thread::spawn(move || watcher.run()));
        let running = Self { handle: Some(handle), thread, placed, refuses, folder };
        running.until("the first look", |running| running.handle().report().rescans > 0);
        running
    }

    fn handle(&self) -> &Handle {
        self.handle.as_ref().unwrap()
    }

    fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while !holds(self) {
            assert!(Instant::now() < deadline, "never came: {what}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn file(&self, path: &Path) -> Option<LibraryFile> {
        let report = self.handle().report();
        report.files.iter().find(|file| file.path == path.to_str().unwrap()).cloned()
    }

    fn file_is_probed(&self, path: &Path) -> Option<bool> {
        Some(self.file(path)?.probed)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.handle.take());
        let _ = self.thread.take().unwrap().join();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// OpenSSL's library as this system has it.
pub(super) fn openssl() -> PathBuf {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"];
    let found = folders.iter().map(|folder| Path::new(folder).join("libssl.so.3"));
    found.into_iter().find(|path| path.exists()).expect("libssl.so.3 is installed")
}

/// A process that has a library mapped.
fn user_of(library: &Path) -> Child {
    python(
        "import ctypes, sys, time; ctypes.CDLL(sys.argv[1]); print('up', flush=True); time.sleep(600)",
        library,
    )
}

/// A script that has said that it is up.
fn python(script: &str, argument: &Path) -> Child {
    let mut child = Command::new("python3")
        .args(["-c", script, argument.to_str().unwrap()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let mut line = [0; 3];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).expect("it is up");
    child
}

fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a process id");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it is there");
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_library_is_probed_when_a_process_maps_it_and_let_go_when_none_does() {
    let running = Running::start("mapped", false, |_| ());
    let library = running.folder.join("libssl-copy.so");
    fs::copy(openssl(), &library).unwrap();
    let before = running.placed.lock().unwrap().len();
    let child = user_of(&library);
    running.handle().started(child.id());
    running.until("a probe", |running| running.file_is_probed(&library) == Some(true));
    assert!(running.placed.lock().unwrap().len() > before);
    assert!(matches!(
        running.handle().report().process(child.id()),
        ProcessState::Probed(libraries) if libraries.contains("OpenSSL")
    ));
    let file = running.file(&library).unwrap();
    let user = LibraryUser { pid: child.id(), name: "python3".to_owned() };
    assert_eq!((file.offsets.len(), file.users, file.reason), (1, vec![user], None));
    end(child);
    running.until("its end", |running| running.file_is_probed(&library).is_none());
}

#[test]
fn a_deleted_file_that_is_mapped_is_scanned_all_the_same() {
    let running = Running::start("deleted", false, |_| ());
    let library = running.folder.join("libssl-copy.so");
    fs::copy(openssl(), &library).unwrap();
    let child = user_of(&library);
    fs::remove_file(&library).unwrap();
    running.handle().speaks_tls(child.id());
    let named = PathBuf::from(format!("{} (deleted)", library.display()));
    running.until("a probe", |running| running.file_is_probed(&named) == Some(true));
    end(child);
}

#[test]
fn libraries_in_standard_folders_are_probed_before_anybody_maps_them() {
    let running = Running::start("standard", false, |folder| {
        fs::copy(openssl(), folder.join("libssl.so.3")).unwrap();
    });
    let library = running.folder.join("lib/libssl.so.3");
    assert_eq!(running.file_is_probed(&library), Some(true));
}

#[test]
fn a_refused_probe_is_a_reason_and_no_end() {
    let running = Running::start("refused", true, |folder| {
        fs::copy(openssl(), folder.join("libssl.so.3")).unwrap();
    });
    let library = running.folder.join("lib/libssl.so.3");
    assert_eq!(running.file_is_probed(&library), Some(false));
    let report = running.handle().report();
    let file = report.files.iter().find(|file| file.path == library.to_str().unwrap()).unwrap();
    assert!(file.reason.as_ref().is_some_and(|reason| reason.contains("no kernel program")));
    assert_eq!(report.probes, 0);
}

#[test]
fn results_are_remembered_across_restarts_and_a_damaged_cache_is_none() {
    let put = |folder: &Path| {
        fs::copy(openssl(), folder.join("libssl.so.3")).map(|_| ()).unwrap();
    };
    let running = Running::start("cache", false, put);
    let cache = running.folder.join("cache/libraries.json");
    running.until("the cache", |_| cache.exists());
    let kept = fs::read(&cache).unwrap();
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&cache).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    drop(running);
    for (text, remembers) in [(kept, true), (b"{\"version\":1,\"entr".to_vec(), false)] {
        let running = Running::start("cache", false, |folder| {
            put(folder);
            fs::create_dir_all(folder.join("../cache")).unwrap();
            fs::write(folder.join("../cache/libraries.json"), &text).unwrap();
        });
        let library = running.folder.join("lib/libssl.so.3");
        assert_eq!(running.file_is_probed(&library), Some(true));
        assert!(running.handle().report().remembered > 0 || !remembers);
    }
}

#[test]
fn hundreds_of_programs_that_start_at_once_are_looked_at_or_counted() {
    let running = Running::start("storm", false, |_| ());
    let library = running.folder.join("libssl-copy.so");
    fs::copy(openssl(), &library).unwrap();
    for pid in 0..20_000 {
        running.handle().started(4_000_000 + pid);
    }
    let child = user_of(&library);
    running.handle().started(child.id());
    running.until("a probe", |running| running.file_is_probed(&library) == Some(true));
    end(child);
}

#[test]
fn a_replaced_library_stays_probed_while_it_is_mapped_and_so_is_the_new_one() {
    let running = Running::start("replaced", false, |_| ());
    let library = running.folder.join("libssl-copy.so");
    fs::copy(openssl(), &library).unwrap();
    let old = user_of(&library);
    running.handle().started(old.id());
    running.until("a probe", |running| running.file_is_probed(&library) == Some(true));
    let fresh = running.folder.join("fresh");
    fs::copy(openssl(), &fresh).unwrap();
    fs::rename(&fresh, &library).unwrap();
    let new = user_of(&library);
    running.handle().started(new.id());
    running.until("both probed", |running| {
        let report = running.handle().report();
        let users = report.files.iter().filter(|file| file.path == library.to_str().unwrap());
        let users: Vec<_> = users.filter(|file| file.probed).flat_map(|file| &file.users).collect();
        [&old, &new].iter().all(|child| users.iter().any(|user| user.pid == child.id()))
    });
    end(old);
    end(new);
}

#[test]
fn a_probe_goes_when_other_code_is_written_to_its_file() {
    let running = Running::start("overwritten", false, |folder| {
        fs::copy(openssl(), folder.join("libssl.so.3")).unwrap();
    });
    let library = running.folder.join("lib/libssl.so.3");
    assert_eq!(running.file_is_probed(&library), Some(true));
    let offset = running.file(&library).unwrap().offsets[0];
    let before = running.placed.lock().unwrap().iter().filter(|at| **at == offset).count();
    // The same file, and so the same inode.
    fs::write(&library, fs::read("/bin/true").unwrap()).unwrap();
    running.until("its end", |running| running.file(&library).is_none());
    let after = running.placed.lock().unwrap().iter().filter(|at| **at == offset).count();
    assert!(after < before, "{after} of {before}");
}

#[test]
fn a_probe_stays_where_only_the_times_of_the_file_changed() {
    let running = Running::start("touched", false, |folder| {
        fs::copy(openssl(), folder.join("libssl.so.3")).unwrap();
    });
    let library = running.folder.join("lib/libssl.so.3");
    let scanned = running.handle().report().scanned;
    File::options().write(true).open(&library).unwrap().set_modified(UNIX_EPOCH).unwrap();
    // What was found in it is remembered by its build id.
    let seen = running.handle().report().remembered;
    running.until("another look", |running| running.handle().report().remembered > seen);
    assert_eq!(running.file_is_probed(&library), Some(true));
    assert_eq!(running.handle().report().scanned, scanned);
}

#[test]
fn a_process_that_was_forked_keeps_the_probe_of_its_library() {
    let script = "import ctypes, os, sys, time; ctypes.CDLL(sys.argv[1]); child = os.fork(); \
                  child and print('up', child, flush=True); time.sleep(600)";
    let running = Running::start("forked", false, |_| ());
    let library = running.folder.join("libssl-copy.so");
    fs::copy(openssl(), &library).unwrap();
    let mut parent = python(script, &library);
    let mut number = String::new();
    let mut said = BufReader::new(parent.stdout.take().unwrap());
    said.read_line(&mut number).unwrap();
    let child: u32 = number.trim().parse().unwrap();
    running.handle().started(parent.id());
    running.until("a probe", |running| running.file_is_probed(&library) == Some(true));
    end(parent);
    // Nobody told of the child: it is found when the last known user has gone.
    running.until("the child", |running| {
        let file = running.file(&library).expect("it stays probed");
        file.probed && file.users.iter().map(|user| user.pid).eq([child])
    });
    kill(i32::try_from(child).unwrap());
}

#[test]
fn a_refused_probe_is_tried_again() {
    let running = Running::with("again", true, Duration::from_millis(100), |folder| {
        fs::copy(openssl(), folder.join("libssl-copy.so")).unwrap();
    });
    let child = user_of(&running.folder.join("lib/libssl-copy.so"));
    let library = running.folder.join("lib/libssl-copy.so");
    running.handle().started(child.id());
    running.until("the user", |running| {
        running.file(&library).is_some_and(|file| file.users.len() == 1 && !file.probed)
    });
    running.refuses.store(false, Ordering::Relaxed);
    running.until("a probe", |running| running.file_is_probed(&library) == Some(true));
    assert_eq!(running.file(&library).unwrap().users[0].pid, child.id());
    end(child);
}

#[test]
fn hundreds_of_short_programs_leave_nothing_behind() {
    let running = Running::start("short", false, |_| ());
    let before = running.handle().report().processes.len();
    for _ in 0..300 {
        let mut child = Command::new("true").spawn().unwrap();
        running.handle().started(child.id());
        child.wait().unwrap();
    }
    let library = running.folder.join("libssl-copy.so");
    fs::copy(openssl(), &library).unwrap();
    let child = user_of(&library);
    running.handle().started(child.id());
    running.until("a probe", |running| running.file_is_probed(&library) == Some(true));
    end(child);
    running
        .until("nothing left", |running| running.handle().report().processes.len() < before + 100);
}
