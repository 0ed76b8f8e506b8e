//! Parsers: the bytes and gaps of a stream in, messages out. No I/O, no clock but the chunks'.

pub mod body;
pub mod http1;
