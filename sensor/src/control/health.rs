//! What Prometheus and a kubelet ask for: `/metrics`, `/healthz` and `/readyz`.
//!
//! They ask often, and on a TCP port anybody may: the pipeline is asked once a second at most.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::State,
    http::{Uri, header},
    response::IntoResponse,
    routing::get,
};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{Failure, Query, Server, TlsStatus, method_not_allowed, metrics};
use crate::stats::Status;

/// How old an answer may be.
const FRESH: Duration = Duration::from_secs(1);

/// The last answers of the pipeline, and since when. Whoever finds them too old asks anew, and
/// the others wait for that.
pub(super) type Picture = Mutex<Option<(Instant, Arc<Seen>)>>;

/// How the sensor is.
pub(super) struct Seen {
    status: Status,
    tls: TlsStatus,
}

/// For the control socket.
pub(super) fn router() -> Router<Arc<Server>> {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
}

/// For the port: these and no more.
pub(super) fn port_router(server: Arc<Server>) -> Router {
    router()
        .fallback(async |uri: Uri| Failure::NotOnPort(uri.path().to_owned()))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(server)
}

async fn metrics(State(server): State<Arc<Server>>) -> Result<impl IntoResponse, Failure> {
    let seen = server.look().await?;
    let text = metrics::text(&seen.status, &seen.tls);
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text))
}

/// Healthy means that the pipeline answers, not only that the server does.
async fn healthz(State(server): State<Arc<Server>>) -> Result<Json<Value>, Failure> {
    server.look().await.map(|_| Json(json!({ "status": "ok" })))
}

/// Ready means that traffic is seen from now on. Where records go to has no part in it: a rollout
/// must not stand still because a broker is away.
async fn readyz(State(server): State<Arc<Server>>) -> Result<Json<Value>, Failure> {
    let seen = server.look().await?;
    if seen.status.capture.programs.is_empty() {
        return Err(Failure::NotReady);
    }
    Ok(Json(json!({ "status": "ready" })))
}

impl Server {
    async fn look(&self) -> Result<Arc<Seen>, Failure> {
        let mut picture = self.picture.lock().await;
        if let Some((since, seen)) = &*picture
            && since.elapsed() < FRESH
        {
            return Ok(Arc::clone(seen));
        }
        let status = self.ask(Query::Status).await?;
        let tls = self.ask(Query::Tls).await?;
        let seen = Arc::new(Seen { status, tls });
        *picture = Some((Instant::now(), Arc::clone(&seen)));
        Ok(seen)
    }
}

#[cfg(test)]
mod tests;
