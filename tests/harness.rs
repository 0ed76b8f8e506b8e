//! What the live tests stand on: a running sensor, real servers and clients, namespaces and
//! cgroups.
//!
//! Everything here that outlives a call is owned by a guard that ends it when dropped, so that
//! a failed test leaves nothing behind. Whatever goes wrong panics at its place.

mod cgroup;
mod client;
mod conversation;
mod counting;
mod event;
pub mod kafka;
mod network;
mod node;
mod once;
mod process;
mod scratch;
mod sensor;
mod server;
pub mod tls;

pub use cgroup::Container;
pub use client::{Answer, Client, connect};
pub use conversation::{Turn, converse};
pub use counting::{
    ITEM_ROUTE, at_rate, check_counted, count, keep_alive, one_each, spread, status_of,
};
pub use event::Event;
pub use network::{Namespace, inside};
pub use node::{Node, require_live};
pub use once::{from_pypi, helm, promtool};
pub use process::{Running, children, executable, read_output, wait_for};
pub use scratch::Scratch;
pub use sensor::{Sensor, Settings};
pub use server::{Kind, Server, free_port, listen_on, program, socket};
