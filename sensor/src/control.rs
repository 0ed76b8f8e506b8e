//! The control socket: HTTP and JSON on a Unix socket.
//!
//! Only root can open it (mode 0600). `curl --unix-socket PATH http://sensor/status` works. The
//! server owns no state: it asks the pipeline thread through a bounded channel, and answers
//! 503 when that does not answer in time. What Prometheus and a kubelet ask for is answered on a
//! TCP address as well, where the configuration names one; nothing else is.

mod client;
mod health;
mod metrics;
mod port;
mod socket;
mod tail;
mod tls;

use std::{
    future::Future,
    sync::{
        Arc,
        mpsc::{SyncSender, TrySendError},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, Path, State},
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use self::tail::TailBody;
pub use self::{
    client::{Client, ClientError, Lines},
    port::{Port, PortError},
    socket::{Listener, Socket, SocketError, probe},
    tail::{Delivery, Subscriber},
    tls::TlsStatus,
};
use crate::{
    inventory::{
        EndpointDetail, description::Operation, endpoint::EndpointRow, specifications::Declared,
    },
    stats::Status,
};

/// Records that wait for one reader of `/tail` before it loses some.
const TAIL_QUEUE: usize = 4096;
/// Readers of `/tail` at once.
const MAX_TAILS: usize = 16;
/// How long the pipeline has to answer.
const ANSWER: Duration = Duration::from_secs(2);
/// Bytes of what specifications declare, as JSON.
const MAX_SPECIFICATIONS: usize = 64 << 20;
/// How long open connections have to end at shutdown.
const FAREWELL: Duration = Duration::from_millis(500);

/// A question to the pipeline thread. It must never block on the answer: a `oneshot` takes it
/// at once, a tail goes through a [`Subscriber`].
#[derive(Debug)]
pub enum Query {
    /// The endpoint list.
    Endpoints(oneshot::Sender<Vec<EndpointRow>>),
    /// Everything about the endpoint of an id.
    Endpoint(String, oneshot::Sender<Option<EndpointDetail>>),
    /// Everything about all endpoints.
    Inventory(oneshot::Sender<Vec<EndpointDetail>>),
    /// Takes what specifications declare.
    Declare(Vec<Operation>, oneshot::Sender<Declared>),
    /// How the sensor is.
    Status(oneshot::Sender<Status>),
    /// What is read of TLS, and what is not.
    Tls(oneshot::Sender<TlsStatus>),
    /// Exchange records from now on, one JSON line with its line feed each. Dropping the sender
    /// ends the reader's stream.
    Tail(mpsc::Sender<Bytes>),
}

/// Serves the socket, and the port if there is one, until `shutdown` is ready, then gives open
/// connections half a second. Must be awaited in a tokio runtime with I/O and time.
///
/// # Errors
/// When the socket or the port cannot be handed to the runtime.
pub async fn serve(
    socket: Socket,
    port: Option<Port>,
    queries: SyncSender<Query>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stop, stopped) = watch::channel(false);
    let server = Arc::new(Server::new(queries, stopped));
    let ended = || {
        let mut stopped = server.stopped.clone();
        async move {
            let _ = stopped.wait_for(|stopped| *stopped).await;
        }
    };
    let port = port.map(|port| port.serve(health::port_router(Arc::clone(&server)), ended()));
    let serving = axum::serve(socket.listener()?, router(Arc::clone(&server)))
        .with_graceful_shutdown(async move {
            shutdown.await;
            // The streams of `/tail` end by this, or else the shutdown would wait for them.
            let _ = stop.send(true);
        });
    let serving = async {
        match port {
            Some(port) => tokio::try_join!(serving.into_future(), port).map(|_| ()),
            None => serving.await,
        }
    };
    let farewell = async {
        ended().await;
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        result = serving => result,
        () = farewell => Ok(()),
    }
}

struct Server {
    queries: SyncSender<Query>,
    tails: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
    /// What was answered last to those that ask often.
    picture: health::Picture,
}

fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/endpoints", get(endpoints))
        .route("/endpoints/{id}", get(endpoint))
        .route("/inventory", get(inventory))
        .route("/specifications", post(specifications))
        .layer(DefaultBodyLimit::max(MAX_SPECIFICATIONS))
        .route("/status", get(status))
        .route("/tls", get(tls))
        .route("/tail", get(tail))
        .merge(health::router())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(server)
}

async fn endpoints(State(server): State<Arc<Server>>) -> Result<Json<Vec<EndpointRow>>, Failure> {
    server.ask(Query::Endpoints).await.map(Json)
}

async fn endpoint(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
) -> Result<Json<EndpointDetail>, Failure> {
    let detail = server.ask(|sender| Query::Endpoint(id.clone(), sender)).await?;
    detail.map(Json).ok_or(Failure::NoEndpoint(id))
}

async fn inventory(
    State(server): State<Arc<Server>>,
) -> Result<Json<Vec<EndpointDetail>>, Failure> {
    server.ask(Query::Inventory).await.map(Json)
}

async fn specifications(
    State(server): State<Arc<Server>>,
    Json(operations): Json<Vec<Operation>>,
) -> Result<Json<Declared>, Failure> {
    server.ask(|sender| Query::Declare(operations, sender)).await.map(Json)
}

async fn status(State(server): State<Arc<Server>>) -> Result<Json<Status>, Failure> {
    server.ask(Query::Status).await.map(Json)
}

async fn tls(State(server): State<Arc<Server>>) -> Result<Json<TlsStatus>, Failure> {
    server.ask(Query::Tls).await.map(Json)
}

async fn tail(State(server): State<Arc<Server>>) -> Result<Response, Failure> {
    let permit = Arc::clone(&server.tails).try_acquire_owned();
    let permit: OwnedSemaphorePermit = permit.map_err(|_| Failure::TooManyTails)?;
    let (sender, receiver) = mpsc::channel(TAIL_QUEUE);
    server.send(Query::Tail(sender))?;
    let body = TailBody::new(receiver, server.stopped.clone(), permit);
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::new(body)).into_response())
}

async fn not_found(uri: Uri) -> Failure {
    Failure::NotFound(uri.path().to_owned())
}

async fn method_not_allowed() -> Failure {
    Failure::MethodNotAllowed
}

impl Server {
    fn new(queries: SyncSender<Query>, stopped: watch::Receiver<bool>) -> Self {
        let tails = Arc::new(Semaphore::new(MAX_TAILS));
        Self { queries, tails, stopped, picture: health::Picture::default() }
    }

    async fn ask<T>(&self, query: impl FnOnce(oneshot::Sender<T>) -> Query) -> Result<T, Failure> {
        let (sender, receiver) = oneshot::channel();
        self.send(query(sender))?;
        match tokio::time::timeout(ANSWER, receiver).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(Failure::Stopping),
            Err(_) => Err(Failure::Busy),
        }
    }

    fn send(&self, query: Query) -> Result<(), Failure> {
        self.queries.try_send(query).map_err(|error| match error {
            TrySendError::Full(_) => Failure::Busy,
            TrySendError::Disconnected(_) => Failure::Stopping,
        })
    }
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the sensor is too busy to answer: try again")]
    Busy,
    #[error("the sensor is stopping")]
    Stopping,
    #[error("{MAX_TAILS} readers of /tail are connected already: end one of them")]
    TooManyTails,
    #[error(
        "no such path: {0} (there are /endpoints, /inventory, /status, /tls, /tail, /metrics, \
         /healthz and /readyz)"
    )]
    NotFound(String),
    #[error("no such path: {0} (there are /metrics, /healthz and /readyz)")]
    NotOnPort(String),
    #[error("no kernel program is attached yet")]
    NotReady,
    #[error("no endpoint has the id {0}: `sensor endpoints --output json` lists them")]
    NoEndpoint(String),
    #[error("only GET is answered here, and POST on /specifications")]
    MethodNotAllowed,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Busy | Self::Stopping | Self::TooManyTails | Self::NotReady => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::NotFound(_) | Self::NotOnPort(_) | Self::NoEndpoint(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}

#[cfg(test)]
mod tests;
