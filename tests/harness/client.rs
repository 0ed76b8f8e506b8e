//! A client that checks what it is told.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use super::status_of;

/// One connection to a server.
#[derive(Debug)]
pub struct Client<S: Read + Write = TcpStream> {
    stream: BufReader<S>,
    host: String,
}

/// Connects, with a limit to what is waited for.
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address)
        .unwrap_or_else(|error| panic!("cannot connect to {address}: {error}"));
    stream.set_nodelay(true).expect("a TCP socket");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
    stream
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status code.
    pub status: u16,
    /// Its content.
    pub content: Vec<u8>,
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Self {
        Self::over(connect(address), address)
    }

    /// Sends a GET on a connection of its own, which the server closes.
    pub fn get_once(address: SocketAddr, path: &str) -> Answer {
        let mut client = Self::connect(address);
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        client.send(request.as_bytes());
        let answer = client.answer();
        let mut rest = Vec::new();
        client.stream.read_to_end(&mut rest).expect("an end");
        assert!(rest.is_empty(), "more than an answer");
        answer
    }
}

impl<S: Read + Write> Client<S> {
    /// A client on a connection that is there, such as one of TLS.
    pub fn over(stream: S, address: SocketAddr) -> Self {
        Self { stream: BufReader::new(stream), host: address.to_string() }
    }

    /// Sends a GET and reads the answer; the connection stays open.
    pub fn get(&mut self, path: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host);
        self.send(request.as_bytes());
        self.answer()
    }

    /// Sends a request for an item, with content of so many bytes, and checks the answer.
    pub fn item(&mut self, method: &str, id: u64, body: usize, kept: bool) {
        let host = &self.host;
        let close = if kept { "" } else { "Connection: close\r\n" };
        let length = if body > 0 { format!("Content-Length: {body}\r\n") } else { String::new() };
        let head = format!("{method} /items/{id} HTTP/1.1\r\nHost: {host}\r\n{close}{length}\r\n");
        self.send(&[head.as_bytes(), &vec![b'x'; body]].concat());
        check_item(id, &self.answer());
    }

    /// What it speaks over.
    pub fn stream(&mut self) -> &mut S {
        self.stream.get_mut()
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).expect("an open connection");
    }

    /// Reads a response with Content-Length, or without content.
    pub fn answer(&mut self) -> Answer {
        let mut line = String::new();
        let mut read_line = |stream: &mut BufReader<S>| {
            line.clear();
            stream.read_line(&mut line).expect("a line of a response");
            line.trim_end().to_owned()
        };
        let first = read_line(&mut self.stream);
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status line: {first:?}"));
        let mut length = 0;
        loop {
            let field = read_line(&mut self.stream);
            let Some((name, value)) = field.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut content = vec![0; length];
        self.stream.read_exact(&mut content).expect("the content of a response");
        Answer { status, content }
    }
}

/// Whether this is the answer to `/items/<id>`.
#[track_caller]
pub fn check_item(id: u64, answer: &Answer) {
    assert_eq!(answer.status, status_of(id), "id {id}");
    assert_eq!(String::from_utf8_lossy(&answer.content).trim_end(), id.to_string());
}
