//! What standard output is: its size, and whether it shows colours.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

/// How to lay out text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns; `None` when lines may be as long as they like (a pipe or a file).
    pub width: Option<usize>,
    /// Whether escape sequences for colours may be written.
    pub colors: bool,
}

impl Look {
    /// The look of standard output.
    pub fn of_stdout() -> Self {
        let stdout = io::stdout();
        Self { width: width(), colors: colors(&stdout) }
    }
}

/// Columns and lines of the terminal; 80 and 24 where it does not say.
pub fn size() -> (usize, usize) {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let or = |value: Option<u16>, default: usize| {
        value.map(usize::from).filter(|value| *value > 0).unwrap_or(default)
    };
    (or(size.map(|size| size.ws_col), 80), or(size.map(|size| size.ws_row), 24))
}

/// Whether colours may be written to `stream`: only to a terminal that knows them, and never
/// with `NO_COLOR` (no-color.org).
pub fn colors(stream: &impl IsTerminal) -> bool {
    let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !forbidden && !dumb
}

fn width() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let columns = columns.filter(|columns| *columns > 0);
    columns.or_else(|| io::stdout().is_terminal().then(|| size().0))
}

/// `text` with an SGR sequence around it, where colours are on.
pub fn paint(text: &str, code: &str, colors: bool) -> String {
    if colors { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Exit code 0 when `good`, else 1.
pub fn exit_code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
