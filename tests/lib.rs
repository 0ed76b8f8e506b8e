//! What the tests share.

pub mod evaluation;
pub mod fuzzing;
pub mod harness;
pub mod pcap_writer;
pub mod trusting;
