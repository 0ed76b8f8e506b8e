//! See [`tests::fuzzing::go_table`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tests::fuzzing::go_table(input));
