//! The inventory as the configuration wants it.

use anyhow::{Context as _, Result};

use crate::{
    config::Config,
    inventory::{Inventory, Limits, rules::Rules},
    mask::MaskKey,
};

/// An empty inventory under the rules of the operator.
/// Learns from `learn_rate` exchanges a second at most.
pub fn new(config: &Config, learn_rate: u32, key: &MaskKey) -> Result<Inventory> {
    let rules = match &config.inventory.rules {
        Some(path) => Rules::read(path)?,
        None => Rules::default(),
    };
    let limits = Limits {
        endpoints: config.inventory.max_endpoints,
        fields: config.inventory.max_fields,
        learn_rate,
    };
    Inventory::new(limits, key.seed(), rules).context("the rules of inventory.rules cannot be used")
}
