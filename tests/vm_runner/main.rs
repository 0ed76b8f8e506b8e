//! The cases that `cargo xtask vm` runs on each kernel, in a virtual machine and on this one.
//!
//! It needs nothing but a shell with `ip`, `mount`, `nsenter` and `unshare`, and prints lines
//! for `cargo xtask vm` to read; see [`report`].
#![forbid(unsafe_code)]

mod cases;
mod http;
mod machine;
mod report;
mod sensor;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use machine::Machine;

/// Usage: `vm_runner cases SENSOR OBJECTS BOOT` with BOOT one of `plain`, `lockdown` (virtual
/// machines) and `native`, or `vm_runner serve ADDRESS`, the server in a process of its own.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every case passed or was skipped.
fn run(words: &[&str]) -> Result<bool> {
    match words {
        ["serve", address] => http::serve_forever(address).map(|()| true),
        ["cases", sensor, objects, boot] => {
            let boot = cases::Boot::named(boot).context("BOOT is plain, lockdown or native")?;
            let mut machine = Machine::new(sensor, boot)?;
            let cases = cases::all(boot, objects.as_ref())?;
            Ok(report::run(&cases, &mut machine))
        }
        _ => bail!("usage: vm_runner cases SENSOR OBJECTS BOOT | vm_runner serve ADDRESS"),
    }
}
