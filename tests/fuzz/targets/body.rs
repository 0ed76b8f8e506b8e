//! See [`tests::fuzzing::body`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tests::fuzzing::body(input));
