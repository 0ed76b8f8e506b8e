//! What is known of this machine: figures of two machines do not compare.

use std::{fs, thread};

use serde_json::{Value, json};

/// Kernel, processor and memory.
pub fn facts() -> Value {
    json!({
        "kernel": file("/proc/sys/kernel/osrelease"),
        "architecture": std::env::consts::ARCH,
        "processor": processor(),
        "cores": cores(),
        "memory_bytes": field("/proc/meminfo", "MemTotal").and_then(|text| kibibytes(&text)),
        "load_average": file("/proc/loadavg"),
    })
}

/// The same on one line.
pub fn line() -> String {
    format!("Linux {}, {} cores of {}", file("/proc/sys/kernel/osrelease"), cores(), processor())
}

fn processor() -> String {
    field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned())
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn kibibytes(text: &str) -> Option<u64> {
    text.strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

fn file(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// The value of the first `name : value` line.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_in_bytes() {
        assert_eq!(kibibytes("24684564 kB"), Some(24_684_564 * 1024));
        assert!(facts()["memory_bytes"].as_u64().unwrap() > 1 << 20);
    }
}
