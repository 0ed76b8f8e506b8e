use super::*;
use crate::{
    coverage::TlsProgram,
    stats::{CaptureStatus, Ring},
};

/// A sensor in which every count is another number.
fn status() -> Status {
    let mut numbers = 100..;
    let mut number = || numbers.next().unwrap();
    let mut losses = Counters::default().losses();
    losses.iter_mut().for_each(|loss| loss.count = number());
    let mut counters = Counters::default().activity();
    counters.values_mut().for_each(|count| *count = number());
    Status {
        version: "1.2.3".to_owned(),
        node: "a \"node\"\nof \\ two lines".to_owned(),
        started: "2026-01-01T00:00:00.5Z".to_owned(),
        capture: CaptureStatus {
            programs: vec!["a".to_owned(), "b".to_owned()],
            ring: Ring { bytes: 4096, high_water: 7 },
            verdicts: [("mute".to_owned(), 3)].into(),
            ..CaptureStatus::default()
        },
        malformed: [("invalid_host".to_owned(), 9)].into(),
        attribution: [("found".to_owned(), 5)].into(),
        losses,
        counters,
        cpu_seconds: 1.25,
        ..Status::default()
    }
}

fn tls() -> TlsStatus {
    let program = |count| TlsProgram {
        dark: [("no_handshake".to_owned(), count), ("held_too_much".to_owned(), 1)].into(),
        ..TlsProgram::default()
    };
    TlsStatus { programs: vec![program(4), program(6)], probes: 2, ..TlsStatus::default() }
}

fn check(line: &str) {
    let text = text(&status(), &tls());
    assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
}

#[test]
fn every_loss_and_every_count_of_the_status_is_a_metric() {
    let status = status();
    for loss in &status.losses {
        let (cause, unit) = (&loss.cause, &loss.what);
        check(&format!("sensor_lost_total{{cause=\"{cause}\",unit=\"{unit}\"}} {}", loss.count));
    }
    for Counter { name, kind, .. } in Counters::TABLE.iter().filter(|row| row.kind != Kind::Loss) {
        let total = if *kind == Kind::Activity { "_total" } else { "" };
        check(&format!("sensor_{name}{total} {}", status.counters[*name]));
    }
}

#[test]
fn what_is_beside_the_table_is_there_too() {
    check("sensor_build_info{version=\"1.2.3\"} 1");
    check("sensor_node_info{name=\"a \\\"node\\\"\\nof \\\\ two lines\",kernel=\"\"} 1");
    check("sensor_malformed_messages_total{problem=\"invalid_host\"} 9");
    check("sensor_malformed_messages_total{problem=\"invalid_chunk\"} 0");
    check("sensor_attribution_total{outcome=\"found\"} 5");
    check("sensor_attached_programs 2");
    check("sensor_ring_high_water_bytes 7");
    check("sensor_kernel_connections{verdict=\"mute\"} 3");
    check("sensor_tls_dark_connections_total{reason=\"no_handshake\"} 10");
    check("sensor_tls_dark_connections_total{reason=\"held_too_much\"} 2");
    check("sensor_tls_probes 2");
    check("process_cpu_seconds_total 1.25");
    check("process_start_time_seconds 1767225600.5");
}

#[test]
fn a_metric_is_described_once() {
    let text = text(&status(), &tls());
    let mut names: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(count > Counters::TABLE.len() - Counters::default().losses().len());
}

/// What the files under `deploy/` ask Prometheus for.
fn deployed() -> String {
    ["alerts.yaml", "dashboard.json"]
        .map(|name| {
            let path = format!("{}/../deploy/chart/files/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(path).unwrap()
        })
        .concat()
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_exist() {
    let text = text(&status(), &tls());
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names: Vec<_> = kinds.filter_map(|line| line.split(' ').next()).collect();
    let asked = regex::Regex::new(r"\b(?:sensor|process)_[a-z0-9_]+").unwrap();
    let deployed = deployed();
    let asked: Vec<_> = asked.find_iter(&deployed).map(|found| found.as_str()).collect();
    assert!(asked.len() > 30, "{asked:?}");
    for name in asked {
        assert!(names.contains(&name), "there is no metric {name}");
    }
}

#[test]
fn alerts_name_causes_of_loss_that_exist() {
    let losses = Counters::default().losses();
    let asked = regex::Regex::new(r#"cause=~\\?"([^"\\]*)"#).unwrap();
    let deployed = deployed();
    let mut count = 0;
    for cause in
        asked.captures_iter(&deployed).flat_map(|found| found.extract::<1>().1[0].split('|'))
    {
        assert!(losses.iter().any(|loss| loss.cause == cause), "there is no loss {cause}");
        count += 1;
    }
    assert!(count > 5);
}
