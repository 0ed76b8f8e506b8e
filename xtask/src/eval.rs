//! How well the inventory learns, measured on values and traffic whose truth is known.

mod sensitive;

use anyhow::Result;

/// What is measured.
#[derive(Debug, clap::Subcommand)]
pub enum Evaluation {
    /// Sensitive data found in labelled values: precision and recall by kind
    ///
    /// Fetches faker and python-stdnum with pip into the target directory, makes values with
    /// them, and fails below 0.95 precision or 0.90 recall in all.
    #[command(
        after_help = "Examples:\n  cargo xtask eval sensitive\n  cargo xtask eval sensitive --seed 7 \
        --wrong\n  cargo xtask eval sensitive --values labelled.jsonl"
    )]
    Sensitive(sensitive::Arguments),
}

/// The task `cargo xtask eval`.
pub fn run(evaluation: &Evaluation) -> Result<()> {
    match evaluation {
        Evaluation::Sensitive(arguments) => sensitive::run(arguments),
    }
}
