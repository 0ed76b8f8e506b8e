//! How threads are started.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::SyncSender,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context as _, Result};
use tracing::warn;

use crate::control::{self, Port, Query, Socket};

/// The thread of the control socket, and of the port of the metrics.
pub(super) fn serve(
    socket: Socket,
    port: Option<Port>,
    queries: SyncSender<Query>,
    stop: Arc<AtomicBool>,
) -> Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("failed to start the control socket's runtime")?;
    spawn("control", move || {
        let stopped = async move {
            while !stop.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if let Err(error) = runtime.block_on(control::serve(socket, port, queries, stopped)) {
            warn!(%error, "the control socket failed");
        }
    })
}

/// The thread of the live list, whose end stops the capture.
pub(super) fn show(
    view: impl FnOnce(&SyncSender<Query>, &AtomicBool) -> Result<()> + Send + 'static,
    queries: SyncSender<Query>,
    stop: Arc<AtomicBool>,
) -> Result<JoinHandle<Result<()>>> {
    let thread = thread::Builder::new().name("view".to_owned());
    let handle = thread.spawn(move || {
        let result = view(&queries, &stop);
        stop.store(true, Ordering::Relaxed);
        result
    });
    handle.context("failed to start the view thread")
}

/// A named thread.
pub(super) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .with_context(|| format!("failed to start the {name} thread"))
}
