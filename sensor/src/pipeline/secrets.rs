//! From what a TLS library logs to secrets that can be tried.

use crate::{
    capture::live::notices::LoggedSecret,
    tls::{Label, Secret},
};

/// What a logged secret may be: one of its label, or, where the library does not say, one of
/// each label of TLS 1.3. Only the one that opens a record is ever used.
pub fn candidates(logged: &LoggedSecret<'_>) -> impl Iterator<Item = Secret> {
    let labels = match logged.label {
        Some(name) => Label::parse(name).map(|label| vec![label]).unwrap_or_default(),
        None => UNLABELLED.to_vec(),
    };
    let (random, secret) = (logged.client_random, logged.secret);
    labels.into_iter().filter_map(move |label| Secret::new(label, random, secret))
}

const UNLABELLED: [Label; 5] = [
    Label::ClientEarly,
    Label::ClientHandshake,
    Label::ServerHandshake,
    Label::ClientApplication,
    Label::ServerApplication,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Timestamp;

    #[test]
    fn a_label_gives_one_candidate_and_none_gives_one_of_each() {
        fn check(label: Option<&[u8]>, secret: &[u8], expect: usize) {
            let logged =
                LoggedSecret { pid: 1, time: Timestamp(0), label, client_random: None, secret };
            assert_eq!(candidates(&logged).count(), expect, "{label:?}");
        }
        let bytes: Vec<u8> = (0..48).collect();
        check(Some(b"CLIENT_RANDOM"), &bytes, 1);
        check(Some(b"CLIENT_RANDOM"), &bytes[..32], 0);
        check(Some(b"SERVER_TRAFFIC_SECRET_0"), &bytes[..32], 1);
        check(Some(b"EXPORTER_SECRET"), &bytes[..32], 0);
        check(Some(b"\xff\0bait"), &bytes, 0);
        check(None, &bytes[..32], 5);
        check(None, &[0; 32], 0);
    }
}
