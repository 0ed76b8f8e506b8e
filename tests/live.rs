//! The sensor on a real kernel, with real programs.
//!
//! These tests need root and what `cargo xtask setup --tests` installs. Where that is missing
//! they are skipped, unless `SENSOR_REQUIRE_LIVE=1`. One at a time uses the node.

mod live {
    mod bad_days;
    mod commands;
    mod completeness;
    mod containers;
    mod dialogues;
    mod handshake;
    mod inventory;
    mod kubernetes;
    mod limits;
    mod metrics;
    mod namespaces;
    mod privileges;
    mod programs;
    mod tls;
    mod transfers;
}
