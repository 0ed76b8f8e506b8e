//! Public captures through capture, reassembly, parsing and pairing: their exchanges are golden
//! files, and are compared with what Zeek's own test suite expects of the same captures.
//!
//! `UPDATE_EXPECT=1 cargo test -p tests --test replay` rewrites the golden files.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use sensor::{
    capture::{Segment, pcap},
    connections::{Connections, Settings, Source},
    exchange::{Content, Decoding, Exchange, Framing, Missing, Problems},
    protocol::http1,
    stream,
};
use serde_json::{Value, json};

const UPDATE: &str = "rewrite it with UPDATE_EXPECT=1 and look at the difference";

/// A field in which an exchange differs from Zeek's log on purpose.
struct Difference {
    /// The capture, without `.pcap`.
    file: &'static str,
    /// The row of the file in `expected.tsv`, from 1.
    row: usize,
    /// The column.
    field: &'static str,
    ours: &'static str,
    zeek: &'static str,
    #[expect(dead_code, reason = "for the reader")]
    because: &'static str,
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        file: "curl_http_09",
        row: 1,
        field: "version",
        ours: "0.9",
        zeek: "-",
        because: "RFC 1945 section 6: a Simple-Response is content alone, up to the end of the connection",
    },
    Difference {
        file: "curl_http_09",
        row: 1,
        field: "status_code",
        ours: "0",
        zeek: "-",
        because: "RFC 1945 section 6: a Simple-Response has no status line; 0 stands for that, as in http_09",
    },
    Difference {
        file: "curl_http_09",
        row: 1,
        field: "response_body_len",
        ours: "51",
        zeek: "0",
        because: "RFC 1945 section 6: a Simple-Response is content alone, up to the end of the connection",
    },
    Difference {
        file: "http-filename",
        row: 1,
        field: "uri",
        ours: "/response-headers?Content-Type=application/octet-stream;%20charset=UTF-8&Content-Disposition=attachment;%20filename%3d%22test.json%22",
        zeek: "/response-headers?Content-Type=application/octet-stream; charset=UTF-8&Content-Disposition=attachment; filename=\"test.json\"",
        because: "RFC 9112 section 3.2: the target as sent; RFC 3986 section 2.4 forbids to decode it whole",
    },
    Difference {
        file: "http_09",
        row: 2,
        field: "all",
        ours: "none",
        zeek: "- - - - - 0 0",
        because: "RFC 1945 section 4.1: nothing follows the Simple-Response on the connection",
    },
    Difference {
        file: "http_09",
        row: 4,
        field: "all",
        ours: "none",
        zeek: "- - - - - 0 0",
        because: "RFC 1945 section 4.1: nothing follows the Simple-Response on the connection",
    },
    Difference {
        file: "no-version",
        row: 2,
        field: "all",
        ours: "none",
        zeek: "- - - - - 0 0",
        because: "RFC 1945 section 4.1: nothing follows the Simple-Response on the connection",
    },
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/http-pcaps")
}

/// The captures by name, without `.pcap` and `.pcap.gz`.
fn captures() -> BTreeMap<String, PathBuf> {
    let files = fs::read_dir(folder()).expect("the captures are in the repository");
    let captures = files.filter_map(|file| {
        let path = file.expect("a readable folder").path();
        let name = path.file_name()?.to_str()?;
        let (name, _) = name.split_once(".pcap")?;
        Some((name.to_owned(), path.clone()))
    });
    captures.collect()
}

fn settings() -> Settings {
    Settings {
        max_connections: 10_000,
        stream: stream::Limits { bytes: 1 << 20, wait: 1_000_000_000 },
        memory: 64 << 20,
        http: http1::Limits {
            head_bytes: 65_536,
            coded_bytes: 1 << 20,
            decoded_bytes: 1 << 20,
            keep_text: true,
        },
        idle: Duration::from_mins(5),
        source: Source::Wire,
        tls: None,
    }
}

/// The exchanges of a capture in the order in which they were handed out.
fn replay(path: &std::path::Path) -> Vec<Exchange> {
    let mut connections = Connections::new(settings());
    let mut exchanges = Vec::new();
    let mut emit = |exchange, _: &_| exchanges.push(exchange);
    let mut sink = |segment: &Segment<'_>| connections.segment(segment, &mut emit);
    let summary = pcap::read(path, &mut |_| {}, &mut sink).expect("a capture");
    assert_eq!(summary.problem, None, "{}", path.display());
    connections.close_all(&mut emit);
    assert_eq!(connections.memory().used(), 0, "{}", path.display());
    exchanges
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string().replace("\\'", "'").replace("\\\"", "\"")
}

/// The facts on a message's content that are not the usual ones.
fn content(content: &Content, problems: Problems) -> Value {
    let mut facts = json!({});
    if content.framing != Framing::None {
        facts["framing"] = format!("{:?}", content.framing).into();
        facts["length"] = content.length.into();
    }
    if content.captured != content.length {
        facts["captured"] = content.captured.into();
    }
    if content.decoding != Decoding::Identity {
        facts["decoding"] = format!("{:?}", content.decoding).into();
        facts["decoded"] = content.decoded.into();
    }
    if !problems.is_empty() {
        facts["problems"] = problems.names().collect();
    }
    facts
}

fn golden(exchange: &Exchange) -> Value {
    let request = exchange.request.as_ref().map(|request| {
        json!({
            "method": request.method.as_str(),
            "target": text(request.target()),
            "host": request.head.get("host").map(text),
            "version": request.version.as_str(),
            "fields": request.head.fields.len(),
            "content": content(&request.content, request.problems),
        })
    });
    let response = exchange.response.as_ref().map(|response| {
        json!({
            "status": response.status,
            "version": response.version.as_str(),
            "fields": response.head.fields.len(),
            "content": content(&response.content, response.problems),
        })
    });
    json!({
        "connection": exchange.connection.0,
        "client": exchange.client.to_string(),
        "server": exchange.server.to_string(),
        "request": request,
        "response": response,
        "missing": exchange.missing.names().collect::<Vec<_>>(),
    })
}

#[test]
fn captures_give_their_golden_exchanges() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    for (name, path) in captures() {
        let exchanges: Vec<Value> = replay(&path).iter().map(golden).collect();
        let lines: Vec<String> = exchanges
            .chunk_by(|one, next| one == next)
            .map(|same| json!({ "times": same.len(), "exchange": same[0] }).to_string())
            .collect();
        let ours = format!("[\n{}\n]\n", lines.join(",\n"));
        let file = folder().join("golden").join(format!("{name}.json"));
        if update {
            fs::write(&file, &ours).expect("the golden folder is writable");
        }
        let expect = fs::read_to_string(&file).unwrap_or_default();
        for (line, (ours, expect)) in ours.lines().zip(expect.lines()).enumerate() {
            assert_eq!(ours, expect, "{} line {}; {UPDATE}", file.display(), line + 1);
        }
        assert!(ours.len() == expect.len(), "{}: not as long; {UPDATE}", file.display());
    }
}

/// One of 1000 responses is missing from the capture; every other one must pair rightly.
#[test]
fn one_dropped_response_costs_one_exchange() {
    let exchanges = replay(&captures()["1000-requests-one-dropped-response"]);
    assert_eq!(exchanges.len(), 1000);
    let (paired, unanswered): (Vec<&Exchange>, Vec<&Exchange>) =
        exchanges.iter().partition(|exchange| exchange.response.is_some());
    assert_eq!((paired.len(), unanswered.len()), (999, 1));
    assert_eq!(unanswered[0].missing, Missing::RESPONSE);
    // All are alike, so the times tell: each response begins after the end of its own request
    // and ends before the next one.
    let mut requests: Vec<_> = exchanges
        .iter()
        .map(|exchange| exchange.request.as_ref().expect("all requests are there"))
        .collect();
    requests.sort_by_key(|request| request.start);
    for exchange in paired {
        assert!(exchange.missing.is_empty(), "{exchange:?}");
        let (Some(request), Some(response)) = (&exchange.request, &exchange.response) else {
            panic!("{exchange:?}")
        };
        assert!(request.end < response.start, "{exchange:?}");
        let next = requests.iter().find(|other| other.start > request.start);
        assert!(next.is_none_or(|next| response.end < next.start), "{exchange:?}");
    }
}

/// The columns of `expected.tsv` for one exchange, from the method on. Zeek's version is that of
/// the last message, and its lengths are those after decoding.
fn row(exchange: &Exchange) -> [(&'static str, String); 7] {
    let request = exchange.request.as_ref();
    let response = exchange.response.as_ref();
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let length = |content: Option<Content>| {
        content.map_or(0, |content| content.decoded.unwrap_or(content.length)).to_string()
    };
    let version = response
        .map(|response| response.version)
        .or_else(|| request.map(|request| request.version))
        .map(|version| version.as_str().to_owned());
    [
        ("method", or_dash(request.map(|request| request.method.as_str().to_owned()))),
        ("host", or_dash(request.and_then(|request| request.head.get("host").map(text)))),
        ("uri", or_dash(request.map(|request| text(request.target())))),
        ("version", or_dash(version)),
        ("status_code", or_dash(response.map(|response| response.status.to_string()))),
        ("request_body_len", length(request.map(|request| request.content))),
        ("response_body_len", length(response.map(|response| response.content))),
    ]
}

/// Every difference from Zeek's log is in [`DIFFERENCES`], and every one there is real.
#[test]
fn captures_agree_with_zeek() {
    let captures = captures();
    let table = fs::read_to_string(folder().join("expected.tsv")).expect("it is in the repository");
    let mut rows: BTreeMap<&str, Vec<Vec<&str>>> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let (file, row) = line.split_once(".pcap\t").expect("a file name first");
        rows.entry(file).or_default().push(row.split('\t').skip(1).collect());
    }
    assert_eq!(rows.len() + 1, captures.len(), "each capture but the one of 1000 has rows");
    let mut seen = Vec::new();
    for (file, rows) in rows {
        let exchanges = replay(&captures[file]);
        let mut ours = exchanges.iter().map(row).collect::<Vec<_>>().into_iter();
        for (number, theirs) in rows.iter().enumerate() {
            let nothing = theirs.iter().all(|field| matches!(*field, "-" | "0"));
            if nothing {
                seen.push((file, number + 1, "all", "none".to_owned(), theirs.join(" ")));
                continue;
            }
            let ours = ours.next().unwrap_or_else(|| panic!("{file}: no row {}", number + 1));
            for ((field, ours), theirs) in ours.into_iter().zip(theirs) {
                if ours != *theirs {
                    seen.push((file, number + 1, field, ours, (*theirs).to_owned()));
                }
            }
        }
        assert_eq!(ours.next(), None, "{file}: more exchanges than rows");
    }
    let expect: Vec<_> = DIFFERENCES
        .iter()
        .map(|difference| {
            let Difference { file, row, field, ours, zeek, because: _ } = *difference;
            (file, row, field, ours.to_owned(), zeek.to_owned())
        })
        .collect();
    assert_eq!(seen, expect);
}
