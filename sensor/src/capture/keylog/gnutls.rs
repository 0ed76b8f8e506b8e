//! GnuTLS 3.6.3 and later:
//! `void _gnutls_call_keylog_func(gnutls_session_t, const char *label, const uint8_t *data,
//! unsigned size)` (`lib/kx.c`). Only the low 32 bits of the length's register count.

use super::library::{Library, Name, Profile};

pub(super) const PROFILE: Profile = Profile {
    library: Library::GnuTls,
    function: &[Name::Exact("_gnutls_call_keylog_func")],
    constants: &["GnuTLS internal error."],
    exports: &["gnutls_handshake"],
    dark: None,
};
