//! Real servers.

use std::{
    ffi::OsStr,
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};

use super::{Namespace, Node, Running, Scratch, children, executable, from_pypi, inside, wait_for};

/// The ASGI server from PyPI.
const UVICORN: &str = "uvicorn==0.34.3";

/// Which program serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// nginx with two workers.
    Nginx,
    /// Python's http.server.
    Python,
    /// uvicorn.
    Asgi,
    /// Node's http.
    Node,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Nginx, Self::Python, Self::Asgi, Self::Node];
}

/// A running server that answers `/items/<id>` with [`super::status_of`] the id.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    process: Running,
    _behind: Option<Box<Self>>,
    _scratch: Scratch,
}

impl Server {
    /// Starts one on a free port of an address.
    pub fn start(node: &Node, kind: Kind, address: &str) -> Self {
        let port = free_port();
        Self::start_as(node, kind, &socket(address, port), |command| command)
    }

    /// Starts one in a namespace.
    pub fn start_inside(
        node: &Node,
        kind: Kind,
        address: &str,
        port: u16,
        namespace: &Namespace,
    ) -> Self {
        let address = socket(address, port);
        inside(namespace, || {
            Self::start_as(node, kind, &address, |command| namespace.wrap(&command))
        })
    }

    /// Starts one by a changed command.
    pub fn start_as(
        node: &Node,
        kind: Kind,
        address: &SocketAddr,
        change: impl FnOnce(Command) -> Command,
    ) -> Self {
        let scratch = Scratch::new();
        let command = match kind {
            Kind::Nginx => nginx(&scratch, &format!("listen {address} backlog=4096;")),
            Kind::Python => script("python3", "server.py", *address),
            Kind::Asgi => uvicorn(node, *address),
            Kind::Node => script("node", "server.js", *address),
        };
        Self::listen(change(command), scratch, *address)
    }

    /// Starts a server of `tests/programs`, on Python.
    pub fn start_program(name: &str, address: &str) -> Self {
        let address = socket(address, free_port());
        Self::listen(script("python3", name, address), Scratch::new(), address)
    }

    /// Starts `server.py` with options of its listening socket, such as `TCP_DEFER_ACCEPT=5`.
    pub fn start_python(address: &str, options: &[&str]) -> Self {
        let address = socket(address, free_port());
        let mut command = script("python3", "server.py", address);
        command.args(options);
        Self::listen(command, Scratch::new(), address)
    }

    /// Starts the proxy.
    pub fn start_proxy(address: &str) -> Self {
        let address = socket(address, free_port());
        Self::listen(script("python3", "proxy.py", address), Scratch::new(), address)
    }

    /// Starts one by a command that may put its files into a directory.
    pub fn from_command(address: SocketAddr, command: impl FnOnce(&Scratch) -> Command) -> Self {
        let scratch = Scratch::new();
        let command = command(&scratch);
        Self::listen(command, scratch, address)
    }

    pub(super) fn listen(mut command: Command, scratch: Scratch, address: SocketAddr) -> Self {
        Self::wait(Running::start(command.stdout(Stdio::null())), scratch, address)
    }

    /// Waits until a process listens.
    pub(super) fn wait(process: Running, scratch: Scratch, address: SocketAddr) -> Self {
        let mut server = Self { address, process, _behind: None, _scratch: scratch };
        wait_for("listening server", || {
            assert!(server.process.ended().is_none(), "{:?} has ended", server.process);
            TcpStream::connect(address).ok()
        });
        server
    }

    /// This server, which passes on what it is asked.
    pub(super) fn before(self, behind: Option<Server>) -> Self {
        Self { _behind: behind.map(Box::new), ..self }
    }

    /// The processes that may serve.
    pub fn pids(&self) -> Vec<u32> {
        children(self.process.pid())
    }

    /// What they run.
    pub fn executable(&self) -> PathBuf {
        executable(self.process.pid())
    }
}

/// A file of `tests/programs`.
pub fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("programs").join(name)
}

/// A port that is free on every address, below those that clients get.
pub fn free_port() -> u16 {
    listen_on("0.0.0.0").local_addr().expect("a bound socket").port()
}

/// A listening socket on a free port.
pub fn listen_on(address: &str) -> TcpListener {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let address: IpAddr = address.parse().expect("an IP address");
    for _ in 0..10_000 {
        let port = 20_000 + NEXT.fetch_add(1, Ordering::Relaxed) % 12_000;
        if let Ok(listener) = TcpListener::bind((address, port)) {
            return listener;
        }
    }
    panic!("no free port");
}

/// An address and a port.
pub fn socket(address: &str, port: u16) -> SocketAddr {
    SocketAddr::new(address.parse().expect("an IP address"), port)
}

pub(super) fn script(interpreter: impl AsRef<OsStr>, name: &str, address: SocketAddr) -> Command {
    let mut command = Command::new(interpreter);
    command.arg(program(name)).args([address.ip().to_string(), address.port().to_string()]);
    command
}

/// nginx with the lines that say where it listens, and how.
pub(super) fn nginx(scratch: &Scratch, listen: &str) -> Command {
    let directory = scratch.path().display();
    let configuration = format!(
        "user root; daemon off; worker_processes 2; pid {directory}/pid; error_log {directory}/error.log;
         events {{ worker_connections 4096; }}
         http {{
             access_log off; keepalive_requests 10000000; client_max_body_size 64m;
             gzip on; gzip_min_length 1; gzip_types text/plain; default_type text/plain;
             client_body_temp_path {directory}; proxy_temp_path {directory};
             fastcgi_temp_path {directory}; uwsgi_temp_path {directory};
             scgi_temp_path {directory}; large_client_header_buffers 4 256k;
             server {{
                 {listen}
                 root {directory}/files;
                 location ~ ^/items/(\\d*[0-3])$ {{ return 200 \"$1\\n\"; }}
                 location ~ ^/items/(\\d*[4-6])$ {{ return 201 \"$1\\n\"; }}
                 location ~ ^/items/(\\d*[7-9])$ {{ return 404 \"$1\\n\"; }}
                 location /empty {{ return 204; }}
             }}
         }}"
    );
    let files = scratch.file("files");
    std::fs::create_dir(&files).expect("a new directory");
    scratch.write("files/small.txt", "small text ".repeat(100));
    scratch.write("files/large.bin", vec![b'x'; 5 << 20]);
    let mut command = Command::new("nginx");
    command.arg("-c").arg(scratch.write("nginx.conf", configuration));
    command.arg("-e").arg(scratch.file("error.log"));
    command
}

/// Fetched once from PyPI; `--target` because a Debian without python3-venv has no other way.
pub(super) fn uvicorn(node: &Node, address: SocketAddr) -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", from_pypi(node, UVICORN));
    command.args(["-m", "uvicorn", "asgi:app", "--log-level", "warning", "--app-dir"]);
    command.arg(program(""));
    command.args(["--host", &address.ip().to_string(), "--port", &address.port().to_string()]);
    command
}
