//! Which columns are shown, and how wide.

use jiff::Timestamp;

use super::{
    GAP,
    columns::{COLUMNS, Column, Worth},
};
use crate::{cli::human, inventory::endpoint::EndpointRow};

/// No text is shown at greater length, even where lines have no limit.
const LONGEST: usize = 512;

/// A column with the width that it got.
pub struct Placed {
    pub column: &'static Column,
    width: usize,
    /// Width of its longest text.
    longest: usize,
}

impl Placed {
    /// The text of a cell, in at most the width. Of routes and hosts both ends tell.
    pub fn text(&self, row: &EndpointRow, now: Timestamp) -> String {
        let text = (self.column.text)(row, now);
        match self.column.title {
            "ROUTE" | "HOST" => human::cut_middle(&text, self.width),
            _ => human::cut_end(&text, self.width),
        }
    }

    /// What it takes at least on a terminal of `width` columns.
    fn least(&self, width: usize) -> usize {
        let worth = match self.column.worth {
            _ if self.column.number => self.longest,
            Worth::Columns(columns) => columns,
            Worth::Share(part) => width / part,
        };
        worth.min(self.longest).max(human::width(self.column.title))
    }
}

/// The columns to show, in display order.
pub fn choose(rows: &[EndpointRow], width: Option<usize>, now: Timestamp) -> Vec<Placed> {
    static TABLE: [Column; COLUMNS.len()] = COLUMNS;
    let candidates = TABLE.iter().filter(|column| is_telling(column, rows));
    let mut placed: Vec<Placed> = candidates.map(|column| measure(column, rows, now)).collect();
    if let Some(width) = width {
        drop_columns(&mut placed, width);
        share(&mut placed, width);
    }
    placed
}

fn measure(column: &'static Column, rows: &[EndpointRow], now: Timestamp) -> Placed {
    let texts = rows.iter().map(|row| human::width(&(column.text)(row, now)));
    let longest = texts.max().unwrap_or(0).max(human::width(column.title)).min(LONGEST);
    Placed { column, width: longest, longest }
}

/// Whether a column says anything: the rest is left out, whatever room there is.
fn is_telling(column: &Column, rows: &[EndpointRow]) -> bool {
    match column.title {
        "ROLE" => rows.iter().any(|row| row.role == "client"),
        "NO REPLY" => rows.iter().any(|row| row.unanswered > 0),
        "PROCESS" => rows.iter().any(|row| row.process.is_some() || row.pid.is_some()),
        "RISK" => rows.iter().any(|row| row.risk.score > 0),
        "AUTH" => rows.iter().any(|row| row.authentication.iter().any(|kind| kind != "none")),
        "DATA" => rows.iter().any(|row| !row.sensitive.is_empty()),
        "OWNER" => rows.iter().any(|row| row.owner.is_some()),
        "STATE" => rows.iter().any(|row| row.lifecycle != rows[0].lifecycle),
        "CONTAINER" => rows.iter().any(|row| row.container.is_some()),
        _ => true,
    }
}

/// Drops the least important columns until the least widths fit.
fn drop_columns(placed: &mut Vec<Placed>, width: usize) {
    while total(placed, |one| one.least(width)) > width {
        let last = placed.iter().enumerate().max_by_key(|(_, one)| one.column.priority);
        match last {
            Some((index, one)) if one.column.priority > 0 => drop(placed.remove(index)),
            _ => return,
        }
    }
}

/// Gives each column its least width, and shares the rest among those that want more: always
/// to the narrowest, so that no long text takes it all.
fn share(placed: &mut [Placed], width: usize) {
    for one in placed.iter_mut() {
        one.width = one.least(width);
    }
    let mut rest = width.saturating_sub(total(placed, |one| one.width));
    while rest > 0 {
        let wanting = placed.iter_mut().filter(|one| one.width < one.longest);
        let Some(narrowest) = wanting.min_by_key(|one| one.width) else { return };
        narrowest.width += 1;
        rest -= 1;
    }
    squeeze(placed, width);
}

/// On a terminal too narrow even for the columns that are always there, the route gives way.
fn squeeze(placed: &mut [Placed], width: usize) {
    let excess = total(placed, |one| one.width).saturating_sub(width);
    if let Some(route) = placed.iter_mut().find(|one| one.column.title == "ROUTE") {
        route.width = route.width.saturating_sub(excess).max(human::width("ROUTE"));
    }
}

fn total(placed: &[Placed], width: impl Fn(&Placed) -> usize) -> usize {
    placed.iter().map(width).sum::<usize>() + GAP * placed.len().saturating_sub(1)
}
