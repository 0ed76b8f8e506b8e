//! The endpoint table: as many columns as the terminal has room for, no line wider than it.

mod columns;
mod layout;

use comfy_table::{Cell, CellAlignment, Table, presets};

use self::{columns::Style, layout::Placed};
use super::terminal::Look;
use crate::inventory::endpoint::EndpointRow;

/// Columns between two of the table.
const GAP: usize = 2;

/// The table as lines, the header first.
pub fn endpoints(rows: &[EndpointRow], look: Look, now: jiff::Timestamp) -> Vec<String> {
    let columns = layout::choose(rows, look.width, now);
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if look.colors {
        table.enforce_styling();
        table.style_text_only();
    } else {
        table.force_no_tty();
    }
    let heading = |placed: &Placed| Style::Heading.apply(Cell::new(placed.column.title));
    table.set_header(columns.iter().map(heading).collect::<Vec<_>>());
    for row in rows {
        let cell =
            |placed: &Placed| (placed.column.style)(row).apply(Cell::new(placed.text(row, now)));
        table.add_row(columns.iter().map(cell).collect::<Vec<_>>());
    }
    let last = columns.len().saturating_sub(1);
    for (index, (column, placed)) in table.column_iter_mut().zip(&columns).enumerate() {
        column.set_padding((0, if index == last { 0 } else { GAP as u16 }));
        if placed.column.number {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
pub mod tests;
