//! See [`tests::fuzzing::specification`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tests::fuzzing::specification(input));
