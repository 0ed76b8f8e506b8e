//! The Helm chart and the manifests.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tests::harness::{Node, Scratch, from_pypi, helm, read_output, require_live};

/// Versions of Kubernetes whose schemas the objects must fit, unknown fields refused.
const VERSIONS: [&str; 3] = ["1.30", "1.33", "1.37"];

const VALIDATOR: &str = "kubernetes-validate==1.37.0";

/// The manifests, and which of the chart's templates are in each.
const MANIFESTS: [(&str, &[&str], &[&str]); 2] = [
    (
        "sensor.yaml",
        &["serviceaccount", "rbac", "configmap", "daemonset"],
        &["mask.existingSecret=sensor-mask"],
    ),
    (
        "monitoring.yaml",
        &["podmonitor", "prometheusrule", "dashboard"],
        &["podMonitor.enabled=true", "prometheusRule.enabled=true", "dashboard.enabled=true"],
    ),
];

/// Everything that the chart can be told to make, and not to make.
const VALUES: &[&[&str]] = &[
    &[],
    &["podMonitor.enabled=true", "prometheusRule.enabled=true", "dashboard.enabled=true"],
    &["privileged=false", "kubernetes.enabled=false", "priorityClassName="],
    &["mask.existingSecret=m", "credentials.existingSecret=c", "credentials.filesSecret=f"],
    &["env.SENSOR_LOG__LEVEL=debug", "output=stdout", "podLabels.a=b", "podAnnotations.c=d"],
];

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("deploy")
}

fn render(node: &Node, values: &[&str], templates: &[&str]) -> String {
    let mut command = Command::new(helm(node));
    command.args(["template", "sensor"]).arg(deploy().join("chart")).args(["-n", "sensor"]);
    for value in values {
        command.args(["--set", value]);
    }
    for template in templates {
        command.args(["--show-only", &format!("templates/{template}.yaml")]);
    }
    read_output(&mut command)
}

fn validate(node: &Node, version: &str, objects: &Path) -> Output {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", from_pypi(node, VALIDATOR));
    command.args(["-m", "kubernetes_validate", "--strict", "-k", version]).arg(objects);
    command.output().expect("python3 is there")
}

/// How many objects were held against a schema.
fn check_valid(node: &Node, text: &str) -> usize {
    let scratch = Scratch::new();
    let objects = scratch.write("objects.yaml", text);
    let mut passed = 0;
    for version in VERSIONS {
        let output = validate(node, version, &objects);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{version}: {said}");
        passed = said.matches(" passed for resource ").count();
        // Of kinds that the Prometheus operator brings there is no schema here.
        let unknown = said.lines().filter(|line| line.starts_with("WARN"));
        for line in unknown {
            assert!(line.contains("monitoring.coreos.com/v1"), "{version}: {line}");
        }
    }
    passed
}

#[test]
fn the_chart_is_valid_with_all_values() {
    let Some(node) = require_live() else { return };
    let mut lint = Command::new(helm(&node));
    read_output(lint.args(["lint", "--strict"]).arg(deploy().join("chart")));
    for values in VALUES {
        let text = render(&node, values, &[]);
        let passed = check_valid(&node, &text);
        assert!(passed >= 4, "{values:?}: {passed} objects\n{text}");
    }
}

#[test]
fn the_validator_finds_a_wrong_field() {
    let Some(node) = require_live() else { return };
    let text = render(&node, &[], &["daemonset"]);
    let scratch = Scratch::new();
    for (right, wrong) in [("hostPID: true", "hostPid: true"), ("hostPID: true", "hostPID: many")] {
        let objects = scratch.write("wrong.yaml", text.replace(right, wrong));
        for version in VERSIONS {
            assert!(!validate(&node, version, &objects).status.success(), "{version}: {wrong}");
        }
    }
}

#[test]
fn values_reach_the_objects() {
    let Some(node) = require_live() else { return };
    let check = |values: &[&str], there: &[&str], absent: &[&str]| {
        let text = render(&node, values, &[]);
        for part in there {
            assert!(text.contains(part), "no {part} with {values:?}\n{text}");
        }
        for part in absent {
            assert!(!text.contains(part), "{part} with {values:?}\n{text}");
        }
    };
    check(&[], &["privileged: true", "kind: ClusterRole\n", "kind: Secret\n"], &["PodMonitor"]);
    check(&["privileged=false"], &["- SYS_PTRACE", "drop: [\"ALL\"]"], &["privileged: true"]);
    check(
        &["kubernetes.enabled=false"],
        &["automountServiceAccountToken: false"],
        &["ClusterRole"],
    );
    check(&["mask.existingSecret=mine"], &["secretName: mine"], &["kind: Secret\n"]);
    check(&["metrics.port=7000"], &["containerPort: 7000", "value: \"[::]:7000\""], &["9464"]);
    check(&["image.tag=9"], &["image: \"sensor:9\""], &[]);
    // A key for each installation.
    let key = || {
        let text = render(&node, &[], &["secret"]);
        text.lines().find_map(|line| line.trim().strip_prefix("mask.key: ")).unwrap().to_owned()
    };
    assert_ne!(key(), key());
}

/// With `SENSOR_UPDATE_MANIFESTS=1` they are written anew.
#[test]
fn the_manifests_are_what_the_chart_gives() {
    let Some(node) = require_live() else { return };
    for (name, templates, values) in MANIFESTS {
        let text = render(&node, values, templates);
        let text = format!("# Made from deploy/chart: see README.md here.\n{text}");
        let text = text
            .replace("app.kubernetes.io/managed-by: Helm", "app.kubernetes.io/managed-by: kubectl");
        let path = deploy().join("manifests").join(name);
        if std::env::var("SENSOR_UPDATE_MANIFESTS").is_ok_and(|value| value == "1") {
            fs::write(&path, &text).unwrap();
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == text,
            "{} is not what the chart gives; write it anew with SENSOR_UPDATE_MANIFESTS=1",
            path.display()
        );
        check_valid(&node, &written);
    }
}
