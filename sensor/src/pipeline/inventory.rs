//! The inventory as the configuration wants it.

use anyhow::{Context as _, Result};

use crate::{
    config::Config,
    inventory::{Inventory, rules::Rules},
    mask::MaskKey,
};

/// An empty inventory under the rules of the operator.
pub fn new(config: &Config, key: &MaskKey) -> Result<Inventory> {
    let rules = match &config.inventory.rules {
        Some(path) => Rules::read(path)?,
        None => Rules::default(),
    };
    Inventory::new(config.inventory.max_endpoints, key.seed(), rules)
        .context("the rules of inventory.rules cannot be used")
}
