//! Which kinds a value may be, by its first byte, its length, the classes of its bytes and the
//! number of its digits: a few look-ups rule out nearly all kinds for nearly all values.

use super::{
    definition::Shape,
    registry::REGISTRY,
    text::{Bytes, Text},
};

/// Lengths from here on share an entry.
const LONG: usize = 255;
/// Numbers of digits from here on share an entry.
const MANY: usize = 31;

/// A bit for each kind of the registry.
const _: () = assert!(REGISTRY.len() <= 128);

/// Kinds as bits, by the order of the registry.
pub(super) struct Prefilter {
    first_bytes: Box<[u128; 256]>,
    lengths: Box<[u128; LONG + 1]>,
    digit_counts: Box<[u128; MANY + 1]>,
    /// By each byte of the set of classes.
    classes: [Box<[u128; 256]>; 2],
}

impl Prefilter {
    /// Of the kinds that are looked for in fields of any name.
    pub(super) fn new() -> Self {
        Self {
            first_bytes: table(|shape, byte| {
                shape.first.is_empty() || shape.first.as_bytes().contains(&(byte as u8))
            }),
            lengths: table(|shape, length| within(shape.length, length, LONG)),
            digit_counts: table(|shape, digits| within(shape.digits, digits, MANY)),
            classes: [
                table(|shape, half| admits(shape, half as u8, 0)),
                table(|shape, half| admits(shape, half as u8, 1)),
            ],
        }
    }

    /// By what is known before the value is read.
    pub(super) fn candidates(&self, first: u8, length: usize) -> u128 {
        self.first_bytes[usize::from(first)] & self.lengths[length.min(LONG)]
    }

    /// Whether a value shares no entry with longer ones: what is left then has the kind's shape.
    pub(super) fn is_exact(text: &Text<'_>) -> bool {
        text.value.len() < LONG && text.digits < MANY
    }

    /// Of those, the ones that its bytes allow.
    pub(super) fn narrow(&self, candidates: u128, text: &Text<'_>) -> u128 {
        let [low, high] = text.classes.halves();
        candidates
            & self.classes[0][usize::from(low)]
            & self.classes[1][usize::from(high)]
            & self.digit_counts[text.digits.min(MANY)]
    }
}

#[expect(clippy::unnecessary_box_returns, reason = "the tables are 16 KiB together")]
fn table<const N: usize>(fits: impl Fn(&Shape, usize) -> bool) -> Box<[u128; N]> {
    let mut table = Box::new([0; N]);
    for (kind, definition) in REGISTRY.iter().enumerate().filter(|(_, kind)| kind.alone) {
        for (index, kinds) in table.iter_mut().enumerate() {
            *kinds |= u128::from(fits(&definition.shape, index)) << kind;
        }
    }
    table
}

/// Whether a count is in a range, or shares the last entry with one that is.
fn within((least, greatest): (u16, u16), count: usize, shared: usize) -> bool {
    let (least, greatest) = (usize::from(least), usize::from(greatest));
    (least..=greatest).contains(&count) || count == shared && greatest >= shared
}

/// Whether the shape allows a byte of the set of classes.
fn admits(shape: &Shape, half: u8, index: usize) -> bool {
    let part = |classes: Bytes| classes.halves()[index];
    half & !part(shape.allowed) == 0 && part(shape.required) & !half == 0
}
