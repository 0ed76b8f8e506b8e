//! The names in a certificate.

use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer, X509Certificate},
};

use super::handshake::printable;

/// Names kept of one certificate.
const MAX_NAMES: usize = 32;
/// Bytes of a common name that are kept.
const MAX_COMMON_NAME: usize = 255;

/// Who a certificate says that its holder is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateNames {
    /// The subject's common name.
    pub common_name: Option<Box<str>>,
    /// DNS names, addresses and URIs (SPIFFE ids) of the subject's alternative names.
    pub alternative: Vec<Box<str>>,
}

impl CertificateNames {
    /// The names of a certificate in DER; `None` when it is none.
    pub(super) fn parse(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let common_name = certificate.subject().iter_common_name().next();
        let common_name = common_name.and_then(|name| name.as_str().ok());
        let common_name = common_name
            .filter(|name| name.len() <= MAX_COMMON_NAME && !name.chars().any(char::is_control));
        let alternative = certificate.subject_alternative_name().ok().flatten();
        let names = alternative.map(|extension| extension.value.general_names.as_slice());
        Some(Self {
            common_name: common_name.map(Into::into),
            alternative: names
                .unwrap_or_default()
                .iter()
                .filter_map(text)
                .take(MAX_NAMES)
                .collect(),
        })
    }
}

fn text(name: &GeneralName<'_>) -> Option<Box<str>> {
    match name {
        GeneralName::DNSName(name) | GeneralName::URI(name) => {
            printable(name.as_bytes()).map(Into::into)
        }
        GeneralName::IPAddress(bytes) => {
            let address = match bytes.len() {
                4 => <[u8; 4]>::try_from(*bytes).ok().map(std::net::IpAddr::from),
                _ => <[u8; 16]>::try_from(*bytes).ok().map(std::net::IpAddr::from),
            };
            address.map(|address| address.to_string().into())
        }
        _ => None,
    }
}
