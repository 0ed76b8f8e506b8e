//! In which form a command answers.

use std::io::{self, Write as _};

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;

use super::terminal::Look;

/// Form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people.
    Text,
    /// JSON, with everything.
    Json,
}

impl Form {
    /// Writes an answer to standard output; `text` makes it one for people.
    pub fn write<T: Serialize>(
        self,
        answer: &T,
        text: impl FnOnce(&T, Look) -> String,
    ) -> Result<()> {
        let text = match self {
            Self::Text => text(answer, Look::of_stdout()),
            Self::Json => serde_json::to_string_pretty(answer)? + "\n",
        };
        Ok(io::stdout().write_all(text.as_bytes())?)
    }
}
