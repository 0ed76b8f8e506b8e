//! Start, stop, and what the sensor says of itself.

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;

use crate::{
    http::{Client, Server},
    machine::{Machine, knows_sender, no_program, run, wait},
    report::Outcome,
    sensor::Sensor,
};

pub fn start(machine: &mut Machine) -> Result<Outcome> {
    machine.stop();
    run(&mut machine.command(&["doctor"]))?;
    let status = machine.sensor()?.status()?;
    let programs = status["capture"]["programs"].as_array().map_or(0, Vec::len);
    ensure!(programs == 2, "{programs} programs attached");
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    ensure!(status["kernel"] == release.as_str(), "status names kernel {}", status["kernel"]);
    let sender = if knows_sender() { "kernel names senders" } else { "senders are looked up" };
    Ok(Outcome::Noted(sender.to_owned()))
}

/// After the cases of traffic, none of which loses anything.
pub fn status(machine: &mut Machine) -> Result<Outcome> {
    let sensor = machine.sensor()?;
    let losses = sensor.losses()?;
    ensure!(losses.is_empty(), "losses {losses:?}");
    let (all, paired) = (sensor.counter("exchanges")?, sensor.counter("exchanges_paired")?);
    ensure!(all == paired, "{paired} of {all} exchanges are paired");
    let text = run(&mut machine.command(&["status"]))?;
    ensure!(text.contains("losses       none"), "{text}");
    let rows = run(&mut machine.command(&["endpoints"]))?;
    ensure!(rows.contains("/items/{itemId}"), "{rows}");
    Ok(Outcome::Passed)
}

pub fn second(machine: &mut Machine) -> Result<Outcome> {
    machine.sensor()?;
    let other = machine.scratch.join("other");
    let mut command = std::process::Command::new(&machine.binary);
    command.args(["run", "--output", "none", "--socket"]).arg(other);
    let text = refusal(&mut command)?;
    ensure!(text.contains("another sensor is attached"), "{text}");
    machine.sensor()?.status().context("the first one suffered")?;
    Ok(Outcome::Passed)
}

/// What a sensor says that does not start.
pub fn refusal(command: &mut std::process::Command) -> Result<String> {
    let mut child = command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .context("failed to start the sensor")?;
    let ended = wait("the end of a sensor that cannot run", || Ok(child.try_wait()?));
    let _ = child.kill();
    let output = child.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    match ended {
        Ok(status) if !status.success() => Ok(text),
        Ok(status) => bail!("it ended with {status}: {text}"),
        Err(error) => Err(error.context(text)),
    }
}

pub fn terminate(machine: &mut Machine) -> Result<Outcome> {
    let sensor = machine.sensor()?;
    sensor.signal(Signal::TERM)?;
    let status = sensor.ended()?;
    ensure!(status.success(), "it ended with {status}");
    no_program()?;
    ensure!(!machine.scratch.join("control").exists(), "the control socket is still there");
    machine.stop();
    Ok(Outcome::Passed)
}

pub fn kill(machine: &mut Machine) -> Result<Outcome> {
    machine.stop();
    let mut killed = Sensor::start(machine, &[])?;
    killed.signal(Signal::KILL)?;
    killed.ended()?;
    no_program()?;
    let server = Server::start("127.0.0.1:0")?;
    let sensor = machine.sensor()?;
    Client::connect(server.address)?.item(1)?;
    sensor.expect(server.address.port(), 1)?;
    Ok(Outcome::Passed)
}
