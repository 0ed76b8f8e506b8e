//! nginx, and wrk that keeps it busy.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{
    Setting,
    certificate::{self, Certificate},
    create_folder,
};
use crate::process;

/// Connections of wrk: at most so many requests are under way when it stops.
pub const CONNECTIONS: u64 = 32;
/// Bytes of the response with its head, about.
const RESPONSE_BYTES: usize = 600;
/// Bytes of nginx's head, about.
const HEAD_BYTES: usize = 240;

/// nginx with one worker that serves one small file to connections that stay open.
pub struct Nginx {
    child: Child,
    port: u16,
    scheme: &'static str,
}

/// What connections do after a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    StayOpen,
    Close,
}

/// What wrk counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Complete responses.
    pub requests: u64,
    /// A second.
    pub rate: f64,
}

impl Nginx {
    /// Starts it and waits until it answers.
    pub fn start(setting: &Setting) -> Result<Self> {
        Self::start_with(setting, None)
    }

    /// The same over TLS 1.3.
    pub fn start_tls(setting: &Setting) -> Result<Self> {
        Self::start_with(setting, Some(&certificate::make(&setting.folder)?))
    }

    fn start_with(setting: &Setting, certificate: Option<&Certificate>) -> Result<Self> {
        let folder = setting.folder.join("nginx");
        create_folder(&folder.join("www"))?;
        let port = free_port()?;
        let write = |name: &str, text: String| {
            let file = folder.join(name);
            fs::write(&file, text).with_context(|| format!("failed to write {}", file.display()))
        };
        write("www/orders.json", content(RESPONSE_BYTES - HEAD_BYTES))?;
        write("nginx.conf", configuration(&folder, port, certificate, process::is_root()))?;
        let binary = process::find_binary("nginx").context("nginx is not on PATH")?;
        let child = Command::new(binary)
            .arg("-p")
            .arg(&folder)
            .args(["-e", "error.log", "-c", "nginx.conf"])
            .stdin(Stdio::null())
            .spawn()
            .context("failed to start nginx")?;
        let scheme = if certificate.is_some() { "https" } else { "http" };
        let mut nginx = Self { child, port, scheme };
        nginx.wait_until_it_answers(&folder)?;
        Ok(nginx)
    }

    /// Keeps it busy for `duration` from one thread.
    pub fn load(&self, duration: Duration) -> Result<Load> {
        self.load_that(duration, After::StayOpen)
    }

    /// Keeps it busy for `duration` from one thread.
    pub fn load_that(&self, duration: Duration, after: After) -> Result<Load> {
        let binary = process::find_binary("wrk").context("wrk is not on PATH")?;
        let text = process::output(
            Command::new(binary)
                .args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{}s", duration.as_secs())])
                .args(match after {
                    After::StayOpen => &[][..],
                    After::Close => &["-H", "Connection: close"][..],
                })
                .arg(format!("{}://127.0.0.1:{}/orders.json", self.scheme, self.port)),
        )?;
        parse(&text).with_context(|| format!("wrk counted errors or nothing: {text}"))
    }

    fn wait_until_it_answers(&mut self, folder: &Path) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline && self.child.try_wait()?.is_none() {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        let said = fs::read_to_string(folder.join("error.log")).unwrap_or_default();
        bail!("nginx does not answer: {}", said.trim_end())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its worker on this signal. It may have gone by itself.
        let _ = kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

fn content(bytes: usize) -> String {
    let order = "{\"id\":1000,\"state\":\"shipped\"}";
    let orders = vec![order; bytes.div_ceil(order.len() + 1)];
    format!("[{}]", orders.join(","))
}

/// As root the worker must be root too: it could not enter the folder otherwise.
fn configuration(
    folder: &Path,
    port: u16,
    certificate: Option<&Certificate>,
    root: bool,
) -> String {
    let user = if root { "user root;\n" } else { "" };
    let folder = folder.display();
    let (tls, files) = certificate.map_or_else(Default::default, |files| {
        let Certificate { certificate, key } = files;
        let (certificate, key) = (certificate.display(), key.display());
        let files = format!(
            "ssl_protocols TLSv1.3; ssl_certificate {certificate}; ssl_certificate_key {key};"
        );
        (" ssl", files)
    });
    format!(
        "{user}daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=16;
    keepalive_requests 1000000000;
    default_type application/json;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port}{tls};
        {files}
        root {folder}/www;
    }}
}}
"
    )
}

/// Reads what wrk prints; nothing when it counted errors.
fn parse(text: &str) -> Option<Load> {
    if text.contains("Socket errors") || text.contains("Non-2xx") {
        return None;
    }
    let find = |part: &str| text.lines().find(|line| line.contains(part));
    let requests = find(" requests in ")?.split_whitespace().next()?.parse().ok()?;
    let rate = find("Requests/sec:")?.split_whitespace().nth(1)?.parse().ok()?;
    Some(Load { requests, rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
Running 1s test @ http://127.0.0.1:8080/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   558.29us   92.59us   2.49ms   87.70%
    Req/Sec    56.76k     1.87k   59.66k    63.64%
  62113 requests in 1.10s, 48.93MB read
Requests/sec:  56470.07
Transfer/sec:     44.48MB
";

    #[test]
    fn the_output_of_wrk_is_read() {
        assert_eq!(parse(OUTPUT), Some(Load { requests: 62_113, rate: 56_470.07 }));
        let errors = OUTPUT.to_owned() + "  Socket errors: connect 0, read 1, write 0, timeout 0\n";
        assert_eq!(parse(&errors), None);
        assert_eq!(parse("unable to connect\n"), None);
    }

    #[test]
    fn the_content_is_json_of_about_that_size() {
        let text = content(360);
        assert!((360..400).contains(&text.len()), "{}", text.len());
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
    }
}
