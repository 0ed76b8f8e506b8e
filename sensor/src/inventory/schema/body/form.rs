//! `application/x-www-form-urlencoded` (URL Standard, section 5), also the form of queries.

use super::{Body, Buffers, Ending, Events};
use crate::inventory::{schema::Scalar, template::percent_decode};

/// Reads a form. The last pair of one that was cut is left out, as its value may go on.
pub fn read(body: Body<'_>, buffers: &mut Buffers, events: &mut impl Events) -> Ending {
    let mut bytes = body.bytes.trim_ascii();
    if bytes.iter().any(|&byte| byte <= b' ' || byte >= 0x7f || b"\"<>{}".contains(&byte)) {
        return Ending::Malformed;
    }
    if !body.is_whole {
        let end = bytes.iter().rposition(|&byte| byte == b'&').unwrap_or(0);
        bytes = &bytes[..end];
    }
    events.begin_object();
    read_pairs(bytes, buffers, events);
    if !body.is_whole {
        // Not ended: what is absent may have been cut.
        return Ending::Cut;
    }
    events.end();
    Ending::Whole
}

/// Tells the pairs of a query or form as fields of the object at hand.
pub fn read_pairs(form: &[u8], buffers: &mut Buffers, events: &mut impl Events) {
    events.keys_repeat();
    for (name, value) in pairs(form) {
        events.key(decode(name, &mut buffers.text));
        events.value(Scalar::Untyped(decode(value, &mut buffers.text)));
    }
}

/// Names and values as sent. A name without `=` has an empty value; without a name there is no
/// pair.
pub fn pairs(form: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    form.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let end = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        (&pair[..end], pair.get(end + 1..).unwrap_or_default())
    })
}

/// The text that a name or value stands for; in `buffer` when it is not what was sent.
pub fn decode<'a>(text: &'a [u8], buffer: &'a mut Vec<u8>) -> &'a [u8] {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return text;
    }
    buffer.clear();
    // A plus stands for a space; one that is meant is encoded, so it is safe from this.
    for (index, part) in text.split(|&byte| byte == b'+').enumerate() {
        if index > 0 {
            buffer.push(b' ');
        }
        buffer.extend(percent_decode(part));
    }
    buffer
}
