//! What exists: endpoint rows learned from exchanges.

pub mod description;
pub mod endpoint;
pub mod schema;
pub mod template;
