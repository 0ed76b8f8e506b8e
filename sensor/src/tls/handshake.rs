//! Handshake messages (RFC 8446 section 4, RFC 5246 section 7.4), as far as they matter here.

use super::{reader::Reader, suite::Version};

/// Handshake message types.
pub(super) mod kind {
    pub const CLIENT_HELLO: u8 = 1;
    pub const SERVER_HELLO: u8 = 2;
    pub const END_OF_EARLY_DATA: u8 = 5;
    pub const ENCRYPTED_EXTENSIONS: u8 = 8;
    pub const CERTIFICATE: u8 = 11;
    pub const FINISHED: u8 = 20;
    pub const KEY_UPDATE: u8 = 24;
}

mod extension {
    pub const SERVER_NAME: u16 = 0;
    pub const ALPN: u16 = 16;
    pub const ENCRYPT_THEN_MAC: u16 = 22;
    pub const PRE_SHARED_KEY: u16 = 41;
    pub const EARLY_DATA: u16 = 42;
    pub const SUPPORTED_VERSIONS: u16 = 43;
    pub const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
}

/// The random of a `ServerHello` that is a `HelloRetryRequest` (RFC 8446 section 4.1.3).
const HELLO_RETRY_REQUEST: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// The longest name kept, in bytes: that of a DNS name.
const MAX_NAME: usize = 255;
/// Protocols offered that are kept.
const MAX_OFFERS: usize = 8;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ClientHello {
    pub random: [u8; 32],
    pub session_id: Box<[u8]>,
    pub server_name: Option<Box<str>>,
    /// Application protocols offered, the preferred one first.
    pub protocols: Vec<Box<str>>,
    pub early_data: bool,
    pub has_encrypted_hello: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ServerHello {
    /// The version chosen, as on the wire.
    pub version: u16,
    pub random: [u8; 32],
    pub session_id: Box<[u8]>,
    pub suite: u16,
    pub protocol: Option<Box<str>>,
    pub encrypt_then_mac: bool,
    pub pre_shared_key: bool,
}

impl ServerHello {
    pub fn is_retry_request(&self) -> bool {
        self.random == HELLO_RETRY_REQUEST
    }

    pub fn version(&self) -> Option<Version> {
        Version::from_wire(self.version)
    }
}

/// What a server says in the encrypted part of its hello.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct EncryptedExtensions {
    pub protocol: Option<Box<str>>,
    pub early_data: bool,
}

impl ClientHello {
    /// `None` when the body breaks the grammar.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        reader.u16()?;
        let mut hello = Self { random: reader.array()?, ..Self::default() };
        hello.session_id = reader.vector8()?.rest().into();
        let suites = reader.vector16()?;
        let compressions = reader.vector8()?;
        if suites.is_empty() || compressions.is_empty() {
            return None;
        }
        each_extension(reader, |id, data| {
            match id {
                extension::SERVER_NAME => hello.server_name = server_name(data),
                extension::ALPN => hello.protocols = protocols(data),
                extension::EARLY_DATA => hello.early_data = true,
                extension::ENCRYPTED_CLIENT_HELLO => hello.has_encrypted_hello = true,
                _ => {}
            }
            Some(())
        })?;
        Some(hello)
    }
}

impl ServerHello {
    /// `None` when the body breaks the grammar.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let version = reader.u16()?;
        let mut hello = Self { version, random: reader.array()?, ..Self::default() };
        hello.session_id = reader.vector8()?.rest().into();
        hello.suite = reader.u16()?;
        reader.u8()?;
        each_extension(reader, |id, mut data| {
            match id {
                extension::SUPPORTED_VERSIONS => hello.version = data.u16()?,
                extension::ALPN => hello.protocol = protocols(data).into_iter().next(),
                extension::ENCRYPT_THEN_MAC => hello.encrypt_then_mac = true,
                extension::PRE_SHARED_KEY => hello.pre_shared_key = true,
                _ => {}
            }
            Some(())
        })?;
        Some(hello)
    }
}

impl EncryptedExtensions {
    /// `None` when the body breaks the grammar.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let mut found = Self::default();
        each_extension(Reader::new(body), |id, data| {
            match id {
                extension::ALPN => found.protocol = protocols(data).into_iter().next(),
                extension::EARLY_DATA => found.early_data = true,
                _ => {}
            }
            Some(())
        })?;
        Some(found)
    }
}

/// The first certificate of a Certificate message, in DER: the sender's own. `None` when there
/// is none or the body breaks the grammar.
pub(super) fn leaf_certificate(version: Version, body: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(body);
    if version == Version::Tls13 {
        reader.vector8()?;
    }
    let mut list = reader.vector24()?;
    list.vector24().map(Reader::rest)
}

/// Calls back with each extension. Before TLS 1.3 a hello may end without any.
fn each_extension<'a>(
    mut reader: Reader<'a>,
    mut found: impl FnMut(u16, Reader<'a>) -> Option<()>,
) -> Option<()> {
    if reader.is_empty() {
        return Some(());
    }
    let mut extensions = reader.vector16()?;
    while !extensions.is_empty() {
        let id = extensions.u16()?;
        found(id, extensions.vector16()?)?;
    }
    Some(())
}

/// The host name of a `server_name` extension (RFC 6066 section 3), in lower case.
fn server_name(mut data: Reader<'_>) -> Option<Box<str>> {
    let mut names = data.vector16()?;
    while !names.is_empty() {
        let kind = names.u8()?;
        let name = names.vector16()?.rest();
        if kind == 0 {
            return printable(name).map(|name| name.to_ascii_lowercase().into());
        }
    }
    None
}

/// The names of an ALPN extension (RFC 7301 section 3.1), without GREASE (RFC 8701), whose
/// names are not printable.
fn protocols(mut data: Reader<'_>) -> Vec<Box<str>> {
    let mut list = data.vector16().unwrap_or(Reader::new(&[]));
    let names = std::iter::from_fn(|| list.vector8().map(Reader::rest));
    names.filter_map(printable).map(Into::into).take(MAX_OFFERS).collect()
}

/// A name as text, if it is of printable ASCII and of sane length.
pub(super) fn printable(name: &[u8]) -> Option<&str> {
    let sane = !name.is_empty() && name.len() <= MAX_NAME && name.iter().all(u8::is_ascii_graphic);
    std::str::from_utf8(name).ok().filter(|_| sane)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A hello up to its extensions, and these.
    fn client_hello(extensions: &[(u16, &[u8])]) -> Vec<u8> {
        let mut all = Vec::new();
        for (id, data) in extensions {
            all.extend(id.to_be_bytes());
            all.extend((data.len() as u16).to_be_bytes());
            all.extend(*data);
        }
        let mut hello = vec![3, 3];
        hello.extend([7; 32]);
        hello.extend([0, 0, 4, 0x0a, 0x0a, 0x13, 0x01, 1, 0]);
        hello.extend((all.len() as u16).to_be_bytes());
        hello.extend(all);
        hello
    }

    #[test]
    fn names_and_protocols() {
        let check = |extensions: &[(u16, &[u8])], name: Option<&str>, protocols: &[&str]| {
            let hello = ClientHello::parse(&client_hello(extensions)).expect("a hello");
            assert_eq!(hello.server_name.as_deref(), name);
            assert_eq!(hello.protocols, protocols.iter().map(|&p| p.into()).collect::<Vec<_>>());
        };
        check(&[], None, &[]);
        check(&[(0, b"\0\x08\0\0\x05A.org")], Some("a.org"), &[]);
        // GREASE extensions and protocols (RFC 8701).
        let grease: &[u8] = b"\0\x0f\x02\x0a\x0a\x02h2\x08http/1.1";
        check(&[(0x0a0a, b""), (16, grease), (0xfafa, b"\0")], None, &["h2", "http/1.1"]);
        // Lengths that lie, names that are none.
        check(&[(0, b"\0\xff\0\0\x05a.org"), (16, b"\0\x03\x09h2")], None, &[]);
        check(&[(0, b"\0\x06\0\0\x03a\0b")], None, &[]);
    }

    #[test]
    fn offers_of_early_data_and_encrypted_hellos() {
        let hello = ClientHello::parse(&client_hello(&[(42, b""), (0xfe0d, b"\0")])).unwrap();
        assert!(hello.early_data && hello.has_encrypted_hello);
        let hello = ClientHello::parse(&client_hello(&[])).unwrap();
        assert!(!hello.early_data && !hello.has_encrypted_hello);
    }

    #[test]
    fn cut_anywhere_it_is_refused() {
        let hello = client_hello(&[(0, b"\0\x08\0\0\x05a.org"), (42, b"")]);
        // A hello without extensions is whole.
        let bare = 2 + 32 + 9;
        for end in 0..hello.len() {
            assert_eq!(ClientHello::parse(&hello[..end]).is_some(), end == bare, "{end}");
        }
    }

    #[test]
    fn the_retry_request_is_known_by_its_random() {
        let mut body = vec![3, 3];
        body.extend(HELLO_RETRY_REQUEST);
        body.extend(b"\0\x13\x01\0\0\x06\0\x2b\0\x02\x03\x04");
        let hello = ServerHello::parse(&body).unwrap();
        assert!(hello.is_retry_request());
        assert_eq!((hello.version(), hello.suite), (Some(Version::Tls13), 0x1301));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            ClientHello::parse(&body);
            ServerHello::parse(&body);
            EncryptedExtensions::parse(&body);
            leaf_certificate(Version::Tls13, &body);
            leaf_certificate(Version::Tls12, &body);
            crate::tls::certificate::CertificateNames::parse(&body);
        }
    }
}
