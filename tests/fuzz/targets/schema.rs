//! See [`tests::fuzzing::schema`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tests::fuzzing::schema(input));
