//! OpenSSL 1.1.1 and later:
//! `int ssl_log_secret(SSL *, const char *label, const uint8_t *secret, size_t length)`
//! (`ssl/ssl_lib.c`), for the secrets of TLS 1.3 and the master secret of TLS 1.2.

use super::library::{Library, Name, Profile};

pub(super) const PROFILE: Profile = Profile {
    library: Library::OpenSsl,
    function: &[Name::Exact("ssl_log_secret")],
    constants: &["ssl_lib.c\0"],
    exports: &["SSL_do_handshake"],
    dark: None,
};
