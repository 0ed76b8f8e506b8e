//! The endpoint list on the whole screen, refreshed in place.

mod frame;
mod screen;

use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::SyncSender,
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::sync::oneshot;

use self::{frame::State, screen::Screen};
use super::{
    filter::{Filter, Sort},
    logging::LastLine,
    terminal,
};
use crate::{
    control::Query,
    inventory::endpoint::EndpointRow,
    stats::{Loss, Status},
};

/// How often signals and keys are looked at.
const POLL: Duration = Duration::from_millis(100);

/// What the view shows.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Name of the node.
    pub node: String,
    /// The endpoint list.
    pub endpoints: Vec<EndpointRow>,
    /// Exchanges since the start.
    pub exchanges: u64,
    /// Losses since the start.
    pub losses: Vec<Loss>,
}

impl Snapshot {
    /// Joins the two answers that a sensor gives.
    pub fn new(status: Status, endpoints: Vec<EndpointRow>) -> Self {
        let exchanges = status.counters.get("exchanges").copied().unwrap_or(0);
        Self { node: status.node, endpoints, exchanges, losses: status.losses }
    }

    /// Asks the pipeline of this process. Blocks until it answers, so it must not be called on
    /// the pipeline's thread nor in an async task.
    pub fn ask(queries: &SyncSender<Query>) -> Result<Self> {
        let (sender, status) = oneshot::channel();
        queries.send(Query::Status(sender)).context("the sensor is stopping")?;
        let (sender, endpoints) = oneshot::channel();
        queries.send(Query::Endpoints(sender)).context("the sensor is stopping")?;
        let status = status.blocking_recv().context("the sensor is stopping")?;
        Ok(Self::new(status, endpoints.blocking_recv().context("the sensor is stopping")?))
    }
}

/// The live view. `q` and Ctrl-C end it, `s` changes the order, arrows and page keys scroll.
#[derive(Debug)]
pub struct LiveView {
    /// Time between two snapshots.
    pub interval: Duration,
    /// Which rows are shown.
    pub filter: Filter,
    /// The order to begin with.
    pub sort: Sort,
    /// Rows shown at most.
    pub limit: Option<usize>,
    /// Log line to show at the bottom.
    pub log: Option<LastLine>,
}

impl Default for LiveView {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(1),
            filter: Filter::default(),
            sort: Sort::default(),
            limit: None,
            log: None,
        }
    }
}

impl LiveView {
    /// Takes over the terminal until the user quits or `stop` becomes true, then gives it back
    /// as it was. A snapshot that fails is told on the screen, and asked for again.
    pub fn run(
        self,
        mut source: impl FnMut() -> Result<Snapshot>,
        stop: &AtomicBool,
    ) -> Result<()> {
        let mut state =
            State::new(self.filter, self.sort, self.limit, terminal::colors(&std::io::stdout()));
        state.update(source());
        let mut screen = Screen::enter().context("failed to take over the terminal")?;
        let mut next = Instant::now() + self.interval;
        loop {
            let log = self.log.as_ref().map(LastLine::get).unwrap_or_default();
            screen.show(&state.frame(terminal::size(), &log, jiff::Timestamp::now()))?;
            loop {
                if stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
                let left = next.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    state.update(source());
                    next = Instant::now() + self.interval;
                    break;
                }
                if event::poll(left.min(POLL))? {
                    match handle(&mut state, &event::read()?) {
                        Reaction::Quit => return Ok(()),
                        Reaction::Redraw => break,
                        Reaction::None => {}
                    }
                }
            }
        }
    }
}

enum Reaction {
    None,
    Redraw,
    Quit,
}

fn handle(state: &mut State, event: &Event) -> Reaction {
    match event {
        Event::Resize(..) => Reaction::Redraw,
        Event::Key(key) if key.kind != KeyEventKind::Release => handle_key(state, *key),
        _ => Reaction::None,
    }
}

fn handle_key(state: &mut State, key: KeyEvent) -> Reaction {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c' | 'd') if control => return Reaction::Quit,
        KeyCode::Char('q') | KeyCode::Esc => return Reaction::Quit,
        KeyCode::Char('s') => state.next_sort(),
        KeyCode::Down | KeyCode::Char('j') => state.scroll(1),
        KeyCode::Up | KeyCode::Char('k') => state.scroll(-1),
        KeyCode::PageDown | KeyCode::Char(' ') => state.scroll_page(1),
        KeyCode::PageUp => state.scroll_page(-1),
        KeyCode::Home | KeyCode::Char('g') => state.scroll(isize::MIN),
        KeyCode::End | KeyCode::Char('G') => state.scroll(isize::MAX),
        _ => return Reaction::None,
    }
    Reaction::Redraw
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_quit_sort_and_scroll() {
        fn check(code: KeyCode, modifiers: KeyModifiers, expect: &str) {
            let mut state = State::new(Filter::default(), Sort::Rate, None, false);
            let reaction = match handle(&mut state, &Event::Key(KeyEvent::new(code, modifiers))) {
                Reaction::Quit => "quit",
                Reaction::Redraw => "redraw",
                Reaction::None => "none",
            };
            assert_eq!(reaction, expect, "{code:?}");
        }
        check(KeyCode::Char('q'), KeyModifiers::NONE, "quit");
        check(KeyCode::Char('c'), KeyModifiers::CONTROL, "quit");
        check(KeyCode::Char('c'), KeyModifiers::NONE, "none");
        check(KeyCode::Char('s'), KeyModifiers::NONE, "redraw");
        check(KeyCode::PageDown, KeyModifiers::NONE, "redraw");
    }
}
