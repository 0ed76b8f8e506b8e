//! The thread that follows the pods of the node, where there is an API server to ask.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::{Context as _, Result};
use tracing::warn;

use super::threads::spawn;
use crate::{
    capture::kubernetes::{Board, ClientError, Watcher},
    config::{Api, Config},
};

/// Where the thread leaves what it learned, and the thread. It ends with `stop`.
pub(super) fn start(
    config: &Config,
    stop: &Arc<AtomicBool>,
) -> Result<(Arc<Board>, Option<JoinHandle<()>>)> {
    let board = Arc::new(Board::default());
    if config.kubernetes.api == Api::None {
        return Ok((board, None));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("failed to start the runtime of the Kubernetes client")?;
    let node = config.kubernetes.node.as_ref().unwrap_or(&config.node.name);
    let watcher = {
        let _guard = runtime.enter();
        watcher(&config.kubernetes.api, node, &board)
    };
    let watcher = match watcher {
        Ok(Some(watcher)) => watcher,
        Ok(None) => return Ok((board, None)),
        // Container id and pod uid are known without.
        Err(error) => {
            warn!(%error, "pods are not known by name");
            return Ok((board, None));
        }
    };
    let stop = Arc::clone(stop);
    let thread = spawn("kubernetes", move || {
        runtime.block_on(watcher.run(async {
            while !stop.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }));
    })?;
    Ok((board, Some(thread)))
}

fn watcher(api: &Api, node: &str, board: &Arc<Board>) -> Result<Option<Watcher>, ClientError> {
    match api {
        Api::None => Ok(None),
        Api::Auto => Watcher::in_cluster(node, Arc::clone(board)),
        Api::Url(url) => Watcher::at(url, node, Arc::clone(board)).map(Some),
    }
}
