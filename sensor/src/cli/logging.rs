//! The sensor's own log: on standard error, or kept for the live view while that has the screen.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::terminal;

/// Where log lines go.
#[derive(Clone, Debug)]
pub enum Destination {
    /// Standard error, coloured on a terminal.
    Stderr,
    /// The last warning or error is kept, for [`super::live_view::LiveView`] to show.
    Kept(LastLine),
}

/// Starts logging. Later calls change nothing.
pub fn start(level: LevelFilter, destination: Destination) {
    let subscriber = tracing_subscriber::fmt().with_max_level(level).with_target(false);
    let _ = match destination {
        Destination::Stderr => {
            let colors = terminal::colors(&io::stderr());
            let subscriber = subscriber.with_ansi(colors).with_writer(io::stderr).finish();
            tracing::subscriber::set_global_default(subscriber)
        }
        Destination::Kept(line) => {
            // What is well would only stand in the way of what is not.
            let level = level.min(LevelFilter::WARN);
            let subscriber = subscriber.with_max_level(level).with_ansi(false).without_time();
            let subscriber = subscriber.with_writer(line).finish();
            tracing::subscriber::set_global_default(subscriber)
        }
    };
}

/// The last log line.
#[derive(Clone, Debug, Default)]
pub struct LastLine(Arc<Mutex<String>>);

impl LastLine {
    /// The line; empty when there was none yet.
    pub fn get(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl io::Write for LastLine {
    /// Is given a whole event at a time.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(event).trim().to_owned();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = line;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LastLine {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_kept_whole() {
        let line = LastLine::default();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .with_writer(line.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("first");
            tracing::warn!(path = "/tmp/x", "disk full");
        });
        assert_eq!(line.get(), "WARN disk full path=\"/tmp/x\"");
    }
}
