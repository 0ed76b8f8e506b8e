//! The control socket: HTTP and JSON on a Unix socket.
