//! Counters: every loss has one.
