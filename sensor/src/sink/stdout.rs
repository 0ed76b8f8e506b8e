//! JSON lines on standard output.

use std::{fs::File, io, os::fd::AsFd};

use super::JsonLines;

/// A sink on standard output, past the buffer of the standard library, which would cut lines
/// in its own way. When the reader closes the pipe, as `head` does, the sink ends with
/// [`io::ErrorKind::BrokenPipe`], which the caller takes as a quiet end.
pub fn stdout() -> io::Result<JsonLines<File>> {
    Ok(JsonLines::new(File::from(io::stdout().as_fd().try_clone_to_owned()?)))
}
