//! `$ref`: followed within the document alone.

use serde_json::Value;

use super::{Kind, place::Place, reader::Reader};

/// References that lead to a reference.
const MAX_HOPS: usize = 32;

/// What a reference leads to.
#[derive(Clone, Copy)]
pub(super) struct Target<'d> {
    /// Never itself a reference.
    pub value: &'d Value,
    /// The last reference followed, such as `#/components/schemas/Pet`; `None` when there was
    /// none.
    pub reference: Option<&'d str>,
}

impl<'d> Target<'d> {
    /// Where it is: at the target of the reference, else where it was found.
    pub fn place<'p>(&self, found: Place<'p>) -> Place<'p>
    where
        'd: 'p,
    {
        self.reference.map_or(found, Place::Target)
    }
}

/// Follows `$ref` where there is one. A problem and `None` where it leads nowhere.
pub(super) fn follow<'d>(
    reader: &mut Reader<'d>,
    value: &'d Value,
    at: &Place<'_>,
) -> Option<Target<'d>> {
    let mut target = Target { value, reference: None };
    for _ in 0..MAX_HOPS {
        let Some(reference) = target.value.get("$ref").and_then(Value::as_str) else {
            return Some(target);
        };
        target = Target { value: find(reader, reference, at)?, reference: Some(reference) };
    }
    let reference = target.reference.unwrap_or_default().to_owned();
    reader.problem(at, Kind::Cycle(reference));
    None
}

fn find<'d>(reader: &mut Reader<'d>, reference: &str, at: &Place<'_>) -> Option<&'d Value> {
    let Some(fragment) = reference.strip_prefix('#') else {
        reader.problem(at, Kind::OtherDocument(reference.to_owned()));
        return None;
    };
    let decoded = percent_decoded(fragment);
    // A pointer may have been written without the percent-encoding that a URI asks for.
    let found = reader.document.pointer(&decoded).or_else(|| reader.document.pointer(fragment));
    if found.is_none() {
        reader.problem(at, Kind::Unresolved(reference.to_owned()));
    }
    found
}

fn percent_decoded(text: &str) -> String {
    let bytes: Vec<u8> = crate::inventory::template::percent_decode(text.as_bytes()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
