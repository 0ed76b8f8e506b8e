//! BoringSSL and what descends from it:
//! `bool bssl::ssl_log_secret(const SSL *, const char *label, Span<const uint8_t> secret)`
//! (`ssl/ssl_lib.cc`). A span travels as pointer and length in two registers.

use super::library::{Library, Name, Profile};

pub(super) const PROFILE: Profile = Profile {
    library: Library::BoringSsl,
    function: &[Name::Part("14ssl_log_secretEPK6ssl_stPKcNS_4SpanIKhEE")],
    constants: &["ssl_lib.cc\0"],
    exports: &[],
    dark: None,
};
