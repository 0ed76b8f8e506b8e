//! Probes that come and go while their targets work.

use std::{
    fs::{self, File},
    os::unix::fs::{FileExt as _, MetadataExt as _},
    sync::atomic::{AtomicBool, Ordering},
};

use sensor::{
    capture::{
        keylog::{Budget, Found, scan},
        libraries::{Attach as _, Probes, mapped_files},
        live::{LiveCapture, Options},
    },
    config::Config,
};
use tests::harness::{
    Container, Server, free_port, require_live,
    tls::{Certificate, Load, Manner, Peer, Phase, TlsKind, start},
};

use super::{loopback, requests};

#[test]
fn a_thousand_times_on_nginx() {
    come_and_go(TlsKind::Nginx);
}

#[test]
fn a_thousand_times_on_node() {
    come_and_go(TlsKind::Node("24.21.0"));
}

#[test]
fn a_thousand_times_on_bun() {
    come_and_go(TlsKind::Bun);
}

#[test]
fn a_thousand_times_on_go() {
    come_and_go(TlsKind::Go);
}

/// Every request is answered, the processes stay, and nothing is left behind: neither here nor in
/// the target's code.
fn come_and_go(kind: TlsKind) {
    let Some(node) = require_live() else { return };
    let apart = Container::new(&node.cgroup, 7);
    let mut probes = load_probes(&apart);
    let (certificate, address) = (Certificate::new(), loopback(free_port()));
    let server = start(&node, kind, &certificate, address, |command| command);
    let targets = targets(&server);
    assert!(!targets.is_empty(), "{kind:?} has no key-log function");
    let pids = server.pids();
    let before = code(&pids, &targets);
    assert!(!before.is_empty());
    let others = links();
    let done = AtomicBool::new(false);
    let answered = std::thread::scope(|scope| {
        let ends = Ends(&done);
        let asking = scope.spawn(|| ask_until(&done, &server));
        for _ in 0..requests() / 10 {
            let attach = |(file, found): &(File, Found)| probes.attach(file, found);
            let attached: Vec<_> = targets.iter().map(attach).collect();
            assert!(attached.iter().all(Result::is_ok), "a probe is refused");
            assert_eq!(links(), others + targets.len());
        }
        drop(ends);
        // It fails where a single request is not answered as it should be.
        asking.join().unwrap()
    });
    eprintln!("{kind:?}: {answered} requests answered, {} functions", targets.len());
    assert!(answered > 0);
    assert_eq!(server.pids(), pids, "{kind:?} is not what it was");
    assert_eq!(links(), others, "a probe was left");
    assert_eq!(code(&pids, &targets), before, "a breakpoint was left");
}

/// Ends the asking, also where the test fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The probes' programs, loaded by this process. What captures stays outside of all that runs.
fn load_probes(apart: &Container) -> Probes {
    let mut capture = LiveCapture::start(&Options {
        cgroup: apart.directory().to_owned(),
        ring_bytes: 1 << 20,
        turn_bytes: 4096,
        header_bytes: 1024,
        connections: 1024,
        read_tls: true,
        log_level: Config::default().log.level,
    })
    .expect("the capture starts");
    assert!(capture.notices_error().is_none(), "{:?}", capture.notices_error());
    Probes(capture.take_object().expect("the object"))
}

/// The key-log functions in the files that the server's processes have mapped.
fn targets(server: &Server) -> Vec<(File, Found)> {
    let pid = *server.pids().last().expect("a process");
    let files = mapped_files(pid).expect("its mappings").filter_map(|(_, file)| file.ok());
    let mut targets = Vec::new();
    for file in files {
        for found in scan(&file, Budget::default()).unwrap_or_default() {
            targets.push((file.try_clone().expect("a descriptor"), found));
        }
    }
    targets
}

/// New connections all the time: a handshake each, and so calls of the function.
fn ask_until(done: &AtomicBool, server: &Server) -> usize {
    let peer = Peer::dark();
    let mut answered = 0;
    for round in 0_u64.. {
        if done.load(Ordering::Relaxed) {
            break;
        }
        let ids = round * 100..round * 100 + 100;
        let load = Load(vec![Phase { method: "GET", ids, body: 0, manner: Manner::Fresh }]);
        answered += peer.ask(server.address, &load, 4, |command| command).len();
    }
    answered
}

/// Descriptors of this process that hold a probe or another program in place.
fn links() -> usize {
    let entries = fs::read_dir("/proc/self/fd").expect("own descriptors").flatten();
    let links = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
    let names = links.map(|link| link.to_string_lossy().into_owned());
    names.filter(|name| name.contains("perf") || name.ends_with("bpf_link")).count()
}

/// The first bytes of the functions in the memory of processes.
fn code(pids: &[u32], targets: &[(File, Found)]) -> Vec<[u8; 16]> {
    let mut code = Vec::new();
    for pid in pids {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("its mappings");
        let memory = File::open(format!("/proc/{pid}/mem")).expect("its memory");
        for (file, found) in targets {
            let inode = file.metadata().expect("a file").ino();
            let addresses = maps.lines().filter_map(|line| mapped_at(line, inode, found.offset));
            for address in addresses {
                let mut bytes = [0; 16];
                memory.read_exact_at(&mut bytes, address).expect("mapped code");
                code.push(bytes);
            }
        }
    }
    code
}

/// Where a line of mappings has a place of a file.
fn mapped_at(line: &str, inode: u64, place: u64) -> Option<u64> {
    let words: Vec<_> = line.split_ascii_whitespace().collect();
    let [range, flags, offset, _, number, ..] = words[..] else { return None };
    let (start, end) = range.split_once('-')?;
    let hexadecimal = |text| u64::from_str_radix(text, 16).ok();
    let (start, end, offset) = (hexadecimal(start)?, hexadecimal(end)?, hexadecimal(offset)?);
    let here = flags.contains('x') && number.parse() == Ok(inode);
    (here && (offset..offset + (end - start)).contains(&place)).then(|| start + (place - offset))
}
