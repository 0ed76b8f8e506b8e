//! Files made by hand, broken in every way, and real ones where they are at hand.

mod arm;
mod build;
mod go;
mod hostile;
mod real;
mod x86;

use super::{Budget, Bytes, Found, Nothing, scan};

fn scan_bytes(bytes: &[u8]) -> Result<Vec<Found>, Nothing> {
    scan(&Bytes(bytes), Budget::default())
}

/// What a scan gives, in short: addresses, or the kind of nothing with a word from its reasons.
fn outcome(bytes: &[u8]) -> String {
    match scan_bytes(bytes) {
        Ok(found) => {
            let one = |f: &Found| format!("{:#x} {}", f.address, f.evidence.labels.len());
            found.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        Err(Nothing::NoTls) => "no tls".to_owned(),
        Err(nothing) => nothing.to_string(),
    }
}
