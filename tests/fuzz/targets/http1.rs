//! See [`tests::fuzzing::http1`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tests::fuzzing::http1(input));
