//! Joins requests and responses of a connection.
