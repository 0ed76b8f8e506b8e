//! Points in time as text.

use jiff::fmt::{Write, temporal::DateTimePrinter};
use serde::{Serialize, Serializer, ser::Error as _};

use crate::exchange::Timestamp;

static PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(9));

/// A point in time in RFC 3339, UTC, always with nine digits of the second's fraction, so that
/// the order of the texts is the order of time.
pub(super) struct Rfc3339(pub(super) Timestamp);

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = Text { bytes: [0; 32], length: 0 };
        let time = jiff::Timestamp::from_nanosecond(i128::from(self.0.0));
        time.and_then(|time| PRINTER.print_timestamp(&time, &mut text))
            .map_err(S::Error::custom)?;
        serializer.serialize_str(str::from_utf8(&text.bytes[..text.length]).unwrap_or_default())
    }
}

/// A text on the stack.
struct Text {
    bytes: [u8; 32],
    length: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> Result<(), jiff::Error> {
        let place = self
            .bytes
            .get_mut(self.length..)
            .and_then(|rest| rest.get_mut(..text.len()))
            .ok_or_else(|| {
            jiff::Error::from_args(format_args!("longer than a timestamp is"))
        })?;
        place.copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}
