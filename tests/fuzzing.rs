//! The entry points that read bytes from outside, for arbitrary bytes. The fuzz targets in
//! `fuzz/` and the tests below share them.

mod schema;
#[cfg(test)]
mod smoke;
mod tls;

use std::{path::Path, time::Duration};

use sensor::{
    capture::{Direction, Origin, Segment, TcpFlags, pcap},
    connections::{Connections, Owner, Settings, Source},
    exchange::{ConnectionId, Exchange, Timestamp},
    protocol::{body as coding, http1},
    specification::{self, Hosts, Kind, Problem},
    stream,
};

pub use self::{
    schema::schema,
    tls::{executable, go_table, key_log, tls},
};

/// Small bounds, so that small inputs reach them.
fn settings(source: Source) -> Settings {
    Settings {
        max_connections: 3,
        stream: stream::Limits { bytes: 512, wait: 1_000 },
        memory: 4096,
        http: http1::Limits {
            head_bytes: 256,
            coded_bytes: 256,
            decoded_bytes: 256,
            keep_text: true,
        },
        idle: Duration::from_micros(10),
        source,
        tls: None,
    }
}

/// Text that bytes of a script stand for, so that messages need not be found by chance.
const WORDS: &[&[u8]] = &[
    b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n",
    b"HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n",
    b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n\r\n",
    b"PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /old\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 101 Switch\r\n\r\n",
    b"HTTP/1.1 204 No\r\n\r\n",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    b"\r\n",
];

/// Reassembly, parsing and pairing on a script of segments.
///
/// Each step takes 8 bytes of `input`: connection and direction, flags, what the payload is and
/// how long, where it lies relative to the place expected, and what was lost, skipped and
/// acknowledged. Panics when the account of buffered bytes does not come out even.
pub fn http1(input: &[u8]) {
    let Some((first, mut rest)) = input.split_first() else { return };
    let source = if first & 1 == 0 { Source::Node } else { Source::Wire };
    let mut connections = Connections::new(settings(source));
    let mut next = [[u32::MAX - 60, 100]; 4];
    let mut time = 0;
    let mut emit = |exchange: Exchange, _: &Owner| check_spans(&exchange);
    while let Some((step, others)) = rest.split_first_chunk::<8>() {
        let [who, flags, what, length, shift, lost, hints, origin] = *step;
        rest = others;
        let payload = if let Some(word) = WORDS.get(usize::from(what)) {
            &word[..word.len().saturating_sub(usize::from(length))]
        } else {
            let (payload, others) = rest.split_at(rest.len().min(usize::from(length)));
            rest = others;
            payload
        };
        let (connection, side) = (usize::from(who >> 1 & 3), usize::from(who & 1));
        // Mostly in order; else a little or very far off.
        let offset = match shift {
            0..=199 => 0,
            200..=227 => i32::from(shift) - 213,
            228..=254 => (i32::from(shift) - 241) << 20,
            255 => i32::MIN,
        };
        let numbers = &mut next[connection];
        let skip = u32::from(lost) * u32::from(hints & 1);
        let sequence = numbers[side].wrapping_add(skip).wrapping_add_signed(offset);
        let beyond = if hints & 2 == 0 { 0 } else { u32::from(lost) << (hints >> 4) };
        let taken = payload.len() as u32 + beyond;
        time += u64::from(who >> 3) * 37;
        let segment = Segment {
            connection: ConnectionId(connection as u64 + 1),
            direction: if side == 0 { Direction::Inbound } else { Direction::Outbound },
            time: Timestamp(time),
            sequence,
            acknowledgement: numbers[1 - side],
            flags: TcpFlags(if flags < 200 { 0x10 } else { flags }),
            length: taken,
            payload,
            skipped: if hints & 4 == 0 { 0 } else { skip },
            lost: if hints & 8 == 0 { 0 } else { skip },
            first: false,
            past_budget: hints & 2 != 0,
            local: ([10, 0, 0, 1], 80).into(),
            remote: ([10, 0, 0, 2], connection as u16).into(),
            origin: Origin {
                cgroup: 0,
                pid: 0,
                twin: if origin >= 250 { u64::from(origin - 249) } else { 0 },
                listener: (240..250).contains(&origin),
            },
        };
        connections.segment(&segment, &mut emit);
        if offset == 0 {
            numbers[side] = sequence.wrapping_add(taken);
        }
        if who == u8::MAX {
            connections.sweep(Timestamp(time), &mut emit);
        }
        assert!(connections.len() <= 3);
    }
    connections.close_all(&mut emit);
    assert_eq!(connections.memory().used(), 0);
}

/// Every span points into its head, and every content has no more than its length.
fn check_spans(exchange: &Exchange) {
    let request = exchange.request.as_ref().map(|request| {
        assert!(request.target.end as usize <= request.head.raw.len());
        assert!(request.path().len() <= request.target().len().max(1));
        assert!(request.start <= request.end);
        (&request.head, request.content)
    });
    let response = exchange.response.as_ref().map(|response| {
        assert!(response.start <= response.end);
        (&response.head, response.content)
    });
    for (head, content) in request.into_iter().chain(response) {
        for field in &head.fields {
            for span in [field.name, field.value] {
                assert!(span.start <= span.end && span.end as usize <= head.raw.len());
            }
        }
        assert!(content.captured <= content.length);
    }
}

/// Capture files, and what they hold through the stages behind.
pub fn pcap(input: &[u8]) {
    let mut connections = Connections::new(settings(Source::Wire));
    let mut emit = |exchange: Exchange, _: &Owner| check_spans(&exchange);
    let mut sink = |segment: &Segment<'_>| {
        assert!(segment.payload.len() <= segment.length as usize);
        connections.segment(segment, &mut emit);
    };
    if let Ok(summary) = pcap::read_from(Path::new("input"), input, &mut |_| {}, &mut sink) {
        let parts = [
            summary.segments,
            summary.not_tcp,
            summary.fragments,
            summary.cut,
            summary.malformed,
            summary.unknown_link,
        ];
        assert_eq!(summary.packets, parts.iter().sum::<u64>());
    }
    connections.close_all(&mut emit);
    assert_eq!(connections.memory().used(), 0);
}

/// Content codings: the first byte chooses them.
pub fn body(input: &[u8]) {
    const CODINGS: [&str; 8] = [
        "gzip",
        "deflate",
        "br",
        "zstd",
        "identity",
        "gzip, br",
        "zstd, gzip, x-gzip",
        "br, deflate",
    ];
    let Some((first, content)) = input.split_first() else { return };
    let codings = CODINGS[usize::from(first & 7)];
    let cap = 1 << (first >> 4);
    let decoded = coding::decode(codings.as_bytes(), content, first & 8 == 0, cap);
    assert!(decoded.bytes.len() <= cap);
    assert_eq!(decoded.length, decoded.bytes.len() as u64);
}

/// Specifications of APIs: what is read can be compared and exported, and is no specification of
/// another kind after that.
pub fn specification(input: &[u8]) {
    let found = specification::read(input);
    let operations = &found.operations;
    let differences = specification::diff(operations, operations, operations, Hosts::Declared);
    assert!(differences.len() <= 100 * (operations.len() + 1) * (input.len() + 1));
    let host = operations.first().map_or("", |one| one.host.as_str());
    let document = specification::export(host, operations).to_string();
    let again = specification::read(document.as_bytes());
    let is_other = |problem: &Problem| matches!(problem.kind, Kind::Syntax(_) | Kind::Version(_));
    assert!(!again.problems.iter().any(is_other), "{document}");
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use proptest::prelude::*;

    use super::*;

    pub fn seeds(target: &str) -> Vec<Vec<u8>> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
        let files = fs::read_dir(folder).expect("the seeds are in the repository");
        files.map(|file| fs::read(file.expect("readable").path()).expect("readable")).collect()
    }

    pub type Target = fn(&[u8]);

    /// Each with the name of its seeds.
    pub const TARGETS: &[(&str, Target)] = &[
        ("http1", http1),
        ("pcap", pcap),
        ("body", body),
        ("tls", tls),
        ("key-log", key_log),
        ("executable", executable),
        ("specification", specification),
        ("schema", schema),
        ("go-table", go_table),
    ];

    #[test]
    fn seeds_pass() {
        for (name, target) in TARGETS {
            let seeds = seeds(name);
            assert!(!seeds.is_empty(), "{name}");
            for seed in &seeds {
                for length in 0..=seed.len() {
                    target(&seed[..length]);
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Steps of a script, mostly with words in order.
        #[test]
        fn scripts(steps in proptest::collection::vec(
            (any::<u8>(), any::<u8>(), 0_u8..24, 0_u8..12, any::<[u8; 3]>(), any::<u8>()), 0..60,
        ), first in any::<u8>()) {
            let mut script = vec![first];
            for (who, flags, what, length, [shift, lost, hints], origin) in steps {
                script.extend([who, flags, what, length, shift, lost, hints, origin]);
            }
            http1(&script);
        }

        #[test]
        fn changed_captures(at in any::<prop::sample::Index>(), bytes in any::<[u8; 4]>()) {
            for mut seed in seeds("pcap") {
                let at = at.index(seed.len());
                for (place, byte) in seed[at..].iter_mut().zip(bytes) {
                    *place ^= byte;
                }
                pcap(&seed);
            }
        }

        #[test]
        fn changed_bodies(at in any::<prop::sample::Index>(), bytes in any::<[u8; 4]>()) {
            for mut seed in seeds("body") {
                let at = at.index(seed.len());
                for (place, byte) in seed[at..].iter_mut().zip(bytes) {
                    *place ^= byte;
                }
                body(&seed);
            }
        }

        #[test]
        fn changed_connections(
            which in any::<u8>(), manner in any::<u8>(),
            steps in proptest::collection::vec((0_u8..12, any::<u8>()), 0..40),
        ) {
            let mut script = vec![which, manner];
            script.extend(steps.into_iter().flat_map(|(what, place)| [what, place]));
            tls(&script);
        }

        #[test]
        fn changed_executables(at in any::<prop::sample::Index>(), bytes in any::<[u8; 4]>()) {
            for mut seed in seeds("executable") {
                let at = at.index(seed.len());
                for (place, byte) in seed[at..].iter_mut().zip(bytes) {
                    *place ^= byte;
                }
                executable(&seed);
            }
        }
    }
}
