//! Alert rules and dashboard, by Prometheus's own tool.

use std::{fs, path::Path, path::PathBuf, process::Command};

use serde_json::Value;
use tests::harness::{Scratch, promtool, read_output, require_live};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("deploy/chart/files").join(name)
}

#[test]
fn alerts_fire_when_they_should_and_only_then() {
    let Some(node) = require_live() else { return };
    let tool = promtool(&node);
    read_output(Command::new(&tool).args(["check", "rules"]).arg(file("alerts.yaml")));
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/deploy/alerts.test.yaml");
    read_output(Command::new(&tool).args(["test", "rules"]).arg(cases));
}

/// As recording rules, which the tool parses.
#[test]
fn every_expression_of_the_dashboard_is_one() {
    let Some(node) = require_live() else { return };
    let text = fs::read_to_string(file("dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let targets = dashboard["panels"].as_array().unwrap().iter().flat_map(|panel| {
        panel["targets"].as_array().unwrap().iter().map(|target| target["expr"].as_str().unwrap())
    });
    let mut rules = String::from("groups:\n  - name: dashboard\n    rules:\n");
    let mut count = 0;
    for expression in targets {
        // What Grafana puts in.
        let expression = expression.replace("$__rate_interval", "1m").replace("$instance", ".*");
        let expression = serde_json::to_string(&expression).unwrap();
        rules += &format!("      - record: panel:{count}\n        expr: {expression}\n");
        count += 1;
    }
    assert!(count > 10, "{count} expressions");
    let scratch = Scratch::new();
    let check = |rules: &str| {
        let path = scratch.write("rules.yaml", rules);
        Command::new(promtool(&node)).args(["check", "rules"]).arg(path).output().unwrap()
    };
    let said = check(&rules);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    assert!(!check(&rules.replacen("sum", "sum(", 1)).status.success(), "it finds mistakes");
}
