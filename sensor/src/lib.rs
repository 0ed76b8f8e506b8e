//! A passive sensor for API traffic.
//!
//! The module order is the pipeline's order; `docs/architecture.md` explains it:
//! capture → stream → tls → protocol → pairing → exchange → inventory → sink.

pub mod analysis;
pub mod capture;
pub mod cli;
pub mod config;
pub mod connections;
pub mod control;
pub mod coverage;
pub mod event;
pub mod exchange;
pub mod inventory;
pub mod mask;
pub mod memory;
pub mod pairing;
pub mod pipeline;
pub mod protocol;
pub mod sink;
pub mod specification;
pub mod stats;
pub mod store;
pub mod stream;
pub mod tls;
