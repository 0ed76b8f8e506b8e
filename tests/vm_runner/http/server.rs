//! The server: `/items/<id>` gives the id with a status that depends on it, `/chunked` gives
//! back in chunks what it was sent, `/large` gives [`LARGE`] bytes.

use std::{
    io::{self, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

use anyhow::{Context, Result};

use super::message::{self, Head};

/// Bytes of a content beyond every budget.
pub const LARGE: usize = 1 << 20;

/// A server on threads of this process, until the process ends.
pub struct Server {
    pub address: SocketAddr,
}

impl Server {
    pub fn start(address: &str) -> Result<Self> {
        let listener = bind(address)?;
        let address = listener.local_addr()?;
        thread::spawn(move || accept(&listener));
        Ok(Self { address })
    }
}

/// The status of an item. It depends on the id, so that a response paired with another's
/// request shows.
pub fn status_of(id: u64) -> u16 {
    match id % 3 {
        0 => 200,
        1 => 201,
        _ => 404,
    }
}

/// Prints the address, and serves until killed.
pub fn serve_forever(address: &str) -> Result<()> {
    let listener = bind(address)?;
    println!("{}", listener.local_addr()?);
    io::stdout().flush()?;
    accept(&listener);
    Ok(())
}

fn bind(address: &str) -> Result<TcpListener> {
    TcpListener::bind(address).with_context(|| format!("failed to listen on {address}"))
}

fn accept(listener: &TcpListener) {
    for stream in listener.incoming().map_while(Result::ok) {
        thread::spawn(move || {
            // The client notices.
            let _ = serve(stream);
        });
    }
}

fn serve(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(head) = Head::read(&mut reader)? {
        let content = head.content(&mut reader)?;
        writer.write_all(&respond(head.word(1), &content))?;
        if head.close {
            break;
        }
    }
    Ok(())
}

fn respond(path: &str, content: &[u8]) -> Vec<u8> {
    let (status, fields, body) = match path {
        "/chunked" => {
            (200, "Transfer-Encoding: chunked".to_owned(), message::chunked(content, 1000))
        }
        "/large" => (200, format!("Content-Length: {LARGE}"), vec![b'r'; LARGE]),
        path => {
            let id = path.rsplit('/').next().unwrap_or_default();
            let status = id.parse().map_or(400, status_of);
            (status, format!("Content-Length: {}", id.len()), id.as_bytes().to_vec())
        }
    };
    let mut bytes =
        format!("HTTP/1.1 {status} Word\r\nContent-Type: text/plain\r\n{fields}\r\n\r\n")
            .into_bytes();
    bytes.extend(body);
    bytes
}
