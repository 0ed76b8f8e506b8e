//! The other commands' end of the control socket.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

/// The longest answer that is read: the endpoint list at its greatest.
const MAX_ANSWER: usize = 1 << 30;
/// The longest line of a stream.
const MAX_LINE: usize = 16 << 20;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Talks to a running sensor.
#[derive(Clone, Debug)]
pub struct Client {
    path: PathBuf,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no socket, or nobody listens on it.
    #[error(
        "no sensor is listening on {}: start one with `sensor run`, or name its socket with \
         --socket",
        .0.display()
    )]
    NoSensor(PathBuf),
    /// The socket belongs to root.
    #[error("permission denied on {}: run as root", .0.display())]
    Denied(PathBuf),
    /// Connecting failed in another way.
    #[error("failed to connect to {}: {error}", path.display())]
    Connect {
        /// The socket.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The connection broke.
    #[error("the sensor on {} closed the connection: {error}", path.display())]
    Closed {
        /// The socket.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// No answer in time.
    #[error("the sensor on {} did not answer within {} s", .0.display(), PATIENCE.as_secs())]
    Timeout(PathBuf),
    /// It answered with an error.
    #[error("the sensor on {} answered {status}: {message}", path.display())]
    Refused {
        /// The socket.
        path: PathBuf,
        /// The HTTP status.
        status: StatusCode,
        /// What it said.
        message: String,
    },
    /// It answered with something that this version does not understand.
    #[error(
        "the answer of the sensor on {} is not understood (another version?): {error}",
        path.display()
    )]
    Answer {
        /// The socket.
        path: PathBuf,
        /// What is wrong.
        error: String,
    },
}

impl Client {
    /// A client of the sensor behind `path`. Connects at each request.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Asks for a JSON document, such as `/status`.
    pub async fn get<T: DeserializeOwned>(&self, target: &str) -> Result<T, ClientError> {
        let body = tokio::time::timeout(PATIENCE, async {
            let response = self.request(target).await?;
            self.collect(response).await
        });
        let body = body.await.map_err(|_| ClientError::Timeout(self.path.clone()))??;
        serde_json::from_slice(&body).map_err(|error| self.answer(&error))
    }

    /// Hands over a JSON document, and gives the answer.
    pub async fn post<T: DeserializeOwned>(
        &self,
        target: &str,
        document: &impl serde::Serialize,
    ) -> Result<T, ClientError> {
        let document = serde_json::to_vec(document).map_err(|error| self.answer(&error))?;
        let request = Request::post(target)
            .header("host", "sensor")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(document)));
        let request = request.map_err(|error| self.answer(&error))?;
        let body = tokio::time::timeout(PATIENCE, async {
            let response = self.send(request).await?;
            self.collect(response).await
        });
        let body = body.await.map_err(|_| ClientError::Timeout(self.path.clone()))??;
        serde_json::from_slice(&body).map_err(|error| self.answer(&error))
    }

    /// Asks for a stream of lines, such as `/tail`.
    pub async fn lines(&self, target: &str) -> Result<Lines, ClientError> {
        let response = tokio::time::timeout(PATIENCE, self.request(target)).await;
        let response = response.map_err(|_| ClientError::Timeout(self.path.clone()))??;
        Ok(Lines { client: self.clone(), body: response.into_body(), buffer: BytesMut::new() })
    }

    async fn request(&self, target: &str) -> Result<Response<Incoming>, ClientError> {
        let request = Request::get(target).header("host", "sensor").body(Full::default());
        self.send(request.map_err(|error| self.answer(&error))?).await
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, ClientError> {
        let stream = UnixStream::connect(&self.path).await.map_err(|error| self.connect(error))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.closed(&error))?;
        tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(|error| self.closed(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let message = error_text(&self.collect(response).await?);
        Err(ClientError::Refused { path: self.path.clone(), status, message })
    }

    async fn collect(&self, response: Response<Incoming>) -> Result<Bytes, ClientError> {
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
        body.map(http_body_util::Collected::to_bytes).map_err(|error| self.closed(&error))
    }

    fn connect(&self, error: io::Error) -> ClientError {
        let path = self.path.clone();
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                ClientError::NoSensor(path)
            }
            io::ErrorKind::PermissionDenied => ClientError::Denied(path),
            _ => ClientError::Connect { path, error },
        }
    }

    fn closed(&self, error: &impl ToString) -> ClientError {
        ClientError::Closed { path: self.path.clone(), error: error.to_string() }
    }

    fn answer(&self, error: &impl ToString) -> ClientError {
        ClientError::Answer { path: self.path.clone(), error: error.to_string() }
    }
}

/// The `error` of a JSON error document, or the document itself.
fn error_text(body: &[u8]) -> String {
    let document: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let text = document.as_ref().and_then(|document| document.get("error")?.as_str());
    text.map_or_else(|| String::from_utf8_lossy(body).trim().to_owned(), ToOwned::to_owned)
}

/// Lines as they come.
#[derive(Debug)]
pub struct Lines {
    client: Client,
    body: Incoming,
    buffer: BytesMut,
}

impl Lines {
    /// The next line without its line feed; `None` when the sensor ended the stream.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ClientError> {
        let mut searched = 0;
        loop {
            if let Some(found) = self.buffer[searched..].iter().position(|&byte| byte == b'\n') {
                let line = self.buffer.split_to(searched + found);
                self.buffer.advance(1);
                return Ok(Some(line.freeze()));
            }
            searched = self.buffer.len();
            if searched > MAX_LINE {
                return Err(self.client.answer(&"a line without an end"));
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(self.client.closed(&error)),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.buffer.extend_from_slice(&data);
                    }
                }
            }
        }
    }

    /// Whether a whole line has come already, so that `next` would not wait.
    pub fn is_ready(&self) -> bool {
        self.buffer.contains(&b'\n')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_to_connect_say_what_to_do() {
        fn check(kind: io::ErrorKind, expect: &str) {
            let client = Client::new(Path::new("/run/s.sock"));
            assert_eq!(client.connect(kind.into()).to_string(), expect);
        }
        const NONE: &str = "no sensor is listening on /run/s.sock: start one with `sensor run`, \
                            or name its socket with --socket";
        check(io::ErrorKind::NotFound, NONE);
        check(io::ErrorKind::ConnectionRefused, NONE);
        check(io::ErrorKind::PermissionDenied, "permission denied on /run/s.sock: run as root");
    }

    #[test]
    fn errors_are_taken_out_of_their_document() {
        assert_eq!(error_text(br#"{"error":"too busy"}"#), "too busy");
        assert_eq!(error_text(b"plain\n"), "plain");
        assert_eq!(error_text(b"{}"), "{}");
    }
}
