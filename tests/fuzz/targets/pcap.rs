//! See [`tests::fuzzing::pcap`].
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tests::fuzzing::pcap(input));
