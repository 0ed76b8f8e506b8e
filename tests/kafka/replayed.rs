//! `sensor replay --output kafka`, for the tests that need no live node.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use tests::harness::{Node, Running, Scratch};

/// Writes a capture of so many exchanges.
pub fn capture(scratch: &Scratch, exchanges: usize) -> std::path::PathBuf {
    let file = scratch.file("exchanges.pcap");
    tests::pcap_writer::exchanges(&file, exchanges, 100, 100).expect("a capture");
    file
}

/// The command that replays a capture under these settings.
pub fn command(node: &Node, file: &Path, settings: &[&str]) -> Command {
    let mut command = Command::new(&node.binary);
    command.args(["replay", "--config", "/dev/null", "--output", "kafka"]).arg(file);
    command.args(["--set", "node.name=node-1"]);
    for setting in settings {
        command.args(["--set", setting]);
    }
    command
}

/// Replays a capture to its end.
pub fn replay(node: &Node, file: &Path, settings: &[&str]) -> Output {
    command(node, file, settings).stdin(Stdio::null()).output().expect("a sensor")
}

/// Starts to replay a capture.
pub fn start(node: &Node, file: &Path, settings: &[&str]) -> Running {
    Running::start(&mut command(node, file, settings))
}

/// Replays a capture, which must fail with these words.
#[track_caller]
pub fn check_refused(node: &Node, file: &Path, settings: &[&str], words: &[&str]) {
    let output = replay(node, file, settings);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{text}");
    for word in words {
        assert!(text.contains(word), "no {word:?} in:\n{text}");
    }
}

/// Replays a capture, which must arrive.
#[track_caller]
pub fn check_arrives(node: &Node, file: &Path, settings: &[&str]) {
    let output = replay(node, file, settings);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
