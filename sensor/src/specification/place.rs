//! Where in a document the reader is: a list on the stack, made into text for problems alone.

use std::fmt::Write as _;

/// A place, as the way from the document or from the target of a `$ref`.
#[derive(Clone, Copy)]
pub(super) enum Place<'p> {
    /// The target of a reference such as `#/components/schemas/Pet`; `#` is the document.
    Target(&'p str),
    /// A member of an object.
    Member(&'p Place<'p>, &'p str),
    /// An item of an array.
    Item(&'p Place<'p>, usize),
}

impl<'p> Place<'p> {
    /// The document.
    pub const ROOT: Place<'static> = Place::Target("#");

    /// A member of the object here.
    pub fn member(&'p self, name: &'p str) -> Place<'p> {
        Place::Member(self, name)
    }

    /// An item of the array here.
    pub fn item(&'p self, index: usize) -> Place<'p> {
        Place::Item(self, index)
    }

    /// As a URI fragment (RFC 6901 section 6), but that only `~` and `/` are escaped: it is for
    /// people.
    pub fn pointer(&self) -> String {
        let mut text = String::new();
        self.push(&mut text);
        text
    }

    fn push(&self, text: &mut String) {
        match self {
            Self::Target(reference) => text.push_str(reference),
            Self::Member(parent, name) => {
                parent.push(text);
                text.push('/');
                text.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
            Self::Item(parent, index) => {
                parent.push(text);
                // Writing to a string cannot fail.
                let _ = write!(text, "/{index}");
            }
        }
    }
}
