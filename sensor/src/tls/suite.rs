//! Cipher suites by their IANA numbers, as far as they can be opened.

/// A protocol version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// TLS 1.0
    Tls10,
    /// TLS 1.1
    Tls11,
    /// TLS 1.2
    Tls12,
    /// TLS 1.3
    Tls13,
}

impl Version {
    /// The value of OpenTelemetry's `tls.protocol.version`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tls10 => "1.0",
            Self::Tls11 => "1.1",
            Self::Tls12 => "1.2",
            Self::Tls13 => "1.3",
        }
    }

    pub(super) fn from_wire(version: u16) -> Option<Self> {
        match version {
            0x0301 => Some(Self::Tls10),
            0x0302 => Some(Self::Tls11),
            0x0303 => Some(Self::Tls12),
            0x0304 => Some(Self::Tls13),
            _ => None,
        }
    }
}

/// What a suite encrypts with, and the hash of its key derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suite {
    pub name: &'static str,
    pub cipher: Cipher,
    /// The hash of HKDF in TLS 1.3 and of the PRF in TLS 1.2.
    pub hash: Hash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    /// Bytes of a digest, and so of a TLS 1.3 secret.
    pub fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cipher {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
    Aes128Ccm,
    Aes256Ccm,
    Aes128Ccm8,
    Aes256Ccm8,
    Aes128Cbc(Mac),
    Aes256Cbc(Mac),
}

/// The hash of a CBC suite's record MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mac {
    Sha1,
    Sha256,
    Sha384,
}

impl Mac {
    /// Bytes of a tag, and of its key.
    pub fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

impl Cipher {
    /// Bytes of the key.
    pub fn key_length(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Ccm | Self::Aes128Ccm8 | Self::Aes128Cbc(_) => 16,
            _ => 32,
        }
    }

    /// Bytes of an AEAD's tag.
    pub fn tag_length(self) -> usize {
        match self {
            Self::Aes128Ccm8 | Self::Aes256Ccm8 => 8,
            _ => 16,
        }
    }

    /// Bytes of the nonce that a TLS 1.2 record carries (RFC 5288, RFC 6655; none in RFC 7905).
    pub fn explicit_nonce_length(self) -> usize {
        if self == Self::ChaCha20Poly1305 { 0 } else { 8 }
    }
}

macro_rules! suites {
    ($($cipher:expr, $hash:ident: $($id:literal $name:literal)*;)*) => {
        impl Suite {
            /// The suite of a number; `None` when its records cannot be opened.
            pub fn of(id: u16) -> Option<Self> {
                use {Cipher::*, Mac::*};
                let (name, cipher, hash) = match id {
                    $($($id => ($name, $cipher, Hash::$hash),)*)*
                    _ => return None,
                };
                Some(Self { name, cipher, hash })
            }
        }
    };
}

suites! {
    Aes128Gcm, Sha256:
        0x1301 "TLS_AES_128_GCM_SHA256"
        0x009c "TLS_RSA_WITH_AES_128_GCM_SHA256"
        0x009e "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"
        0x00a2 "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256"
        0x00a6 "TLS_DH_anon_WITH_AES_128_GCM_SHA256"
        0x00a8 "TLS_PSK_WITH_AES_128_GCM_SHA256"
        0x00aa "TLS_DHE_PSK_WITH_AES_128_GCM_SHA256"
        0x00ac "TLS_RSA_PSK_WITH_AES_128_GCM_SHA256"
        0xc02b "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
        0xc02d "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256"
        0xc02f "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
        0xc031 "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256"
        0xd001 "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256";
    Aes256Gcm, Sha384:
        0x1302 "TLS_AES_256_GCM_SHA384"
        0x009d "TLS_RSA_WITH_AES_256_GCM_SHA384"
        0x009f "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"
        0x00a3 "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384"
        0x00a7 "TLS_DH_anon_WITH_AES_256_GCM_SHA384"
        0x00a9 "TLS_PSK_WITH_AES_256_GCM_SHA384"
        0x00ab "TLS_DHE_PSK_WITH_AES_256_GCM_SHA384"
        0x00ad "TLS_RSA_PSK_WITH_AES_256_GCM_SHA384"
        0xc02c "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
        0xc02e "TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384"
        0xc030 "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
        0xc032 "TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384"
        0xd002 "TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384";
    ChaCha20Poly1305, Sha256:
        0x1303 "TLS_CHACHA20_POLY1305_SHA256"
        0xcca8 "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
        0xcca9 "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
        0xccaa "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
        0xccab "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256"
        0xccac "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256"
        0xccad "TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256"
        0xccae "TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256";
    Aes128Ccm, Sha256:
        0x1304 "TLS_AES_128_CCM_SHA256"
        0xc09c "TLS_RSA_WITH_AES_128_CCM"
        0xc09e "TLS_DHE_RSA_WITH_AES_128_CCM"
        0xc0a4 "TLS_PSK_WITH_AES_128_CCM"
        0xc0a6 "TLS_DHE_PSK_WITH_AES_128_CCM"
        0xc0ac "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"
        0xd005 "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256";
    Aes256Ccm, Sha256:
        0xc09d "TLS_RSA_WITH_AES_256_CCM"
        0xc09f "TLS_DHE_RSA_WITH_AES_256_CCM"
        0xc0a5 "TLS_PSK_WITH_AES_256_CCM"
        0xc0a7 "TLS_DHE_PSK_WITH_AES_256_CCM"
        0xc0ad "TLS_ECDHE_ECDSA_WITH_AES_256_CCM";
    Aes128Ccm8, Sha256:
        0x1305 "TLS_AES_128_CCM_8_SHA256"
        0xc0a0 "TLS_RSA_WITH_AES_128_CCM_8"
        0xc0a2 "TLS_DHE_RSA_WITH_AES_128_CCM_8"
        0xc0a8 "TLS_PSK_WITH_AES_128_CCM_8"
        0xc0aa "TLS_PSK_DHE_WITH_AES_128_CCM_8"
        0xc0ae "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"
        0xd003 "TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256";
    Aes256Ccm8, Sha256:
        0xc0a1 "TLS_RSA_WITH_AES_256_CCM_8"
        0xc0a3 "TLS_DHE_RSA_WITH_AES_256_CCM_8"
        0xc0a9 "TLS_PSK_WITH_AES_256_CCM_8"
        0xc0ab "TLS_PSK_DHE_WITH_AES_256_CCM_8"
        0xc0af "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8";
    Aes128Cbc(Sha1), Sha256:
        0x002f "TLS_RSA_WITH_AES_128_CBC_SHA"
        0x0032 "TLS_DHE_DSS_WITH_AES_128_CBC_SHA"
        0x0033 "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"
        0x0034 "TLS_DH_anon_WITH_AES_128_CBC_SHA"
        0x008c "TLS_PSK_WITH_AES_128_CBC_SHA"
        0x0090 "TLS_DHE_PSK_WITH_AES_128_CBC_SHA"
        0x0094 "TLS_RSA_PSK_WITH_AES_128_CBC_SHA"
        0xc004 "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA"
        0xc009 "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"
        0xc00e "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA"
        0xc013 "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
        0xc018 "TLS_ECDH_anon_WITH_AES_128_CBC_SHA"
        0xc01d "TLS_SRP_SHA_WITH_AES_128_CBC_SHA"
        0xc01e "TLS_SRP_SHA_RSA_WITH_AES_128_CBC_SHA"
        0xc035 "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA";
    Aes256Cbc(Sha1), Sha256:
        0x0035 "TLS_RSA_WITH_AES_256_CBC_SHA"
        0x0038 "TLS_DHE_DSS_WITH_AES_256_CBC_SHA"
        0x0039 "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"
        0x003a "TLS_DH_anon_WITH_AES_256_CBC_SHA"
        0x008d "TLS_PSK_WITH_AES_256_CBC_SHA"
        0x0091 "TLS_DHE_PSK_WITH_AES_256_CBC_SHA"
        0x0095 "TLS_RSA_PSK_WITH_AES_256_CBC_SHA"
        0xc005 "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA"
        0xc00a "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"
        0xc00f "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA"
        0xc014 "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"
        0xc019 "TLS_ECDH_anon_WITH_AES_256_CBC_SHA"
        0xc020 "TLS_SRP_SHA_WITH_AES_256_CBC_SHA"
        0xc021 "TLS_SRP_SHA_RSA_WITH_AES_256_CBC_SHA"
        0xc036 "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA";
    Aes128Cbc(Sha256), Sha256:
        0x003c "TLS_RSA_WITH_AES_128_CBC_SHA256"
        0x0040 "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256"
        0x0067 "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"
        0x006c "TLS_DH_anon_WITH_AES_128_CBC_SHA256"
        0x00ae "TLS_PSK_WITH_AES_128_CBC_SHA256"
        0x00b2 "TLS_DHE_PSK_WITH_AES_128_CBC_SHA256"
        0x00b6 "TLS_RSA_PSK_WITH_AES_128_CBC_SHA256"
        0xc023 "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"
        0xc025 "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256"
        0xc027 "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"
        0xc029 "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256"
        0xc037 "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256";
    Aes256Cbc(Sha256), Sha256:
        0x003d "TLS_RSA_WITH_AES_256_CBC_SHA256"
        0x006a "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256"
        0x006b "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"
        0x006d "TLS_DH_anon_WITH_AES_256_CBC_SHA256";
    Aes256Cbc(Sha384), Sha384:
        0x00af "TLS_PSK_WITH_AES_256_CBC_SHA384"
        0x00b3 "TLS_DHE_PSK_WITH_AES_256_CBC_SHA384"
        0x00b7 "TLS_RSA_PSK_WITH_AES_256_CBC_SHA384"
        0xc024 "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"
        0xc026 "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384"
        0xc028 "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"
        0xc02a "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384"
        0xc038 "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384";
}
