//! What exists: endpoint rows learned from exchanges.

pub mod endpoint;
pub mod template;
