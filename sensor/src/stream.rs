//! TCP reassembly by sequence number.
