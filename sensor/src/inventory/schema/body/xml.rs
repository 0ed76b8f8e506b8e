//! XML: elements as fields, attributes as fields with an `@`, text typed.
//!
//! The root element is the object, and its name is none, as `OpenAPI` has it. Names lose their
//! prefixes, which senders choose. An element with nothing but text is a value; one that comes
//! several times is a list. Entities are never expanded: text with one in it is told without it.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::{Body, Buffers, Ending, Events};
use crate::inventory::schema::Scalar;

/// An element that is open.
#[derive(Debug)]
pub struct Element {
    /// It has attributes or elements, so it is told as an object.
    is_object: bool,
}

/// Reads a document.
pub fn read(body: Body<'_>, buffers: &mut Buffers, events: &mut impl Events) -> Ending {
    let cut = if body.is_whole { Ending::Malformed } else { Ending::Cut };
    // Broken UTF-8 is where the document ends.
    let text = str::from_utf8(body.bytes)
        .or_else(|error| str::from_utf8(&body.bytes[..error.valid_up_to()]))
        .unwrap_or_default();
    if !text.trim_start_matches('\u{feff}').trim_ascii_start().starts_with('<') {
        return Ending::Malformed;
    }
    let is_whole = body.is_whole && text.len() == body.bytes.len();
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    let Buffers { elements, text, .. } = buffers;
    elements.clear();
    text.clear();
    events.keys_repeat();
    let mut document = Document { elements, text, events, has_root: false };
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => document.start(&start),
            Ok(Event::Empty(start)) => {
                document.start(&start);
                document.end();
            }
            Ok(Event::End(_)) => document.end(),
            Ok(Event::Text(part)) => document.text(part.as_bytes()),
            Ok(Event::CData(part)) => document.text(part.as_bytes()),
            Ok(Event::Eof) if document.has_root && document.elements.is_empty() => {
                return if is_whole { Ending::Whole } else { cut };
            }
            Ok(Event::Eof) | Err(_) => return cut,
            Ok(_) => {}
        }
    }
}

struct Document<'a, E> {
    elements: &'a mut Vec<Element>,
    /// Of the innermost element, since the last tag.
    text: &'a mut Vec<u8>,
    events: &'a mut E,
    has_root: bool,
}

impl<E: Events> Document<'_, E> {
    fn start(&mut self, tag: &BytesStart<'_>) {
        self.text.clear();
        self.open_object();
        if !self.elements.is_empty() {
            self.events.key(tag.local_name().as_ref().as_bytes());
        }
        self.has_root = true;
        self.elements.push(Element { is_object: false });
        for attribute in tag.attributes().with_checks(false).flatten() {
            let name = attribute.key.as_ref();
            if name == "xmlns" || name.starts_with("xmlns:") {
                continue;
            }
            self.open_object();
            self.text.push(b'@');
            self.text.extend_from_slice(attribute.key.local_name().as_ref().as_bytes());
            self.events.key(self.text);
            self.text.clear();
            self.events.value(Scalar::Untyped(attribute.value.as_bytes()));
        }
    }

    fn text(&mut self, part: &[u8]) {
        self.text.extend_from_slice(part);
    }

    fn end(&mut self) {
        let Some(element) = self.elements.pop() else { return };
        let text = self.text.trim_ascii();
        if !element.is_object {
            self.events.value(Scalar::Untyped(text));
        } else if !text.is_empty() {
            self.events.key(b"#text");
            self.events.value(Scalar::Untyped(text));
        }
        if element.is_object {
            self.events.end();
        }
        self.text.clear();
    }

    /// The innermost element is an object, told as one when that is new.
    fn open_object(&mut self) {
        if let Some(element) = self.elements.last_mut()
            && !std::mem::replace(&mut element.is_object, true)
        {
            self.events.begin_object();
        }
    }
}
