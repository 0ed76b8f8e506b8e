//! Real TLS servers that answer `/items/<id>`.

use std::{fs::File, net::SocketAddr, path::PathBuf, process::Command};

use super::{
    super::{
        Kind, Node, Scratch, Server, read_output,
        server::{nginx, script, uvicorn},
    },
    bun, go, node as node_of, peer,
};

/// Which program serves, with which library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsKind {
    /// nginx with two workers: OpenSSL 3.0, shared.
    Nginx,
    /// haproxy: OpenSSL 3.0, shared.
    Haproxy,
    /// Python's http.server: OpenSSL 3.0, shared, loaded by `import ssl`.
    Python,
    /// uvicorn on asyncio: the same through memory buffers.
    Asgi,
    /// Node of this version: OpenSSL 1.1.1 (16), 3.0 (20) or 3.5 (24), static.
    Node(&'static str),
    /// `Bun.serve`: BoringSSL, static and stripped.
    Bun,
    /// lighttpd before a plain server: OpenSSL 3.0, shared, in a module.
    LighttpdOpenssl,
    /// lighttpd before a plain server: GnuTLS, shared, in a module.
    LighttpdGnutls,
    /// Debian's caddy: stripped Go 1.19.
    Caddy,
    /// Go's net/http, built here with `-s -w`.
    Go,
    /// `tls-peer` with its symbols: rustls.
    Rustls,
    /// The JDK's `HttpsServer`: JSSE, which is compiled as it runs.
    Java,
}

impl TlsKind {
    /// Bytes that it writes after the id.
    pub fn ending(self) -> u64 {
        u64::from(matches!(self, Self::Nginx | Self::LighttpdOpenssl | Self::LighttpdGnutls))
    }
}

/// A self-signed certificate for localhost, on P-256 unless said otherwise.
#[derive(Debug)]
pub struct Certificate {
    scratch: Scratch,
}

impl Certificate {
    /// A new one.
    pub fn new() -> Self {
        Self::with(&["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
    }

    /// The same with an RSA key.
    pub fn rsa() -> Self {
        Self::with(&["rsa:2048"])
    }

    fn with(key: &[&str]) -> Self {
        let scratch = Scratch::new();
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-newkey"]).args(key);
        command.args(["-nodes", "-days", "30", "-subj", "/CN=localhost"]);
        command.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
        command.arg("-keyout").arg(scratch.file("key.pem"));
        read_output(command.arg("-out").arg(scratch.file("certificate.pem")));
        let read = |name: &str| std::fs::read(scratch.file(name)).expect("openssl wrote it");
        scratch.write("both.pem", [read("certificate.pem"), read("key.pem")].concat());
        Self { scratch }
    }

    /// The certificate, PEM.
    pub fn certificate(&self) -> PathBuf {
        self.scratch.file("certificate.pem")
    }

    /// Its private key, PEM.
    pub fn key(&self) -> PathBuf {
        self.scratch.file("key.pem")
    }

    /// Both in one file.
    pub fn both(&self) -> PathBuf {
        self.scratch.file("both.pem")
    }
}

impl Default for Certificate {
    fn default() -> Self {
        Self::new()
    }
}

/// Starts a server on an address by a changed command.
pub fn start(
    node: &Node,
    kind: TlsKind,
    certificate: &Certificate,
    address: SocketAddr,
    change: impl FnOnce(Command) -> Command,
) -> Server {
    let scratch = Scratch::new();
    let behind = matches!(kind, TlsKind::LighttpdOpenssl | TlsKind::LighttpdGnutls)
        .then(|| Server::start(node, Kind::Nginx, "127.0.0.1"));
    let files = [certificate.certificate(), certificate.key()];
    let mut command = match kind {
        TlsKind::Nginx => nginx_with("", &scratch, certificate, address),
        TlsKind::Haproxy => haproxy(&scratch, certificate, address),
        TlsKind::Python => with_files(script("python3", "server.py", address), &files),
        TlsKind::Asgi => {
            let mut command = uvicorn(node, address);
            let [certificate, key] = &files;
            command.arg("--ssl-certfile").arg(certificate).arg("--ssl-keyfile").arg(key);
            command
        }
        TlsKind::Node(version) => {
            with_files(script(node_of(node, version), "server.js", address), &files)
        }
        TlsKind::Bun => with_files(script(bun(node), "bun.js", address), &files),
        TlsKind::LighttpdOpenssl => {
            lighttpd("openssl", &scratch, certificate, address, behind.as_ref())
        }
        TlsKind::LighttpdGnutls => {
            lighttpd("gnutls", &scratch, certificate, address, behind.as_ref())
        }
        TlsKind::Caddy => caddy(&scratch, certificate, address),
        TlsKind::Go => {
            let mut command = Command::new(go(node));
            command.args(["serve", &address.to_string()]).args(files);
            command
        }
        TlsKind::Rustls => {
            let mut command = Command::new(peer());
            command.args(["serve", &address.to_string()]).args(files);
            command
        }
        TlsKind::Java => with_files(script("java", "TlsServer.java", address), &files),
    };
    // Some say when they start and stop, and that the look whether they listen was no handshake.
    command.stderr(File::create(scratch.file("said")).expect("a new directory"));
    Server::listen(change(command), scratch, address).before(behind)
}

fn with_files(mut command: Command, [certificate, key]: &[PathBuf; 2]) -> Command {
    command.env("CERTIFICATE", certificate).env("KEY", key);
    command
}

/// nginx that speaks TLS 1.2 and 1.3, with more lines of configuration.
pub fn nginx_with(
    lines: &str,
    scratch: &Scratch,
    certificate: &Certificate,
    address: SocketAddr,
) -> Command {
    let [file, key] = [certificate.certificate(), certificate.key()];
    let (file, key) = (file.display(), key.display());
    // Debian's default is TLS 1.2 at most.
    let lines = format!(
        "listen {address} ssl backlog=4096; ssl_protocols TLSv1.2 TLSv1.3;
         ssl_certificate {file}; ssl_certificate_key {key}; {lines}"
    );
    nginx(scratch, &lines)
}

fn haproxy(scratch: &Scratch, certificate: &Certificate, address: SocketAddr) -> Command {
    let answer = |status: u16, digits: &str| {
        format!(
            "  http-request return status {status} content-type text/plain \
             lf-string \"%[path,field(3,/)]\" if {{ path_end {digits} }}\n"
        )
    };
    let configuration = format!(
        "global\n  maxconn 4096\n  nbthread 2\n\
         defaults\n  mode http\n  option http-buffer-request\n  timeout client 60s\n  \
         timeout http-request 60s\n\
         frontend tls\n  bind {address} ssl crt {} alpn http/1.1\n{}{}{}",
        certificate.both().display(),
        answer(200, "0 1 2 3"),
        answer(201, "4 5 6"),
        answer(404, "7 8 9"),
    );
    let mut command = Command::new("haproxy");
    command.arg("-db").arg("-f").arg(scratch.write("haproxy.cfg", configuration));
    command
}

fn lighttpd(
    module: &str,
    scratch: &Scratch,
    certificate: &Certificate,
    address: SocketAddr,
    behind: Option<&Server>,
) -> Command {
    let behind = behind.expect("lighttpd stands before another").address;
    let configuration = format!(
        r#"server.modules = ( "mod_proxy", "mod_{module}" )
        server.document-root = "{directory}"
        server.bind = "{}"
        server.port = {}
        server.max-keep-alive-requests = 1000000
        server.max-connections = 2000
        server.max-fds = 4096
        ssl.engine = "enable"
        ssl.pemfile = "{}"
        proxy.server = ( "" => (( "host" => "{}", "port" => {} )) )
        "#,
        address.ip(),
        address.port(),
        certificate.both().display(),
        behind.ip(),
        behind.port(),
        directory = scratch.path().display(),
    );
    let mut command = Command::new("lighttpd");
    command.arg("-D").arg("-f").arg(scratch.write("lighttpd.conf", configuration));
    command
}

fn caddy(scratch: &Scratch, certificate: &Certificate, address: SocketAddr) -> Command {
    let answer = |name: &str, digits: &str, status: u16| {
        format!(
            "  @{name} path_regexp id ^/items/(\\d*[{digits}])$\n  \
             respond @{name} \"{{re.id.1}}\" {status}\n"
        )
    };
    let configuration = format!(
        "{{\n  auto_https off\n  admin off\n}}\n\
         https://:{} {{\n  bind {}\n  tls {} {}\n{}{}{}}}\n",
        address.port(),
        address.ip(),
        certificate.certificate().display(),
        certificate.key().display(),
        answer("ok", "0-3", 200),
        answer("created", "4-6", 201),
        answer("none", "7-9", 404),
    );
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config"]);
    command.arg(scratch.write("Caddyfile", configuration));
    // Otherwise it keeps files of its own in the home directory.
    command.env("XDG_DATA_HOME", scratch.path()).env("XDG_CONFIG_HOME", scratch.path());
    command
}
