//! The TCP address on which Prometheus and a kubelet ask.
//!
//! Whoever reaches it may hold connections open; that must neither grow the sensor nor keep a
//! kubelet out, which would then restart it. So the newest connection is always served, and the
//! one that is open longest goes for it.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{Router, serve::Listener};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

/// Connections open at once.
const MAX_OPEN: usize = 32;

/// A listening port.
#[derive(Debug)]
pub struct Port(std::net::TcpListener);

/// Why a port cannot be had.
#[derive(Debug, thiserror::Error)]
#[error(
    "failed to listen on {address}: {error}; choose another address with --set metrics.address="
)]
pub struct PortError {
    address: SocketAddr,
    error: io::Error,
}

impl Port {
    /// Listens on `address`.
    pub fn bind(address: SocketAddr) -> Result<Self, PortError> {
        std::net::TcpListener::bind(address).map(Self).map_err(|error| PortError { address, error })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Serves until `shutdown` is ready and open requests are answered.
    pub(super) async fn serve(
        self,
        router: Router,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        self.0.set_nonblocking(true)?;
        let accept = Accept { listener: TcpListener::from_std(self.0)?, open: VecDeque::new() };
        axum::serve(accept, router).with_graceful_shutdown(shutdown).await
    }
}

struct Accept {
    listener: TcpListener,
    /// Ends the connections that are open, the oldest first.
    open: VecDeque<oneshot::Sender<()>>,
}

impl Listener for Accept {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        self.open.retain(|end| !end.is_closed());
        if self.open.len() >= MAX_OPEN {
            // Dropped, it ends the oldest.
            self.open.pop_front();
        }
        let (end, ended) = oneshot::channel();
        self.open.push_back(end);
        (Connection { stream, ended: Some(ended) }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that can be ended from outside, while it waits for its next request.
struct Connection {
    stream: TcpStream,
    /// Gone when it was ended.
    ended: Option<oneshot::Receiver<()>>,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(ended) = &mut self.ended
            && Pin::new(ended).poll(context).is_ready()
        {
            self.ended = None;
        }
        if self.ended.is_none() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
