//! The files of the image, without an image: a folder laid out as the Dockerfile does, as the
//! root of a sensor that has the mounts of a pod.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
};

use tests::harness::{Node, Running, Scratch, free_port, read_output, require_live, wait_for};

/// What a container runtime mounts, and a root of its own.
const ENTER: &str = "mount -t proc proc \"$1/proc\" && mount --rbind /sys \"$1/sys\" && \
                     mount --rbind /dev \"$1/dev\" && \
                     image=$1 && shift && exec chroot \"$image\" /usr/local/bin/sensor \"$@\"";

fn lay_out(node: &Node, scratch: &Scratch) -> PathBuf {
    let image = scratch.file("image");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("deploy").join("layout.sh");
    read_output(Command::new("sh").arg(script).arg(&node.binary).arg(&image));
    image
}

fn inside(image: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "slave", "sh", "-ec", ENTER, "sh"]);
    command.arg(image).args(arguments);
    command
}

#[test]
fn the_dockerfile_lays_out_the_image_by_the_script() {
    let text = include_str!("../../deploy/Dockerfile");
    assert!(text.contains("RUN deploy/layout.sh target/release/sensor /image\n"), "{text}");
    assert!(text.contains("FROM scratch\nCOPY --from=build /image /\n"), "{text}");
}

#[test]
fn doctor_finds_no_fault_in_the_image() {
    let Some(node) = require_live() else { return };
    let scratch = Scratch::new();
    let image = lay_out(&node, &scratch);
    let said = read_output(&mut inside(&image, &["doctor"]));
    assert!(said.contains("cgroup v2"), "{said}");
    assert!(!said.lines().any(|line| line.starts_with("fail")), "{said}");
}

#[test]
fn the_sensor_runs_in_the_image_and_is_ready() {
    let Some(node) = require_live() else { return };
    let scratch = Scratch::new();
    let image = lay_out(&node, &scratch);
    let port = free_port();
    let mut command = inside(&image, &["run", "--output", "none"]);
    command.env("SENSOR_METRICS__ADDRESS", format!("127.0.0.1:{port}"));
    let _sensor = Running::start(&mut command);
    let answer = wait_for("readiness", || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    });
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    // By its name, as `kubectl exec` finds it.
    let said = read_output(&mut inside(&image, &["status"]));
    assert!(said.contains("sensor_ingress"), "{said}");
}
