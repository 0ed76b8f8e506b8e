//! Signals that ask to stop, for commands that run on without a runtime of their own.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};

/// Becomes true at SIGINT, SIGTERM and SIGHUP, which then no longer end the process by
/// themselves: whoever asks for this must look at it.
pub fn on_signal() -> Result<Arc<AtomicBool>> {
    let runtime = super::runtime()?;
    let guard = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt()).context("failed to watch SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("failed to watch SIGTERM")?;
    let mut hang_up = signal(SignalKind::hangup()).context("failed to watch SIGHUP")?;
    drop(guard);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let wait = async move {
        tokio::select! {
            _ = interrupt.recv() => {},
            _ = terminate.recv() => {},
            _ = hang_up.recv() => {},
        }
        stopped.store(true, Ordering::Relaxed);
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || runtime.block_on(wait))
        .context("failed to start a thread")?;
    Ok(stop)
}
