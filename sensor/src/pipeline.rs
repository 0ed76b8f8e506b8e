//! Wires the stages; the only file that spawns.
