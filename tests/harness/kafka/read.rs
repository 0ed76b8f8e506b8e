//! What is in topics, by kcat and by a Python client.

use std::{path::Path, process::Command};

use super::super::{Node, once::once, read_output};

/// A record as kcat prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its partition.
    pub partition: u32,
    /// Its key.
    pub key: String,
    /// Its headers as `name=value`, with commas.
    pub headers: String,
    /// Its value; empty when it says that the key is no more.
    pub value: String,
}

/// All records of a topic, in the order of each partition. `options` are kcat's, such as `-X`.
pub fn read(brokers: &str, topic: &str, options: &[&str]) -> Vec<Record> {
    let mut command = Command::new("kcat");
    command.args(["-b", brokers, "-C", "-q", "-e", "-o", "beginning", "-t", topic]);
    command.args(["-X", "check.crcs=true", "-f", "%p\t%k\t%h\t%s\n"]).args(options);
    let output = read_output(&mut command);
    let record = |line: &str| {
        let mut parts = line.splitn(4, '\t');
        let mut next = || parts.next().unwrap_or_default().to_owned();
        let partition = next().parse().unwrap_or_else(|_| panic!("not a record: {line:?}"));
        Record { partition, key: next(), headers: next(), value: next() }
    };
    output.lines().map(record).collect()
}

/// Names of the topics that a cluster has.
pub fn topics(brokers: &str, options: &[&str]) -> Vec<String> {
    let mut command = Command::new("kcat");
    let output = read_output(command.args(["-b", brokers, "-L"]).args(options));
    let names = output.lines().filter_map(|line| {
        let name = line.trim().strip_prefix("topic \"")?;
        Some(name.split('"').next()?.to_owned())
    });
    names.filter(|name| !name.starts_with("__")).collect()
}

/// A Python with `confluent-kafka` and `jsonschema` from PyPI, fetched once.
pub fn python(node: &Node, script: &Path) -> Command {
    const PACKAGES: [&str; 2] = ["confluent-kafka==2.16.1", "jsonschema==4.26.0"];
    let folder = once(&node.cache.join("kafka-clients"), |folder| {
        let mut install = Command::new("python3");
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        install.args(["--root-user-action=ignore", "--target"]).arg(folder).args(PACKAGES);
        install
    });
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", folder).arg(script);
    command
}
