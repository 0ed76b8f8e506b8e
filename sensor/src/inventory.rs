//! What exists: endpoint rows learned from exchanges.

pub mod authentication;
pub mod description;
pub mod endpoint;
pub mod paths;
pub mod risk;
pub mod rules;
pub mod schema;
pub mod sensitive;
pub mod template;
