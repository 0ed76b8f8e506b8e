//! A page of facts: a name on the left, what there is to say beside it.

use std::fmt::Write as _;

use super::{
    human,
    terminal::{Look, paint},
};

/// Width of the names on the left.
pub const NAMES: usize = 13;

/// Text in the making.
pub struct Page {
    pub text: String,
    pub look: Look,
}

impl Page {
    /// A name and what there is to say, wrapped at the width.
    pub fn line(&mut self, name: &str, facts: &[String]) {
        let name = paint(&format!("{name:<NAMES$}"), "2", self.look.colors);
        self.text.push_str(&name);
        let start = self.text.len();
        self.wrapped(NAMES, facts);
        // The first line stands beside the name.
        self.text.replace_range(start..start + NAMES, "");
    }

    /// Pieces joined by commas, in lines that begin with `indent` spaces.
    pub fn wrapped(&mut self, indent: usize, pieces: &[String]) {
        for line in human::wrap(pieces, self.look.width.unwrap_or(100).saturating_sub(indent)) {
            let _ = writeln!(self.text, "{:indent$}{line}", "");
        }
    }
}
