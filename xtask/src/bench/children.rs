//! What programs that this one ran have used.

use std::{fs, process::Command, process::Stdio, thread, time::Duration};

use anyhow::{Context, Result, ensure};
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeVal,
};

/// Between two looks at the memory of a program.
const LOOK: Duration = Duration::from_millis(2);

/// Runs a program, and gives the KiB that were resident at most, as the kernel says while it runs.
pub fn peak_resident(command: &mut Command) -> Result<u64> {
    let failed = format!("failed to start {}", command.get_program().display());
    let mut child = command.stdin(Stdio::null()).spawn().context(failed)?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let end = loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        peak = high_water(&text).unwrap_or(0).max(peak);
        if let Some(end) = child.try_wait()? {
            break end;
        }
        thread::sleep(LOOK);
    };
    ensure!(end.success(), "{command:?} failed ({end})");
    Ok(peak)
}

/// KiB, of /proc/PID/status.
fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Processor time of all children that have ended.
pub fn processor_time() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("failed to read processor times")?;
    let micros =
        |time: TimeVal| time.tv_sec().unsigned_abs() * 1_000_000 + time.tv_usec().unsigned_abs();
    Ok(Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read() {
        assert_eq!(high_water("Name:\tx\nVmHWM:\t   5124 kB\nVmRSS:\t 4 kB\n"), Some(5124));
        assert_eq!(high_water("Name:\tx\n"), None);
    }
}
