//! Probes that come and go while their targets work.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
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
    Node, Server, free_port, require_live,
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
    let mut probes = load_probes(&node);
    let (certificate, address) = (Certificate::new(), loopback(free_port()));
    let server = start(&node, kind, &certificate, address, |command| command);
    let targets = targets(&server);
    assert!(!targets.is_empty(), "{kind:?} has no key-log function");
    let pids = server.pids();
    let done = AtomicBool::new(false);
    let answered = std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask_until(&done, &server));
        for _ in 0..requests() / 10 {
            let attach = |(file, found): &(File, Found)| probes.attach(file, found);
            let links: Result<Vec<_>, _> = targets.iter().map(attach).collect();
            assert!(links.expect("they attach").len() == targets.len() && self::links() > 0);
        }
        done.store(true, Ordering::Relaxed);
        // It fails where a single request is not answered as it should be.
        asking.join().unwrap()
    });
    eprintln!("{kind:?}: {answered} requests answered, {} functions", targets.len());
    assert!(answered > 0);
    assert_eq!(server.pids(), pids, "{kind:?} is not what it was");
    assert_eq!(links(), 0, "a probe was left");
    for pid in pids {
        check_code(pid, &targets);
    }
}

/// The probes' programs, loaded by this process.
fn load_probes(node: &Node) -> Probes {
    let mut capture = LiveCapture::start(&Options {
        cgroup: node.cgroup.clone(),
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

/// Descriptors of this process that hold a probe.
fn links() -> usize {
    let entries = fs::read_dir("/proc/self/fd").expect("own descriptors").flatten();
    let links = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
    let names = links.map(|link| link.to_string_lossy().into_owned());
    names.filter(|name| name.contains("perf") || name.ends_with("bpf_link")).count()
}

/// The function's code in the process is what the file has: no breakpoint is in it.
fn check_code(pid: u32, targets: &[(File, Found)]) {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("its mappings");
    let memory = File::open(format!("/proc/{pid}/mem")).expect("its memory");
    for (file, found) in targets {
        let inode = std::os::unix::fs::MetadataExt::ino(&file.metadata().expect("a file"));
        let mapped = maps.lines().filter_map(|line| {
            let words: Vec<_> = line.split_ascii_whitespace().collect();
            let (start, end) = words.first()?.split_once('-')?;
            let number = |text| u64::from_str_radix(text, 16).ok();
            let (start, end, offset) = (number(start)?, number(end)?, number(words.get(2)?)?);
            let here = words.get(4)? == &inode.to_string()
                && words.get(1)?.contains('x')
                && (offset..offset + (end - start)).contains(&found.offset);
            here.then_some(start + found.offset - offset)
        });
        for address in mapped {
            let (mut code, mut expect) = ([0; 16], [0; 16]);
            memory.read_exact_at(&mut code, address).expect("mapped code");
            file.read_exact_at(&mut expect, found.offset).expect("the file's code");
            assert_eq!(code, expect, "process {pid} at {address:#x}");
        }
    }
}
