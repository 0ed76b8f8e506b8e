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
    &["privileged=false", "kubernetes.enabled=false", "priorityClassName=system-node-critical"],
    &["mask.existingSecret=m", "credentials.existingSecret=c", "credentials.filesSecret=f"],
    &["env.SENSOR_LOG__LEVEL=debug", "output=stdout", "podLabels.a=b", "podAnnotations.c=d"],
];

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("deploy")
}

fn render(node: &Node, values: &[&str], templates: &[&str]) -> String {
    let mut command = Command::new(helm(node));
    // Without a cluster there is no key unless its Secret is named.
    command.args(["template", "sensor"]).arg(deploy().join("chart")).args(["-n", "sensor"]);
    for value in ["mask.existingSecret=sensor-mask"].iter().chain(values) {
        command.args(["--set", value]);
    }
    for template in templates {
        command.args(["--show-only", &format!("templates/{template}.yaml")]);
    }
    read_output(&mut command)
}

/// Renders the Secret and the `DaemonSet` of a copy of the chart, with these words in place of its
/// two questions to the cluster: for the Secret, and for a namespace that every cluster has.
fn render_asking(node: &Node, [secret, namespace]: [&str; 2], more: &[&str]) -> Output {
    let scratch = Scratch::new();
    let chart = scratch.file("chart");
    read_output(Command::new("cp").arg("-r").arg(deploy().join("chart")).arg(&chart));
    let questions = [
        ("secret", r#"lookup "v1" "Secret" .Release.Namespace $name"#, secret),
        ("secret", r#"lookup "v1" "Namespace" "" "kube-system""#, namespace),
        (
            "daemonset",
            r#"lookup "v1" "Secret" .Release.Namespace (include "sensor.maskSecret" .)"#,
            secret,
        ),
    ];
    for (template, question, answer) in questions {
        let path = chart.join(format!("templates/{template}.yaml"));
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(question).count(), 1, "{template}: {question}");
        fs::write(&path, text.replace(question, answer)).unwrap();
    }
    let mut command = Command::new(helm(node));
    command.args(["template", "sensor"]).arg(chart).args(["-n", "sensor"]).args(more);
    command.args(["-s", "templates/secret.yaml", "-s", "templates/daemonset.yaml"]);
    command.output().expect("helm is there")
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
        assert!(passed >= 3, "{values:?}: {passed} objects\n{text}");
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
    check(&[], &["privileged: true", "kind: ClusterRole\n"], &["PodMonitor", "priorityClass"]);
    check(&["privileged=false"], &["- SYS_PTRACE", "drop: [\"ALL\"]"], &["privileged: true"]);
    check(
        &["kubernetes.enabled=false"],
        &["automountServiceAccountToken: false"],
        &["ClusterRole"],
    );
    check(&["mask.existingSecret=mine"], &["secretName: mine"], &["kind: Secret\n"]);
    check(&["metrics.port=7000"], &["containerPort: 7000", "value: \"[::]:7000\""], &["9464"]);
    check(&["image.tag=9"], &["image: \"sensor:9\""], &[]);
    check(&["priorityClassName=high"], &["priorityClassName: high"], &[]);
}

/// What `lookup` finds of a Secret that is there.
const KEPT: &str = r#"dict "data" (dict "mask.key" "a2VwdA==")"#;

#[test]
fn the_mask_key_is_made_once() {
    let Some(node) = require_live() else { return };
    let line = |output: &Output, name: &str| {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let value = text.lines().find_map(|line| line.trim().strip_prefix(name));
        value.map(|value| value.trim().to_owned())
    };
    // A key for each installation.
    let [one, other] = [(); 2].map(|()| render_asking(&node, ["dict", "true"], &[]));
    assert_eq!(line(&one, "mask.key:").unwrap().len(), 88, "{one:?}");
    assert_ne!(line(&one, "mask.key:"), line(&other, "mask.key:"));
    assert_eq!(line(&one, "checksum/mask:"), None);
    check_valid(&node, &String::from_utf8_lossy(&one.stdout));
    let kept = render_asking(&node, [KEPT, "true"], &["--is-upgrade"]);
    assert_eq!(line(&kept, "mask.key:").as_deref(), Some("a2VwdA=="), "{kept:?}");
    assert!(line(&kept, "checksum/mask:").is_some(), "{kept:?}");
    let check_refused = |output: Output, why: &str| {
        assert!(!output.status.success(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(why), "{output:?}");
    };
    check_refused(render_asking(&node, ["dict", "true"], &["--is-upgrade"]), "is gone");
    check_refused(render_asking(&node, ["dict", "dict"], &[]), "with each rendering");
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
