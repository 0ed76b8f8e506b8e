//! Makes the load of the benches: a capture file, or many open connections.
#![forbid(unsafe_code)]

use std::{
    env,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tests::pcap_writer::endpoints::Popularity;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

const USAGE: &str = "\
usage:
  load capture FILE EXCHANGES PER_CONNECTION BODY_BYTES
  load tls-capture FILE KEYS CERTIFICATE KEY EXCHANGES PER_CONNECTION BODY_BYTES
                              over TLS 1.3, with the key log
  load endpoints-capture FILE EXCHANGES ENDPOINTS even|skewed
                              JSON of 300 bytes in 20 fields
  load serve CONNECTIONS      prints its port, serves until standard input ends
  load hold PORT CONNECTIONS  prints `open` when each connection has done one exchange, keeps
                              them open until standard input ends";

/// Connections that are being opened at once.
const OPENING: usize = 256;
/// Backlog of the listener.
const BACKLOG: u32 = 4096;
/// Files that are open besides connections.
const OTHER_FILES: u64 = 64;
/// The longest message: one read takes all of it.
const MESSAGE_BYTES: usize = 1024;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["capture", file, count, per_connection, body] => {
            let file = Path::new(file);
            tests::pcap_writer::exchanges(
                file,
                number(count)?,
                number(per_connection)?,
                number(body)?,
            )
            .with_context(|| format!("failed to write {}", file.display()))
        }
        ["tls-capture", file, keys, certificate, key, count, per_connection, body] => {
            tests::pcap_writer::exchanges_over_tls(
                Path::new(file),
                Path::new(keys),
                [Path::new(certificate), Path::new(key)],
                number(count)?,
                number(per_connection)?,
                number(body)?,
            )
            .with_context(|| format!("failed to write {file}"))
        }
        ["endpoints-capture", file, count, endpoints, popularity] => {
            let popularity = match popularity {
                "even" => Popularity::Even,
                "skewed" => Popularity::Skewed,
                _ => bail!("{USAGE}"),
            };
            let path = Path::new(file);
            tests::pcap_writer::endpoints(path, number(count)?, number(endpoints)?, popularity)
                .with_context(|| format!("failed to write {file}"))
        }
        ["serve", connections] => run(number(connections)?, serve()),
        ["hold", port, connections] => {
            let connections = number(connections)?;
            run(connections, hold(number(port)?, connections))
        }
        _ => bail!("{USAGE}"),
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().ok().with_context(|| format!("{text} is not a number of the right size"))
}

/// Runs the future on this thread, with files enough for so many connections.
fn run(connections: usize, future: impl Future<Output = Result<()>>) -> Result<()> {
    raise_open_files(connections as u64 + OTHER_FILES)?;
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(future)
}

/// Raises the limit as far as a process may, which is further for root on most machines.
fn raise_open_files(wanted: u64) -> Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    let maximum = maximum.map(|maximum| maximum.max(wanted));
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })
        .with_context(|| format!("failed to raise the limit of open files to {wanted}"))
}

async fn serve() -> Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let listener = socket.listen(BACKLOG)?;
    println!("{}", listener.local_addr()?.port());
    tokio::spawn(accept(listener));
    until_input_ends().await
}

async fn accept(listener: TcpListener) {
    // Out of files, for example: the client will say that it got no answer.
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream));
    }
}

/// Answers each read with a response: a client sends its next request after the response.
async fn answer(mut stream: TcpStream) {
    let body = "{\"status\":\"shipped\",\"items\":[{\"sku\":\"a-1\",\"count\":2}]}";
    let response = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut request = [0; MESSAGE_BYTES];
    while stream.read(&mut request).await.is_ok_and(|count| count > 0) {
        if stream.write_all(response.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn hold(port: u16, connections: usize) -> Result<()> {
    let server = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let opening = Arc::new(Semaphore::new(OPENING));
    let mut opened = JoinSet::new();
    for index in 0..connections {
        let permit = Arc::clone(&opening).acquire_owned().await?;
        opened.spawn(async move {
            let stream = ask(server, index).await;
            drop(permit);
            stream
        });
    }
    let mut streams = Vec::with_capacity(connections);
    while let Some(stream) = opened.join_next().await {
        streams.push(stream??);
    }
    println!("open");
    until_input_ends().await
}

/// Opens a connection and does one exchange on it.
async fn ask(server: SocketAddr, index: usize) -> Result<TcpStream> {
    let failed = || format!("connection {index} to {server} failed");
    let mut stream = TcpStream::connect(server).await.with_context(failed)?;
    let request = format!(
        "GET /orders/{index} HTTP/1.1\r\nHost: shop.example\r\nAccept: application/json\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.with_context(failed)?;
    let mut response = [0; MESSAGE_BYTES];
    let count = stream.read(&mut response).await.with_context(failed)?;
    ensure!(response[..count].starts_with(b"HTTP/1.1 200"), "{} without a response", failed());
    Ok(stream)
}

/// Whoever started this process holds the other end, and lets go of it when it ends, however
/// it ends.
async fn until_input_ends() -> Result<()> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let end = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        sender.send(end.map(drop))
    });
    Ok(receiver.await??)
}
