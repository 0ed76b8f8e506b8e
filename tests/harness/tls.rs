//! TLS: real servers with a certificate, programs fetched or built for them, and a peer that
//! nobody can read.

mod expect;
mod peer;
mod pipes;
mod programs;
mod servers;

pub use expect::{Asked, Expected, WARM_UP};
pub use peer::{Load, Manner, Peer, Phase, peer};
pub use pipes::Pipes;
pub use programs::{bun, go, grpcio, node};
pub use servers::{Certificate, TlsKind, nginx_with, start};
