//! Configuration, as written and as resolved.
