//! The measurements, one file each in `bench/` and one line each in [`BENCHES`].
//!
//! A figure is a median over rounds; what has a baseline is measured in turns with it. Machines
//! are noisy and differ, so that a figure that misses its goal is shown, and fails nothing.

mod certificate;
mod children;
mod cpu;
mod figure;
mod inventory;
mod kafka;
mod load;
mod machine;
mod memory;
mod nginx;
mod replay;
mod report;
mod sensor;
mod start;
mod throughput;
mod tls;

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{build, process, setup, workspace};

use figure::Figure;

/// A measurement.
struct Bench {
    name: &'static str,
    about: &'static str,
    run: fn(&Setting) -> Result<Vec<Figure>>,
}

const BENCHES: &[Bench] = &[
    Bench {
        name: "throughput",
        about: "requests a second of nginx and wrk, with the sensor and without",
        run: throughput::run,
    },
    Bench {
        name: "cpu",
        about: "processor time of an exchange, in the sensor and in the kernel programs",
        run: cpu::run,
    },
    Bench {
        name: "tls",
        about: "the same over TLS, traps of its probes, and the scan of a large executable",
        run: tls::run,
    },
    Bench {
        name: "replay",
        about: "exchanges of a capture file replayed in a second of processor time",
        run: replay::run,
    },
    Bench {
        name: "inventory",
        about: "what learning costs with 10 endpoints and with 20,000, in time and memory",
        run: inventory::run,
    },
    Bench {
        name: "kafka",
        about: "exchanges a second from a capture file into a broker, and what the sink costs",
        run: kafka::run,
    },
    Bench {
        name: "memory",
        about: "resident memory at start and with 50,000 open connections",
        run: memory::run,
    },
    Bench {
        name: "start",
        about: "time from the start of the process to attached kernel programs",
        run: start::run,
    },
];

/// Command line of `cargo xtask bench`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The measurements to run, all by default
    names: Vec<String>,
    /// Rounds of each measurement (of two turns, where there is a baseline)
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Length of a turn under load
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Write the figures, with what is known of the machine, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure this binary rather than build one
    #[arg(long, value_name = "FILE")]
    sensor: Option<PathBuf>,
    /// List the measurements
    #[arg(long)]
    list: bool,
}

/// What all measurements are told.
struct Setting {
    /// Absolute.
    sensor: PathBuf,
    rounds: u32,
    /// Length of a turn under load.
    turn: Duration,
    /// Where files go.
    folder: PathBuf,
}

/// Runs the measurements, and shows what each of them found even when another fails.
pub fn run(arguments: &Arguments) -> Result<()> {
    if arguments.list {
        for bench in BENCHES {
            println!("{:<12}{}", bench.name, bench.about);
        }
        return Ok(());
    }
    let chosen = choose(&arguments.names)?;
    setup::install_test_tools()?;
    let setting = setting(arguments)?;
    let _alone = wait_until_alone(&setting.folder)?;
    let mut results = Vec::new();
    let mut failed = Vec::new();
    for bench in chosen {
        eprintln!("bench: {}: {}", bench.name, bench.about);
        match (bench.run)(&setting) {
            Ok(figures) => results.push((bench.name, figures)),
            Err(error) => {
                eprintln!("error: {} failed: {error:#}", bench.name);
                failed.push(bench.name);
            }
        }
    }
    println!("{}", report::text(&results));
    if let Some(file) = &arguments.json {
        let json = report::json(&results, arguments.rounds, setting.turn);
        fs::write(file, format!("{json:#}\n"))
            .with_context(|| format!("failed to write {}", file.display()))?;
    }
    if !failed.is_empty() {
        bail!("no figures of {}", failed.join(", "));
    }
    Ok(())
}

fn choose(names: &[String]) -> Result<Vec<&'static Bench>> {
    if names.is_empty() {
        return Ok(BENCHES.iter().collect());
    }
    let find = |name: &String| {
        BENCHES.iter().find(|bench| bench.name == name).with_context(|| {
            let known: Vec<_> = BENCHES.iter().map(|bench| bench.name).collect();
            format!("there is no bench {name}; there are {}", known.join(", "))
        })
    };
    names.iter().map(find).collect()
}

fn setting(arguments: &Arguments) -> Result<Setting> {
    let sensor = if let Some(binary) = &arguments.sensor {
        binary.canonicalize().with_context(|| format!("failed to open {}", binary.display()))?
    } else {
        build::run(build::KernelProfile::Release)?;
        workspace::release_binary()?
    };
    let folder = workspace::target_directory()?.join("bench");
    create_folder(&folder)?;
    let turn = Duration::from_secs(arguments.seconds);
    Ok(Setting { sensor, rounds: arguments.rounds, turn, folder })
}

/// Two at once would measure each other, and there can be one sensor only. The lock goes with the
/// file, however this process ends.
fn wait_until_alone(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let failed = || format!("failed to lock {}", path.display());
    let file = File::create(&path).with_context(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            eprintln!("bench: waiting for the end of another `cargo xtask bench`");
            file.lock().with_context(failed)?;
        }
        Err(TryLockError::Error(error)) => return Err(error).with_context(failed),
    }
    Ok(file)
}

fn create_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("failed to create {}", folder.display()))
}

/// Fails, with what to do, where the kernel programs could not be loaded.
fn require_root() -> Result<()> {
    if !process::is_root() {
        bail!("loading kernel programs needs root: run `cargo xtask bench` as root");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benches_are_chosen_by_name() {
        let names = |wanted: &[&str]| -> Vec<_> {
            let wanted: Vec<_> = wanted.iter().map(ToString::to_string).collect();
            choose(&wanted).unwrap().iter().map(|bench| bench.name).collect()
        };
        assert_eq!(names(&[]).len(), BENCHES.len());
        assert_eq!(names(&["start", "replay"]), ["start", "replay"]);
        let error = choose(&["speed".to_owned()]).err().unwrap().to_string();
        assert!(
            error.starts_with("there is no bench speed; there are throughput, cpu,"),
            "{error}"
        );
    }
}
