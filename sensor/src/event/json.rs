//! Records as JSON text, fast.
//!
//! `serde_json` looks at each byte of each key for what must be escaped, which is half the cost
//! of a record; the keys here are the field names of our own types. The output is the same,
//! byte for byte.

use std::fmt;

use serde::{
    Serialize,
    ser::{Error as _, Impossible, SerializeSeq, SerializeStruct, Serializer},
};

/// Appends a record to `out` as one line of JSON without its end. `out` is as before when there
/// is an error.
pub(super) fn append(record: &impl Serialize, out: &mut Vec<u8>) -> Result<(), JsonError> {
    let start = out.len();
    record.serialize(Writer { out }).inspect_err(|_| out.truncate(start))
}

/// A record that cannot be written. It takes a value of a type that records do not have.
#[derive(Debug, thiserror::Error)]
#[error("failed to write a record as JSON: {0}")]
pub struct JsonError(String);

impl JsonError {
    /// A record that does not fit, whatever is left out.
    pub(super) fn too_long(limit: usize) -> Self {
        Self(format!("longer than {limit} bytes"))
    }
}

impl serde::ser::Error for JsonError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Writes one value.
struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

/// Writes the members of an array or object.
struct Members<'a> {
    out: &'a mut Vec<u8>,
    end: u8,
    is_first: bool,
}

impl<'a> Writer<'a> {
    fn begin(self, start: u8, end: u8) -> Members<'a> {
        self.out.push(start);
        Members { out: self.out, end, is_first: true }
    }
}

impl Members<'_> {
    fn separate(&mut self) {
        if !self.is_first {
            self.out.push(b',');
        }
        self.is_first = false;
    }
}

impl SerializeSeq for Members<'_> {
    type Ok = ();
    type Error = JsonError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), JsonError> {
        self.separate();
        value.serialize(Writer { out: self.out })
    }

    fn end(self) -> Result<(), JsonError> {
        self.out.push(self.end);
        Ok(())
    }
}

impl SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = JsonError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), JsonError> {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        value.serialize(Writer { out: self.out })
    }

    fn end(self) -> Result<(), JsonError> {
        SerializeSeq::end(self)
    }
}

/// Types that records do not have.
macro_rules! unsupported {
    ($($method:ident($($argument:ty),*);)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<(), JsonError> {
            Err(JsonError::custom(stringify!($method)))
        })*
    };
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = JsonError;
    type SerializeSeq = Members<'a>;
    type SerializeStruct = Members<'a>;
    type SerializeTuple = Impossible<(), JsonError>;
    type SerializeTupleStruct = Impossible<(), JsonError>;
    type SerializeTupleVariant = Impossible<(), JsonError>;
    type SerializeMap = Impossible<(), JsonError>;
    type SerializeStructVariant = Impossible<(), JsonError>;

    fn serialize_str(self, text: &str) -> Result<(), JsonError> {
        if must_escape(text) {
            return serde_json::to_writer(self.out, text).map_err(JsonError::custom);
        }
        self.out.push(b'"');
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'"');
        Ok(())
    }

    fn serialize_bool(self, value: bool) -> Result<(), JsonError> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_u64(self, mut value: u64) -> Result<(), JsonError> {
        let mut digits = [0; 20];
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                break;
            }
        }
        self.out.extend_from_slice(&digits[start..]);
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), JsonError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), JsonError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), JsonError> {
        self.serialize_u64(value.into())
    }

    fn serialize_none(self) -> Result<(), JsonError> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), JsonError> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), JsonError> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'a>, JsonError> {
        Ok(self.begin(b'[', b']'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'a>, JsonError> {
        Ok(self.begin(b'{', b'}'))
    }

    unsupported! {
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_bytes(&[u8]);
        serialize_unit();
        serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), JsonError> {
        Err(JsonError::custom("newtype variant"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, JsonError> {
        Err(JsonError::custom("tuple"))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, JsonError> {
        Err(JsonError::custom("tuple struct"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, JsonError> {
        Err(JsonError::custom("tuple variant"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, JsonError> {
        Err(JsonError::custom("map"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, JsonError> {
        Err(JsonError::custom("struct variant"))
    }
}

/// Whether a string has a quote, a backslash or a control character in it (RFC 8259 section 7).
/// Gathered and not searched for: without a way out of the loop it becomes vector instructions.
fn must_escape(text: &str) -> bool {
    let is_special = |byte| byte < b' ' || byte == b'"' || byte == b'\\';
    text.bytes().map(|byte| u8::from(is_special(byte))).fold(0, |all, one| all | one) != 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Serialize)]
    struct Sample<'a> {
        #[serde(rename = "a.b")]
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<u64>,
        list: Vec<Option<u16>>,
    }

    proptest! {
        #[test]
        fn the_text_is_that_of_serde_json(
            text in prop_oneof![any::<String>(), "[ -~]{0,40}", "[\"\\\\a-z\u{0}-\u{20}]{0,20}"],
            number in any::<Option<u64>>(),
            list in proptest::collection::vec(any::<Option<u16>>(), 0..4),
        ) {
            let sample = Sample { text: &text, number, list };
            let mut found = b"before".to_vec();
            append(&sample, &mut found).unwrap();
            prop_assert_eq!(&found[6..], &serde_json::to_vec(&sample).unwrap()[..]);
        }
    }

    #[test]
    fn what_records_do_not_have_is_an_error_and_leaves_nothing_behind() {
        let mut out = b"before".to_vec();
        let error = append(&("a", vec![true]), &mut out).unwrap_err();
        assert_eq!(error.to_string(), "failed to write a record as JSON: tuple");
        assert!(append(&vec![1.5], &mut out).is_err());
        assert_eq!(out, b"before");
    }
}
