//! The client: one connection.

use std::{
    io::{BufReader, Write},
    net::{SocketAddr, TcpStream},
};

use anyhow::{Context, Result, ensure};

use super::{
    message::{Head, chunked},
    server::status_of,
};
use crate::machine::PATIENCE;

pub struct Client {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .with_context(|| format!("failed to connect to {address}"))?;
        Self::over(stream, address)
    }

    /// On a connection that is there.
    pub fn over(stream: TcpStream, address: SocketAddr) -> Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream), host: address.to_string() })
    }

    /// The bytes of a GET of an item.
    pub fn item_request(&self, id: u64, fields: &str) -> String {
        format!("GET /items/{id} HTTP/1.1\r\nHost: {}\r\n{fields}\r\n", self.host)
    }

    /// Gets an item and checks it.
    pub fn item(&mut self, id: u64) -> Result<()> {
        let request = self.item_request(id, "");
        self.send(request.as_bytes())?;
        self.item_answer(id)
    }

    /// Gets an item as the last one of the connection.
    pub fn last_item(mut self, id: u64) -> Result<()> {
        let request = self.item_request(id, "Connection: close\r\n");
        self.send(request.as_bytes())?;
        self.item_answer(id)
    }

    /// Reads the response to a GET of an item.
    pub fn item_answer(&mut self, id: u64) -> Result<()> {
        let (status, content) = self.answer()?;
        ensure!(status == status_of(id), "status {status} for item {id}");
        ensure!(content == id.to_string().as_bytes(), "not item {id}");
        Ok(())
    }

    /// Sends content with its length.
    pub fn post(&mut self, path: &str, content: &[u8]) -> Result<(u16, Vec<u8>)> {
        let fields = format!("Content-Length: {}", content.len());
        self.post_as(path, &fields, content)
    }

    /// Sends content in chunks.
    pub fn post_chunked(&mut self, path: &str, content: &[u8]) -> Result<(u16, Vec<u8>)> {
        self.post_as(path, "Transfer-Encoding: chunked", &chunked(content, 700))
    }

    fn post_as(&mut self, path: &str, fields: &str, body: &[u8]) -> Result<(u16, Vec<u8>)> {
        let head = format!("POST {path} HTTP/1.1\r\nHost: {}\r\n{fields}\r\n\r\n", self.host);
        self.send(head.as_bytes())?;
        self.send(body)?;
        self.answer()
    }

    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.get_mut().write_all(bytes).context("failed to send a request")
    }

    /// Status and content of a response.
    fn answer(&mut self) -> Result<(u16, Vec<u8>)> {
        let head = Head::read(&mut self.stream).context("failed to read a response")?;
        let head = head.context("no response")?;
        let status = head.word(1).parse().with_context(|| format!("no status: {}", head.line))?;
        let content = head.content(&mut self.stream).context("failed to read the content")?;
        Ok((status, content))
    }
}
