//! TLS, read by the secrets of OpenSSL, whose program is server and client.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::traffic::check;
use crate::{
    machine::{Machine, run, wait},
    report::Outcome,
};

/// Versions as records name them, with the client's option.
const VERSIONS: &[(&str, &str)] = &[("1.2", "-tls1_2"), ("1.3", "-tls1_3")];

/// Requests of each version.
const REQUESTS: usize = 5;

pub fn openssl(machine: &mut Machine) -> Result<Outcome> {
    if Command::new("openssl").arg("version").output().is_err() {
        return Ok(Outcome::Skipped("no openssl"));
    }
    let first = Server::start(&machine.scratch)?;
    let server = Server::start(&machine.scratch)?;
    let sensor = machine.sensor()?;
    // The library is found a moment after its first process has started.
    let known = wait("an exchange over TLS", || {
        first.ask("-tls1_3")?;
        Ok((!sensor.records(first.address.port()).is_empty()).then_some(()))
    });
    if let Err(error) = known {
        let seen = run(&mut machine.command(&["tls"])).unwrap_or_default();
        return Err(error.context(seen));
    }
    for (_, option) in VERSIONS {
        (0..REQUESTS).try_for_each(|_| server.ask(option))?;
    }
    let records = sensor.expect(server.address.port(), VERSIONS.len() * REQUESTS)?;
    for (version, _) in VERSIONS {
        let of_version =
            records.iter().filter(|record| record["tls.protocol.version"] == *version).count();
        ensure!(of_version == REQUESTS, "{of_version} records of TLS {version}, not {REQUESTS}");
    }
    for record in &records {
        check(record, "http.response.status_code", &200.into())?;
        check(record, "missing", &Value::Null)?;
    }
    Ok(Outcome::Passed)
}

/// `openssl s_server`, which answers every request with a page and closes. Killed when dropped.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(scratch: &Path) -> Result<Self> {
        let [key, certificate] = certificate(scratch)?;
        let mut child = Command::new("openssl")
            .args(["s_server", "-www", "-accept", "127.0.0.1:0", "-cert", &certificate])
            .args(["-key", &key])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("failed to start openssl")?;
        let stdout = child.stdout.take().context("no standard output")?;
        let address = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("ACCEPT ")?.parse().ok());
        // Dropped, and the child with it, where there is no address.
        let server = Self { child, address: address.unwrap_or(([0, 0, 0, 0], 0).into()) };
        ensure!(server.address.port() != 0, "openssl s_server did not start");
        Ok(server)
    }

    /// One request on a connection of its own.
    fn ask(&self, version: &str) -> Result<()> {
        let mut client = Command::new("openssl")
            .args(["s_client", "-quiet", version, "-connect", &self.address.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("failed to start openssl")?;
        let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        let mut stdin = client.stdin.take().context("no standard input")?;
        let sent = stdin.write_all(request.as_bytes());
        // It goes on until the server closes; the end of its input is no reason to leave.
        let output = client.wait_with_output()?;
        drop(stdin);
        sent.context("failed to hand the request to openssl")?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(text.starts_with("HTTP/1.0 200"), "{version}: {} bytes: {text:.80}", text.len());
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Files of a key and a self-signed certificate, made at the first call.
fn certificate(scratch: &Path) -> Result<[String; 2]> {
    let file = |name| scratch.join(name).to_string_lossy().into_owned();
    let [key, certificate, settings] = ["key.pem", "certificate.pem", "openssl.cnf"].map(file);
    if !Path::new(&certificate).exists() {
        fs::write(&settings, "[req]\ndistinguished_name=name\n[name]\n")
            .with_context(|| format!("failed to write {settings}"))?;
        run(Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
            .args(["-nodes", "-days", "30", "-subj", "/CN=localhost", "-config", &settings])
            .args(["-keyout", &key, "-out", &certificate]))?;
    }
    Ok([key, certificate])
}
