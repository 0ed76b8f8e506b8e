//! Wires the stages. Only this file and those below it start threads.
//!
//! On a node three threads work: one drains the ring buffers and does everything up to the
//! endpoint list, one masks and writes records, one serves the control socket. A fourth looks up
//! socket owners, a fifth finds TLS libraries, a sixth sends what waits for Kafka. They are joined by bounded channels, and the first
//! never waits for another.

mod checkpoint;
mod delivery;
mod governor;
mod inventory;
mod kubernetes;
mod live;
mod outputs;
mod publisher;
mod records;
mod replay;
mod secrets;
mod threads;

pub use live::run;
pub use replay::{Destination, Job, Outcome, replay};
