//! Records in real Kafka brokers, read back by kcat and a Python client.
//!
//! As the live tests they need root and what `cargo xtask setup --tests` installs, and take turns.

mod kafka {
    mod bad_days;
    mod cluster;
    mod delivery;
    mod replayed;
    mod security;
}
