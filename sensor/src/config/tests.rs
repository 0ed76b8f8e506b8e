use super::*;

fn sources(text: &str, environment: &[(&str, &str)], flags: &[&str]) -> (PathBuf, Sources) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("sensor-config-{}-{number}.toml", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).unwrap();
    let pairs = environment.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let sources = Sources {
        file: Some(path.clone()),
        environment: pairs.collect(),
        flags: flags.iter().map(|text| Flag::set(text).unwrap()).collect(),
    };
    (path, sources)
}

fn load(text: &str, environment: &[(&str, &str)], flags: &[&str]) -> Result<Loaded, String> {
    let (path, sources) = sources(text, environment, flags);
    let loaded = Config::load(&sources);
    std::fs::remove_file(&path).unwrap();
    loaded.map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"))
}

#[test]
fn later_sources_win() {
    fn check(text: &str, variable: Option<&str>, flags: &[&str], expect: (usize, &str)) {
        let environment: Vec<_> =
            variable.iter().map(|value| ("SENSOR_STREAM__MAX_CONNECTIONS", *value)).collect();
        let loaded = load(text, &environment, flags).unwrap();
        let origin = loaded.origin("stream.max_connections").to_string();
        let origin = if origin.ends_with(".toml:2") { "FILE:2" } else { &origin };
        assert_eq!((loaded.config.stream.max_connections, origin), expect);
    }
    const FILE: &str = "[stream]\nmax_connections = 11\n";
    const FLAG: &str = "stream.max_connections=33";
    check("", None, &[], (200_000, "default"));
    check(FILE, None, &[], (11, "FILE:2"));
    check(FILE, Some("22"), &[], (22, "SENSOR_STREAM__MAX_CONNECTIONS"));
    check(FILE, Some("22"), &[FLAG], (33, "--set stream.max_connections=33"));
    check("", None, &[FLAG], (33, "--set stream.max_connections=33"));
    check(
        FILE,
        None,
        &[FLAG, "stream.max_connections=44"],
        (44, "--set stream.max_connections=44"),
    );
}

#[test]
fn values_are_read_in_every_spelling() {
    fn check(flag: &str, read: fn(&Config) -> String, expect: &str) {
        assert_eq!(read(&load("", &[], &[flag]).unwrap().config), expect, "{flag}");
    }
    let ring = |config: &Config| config.capture.ring_bytes.to_string();
    check("capture.ring_bytes=1048576", ring, "1048576");
    check("capture.ring_bytes=1_048_576", ring, "1048576");
    check("capture.ring_bytes=64KiB", ring, "65536");
    check("capture.ring_bytes=32 MiB", ring, "33554432");
    check("capture.ring_bytes=1GiB", ring, "1073741824");
    let file = |config: &Config| config.output.file.max_bytes.to_string();
    check("output.file.max_bytes=2MB", file, "2000000");
    let idle = |config: &Config| format!("{:?}", config.stream.idle);
    check("stream.idle=5s", idle, "5s");
    check("stream.idle=2m", idle, "120s");
    check("stream.idle=1m 30s", idle, "90s");
    check("stream.idle=1500ms", idle, "1.5s");
    let cgroup = |config: &Config| format!("{:?}", config.capture.cgroup);
    check("capture.cgroup=auto", cgroup, "None");
    check("capture.cgroup=/sys/fs/cgroup/a", cgroup, "Some(\"/sys/fs/cgroup/a\")");
    check("output.exchanges=file", |config| format!("{:?}", config.output.exchanges), "File");
    check("log.level=debug", |config| config.log.level.to_string(), "debug");
    check("node.name=123", |config| config.node.name.clone(), "123");
}

#[test]
fn mistakes_in_the_file_are_named() {
    fn check(text: &str, expect: &str) {
        assert_eq!(load(text, &[], &[]).unwrap_err(), expect);
    }
    check(
        "[capture]\n\nrng_bytes = 1\n",
        "FILE:3: unknown key capture.rng_bytes; did you mean capture.ring_bytes?",
    );
    check(
        "[capture]\nmax_connections = 1\n",
        "FILE:2: unknown key capture.max_connections; did you mean stream.max_connections?",
    );
    check("[captur]\nring_bytes = 1\n", "FILE:1: unknown key captur; did you mean capture?");
    check(
        "capture.ring_bytes.x = 1",
        "FILE:1: capture.ring_bytes must be a power of two from 64KiB to 1GiB (such as 16MiB), \
         not a value of type table",
    );
    check(
        "[http]\ncolour = 1\n",
        "FILE:2: unknown key http.colour; the keys of http are max_head_bytes, max_decoded_bytes",
    );
    check(
        "zebra = 1\n",
        "FILE:1: unknown key zebra; the sections are node, capture, stream, tls, http, inventory, \
         store, mask, control, limits, kubernetes, metrics, output, output.file, kafka, spool, log",
    );
    check(
        "http = 1\n",
        "FILE:1: http is a section, not a key; its keys are max_head_bytes, max_decoded_bytes",
    );
    check(
        "[capture]\nring_bytes = 3000000\n",
        "FILE:2: capture.ring_bytes must be a power of two from 64KiB to 1GiB (such as 16MiB), \
         not 3000000",
    );
    check(
        "[capture]\nring_bytes = -1\n",
        "FILE:2: capture.ring_bytes must be a power of two from 64KiB to 1GiB (such as 16MiB), \
         not -1",
    );
    check(
        "[http]\nmax_head_bytes = \"64 kilobytes\"\n",
        "FILE:2: http.max_head_bytes must be a size from 1KiB to 16MiB (such as 65536, 64KiB or \
         16MiB), not \"64 kilobytes\"",
    );
    check(
        "[stream]\nidle = 300\n",
        "FILE:2: stream.idle must be a duration from 1s to 24h (such as 500ms, 5s or 2m), not 300",
    );
    check(
        "[output]\nexchanges = \"pulsar\"\n",
        "FILE:2: output.exchanges must be one of \"none\", \"stdout\", \"file\", \"kafka\", not \
         \"pulsar\"",
    );
    check("[node]\nname = 1.5\n", "FILE:2: node.name must be text that is not empty, not 1.5");
    check(
        "[output.file]\nkeep = true\n",
        "FILE:2: output.file.keep must be a number from 0 to 1000, not true",
    );
    check(
        "[capture]\nturn_bytes = \"4KiB\"\n",
        "FILE:2: capture.header_bytes (8KiB) must not be greater than capture.turn_bytes (4KiB)",
    );
}

#[test]
fn broken_toml_is_named_with_its_line() {
    let error = load("[node]\nname = \"a\"\nname = \"b\"\n", &[], &[]).unwrap_err();
    assert!(error.starts_with("FILE:3: not TOML: "), "{error}");
    let error = load("[node\n", &[], &[]).unwrap_err();
    assert!(error.starts_with("FILE:1: not TOML: "), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn mistakes_in_the_environment_are_named() {
    fn check(name: &str, value: &str, expect: &str) {
        assert_eq!(load("", &[(name, value)], &[]).unwrap_err(), expect);
    }
    check(
        "SENSOR_CAPTURE__RING_BYTE",
        "16MiB",
        "SENSOR_CAPTURE__RING_BYTE: unknown key capture.ring_byte; did you mean \
         SENSOR_CAPTURE__RING_BYTES?",
    );
    check(
        "SENSOR_CAPTURE_RING_BYTES",
        "16MiB",
        "SENSOR_CAPTURE_RING_BYTES: unknown key capture_ring_bytes; did you mean \
         SENSOR_CAPTURE__RING_BYTES?",
    );
    check(
        "SENSOR_LOG__LEVEL",
        "loud",
        "SENSOR_LOG__LEVEL: log.level must be one of \"off\", \"error\", \"warn\", \"info\", \
         \"debug\", \"trace\", not \"loud\"",
    );
}

#[test]
fn variables_of_others_are_left_alone() {
    let environment =
        [("SENSOR_SERVICE_HOST", "10.0.0.1"), ("SENSOR_PORT_80_TCP", "x"), ("PATH", "/bin")];
    assert_eq!(load("", &environment, &[]).unwrap().config, Config::default());
}

#[test]
fn mistakes_in_flags_are_named() {
    fn check(flag: &str, expect: &str) {
        let error = match Flag::set(flag) {
            Ok(_) => load("", &[], &[flag]).unwrap_err(),
            Err(error) => error.to_string(),
        };
        assert_eq!(error, expect);
    }
    check(
        "capture.ring_bytes",
        "--set capture.ring_bytes: expected section.key=value, such as --set \
         capture.ring_bytes=32MiB",
    );
    check("log.levl=info", "--set log.levl=info: unknown key log.levl; did you mean log.level?");
    check(
        "inventory.max_endpoints=0",
        "--set inventory.max_endpoints=0: inventory.max_endpoints must be a number from 1 to \
         10000000, not \"0\"",
    );
    check("control.socket=", "--set control.socket=: control.socket must be a path, not \"\"");
}

#[test]
fn a_file_that_was_asked_for_must_exist() {
    let sources = Sources { file: Some("/nonexistent/sensor.toml".into()), ..Sources::default() };
    let error = Config::load(&sources).unwrap_err().to_string();
    assert!(error.starts_with("failed to read /nonexistent/sensor.toml: "), "{error}");
}

#[test]
fn what_is_printed_reads_back_the_same() {
    fn check(flags: &[&str]) {
        let loaded = load("", &[], flags).unwrap();
        let again = load(&loaded.to_toml(), &[], &[]).unwrap();
        assert_eq!(again.config, loaded.config);
    }
    check(&[]);
    check(&[
        "node.name=a \"quoted\" \\ name\nof two lines",
        "capture.cgroup=/sys/fs/cgroup",
        "capture.turn_bytes=70001",
        "mask.key_file=/etc/key",
        "output.exchanges=file",
        "stream.idle=1500ms",
        "log.level=off",
    ]);
}

#[test]
fn every_key_has_a_meaning_that_fits_and_sections_stay_together() {
    let mut seen = Vec::new();
    for key in KEYS {
        assert!(key.meaning.len() <= 80 && !key.meaning.ends_with('.'), "{}", key.name);
        let (section, _) = key.parts();
        if seen.last() != Some(&section) {
            assert!(!seen.contains(&section), "{section} is split");
            seen.push(section);
        }
    }
}

/// Their names have dots, and their values may be secrets.
#[test]
fn properties_of_librdkafka_come_from_everywhere_and_secrets_are_not_shown() {
    let file = "[kafka.properties]\nsecurity.protocol = \"SASL_SSL\"\n\"linger.ms\" = 5\n\
                enable.idempotence = true\n";
    let password = ("SENSOR_KAFKA__PROPERTIES__SASL__PASSWORD", "s3cr3t");
    let loaded = load(file, &[password], &["kafka.properties.sasl.username=me"]).unwrap();
    let properties: Vec<_> = loaded.config.kafka.properties.iter().collect();
    let expect = [
        ("enable.idempotence", "true"),
        ("linger.ms", "5"),
        ("sasl.password", "s3cr3t"),
        ("sasl.username", "me"),
        ("security.protocol", "SASL_SSL"),
    ];
    let expect = expect.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert!(properties.into_iter().eq(expect.iter().map(|(name, value)| (name, value))));
    let shown = loaded.to_toml();
    assert!(shown.contains("properties.\"security.protocol\" = \"SASL_SSL\""), "{shown}");
    assert!(shown.contains("sasl.password") && !shown.contains("s3cr3t"), "{shown}");
    assert!(!format!("{:?}", loaded.config).contains("s3cr3t"));
    let error = load("", &[], &["kafka.properties=1"]).unwrap_err();
    assert!(error.contains("kafka.properties must be a section of properties"), "{error}");
}
