//! A small server and client, so that the cases need no other program.

mod client;
mod message;
mod process;
mod server;

pub use client::Client;
pub use process::Process;
pub use server::{LARGE, Server, serve_forever, status_of};
