//! What exists: endpoint rows learned from exchanges.

pub mod description;
pub mod endpoint;
pub mod paths;
pub mod template;
