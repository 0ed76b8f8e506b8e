//! The measurements, one per name.

use anyhow::{Result, bail};

use crate::setup;

/// Runs the benches that `arguments` name, or all of them.
pub fn run(_arguments: &[String]) -> Result<()> {
    setup::install_test_tools()?;
    bail!("no benches yet")
}
