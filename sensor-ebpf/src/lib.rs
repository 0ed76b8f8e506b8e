//! The ABI between the kernel programs and the sensor: what crosses the ring buffer and the
//! maps. Layouts are fixed, padded by hand and size-asserted; both sides compile this file.
#![no_std]
#![forbid(unsafe_code)]
