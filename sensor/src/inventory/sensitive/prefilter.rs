//! Which kinds a value may be, by its first byte and its length: two look-ups rule out nearly all
//! kinds for nearly all values.

use super::registry::REGISTRY;

/// Lengths from here on share an entry.
const LONG: usize = 255;

/// Kinds as bits, by the order of the registry.
pub(super) struct Prefilter {
    by_first: Box<[u128; 256]>,
    by_length: Box<[u128; LONG + 1]>,
}

/// A bit for each kind of the registry.
const _: () = assert!(REGISTRY.len() <= 128);

impl Prefilter {
    /// Of the kinds that are looked for in fields of any name.
    pub(super) fn new() -> Self {
        let mut by_first = Box::new([0; 256]);
        let mut by_length = Box::new([0; LONG + 1]);
        for (kind, definition) in REGISTRY.iter().enumerate().filter(|(_, kind)| kind.alone) {
            let shape = &definition.shape;
            for (byte, kinds) in by_first.iter_mut().enumerate() {
                if shape.first.is_empty() || shape.first.as_bytes().contains(&(byte as u8)) {
                    *kinds |= 1 << kind;
                }
            }
            let (least, greatest) = (usize::from(shape.length.0), usize::from(shape.length.1));
            for (length, kinds) in by_length.iter_mut().enumerate() {
                let long = length == LONG && greatest >= LONG;
                if (least..=greatest).contains(&length) || long {
                    *kinds |= 1 << kind;
                }
            }
        }
        Self { by_first, by_length }
    }

    pub(super) fn candidates(&self, first: u8, length: usize) -> u128 {
        self.by_first[usize::from(first)] & self.by_length[length.min(LONG)]
    }
}
