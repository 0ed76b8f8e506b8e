//! What the tests share.

pub mod fuzzing;
pub mod pcap_writer;
