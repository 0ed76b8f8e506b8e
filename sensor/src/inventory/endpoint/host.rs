//! The service that a request asks for.

use serde::{Serialize, Serializer};

use crate::exchange::Request;

/// Longest host with its port: a domain name has at most 253 characters (RFC 1035).
const MAX_HOST: usize = 253 + ":65535".len();

/// The authority that a request asks for, in lower case, without user information and without
/// the default port 80. On the stack, for one is made for each exchange.
#[derive(Clone, Copy)]
pub struct Host {
    bytes: [u8; MAX_HOST],
    length: usize,
}

impl Host {
    /// The host of a request; `None` when it names none, or what it names is no host.
    pub fn of(request: &Request) -> Option<Self> {
        let host = find(request)?;
        let mut bytes = [0; MAX_HOST];
        let place = bytes.get_mut(..host.len())?;
        place.copy_from_slice(host);
        place.make_ascii_lowercase();
        Some(Self { bytes, length: host.len() })
    }

    /// The host, with its port where it is not 80.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl Serialize for Host {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The bytes of [`Host::of`] in the case in which they were sent.
pub(super) fn find(request: &Request) -> Option<&[u8]> {
    let authority = request.authority()?;
    let start = authority.iter().rposition(|&byte| byte == b'@').map_or(0, |at| at + 1);
    let host = &authority[start..];
    let host = host.strip_suffix(b":80").unwrap_or(host);
    (host.len() <= MAX_HOST && is_host(host)).then_some(host)
}

/// A registered name or address, with or without port (RFC 3986 section 3.2.2, without what
/// hosts in practice never have: percent-encoding and sub-delimiters).
fn is_host(host: &[u8]) -> bool {
    let (name, port) = match host {
        [b'[', rest @ ..] => {
            let Some(end) = rest.iter().position(|&byte| byte == b']') else { return false };
            let is_address = |byte: &u8| byte.is_ascii_hexdigit() || b":.".contains(byte);
            if !rest[..end].iter().all(is_address) {
                return false;
            }
            (&rest[..end], &rest[end + 1..])
        }
        _ => host.split_at(host.iter().position(|&byte| byte == b':').unwrap_or(host.len())),
    };
    let is_port = match port {
        [] => true,
        [b':', digits @ ..] => {
            matches!(digits.len(), 1..=5) && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    };
    // Gathered and not searched for: without a way out of the loop it becomes vector instructions.
    let are_name_bytes = name.iter().fold(true, |all, byte| {
        all & (byte.is_ascii_alphanumeric() | matches!(byte, b'.' | b'-' | b'_' | b':'))
    });
    is_port && !name.is_empty() && are_name_bytes
}
