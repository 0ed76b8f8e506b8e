//! See [`tests::fuzzing::key_log`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tests::fuzzing::key_log(input));
