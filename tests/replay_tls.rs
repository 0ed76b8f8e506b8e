//! Public TLS captures with the key logs of their connections through the whole replay: golden
//! exchanges, nothing without keys, and no secret in anything that comes out.
//!
//! `UPDATE_EXPECT=1 cargo test -p tests --test replay-tls` rewrites the golden file.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use sensor::{
    config::Config,
    pipeline::{Destination, Job, Outcome, replay},
};
use serde_json::{Value, json};
use tests::harness::Scratch;

/// Fields of a record that are the same in every replay and say what was read.
const FIELDS: [&str; 14] = [
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "http.response.body.size",
    "client.port",
    "server.port",
    "url.scheme",
    "tls.protocol.version",
    "tls.cipher",
    "tls.next_protocol",
    "tls.client.server_name",
    "tls.resumed",
    "tls.client.certificate_shown",
    "sensor.missing",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/tls")
}

/// The names of the captures, in order.
fn captures() -> Vec<String> {
    let files = fs::read_dir(folder()).expect("the captures are in the repository");
    let mut names: Vec<String> = files
        .filter_map(|file| {
            let name = file.expect("a readable folder").file_name().into_string().ok()?;
            Some(name.strip_suffix(".pcap")?.to_owned())
        })
        .collect();
    names.sort();
    names
}

fn capture(name: &str) -> PathBuf {
    folder().join(format!("{name}.pcap"))
}

fn keys(name: &str) -> PathBuf {
    folder().join(format!("{name}.keys"))
}

/// What a replay of one file gave, and its records.
fn run(file: &Path, key_logs: &[PathBuf]) -> (Outcome, Vec<u8>) {
    let mut records = Vec::new();
    let outcome = replay(Job {
        config: &Config::default(),
        files: &[file.to_owned()],
        key_logs,
        progress: &mut |_| {},
        records: Destination::Lines(&mut records),
        details: false,
    })
    .expect("the file is a capture");
    (outcome, records)
}

fn events(records: &[u8]) -> Vec<Value> {
    let lines = records.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("a record is JSON")).collect()
}

fn golden(name: &str, event: &Value) -> String {
    let mut line = json!({ "capture": name });
    for field in FIELDS {
        if let Some(value) = event.get(field) {
            line[field] = value.clone();
        }
    }
    line.to_string()
}

#[test]
fn captures_with_their_keys_give_their_golden_exchanges() {
    let mut ours = String::new();
    for name in captures() {
        let (outcome, records) = run(&capture(&name), &[keys(&name)]);
        assert_eq!(outcome.problems, [""; 0], "{name}");
        assert_eq!((outcome.counters.tls_read, outcome.counters.tls_dark), (1, 0), "{name}");
        let lost: Vec<_> =
            outcome.counters.losses().iter().filter(|l| l.count > 0).cloned().collect();
        assert!(lost.is_empty(), "{name}: {lost:?}");
        for event in events(&records) {
            ours += &golden(&name, &event);
            ours.push('\n');
        }
    }
    let file = folder().join("golden.jsonl");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&file, &ours).expect("the folder is writable");
    }
    let expect = fs::read_to_string(&file).unwrap_or_default();
    for (line, (ours, expect)) in ours.lines().zip(expect.lines()).enumerate() {
        assert_eq!(ours, expect, "{} line {}", file.display(), line + 1);
    }
    assert_eq!(ours.lines().count(), expect.lines().count(), "{}", file.display());
}

#[test]
fn without_keys_a_capture_is_counted_and_not_read() {
    for name in captures() {
        let (outcome, records) = run(&capture(&name), &[]);
        let counters = &outcome.counters;
        assert_eq!((counters.tls_connections, counters.tls_read), (1, 0), "{name}");
        assert_eq!(counters.tls_dark, 1, "{name}");
        assert_eq!((counters.exchanges, outcome.endpoints.len()), (0, 0), "{name}");
        assert!(records.is_empty(), "{name}");
    }
}

#[test]
fn anothers_keys_open_nothing() {
    let (outcome, records) = run(&capture("tls13-aes128"), &[keys("tls13-chacha")]);
    assert_eq!((outcome.counters.tls_read, outcome.counters.secrets_used), (0, 0));
    assert!(records.is_empty());
}

/// Everything that a program logs, down to the finest.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Every secret of a key log, in hexadecimal digits.
fn secrets(name: &str) -> Vec<String> {
    let text = fs::read_to_string(keys(name)).expect("it is in the repository");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split(' ').nth(2)).map(str::to_lowercase).collect()
}

fn unhex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let pair = str::from_utf8(pair).expect("text");
            u8::from_str_radix(pair, 16).expect("hexadecimal digits")
        })
        .collect()
}

#[test]
fn no_output_holds_a_secret() {
    for name in captures() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let (outcome, records) = tracing::subscriber::with_default(subscriber, || {
            tracing::trace!("the log is listened to");
            run(&capture(&name), &[keys(&name)])
        });
        let log = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert!(!log.is_empty());
        let endpoints = serde_json::to_vec(&outcome.endpoints).expect("rows are JSON");
        let rest = format!("{outcome:?}").into_bytes();
        let secrets = secrets(&name);
        assert!(!secrets.is_empty());
        for secret in &secrets {
            // Half of it would be too much already.
            let half = &secret[..secret.len() / 2];
            let (raw, listed) = (unhex(half), format!("{:?}", unhex(half)));
            let listed = listed.trim_matches(['[', ']']);
            let outputs =
                [("records", &records), ("endpoints", &endpoints), ("log", &log), ("rest", &rest)];
            for (what, output) in outputs {
                let lower = output.to_ascii_lowercase();
                for form in [half.as_bytes(), &raw.to_ascii_lowercase(), listed.as_bytes()] {
                    let found = memchr::memmem::find(&lower, form);
                    assert_eq!(found, None, "{name}: a secret is in the {what}");
                }
            }
        }
    }
}

/// A pcapng file of the packets of a pcap file, with a Decryption Secrets Block (type 10, "TLSK",
/// draft-ietf-opsawg-pcapng section 4.7) before packet `at`.
fn with_secrets_inside(capture: &[u8], secrets: &[u8], at: usize) -> Vec<u8> {
    assert_eq!(capture[..4], [0xd4, 0xc3, 0xb2, 0xa1], "little-endian microseconds");
    let mut file = block(
        0x0a0d_0d0a,
        &[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0].into_iter().chain([0xff; 8]).collect::<Vec<u8>>(),
    );
    let link = [capture[20], capture[21], 0, 0, 0, 0, 4, 0];
    file.extend(block(1, &link));
    let mut rest = &capture[24..];
    let mut number = 0;
    while let Some((head, body)) = rest.split_first_chunk::<16>() {
        if number == at {
            let length = (secrets.len() as u32).to_le_bytes();
            file.extend(block(10, &[b"KSLT", &length[..], &padded(secrets)].concat()));
        }
        let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|index| head[at + index]));
        let (data, others) = body.split_at(word(8) as usize);
        let time = u64::from(word(0)) * 1_000_000 + u64::from(word(4));
        let words = [0, (time >> 32) as u32, time as u32, word(8), word(12)];
        let words: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        file.extend(block(6, &[words, padded(data)].concat()));
        rest = others;
        number += 1;
    }
    assert!(number > at, "the block is in the file");
    file
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32 + 12).to_le_bytes();
    [&kind.to_le_bytes(), &length, body, &length].concat()
}

fn padded(data: &[u8]) -> Vec<u8> {
    let mut bytes = data.to_vec();
    bytes.resize(data.len().next_multiple_of(4), 0);
    bytes
}

#[test]
fn secrets_inside_a_capture_open_it() {
    let scratch = Scratch::new();
    for name in ["tls13-aes128", "tls12-cbc-sha", "tls13-keyupdate"] {
        let (_, records) = run(&capture(name), &[keys(name)]);
        let expect: Vec<_> = events(&records).iter().map(|event| golden(name, event)).collect();
        let packets = fs::read(capture(name)).expect("it is in the repository");
        let text = fs::read(keys(name)).expect("it is in the repository");
        // First of all, and when the handshake is over.
        for at in [0, 9] {
            let file = scratch.write("capture.pcapng", with_secrets_inside(&packets, &text, at));
            let (outcome, records) = run(&file, &[]);
            assert_eq!(outcome.problems, [""; 0], "{name} {at}");
            let ours: Vec<_> = events(&records).iter().map(|event| golden(name, event)).collect();
            assert_eq!(ours, expect, "{name} {at}");
        }
        let file = with_secrets_inside(&packets, b"no key log at all\n", 0);
        let (outcome, records) = run(&scratch.write("capture.pcapng", file), &[]);
        assert_eq!(outcome.problems.len(), 1, "{name}: {:?}", outcome.problems);
        assert!(records.is_empty(), "{name}");
    }
}
