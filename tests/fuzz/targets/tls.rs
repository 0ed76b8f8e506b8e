//! See [`tests::fuzzing::tls`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tests::fuzzing::tls(input));
