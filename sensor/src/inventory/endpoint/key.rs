//! Keys of rows.

use std::io::Write as _;

use super::{host, method, role};
use crate::exchange::{Exchange, Request};

/// What makes an endpoint, as bytes: role, method, service and route, and where its path has
/// several the operation, each ended by a NUL that none of them contains.
#[derive(Default)]
pub(super) struct Key {
    pub bytes: Vec<u8>,
    pub ends: Ends,
}

/// Ends of role, method, service, route and operation in the bytes of a key; the last two are the
/// same when there is no operation.
pub(super) type Ends = [usize; 5];

impl Key {
    /// Sets all but the route.
    pub fn begin(&mut self, exchange: &Exchange, request: &Request) {
        self.bytes.clear();
        self.push(0, role(exchange.role).as_bytes());
        self.push(1, method(&request.method).as_bytes());
        if let Some(host) = host::find(request) {
            let start = self.bytes.len();
            self.push(2, host);
            self.bytes[start..].make_ascii_lowercase();
        } else {
            // Writing to a vector cannot fail.
            let _ = write!(self.bytes, "{}", exchange.server);
            self.push(2, b"");
        }
    }

    /// Sets the route.
    pub fn end(&mut self, route: &str) {
        self.bytes.truncate(self.ends[2] + 1);
        self.push(3, route.as_bytes());
        self.ends[4] = self.ends[3];
    }

    /// Sets the operation, behind the route.
    pub fn end_operation(&mut self, name: &str) {
        self.bytes.truncate(self.ends[3] + 1);
        self.ends[4] = self.ends[3];
        if !name.is_empty() {
            self.push(4, name.as_bytes());
        }
    }

    /// The key of a role, method, service, route and operation, which may be none.
    pub fn of([role, method, host, route, operation]: [&[u8]; 5]) -> Self {
        let mut key = Self::default();
        for (index, part) in [role, method, host, route].into_iter().enumerate() {
            key.push(index, part);
        }
        key.ends[4] = key.ends[3];
        if !operation.is_empty() {
            key.push(4, operation);
        }
        key
    }

    /// The key of another operation of the path.
    pub fn with_operation(&self, name: &[u8]) -> Self {
        let mut key = Self { bytes: self.path().to_vec(), ends: self.ends };
        key.ends[4] = key.ends[3];
        key.push(4, name);
        key
    }

    /// The key of the path, without the operation.
    pub fn path(&self) -> &[u8] {
        self.bytes.get(..=self.ends[3]).unwrap_or_default()
    }

    /// The operation, or nothing.
    pub fn operation(&self) -> &[u8] {
        self.bytes.get(self.ends[3] + 1..self.ends[4]).unwrap_or_default()
    }

    /// The service.
    pub fn host(&self) -> &[u8] {
        self.bytes.get(self.ends[1] + 1..self.ends[2]).unwrap_or_default()
    }

    fn push(&mut self, part: usize, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.ends[part] = self.bytes.len();
        self.bytes.push(0);
    }
}
