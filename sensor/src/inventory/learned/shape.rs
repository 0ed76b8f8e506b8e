//! What the responses of one endpoint have in common: the names at the top of a JSON object.

use crate::{
    exchange::Exchange,
    inventory::schema::{
        Body, MediaType, Scalar, Scratch,
        body::{Events, read},
    },
};

/// Bytes of a body that are looked at.
const MAX_BYTES: usize = 4096;

/// A hash of the form of an exchange's response, whatever its values; 0 when it tells nothing.
pub(super) fn shape(exchange: &Exchange, scratch: &mut Scratch) -> u32 {
    let Some(response) = &exchange.response else { return 0 };
    let bytes = &response.body.bytes;
    let start = bytes.trim_ascii_start().first();
    if !matches!(start, Some(b'{' | b'[')) {
        return 0;
    }
    let length = bytes.len().min(MAX_BYTES);
    let body = Body { bytes: &bytes[..length], is_whole: false };
    let mut names = Names::default();
    read(body, &MediaType::read(b"application/json"), &mut scratch.buffers, &mut names);
    names.set | u32::from(names.is_list) << 31 | 1
}

/// Names of the outermost objects, in any order.
#[derive(Default)]
struct Names {
    depth: usize,
    /// Of arrays around the outermost object.
    arrays: usize,
    is_list: bool,
    /// A bit for each name, by its hash.
    set: u32,
}

impl Events for Names {
    fn begin_object(&mut self) {
        self.depth += 1;
    }

    fn begin_array(&mut self) {
        if self.depth == self.arrays {
            self.arrays += 1;
            self.is_list = true;
        }
        self.depth += 1;
    }

    fn end(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.arrays = self.arrays.min(self.depth);
    }

    fn key(&mut self, key: &[u8]) {
        if self.depth == self.arrays + 1 {
            let hash = key.iter().fold(0x811c_9dc5_u32, |hash, byte| {
                (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
            });
            self.set |= 2 << (hash % 30);
        }
    }

    fn value(&mut self, _: Scalar<'_>) {}

    fn keys_repeat(&mut self) {}
}
