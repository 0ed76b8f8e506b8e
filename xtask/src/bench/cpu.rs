//! Processor time that one exchange costs, in the sensor and in the kernel programs apart.

use std::{fs, path::Path, thread, time::Duration};

use anyhow::{Context, Result, ensure};

use super::{Setting, figure::Figure, nginx::Nginx, sensor::Sensor};

/// Whether the kernel takes the time of its programs, which costs time itself.
const STATISTICS: &str = "/proc/sys/kernel/bpf_stats_enabled";
/// The sensor reads what came last within this time.
const DRAIN: Duration = Duration::from_millis(500);

/// What the kernel programs did, all together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Runs {
    count: u64,
    nanoseconds: u64,
}

/// Kernel programs of this kind are probes on functions (`BPF_PROG_TYPE_KPROBE`).
const PROBE: u64 = 2;

pub fn run(setting: &Setting) -> Result<Vec<Figure>> {
    super::require_root()?;
    let nginx = Nginx::start(setting)?;
    let (mut user, mut kernel, mut runs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=setting.rounds {
        // In a turn of its own: taking the time slows the programs, and so the whole machine.
        user.push(user_turn(&Sensor::start(setting)?, &nginx, setting.turn)?);
        let (exchanges, total) = kernel_turn(setting, &nginx)?;
        kernel.push(total.nanoseconds as f64 / 1000.0 / exchanges);
        runs.push(total.count as f64 / exchanges);
        eprintln!(
            "bench: cpu: round {round} of {}: {:.2} us in the sensor, {:.2} us in the kernel",
            setting.rounds,
            user.last().copied().unwrap_or(f64::NAN),
            kernel.last().copied().unwrap_or(f64::NAN),
        );
    }
    Ok(vec![
        Figure::new("sensor process, an exchange", "us", 2, user)
            .note("user space and its system calls, no records written"),
        Figure::new("kernel programs, an exchange", "us", 2, kernel)
            .note("client and server are both on this machine, so each segment is seen twice"),
        Figure::new("runs of kernel programs, an exchange", "runs", 1, runs),
    ])
}

/// Microseconds an exchange.
pub fn user_turn(sensor: &Sensor, nginx: &Nginx, turn: Duration) -> Result<f64> {
    let before = sensor.status()?;
    nginx.load(turn)?;
    thread::sleep(DRAIN);
    let after = sensor.status()?;
    let exchanges = exchanges(after.counter("exchanges") - before.counter("exchanges"))?;
    Ok((after.cpu_seconds() - before.cpu_seconds()) * 1e6 / exchanges)
}

/// Exchanges, and what the kernel programs did for them.
fn kernel_turn(setting: &Setting, nginx: &Nginx) -> Result<(f64, Runs)> {
    let sensor = Sensor::start(setting)?;
    let statistics = Statistics::enable()?;
    let before = program_runs(sensor.pid())?;
    nginx.load(setting.turn)?;
    let after = program_runs(sensor.pid())?;
    drop(statistics);
    thread::sleep(DRAIN);
    let exchanges = exchanges(sensor.status()?.counter("exchanges"))?;
    sensor.stop()?;
    let runs = Runs {
        count: after.count - before.count,
        nanoseconds: after.nanoseconds - before.nanoseconds,
    };
    Ok((exchanges, runs))
}

fn exchanges(count: u64) -> Result<f64> {
    ensure!(count > 0, "the sensor saw no exchange");
    Ok(count as f64)
}

/// The kernel takes the time of its programs, and counts their runs, while this value lives.
pub struct Statistics {
    before: String,
}

impl Statistics {
    pub fn enable() -> Result<Self> {
        let failed = || format!("failed to write {STATISTICS}");
        let before = fs::read_to_string(STATISTICS).with_context(failed)?;
        fs::write(STATISTICS, "1\n").with_context(failed)?;
        Ok(Self { before })
    }
}

impl Drop for Statistics {
    fn drop(&mut self) {
        if let Err(error) = fs::write(STATISTICS, &self.before) {
            eprintln!("error: failed to write {STATISTICS} back: {error}");
        }
    }
}

/// How often the probes of a process were hit, by its descriptors.
pub fn probe_hits(pid: u32) -> Result<u64> {
    let is_probe = |text: &String| field(text, "prog_type") == Some(PROBE);
    Ok(sum(descriptors(pid)?.filter(is_probe)).count)
}

/// The kernel shows the runs of a program beside each descriptor of it (Linux 5.1 and later).
fn program_runs(pid: u32) -> Result<Runs> {
    Ok(sum(descriptors(pid)?))
}

fn descriptors(pid: u32) -> Result<impl Iterator<Item = String>> {
    let folder = format!("/proc/{pid}/fdinfo");
    let entries =
        fs::read_dir(Path::new(&folder)).with_context(|| format!("failed to read {folder}"))?;
    // A descriptor may be closed in between.
    Ok(entries.flatten().filter_map(|entry| fs::read_to_string(entry.path()).ok()))
}

/// Adds up programs, each once however many descriptors it has.
fn sum(texts: impl Iterator<Item = String>) -> Runs {
    let mut programs: Vec<(u64, Runs)> = texts.filter_map(|text| parse(&text)).collect();
    programs.sort_by_key(|(id, _)| *id);
    programs.dedup_by_key(|(id, _)| *id);
    programs.iter().fold(Runs::default(), |sum, (_, runs)| Runs {
        count: sum.count + runs.count,
        nanoseconds: sum.nanoseconds + runs.nanoseconds,
    })
}

/// The id and the runs of a program; nothing for another descriptor (a link has the id too).
fn parse(text: &str) -> Option<(u64, Runs)> {
    let runs = Runs { count: field(text, "run_cnt")?, nanoseconds: field(text, "run_time_ns")? };
    Some((field(text, "prog_id")?, runs))
}

fn field(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| *key == name)?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_counted_once() {
        let program = |id: u64, nanoseconds: u64| {
            format!(
                "pos:\t0\nprog_type:\t8\nprog_id:\t{id}\nrun_time_ns:\t{nanoseconds}\nrun_cnt:\t2\n"
            )
        };
        let link = "pos:\t0\nlink_type:\tcgroup\nprog_id:\t7\n".to_owned();
        let texts = [program(7, 30), link, program(8, 12), program(7, 30)];
        assert_eq!(sum(texts.into_iter()), Runs { count: 4, nanoseconds: 42 });
    }
}
