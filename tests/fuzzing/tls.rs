//! TLS: sessions with their keys, key logs, and executables under the scan.

use std::sync::OnceLock;

use sensor::{
    capture::{
        Segment,
        keylog::{Budget, Bytes, explain},
        pcap,
    },
    connections::{Connections, Settings, Source, TlsSettings},
    exchange::{Exchange, Timestamp},
    stream,
    tls::{KeyringLimits, Limits, keylog},
};

/// Small bounds on what is held, so that small inputs reach them, and room for whole records.
fn settings(held: usize) -> Settings {
    Settings {
        stream: stream::Limits { bytes: 1 << 15, wait: 1_000_000 },
        memory: 1 << 17,
        tls: Some(TlsSettings {
            keyring: KeyringLimits { count: 8, age: 1_000_000_000, tries: 64 },
            limits: Limits { held, wait: 50_000_000 },
        }),
        ..super::settings(Source::Wire)
    }
}

/// The segments of a real connection, and its key log.
type Real = (Vec<Segment<'static>>, Vec<u8>);

fn connections() -> &'static [Real] {
    static CONNECTIONS: OnceLock<Vec<Real>> = OnceLock::new();
    CONNECTIONS.get_or_init(|| NAMES.iter().map(|name| load(name)).collect())
}

/// One of each kind of record and handshake.
const NAMES: &[&str] = &[
    "tls13-aes128",
    "tls13-keyupdate",
    "tls13-early",
    "tls13-retry",
    "tls13-mutual",
    "tls12-aes128",
    "tls12-ccm",
    "tls12-chacha",
    "tls12-cbc-sha",
    "tls12-cbc-sha256-mac-then-encrypt",
    "tls12-renegotiated",
    "tls12-resumed",
    "tls10-mac-then-encrypt",
];

fn load(name: &str) -> Real {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/tls");
    let mut sent = Vec::new();
    let mut sink = |segment: &Segment<'_>| {
        let payload: &'static [u8] = segment.payload.to_vec().leak();
        sent.push(Segment { payload, ..*segment });
    };
    pcap::read(&folder.join(format!("{name}.pcap")), &mut |_| {}, &mut sink).expect("a capture");
    let keys = std::fs::read(folder.join(format!("{name}.keys"))).expect("a key log");
    (sent, keys)
}

/// A real connection, changed by a script: which connection, when its keys come, and for each
/// segment in turn two bytes: what happens to it, and where. Bytes behind the script are raw.
pub fn tls(input: &[u8]) {
    let [which, manner, script @ ..] = input else { return };
    let (sent, keys) = &connections()[usize::from(*which) % NAMES.len()];
    let held = if manner & 1 == 0 { 1 << 14 } else { 256 };
    let late = usize::from(manner >> 3);
    let mut connections = Connections::new(settings(held));
    let mut emit = |exchange: Exchange, _: &_| super::check_spans(&exchange);
    if manner & 2 == 0 && late == 0 {
        add(&mut connections, keys, manner & 4 == 0);
    }
    let mut steps = script.chunks_exact(2);
    for (index, segment) in sent.iter().enumerate() {
        if manner & 2 == 0 && late == index && late > 0 {
            add(&mut connections, keys, manner & 4 == 0);
            connections.retry_waiting(segment.time, &mut emit);
        }
        let [what, place] = steps.next().map_or([0, 0], |step| [step[0], step[1]]);
        let place = usize::from(place);
        let length = segment.payload.len();
        let mut payload = segment.payload.to_vec();
        match what & 15 {
            // Lost.
            1 => continue,
            // Cut by a snap length.
            2 => payload.truncate(place.min(length)),
            // Changed.
            3 if length > 0 => payload[place % length] ^= what | 1,
            4 if length > 0 => payload[length - 1 - place % length] ^= what | 1,
            5 => payload[..length.min(5 + place)].fill(what),
            // Raw bytes of the script.
            6 => {
                let raw = script.iter().cycle().skip(place).take(length);
                payload.iter_mut().zip(raw).for_each(|(byte, raw)| *byte = *raw);
            }
            // Twice.
            7 => connections.segment(segment, &mut emit),
            8 => connections.sweep(segment.time, &mut emit),
            _ => {}
        }
        connections.segment(&Segment { payload: &payload, ..*segment }, &mut emit);
    }
    connections.close_all(&mut emit);
    assert_eq!(connections.memory().used(), 0);
}

/// All secrets, or every second one.
fn add(connections: &mut Connections, log: &[u8], all: bool) {
    for line in log.split(|&byte| byte == b'\n').step_by(if all { 1 } else { 2 }) {
        keylog::parse(line, |secret| connections.add_secret(secret, Timestamp(0)));
    }
}

/// Key log files.
pub fn key_log(input: &[u8]) {
    let mut secrets = 0;
    let parsed = keylog::parse(input, |_| secrets += 1);
    assert_eq!(parsed.secrets, secrets);
    let lines = input.split(|&byte| byte == b'\n').count() as u64;
    assert!(parsed.secrets + parsed.unused + parsed.malformed <= lines);
}

/// Executables under the scan: the function that is named lies in the file.
pub fn executable(input: &[u8]) {
    let budget = Budget { bytes: 1 << 24, instructions: 1 << 16, ..Budget::default() };
    let explanation = explain(&Bytes(input), budget);
    for found in explanation.outcome.iter().flatten() {
        assert!(found.offset < input.len() as u64);
    }
}

/// Magic of `.gopclntab` in the layout of Go 1.20, which the program below has.
const GO_TABLE: [u8; 4] = 0xffff_fff1_u32.to_le_bytes();

/// A Go program under the scan, with the input where its table of functions is.
pub fn go_table(input: &[u8]) {
    let mut program = include_bytes!("../fuzz/seeds/executable/go").to_vec();
    let table = program.windows(4).position(|window| window == GO_TABLE).expect("it has one");
    let room = input.len().min(program.len() - table);
    program[table..table + room].copy_from_slice(&input[..room]);
    executable(&program);
}
