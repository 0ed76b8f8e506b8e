//! See [`tests::fuzzing::executable`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tests::fuzzing::executable(input));
