//! One virtual machine, from boot to power-off.

use std::{
    fs::File,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

/// For one boot with its cases. A machine at work takes a quarter of it.
const TIMEOUT: Duration = Duration::from_mins(4);

/// How a machine is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boot {
    /// For most cases.
    Plain,
    /// With the kernel locked down.
    Lockdown,
}

impl Boot {
    /// What the runner calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Lockdown => "lockdown",
        }
    }

    fn kernel_arguments(self) -> String {
        let more = match self {
            Self::Plain => "",
            Self::Lockdown => " lockdown=confidentiality",
        };
        format!("console=ttyS0 quiet panic=-1 mitigations=off SENSOR_BOOT={}{more}", self.name())
    }
}

/// Runs a machine with its console in `log`, for at most `left`; says how it ended.
pub fn run(
    image: &Path,
    initramfs: &Path,
    boot: Boot,
    log: &Path,
    left: Duration,
) -> Result<String> {
    let console =
        File::create(log).with_context(|| format!("failed to create {}", log.display()))?;
    let errors = console.try_clone().context("failed to share the console's file")?;
    let mut machine = command(image, initramfs, boot)
        .stdin(Stdio::null())
        .stdout(console)
        .stderr(errors)
        .spawn()
        .context("failed to start qemu-system-x86_64")?;
    let deadline = Instant::now() + TIMEOUT.min(left);
    loop {
        if let Some(status) = machine.try_wait().context("failed to wait for the machine")? {
            return Ok(format!("the machine ended with {status}"));
        }
        if Instant::now() > deadline {
            machine.kill().context("failed to end the machine")?;
            machine.wait().context("failed to wait for the machine")?;
            return Ok("the machine took too long".to_owned());
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn command(image: &Path, initramfs: &Path, boot: Boot) -> Command {
    let mut command = Command::new("qemu-system-x86_64");
    command
        // Not KVM: where it is there and does not work, as in many virtual machines, QEMU aborts.
        .args(["-accel", "tcg,thread=multi", "-cpu", "max"])
        .args(["-smp", "2", "-m", "1024", "-nic", "none", "-no-reboot"])
        .args(["-display", "none", "-monitor", "none", "-serial", "stdio"])
        .arg("-kernel")
        .arg(image)
        .arg("-initrd")
        .arg(initramfs)
        .args(["-append", &boot.kernel_arguments()]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_boot_is_locked_down() {
        assert!(Boot::Lockdown.kernel_arguments().ends_with("lockdown lockdown=confidentiality"));
        assert!(Boot::Plain.kernel_arguments().ends_with("SENSOR_BOOT=plain"));
    }
}
