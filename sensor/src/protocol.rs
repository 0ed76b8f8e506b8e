//! Parsers: bytes and gaps of a stream in, messages out.

pub mod body;
