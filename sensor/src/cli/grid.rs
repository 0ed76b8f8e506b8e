//! A plain table: two blanks between columns, none around them, no wider than the terminal.

use comfy_table::{ContentArrangement, Table, presets};

use super::terminal::Look;

/// An empty table under these headings.
pub fn grid<const N: usize>(look: Look, headings: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(width) = look.width.and_then(|width| u16::try_from(width).ok()) {
        table.set_width(width);
    }
    table.force_no_tty();
    table.set_header(headings);
    table
}

/// The table as text.
pub fn lines(mut table: Table) -> String {
    let last = table.column_count().saturating_sub(1);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if index == last { 0 } else { 2 }));
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}
