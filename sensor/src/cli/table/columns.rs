//! The columns that there are.

use comfy_table::{Attribute, Cell, Color};
use jiff::Timestamp;

use crate::{
    cli::human,
    inventory::endpoint::{EndpointRow, Latency},
};

/// A column that may be shown.
pub struct Column {
    pub title: &'static str,
    /// Numbers stand on the right, and are never cut.
    pub number: bool,
    /// Columns with a lower one are given room first.
    pub priority: u8,
    /// For text: with less room than this (or the longest text) the column is not worth showing.
    pub worth: Worth,
    pub text: fn(&EndpointRow, Timestamp) -> String,
    pub style: fn(&EndpointRow) -> Style,
}

/// Every column in display order; those of priority 0 are always there.
pub const COLUMNS: [Column; 23] = [
    text("METHOD", 0, Worth::Columns(8), |row, _| human::printable(&row.method), |_| Style::Dim),
    text("HOST", 4, Worth::Share(6), |row, _| human::printable(&row.host), |_| Style::Plain),
    text("ROUTE", 0, Worth::Share(4), |row, _| human::printable(&row.place()), |_| Style::Plain),
    number("REQUESTS", 0, |row, _| human::count(row.requests), |_| Style::Plain),
    number("REQ/S", 2, |row, _| human::rate(row.rate), |_| Style::Plain),
    number("2XX", 13, |row, _| or_dash(class(row, 2)), |_| Style::Plain),
    number("3XX", 16, |row, _| or_dash(class(row, 3)), |_| Style::Plain),
    number("4XX", 5, |row, _| or_dash(class(row, 4)), |row| Style::Warning.when(class(row, 4))),
    number("5XX", 3, |row, _| or_dash(class(row, 5)), |row| Style::Alarm.when(class(row, 5))),
    number("NO REPLY", 14, |row, _| or_dash(row.unanswered), |_| Style::Plain),
    number("P50", 7, |row, _| latency(row, |latency| latency.p50), |_| Style::Plain),
    number("P95", 1, |row, _| latency(row, |latency| latency.p95), |_| Style::Plain),
    number("P99", 17, |row, _| latency(row, |latency| latency.p99), |_| Style::Plain),
    number("SEEN AGO", 11, |row, now| human::ago(&row.last_seen, now), |_| Style::Plain),
    number("RISK", 6, |row, _| row.risk.score.to_string(), risk_style),
    text("AUTH", 8, Worth::Columns(10), |row, _| authentication(row), |_| Style::Plain),
    text("DATA", 7, Worth::Columns(12), |row, _| row.sensitive.join(","), |_| Style::Warning),
    text("OWNER", 12, Worth::Columns(8), |row, _| owner(row), |_| Style::Plain),
    text(
        "STATE",
        15,
        Worth::Columns(6),
        |row, _| row.lifecycle.as_str().to_owned(),
        |_| Style::Dim,
    ),
    text("ROLE", 9, Worth::Columns(6), |row, _| human::printable(&row.role), |_| Style::Dim),
    text("PROCESS", 10, Worth::Columns(16), |row, _| process(row), |_| Style::Plain),
    text("CONTAINER", 18, Worth::Columns(12), |row, _| container(row), |_| Style::Dim),
    text("ID", 19, Worth::Columns(16), |row, _| row.id.clone(), |_| Style::Dim),
];

const fn text(
    title: &'static str,
    priority: u8,
    worth: Worth,
    text: fn(&EndpointRow, Timestamp) -> String,
    style: fn(&EndpointRow) -> Style,
) -> Column {
    Column { title, number: false, priority, worth, text, style }
}

const fn number(
    title: &'static str,
    priority: u8,
    text: fn(&EndpointRow, Timestamp) -> String,
    style: fn(&EndpointRow) -> Style,
) -> Column {
    Column { title, number: true, priority, worth: Worth::Columns(0), text, style }
}

/// The least room for a text.
#[derive(Clone, Copy)]
pub enum Worth {
    /// So many columns.
    Columns(usize),
    /// The width of the terminal divided by this: on a wide one, a route that can be read whole
    /// is worth more than one column more.
    Share(usize),
}

/// How a cell looks where colours are on.
#[derive(Clone, Copy)]
pub enum Style {
    Plain,
    Dim,
    Heading,
    Warning,
    Alarm,
}

impl Style {
    /// This style where something was counted.
    fn when(self, count: u64) -> Self {
        if count > 0 { self } else { Self::Dim }
    }

    pub fn apply(self, cell: Cell) -> Cell {
        match self {
            Self::Plain => cell,
            Self::Dim => cell.add_attribute(Attribute::Dim),
            Self::Heading => cell.add_attribute(Attribute::Bold),
            Self::Warning => cell.fg(Color::Yellow),
            Self::Alarm => cell.fg(Color::Red),
        }
    }
}

/// Most used first; `none` says that nothing was asked for.
fn authentication(row: &EndpointRow) -> String {
    row.authentication.join(",")
}

fn owner(row: &EndpointRow) -> String {
    row.owner.as_deref().map(human::printable).unwrap_or_default()
}

fn risk_style(row: &EndpointRow) -> Style {
    match row.risk.score {
        60.. => Style::Alarm,
        30.. => Style::Warning,
        _ => Style::Dim,
    }
}

/// Responses with this first digit.
fn class(row: &EndpointRow, digit: u16) -> u64 {
    row.statuses.iter().filter(|(code, _)| **code / 100 == digit).map(|(_, count)| count).sum()
}

fn or_dash(count: u64) -> String {
    if count == 0 { "-".to_owned() } else { human::count(count) }
}

fn latency(row: &EndpointRow, quantile: fn(Latency) -> f64) -> String {
    row.latency_ms.map_or_else(|| "-".to_owned(), |latency| human::milliseconds(quantile(latency)))
}

/// `nginx (812)`, or the process id alone, or nothing.
fn process(row: &EndpointRow) -> String {
    let name = row.process.as_deref().map(human::printable);
    match (name, row.pid) {
        (Some(name), Some(pid)) => format!("{name} ({pid})"),
        (Some(name), None) => name,
        (None, Some(pid)) => format!("({pid})"),
        (None, None) => String::new(),
    }
}

/// The short form of a container id, as the container tools print it.
fn container(row: &EndpointRow) -> String {
    let id = row.container.as_deref().unwrap_or_default();
    human::printable(id.get(..12).unwrap_or(id))
}
