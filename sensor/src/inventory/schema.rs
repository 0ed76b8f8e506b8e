//! What an endpoint takes and gives: parameters and bodies, learned by streaming.
//!
//! A reader ([`body`]) turns a body into events, a [`Learner`] carries them into a [`Tree`] of
//! fields, and a [`Profile`] holds the trees of an endpoint. No document is ever built, and no
//! raw value is kept but the words of an enumeration. All of it is bounded, and what was refused
//! is counted; profiles of several nodes merge into one in any order.

pub mod body;
pub mod field;
pub mod format;
pub mod operation;
pub mod profile;
pub mod tree;

pub use body::{Body, MediaType};
pub use operation::{Operations, find as find_operations};
pub use profile::{Learning, Profile, Scratch, Settings};
pub use tree::{FieldId, Learner, Tree};

/// A value without fields or items.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// null
    Null,
    /// true or false
    Boolean(bool),
    /// A number, as JSON writes it.
    Number(&'a [u8]),
    /// A text, decoded; UTF-8 but for what its sender broke.
    Text(&'a [u8]),
    /// A text that stands for a value of any type, as in a query; decoded.
    Untyped(&'a [u8]),
    /// A file: the content of a part, or a body that is no text.
    File(&'a [u8]),
    /// A body that is text without fields.
    Document(&'a [u8]),
}

/// Sees each value once while it is learned.
pub trait Observer {
    /// A value of a field. `name` is the nearest name above it: of the array for an item. Keys
    /// that are data are shown as texts of the field that stands for them. A value that found no
    /// place is shown under the nearest field that did.
    ///
    /// True when nothing of the field's values may be kept, not even their range.
    fn value(&mut self, field: FieldId, name: &str, value: Scalar<'_>) -> bool;
}

/// Looks at nothing.
impl Observer for () {
    fn value(&mut self, _: FieldId, _: &str, _: Scalar<'_>) -> bool {
        false
    }
}
