//! What the live view shows, as lines: pure, so that it can be tested without a terminal.

use std::time::Instant;

use anyhow::Result;

use super::Snapshot;
use crate::{
    cli::{
        filter::{Filter, Sort},
        human, table,
        terminal::{Look, paint},
    },
    inventory::endpoint::EndpointRow,
    stats::Loss,
};

/// Between two parts of a line.
const BETWEEN: &str = " · ";
/// Lines around the table: the heading and a blank one, the table's header, the bottom line.
const AROUND: usize = 4;

/// What is shown, and from where on.
pub struct State {
    filter: Filter,
    sort: Sort,
    limit: Option<usize>,
    colors: bool,
    snapshot: Snapshot,
    /// The wanted rows of the snapshot, in order.
    rows: Vec<EndpointRow>,
    /// Exchanges a second between the last two snapshots.
    rate: f64,
    taken: Option<Instant>,
    error: Option<String>,
    /// The first row shown.
    top: usize,
    /// Rows that fit the screen.
    page: usize,
}

impl State {
    pub fn new(filter: Filter, sort: Sort, limit: Option<usize>, colors: bool) -> Self {
        Self {
            filter,
            sort,
            limit,
            colors,
            snapshot: Snapshot::default(),
            rows: Vec::new(),
            rate: 0.0,
            taken: None,
            error: None,
            top: 0,
            page: 1,
        }
    }

    /// Takes over a new snapshot, or the reason why there is none.
    pub fn update(&mut self, snapshot: Result<Snapshot>) {
        let snapshot = match snapshot {
            Ok(snapshot) => snapshot,
            Err(error) => {
                self.error = Some(format!("{error:#}"));
                return;
            }
        };
        let now = Instant::now();
        self.rate = match self.taken.map(|taken| now.duration_since(taken).as_secs_f64()) {
            Some(seconds) if seconds > 0.0 => {
                snapshot.exchanges.saturating_sub(self.snapshot.exchanges) as f64 / seconds
            }
            _ => snapshot.endpoints.iter().map(|row| row.rate).sum(),
        };
        self.taken = Some(now);
        self.error = None;
        self.snapshot = snapshot;
        self.arrange();
    }

    pub fn next_sort(&mut self) {
        self.sort = self.sort.next();
        self.top = 0;
        self.arrange();
    }

    /// Moves down by so many rows, or up.
    pub fn scroll(&mut self, rows: isize) {
        self.top =
            self.top.saturating_add_signed(rows).min(self.rows.len().saturating_sub(self.page));
    }

    /// Moves down by so many screens, or up.
    pub fn scroll_page(&mut self, pages: isize) {
        self.scroll(pages.saturating_mul(self.page as isize));
    }

    fn arrange(&mut self) {
        let wanted = self.snapshot.endpoints.iter().filter(|row| self.filter.matches(row));
        self.rows = wanted.cloned().collect();
        self.sort.sort(&mut self.rows);
        self.rows.truncate(self.limit.unwrap_or(usize::MAX));
    }

    /// Exactly as many lines as the screen has, none longer than it is wide.
    pub fn frame(
        &mut self,
        (width, height): (usize, usize),
        log: &str,
        now: jiff::Timestamp,
    ) -> Vec<String> {
        self.page = height.saturating_sub(AROUND).max(1);
        self.scroll(0);
        let mut lines = vec![self.heading(width), String::new()];
        if self.rows.is_empty() {
            lines.push(human::cut_end(self.nothing(), width));
        } else {
            let end = self.rows.len().min(self.top + self.page);
            let look = Look { width: Some(width), colors: self.colors };
            lines.extend(table::endpoints(&self.rows[self.top..end], look, now));
        }
        lines.resize(height.saturating_sub(1), String::new());
        lines.push(self.bottom(width, log));
        lines.truncate(height);
        lines
    }

    fn nothing(&self) -> &'static str {
        if self.taken.is_none() {
            ""
        } else if self.snapshot.endpoints.is_empty() {
            "No HTTP/1 request seen yet. Every one that a process of this node serves or makes \
             will be listed here."
        } else {
            "No endpoint matches the filters."
        }
    }

    /// On a narrow screen the losses stay, and the figures before them give way.
    fn heading(&self, width: usize) -> String {
        if let Some(error) = &self.error {
            let parts = [("1", "sensor".to_owned()), ("31", human::printable(error))];
            return line(&parts, width, self.colors);
        }
        let losses = losses(&self.snapshot.losses);
        let mut parts = vec![
            ("1", format!("sensor {}", human::printable(&self.snapshot.node))),
            ("", format!("{} req/s", human::rate(self.rate))),
            ("", format!("{} exchanges", human::integer(self.snapshot.exchanges))),
            ("", format!("{} endpoints", human::integer(self.snapshot.endpoints.len() as u64))),
            losses.map_or_else(|| ("2", "no losses".to_owned()), |losses| ("1;31", losses)),
        ];
        let lengths = |parts: &[(&str, String)]| {
            parts
                .iter()
                .map(|(_, part)| human::width(part).min(30) + human::width(BETWEEN))
                .sum::<usize>()
        };
        while parts.len() > 2 && lengths(&parts) > width + human::width(BETWEEN) {
            parts.remove(parts.len() - 2);
        }
        line(&parts, width, self.colors)
    }

    fn bottom(&self, width: usize, log: &str) -> String {
        let shown = self.rows.len().min(self.page);
        let mut parts =
            vec![("2", "q quit".to_owned()), ("2", format!("s sort: {}", self.sort.name()))];
        if shown < self.rows.len() {
            let (first, last) = (self.top + 1, (self.top + self.page).min(self.rows.len()));
            parts.push(("2", format!("↑↓ rows {first} to {last} of {}", self.rows.len())));
        }
        if !log.is_empty() {
            parts.push(("33", human::printable(log)));
        }
        line(&parts, width, self.colors)
    }
}

/// Parts with a style each, in one line of at most `width` columns.
fn line(parts: &[(&str, String)], width: usize, colors: bool) -> String {
    let mut text = String::new();
    let mut left = width;
    for (style, part) in parts {
        let between = if text.is_empty() { "" } else { BETWEEN };
        if left <= human::width(between) + 1 {
            break;
        }
        left -= human::width(between);
        let part = human::cut_end(part, left);
        left -= human::width(&part);
        text.push_str(&paint(between, "2", colors && !between.is_empty()));
        text.push_str(&paint(&part, style, colors && !style.is_empty()));
    }
    text
}

/// What was lost, the greatest first; `None` when nothing was.
fn losses(losses: &[Loss]) -> Option<String> {
    let mut losses: Vec<_> = losses.iter().filter(|loss| loss.count > 0).collect();
    losses.sort_by_key(|loss| std::cmp::Reverse(loss.count));
    let show = |loss: &&Loss| format!("{} {} {}", human::count(loss.count), loss.what, loss.cause);
    let texts: Vec<_> = losses.iter().map(show).collect();
    (!texts.is_empty()).then(|| human::printable(&format!("lost: {}", texts.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::table::tests::rows;

    fn snapshot(rows: Vec<EndpointRow>, lost: u64) -> Snapshot {
        let full = Loss {
            cause: "ring_full".to_owned(),
            what: "segments".to_owned(),
            count: lost,
            meaning: String::new(),
        };
        Snapshot { node: "n1".to_owned(), endpoints: rows, exchanges: 12_345, losses: vec![full] }
    }

    fn state(rows: Vec<EndpointRow>, lost: u64) -> State {
        let mut state = State::new(Filter::default(), Sort::Rate, None, false);
        state.update(Ok(snapshot(rows, lost)));
        state
    }

    fn many() -> Vec<EndpointRow> {
        let template = &rows()[0];
        (0..100).map(|n| EndpointRow { route: format!("/r{n:03}"), ..template.clone() }).collect()
    }

    fn now() -> jiff::Timestamp {
        "2026-01-01T00:00:13Z".parse().unwrap()
    }

    #[test]
    fn a_frame_fills_the_screen_and_no_more() {
        for rows in [many(), rows(), Vec::new()] {
            for (width, height) in [(40, 10), (80, 24), (200, 60), (20, 3), (10, 1)] {
                let log = "WARN something with a long text ".repeat(9);
                let frame = state(rows.clone(), 3).frame((width, height), &log, now());
                assert_eq!(frame.len(), height);
                for line in frame.iter().filter(|_| width >= 40) {
                    assert!(human::width(line) <= width, "{width}: {line}");
                }
            }
        }
    }

    #[test]
    fn the_heading_tells_losses() {
        let mut quiet = state(rows(), 0);
        let expect = "sensor n1 · 3,521 req/s · 12,345 exchanges · 4 endpoints · no losses";
        assert_eq!(quiet.frame((120, 24), "", now())[0], expect);
        let lossy = state(rows(), 1500).frame((120, 24), "", now())[0].clone();
        assert!(lossy.ends_with("4 endpoints · lost: 1,500 segments ring_full"), "{lossy}");
    }

    #[test]
    fn scrolling_stops_at_both_ends() {
        let mut state = state(many(), 0);
        let mut first = |rows| {
            state.scroll(rows);
            state.frame((80, 24), "", now())[3].split_whitespace().nth(2).unwrap().to_owned()
        };
        assert_eq!(first(0), "/r000");
        assert_eq!(first(5), "/r005");
        assert_eq!(first(-9), "/r000");
        assert_eq!(first(isize::MAX), "/r080");
        assert_eq!(first(isize::MIN), "/r000");
    }

    #[test]
    fn an_error_is_told_and_the_rows_stay() {
        let mut state = state(rows(), 0);
        state.update(Err(anyhow::anyhow!("no sensor is listening")));
        let frame = state.frame((80, 24), "", now());
        assert_eq!(frame[0], "sensor · no sensor is listening");
        assert!(frame[2].starts_with("METHOD"));
        state.update(Ok(snapshot(rows(), 0)));
        assert!(state.frame((80, 24), "", now())[0].starts_with("sensor n1"));
    }

    #[test]
    fn the_bottom_names_keys_order_and_rows() {
        let mut state = state(many(), 0);
        state.next_sort();
        let frame = state.frame((80, 24), "", now());
        assert_eq!(frame[23], "q quit · s sort: requests · ↑↓ rows 1 to 20 of 100");
    }
}
