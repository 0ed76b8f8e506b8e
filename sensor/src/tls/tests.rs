//! Real OpenSSL connections (`tests/data/tls/make.py`) through the stage.

mod damage;
mod driver;
mod hostile;
mod records;
mod tape;

use driver::{Connection, Event, Keys, requests, responses, run};

use super::*;

/// Every capture: name, version, exchanges, size of a response's body.
const CASES: &[(&str, Version, usize, usize)] = &[
    ("tls10", Version::Tls10, 4, 100),
    ("tls10-mac-then-encrypt", Version::Tls10, 4, 100),
    ("tls11", Version::Tls11, 4, 100),
    ("tls11-mac-then-encrypt", Version::Tls11, 4, 100),
    ("tls12-aes128", Version::Tls12, 4, 100),
    ("tls12-aes256", Version::Tls12, 4, 100),
    ("tls12-cbc-sha", Version::Tls12, 4, 100),
    ("tls12-cbc-sha-mac-then-encrypt", Version::Tls12, 4, 100),
    ("tls12-cbc-sha256", Version::Tls12, 4, 100),
    ("tls12-cbc-sha256-mac-then-encrypt", Version::Tls12, 4, 100),
    ("tls12-cbc-sha384", Version::Tls12, 4, 100),
    ("tls12-ccm", Version::Tls12, 4, 100),
    ("tls12-ccm8", Version::Tls12, 4, 100),
    ("tls12-chacha", Version::Tls12, 4, 100),
    ("tls12-large", Version::Tls12, 3, 50000),
    ("tls12-mutual", Version::Tls12, 4, 100),
    ("tls12-renegotiated", Version::Tls12, 4, 100),
    ("tls12-resumed", Version::Tls12, 4, 100),
    ("tls12-resumed-id", Version::Tls12, 4, 100),
    ("tls12-rsa-cbc256", Version::Tls12, 4, 100),
    ("tls12-rsa-gcm", Version::Tls12, 4, 100),
    ("tls13-aes128", Version::Tls13, 4, 100),
    ("tls13-aes256", Version::Tls13, 4, 100),
    ("tls13-ccm", Version::Tls13, 4, 100),
    ("tls13-ccm8", Version::Tls13, 4, 100),
    ("tls13-chacha", Version::Tls13, 4, 100),
    ("tls13-early", Version::Tls13, 4, 100),
    ("tls13-keyupdate", Version::Tls13, 6, 100),
    ("tls13-large", Version::Tls13, 3, 50000),
    ("tls13-mutual", Version::Tls13, 4, 100),
    ("tls13-resumed", Version::Tls13, 4, 100),
    ("tls13-retry", Version::Tls13, 4, 100),
];

#[test]
fn every_version_and_suite_is_read_whole() {
    for &(name, version, count, size) in CASES {
        for keys in [Keys::ByRandom, Keys::ByTrial, Keys::Late] {
            let connection = Connection::load(name);
            let output = run(&connection.events, &connection.keys, keys);
            assert_eq!(output.state, State::Open, "{name} {keys:?}");
            assert!(!output.has_gap(), "{name} {keys:?}");
            assert_eq!(output.text(Side::Client), requests(name, count), "{name} {keys:?}");
            assert_eq!(output.text(Side::Server), responses(count, size), "{name} {keys:?}");
            assert_eq!(output.facts.version, Some(version), "{name}");
            assert_eq!(output.facts.server_name.as_deref(), Some("api.example"), "{name}");
            assert_eq!(output.facts.protocol.as_deref(), Some("http/1.1"), "{name}");
            assert_eq!(output.facts.resumed, name.contains("resumed") || name.contains("early"));
            assert_eq!(output.left, 0, "{name}: bytes still booked");
        }
    }
}

#[test]
fn every_byte_may_come_alone() {
    for &(name, _, count, size) in CASES.iter().filter(|(.., size)| *size < 1000) {
        for keys in [Keys::ByRandom, Keys::Late] {
            let connection = Connection::load(name);
            let output = run(&driver::split(&connection.events, 1), &connection.keys, keys);
            assert_eq!(output.text(Side::Client), requests(name, count), "{name} {keys:?}");
            assert_eq!(output.text(Side::Server), responses(count, size), "{name} {keys:?}");
            assert!(!output.has_gap(), "{name}");
        }
    }
}

#[test]
fn the_numbers_of_plaintext_lie_in_its_record() {
    for name in ["tls13-large", "tls12-large"] {
        let connection = Connection::load(name);
        let output = run(&connection.events, &connection.keys, Keys::ByRandom);
        for side in [Side::Client, Side::Server] {
            let mut next = None;
            for (sequence, length) in output.numbers(side) {
                assert!(next.is_none_or(|next| !crate::stream::after(next, sequence)), "{name}");
                next = Some(sequence.wrapping_add(length as u32));
            }
        }
    }
}

#[test]
fn a_response_comes_out_behind_its_request_when_the_clients_secret_comes_last() {
    let connection = Connection::load("tls13-aes128");
    let text = String::from_utf8(connection.keys.clone()).expect("a key log");
    let is_last = |line: &&str| line.starts_with("CLIENT_TRAFFIC_SECRET_0");
    let lines = |last: bool| -> String {
        text.lines().filter(|line| is_last(line) == last).map(|line| format!("{line}\n")).collect()
    };
    let (first, last) = (lines(false), lines(true));
    let finish = |session: &mut Session, context: &mut Context<'_>| {
        let logged = driver::began(&connection.events);
        driver::add(context.keyring, last.as_bytes(), Keys::ByTrial, logged);
        session.close(context);
    };
    let (mut session, mut keyring) = (Session::default(), Keyring::new(driver::KEYRING));
    let events = &connection.events;
    let output =
        driver::feed(&mut session, &mut keyring, events, first.as_bytes(), Keys::ByTrial, finish);
    let sides: Vec<_> = output
        .events
        .iter()
        .filter(|event| matches!(event, Event::Data { .. }))
        .map(Event::side)
        .collect();
    assert_eq!(sides.first(), Some(&Side::Client), "{sides:?}");
    assert!(sides.contains(&Side::Server));
}

#[test]
fn certificates_name_both_peers() {
    for name in ["tls13-mutual", "tls12-mutual"] {
        let connection = Connection::load(name);
        let facts = run(&connection.events, &connection.keys, Keys::ByTrial).facts;
        let server = facts.server_certificate.expect("the server's certificate");
        assert_eq!(server.common_name.as_deref(), Some("api.example"));
        assert_eq!(
            server.alternative,
            ["api.example", "*.api.example", "127.0.0.1"].map(Box::<str>::from)
        );
        let client = facts.client_certificate.expect("the client's certificate");
        assert_eq!(client.common_name.as_deref(), Some("worker-7"));
        assert_eq!(client.alternative, ["spiffe://example/ns/shop/sa/worker".into()]);
    }
}

#[test]
fn facts_of_the_handshake() {
    let check = |name: &str, suite: &str| {
        let connection = Connection::load(name);
        let facts = run(&connection.events, &connection.keys, Keys::ByTrial).facts;
        assert_eq!(facts.cipher_suite_name, Some(suite), "{name}");
        assert_eq!(facts.protocols_offered, ["h2", "http/1.1"].map(Box::<str>::from), "{name}");
        let early = name == "tls13-early";
        assert_eq!((facts.early_data_offered, facts.early_data_accepted), (early, early), "{name}");
        let certificate = facts.server_certificate.is_some();
        assert_eq!(certificate, !facts.resumed, "{name}");
    };
    check("tls13-aes128", "TLS_AES_128_GCM_SHA256");
    check("tls13-ccm8", "TLS_AES_128_CCM_8_SHA256");
    check("tls13-early", "TLS_AES_256_GCM_SHA384");
    check("tls12-resumed-id", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
    check("tls12-rsa-cbc256", "TLS_RSA_WITH_AES_256_CBC_SHA256");
}

#[test]
fn wrong_secrets_never_claim() {
    for &(name, ..) in CASES {
        let connection = Connection::load(name);
        let other = if name == "tls13-aes128" { "tls13-chacha" } else { "tls13-aes128" };
        let mut keys = Connection::load(other).keys;
        keys.extend(Connection::load("tls12-ccm8").keys);
        if name == "tls12-ccm8" {
            keys = Connection::load("tls12-ccm").keys;
        }
        let output = run(&connection.events, &keys, Keys::ByTrial);
        assert_eq!(output.state, State::Dark(DarkReason::SecretNeverCame), "{name}");
        assert_eq!(output.claimed, 0, "{name}");
        assert_eq!(output.text(Side::Client), "", "{name}");
        assert_eq!(output.left, 0, "{name}: bytes still booked");
    }
}

#[test]
fn secrets_are_not_printed() {
    let connection = Connection::load("tls13-aes128");
    let mut keyring = Keyring::new(driver::KEYRING);
    let mut session = Session::default();
    let (events, keys) = (&connection.events, &connection.keys);
    driver::feed(&mut session, &mut keyring, events, keys, Keys::ByRandom, |_, _| ());
    let printed = format!("{keyring:?} {session:?}");
    assert!(printed.contains("SecretBytes(..)"));
    for line in String::from_utf8(connection.keys).unwrap().lines().skip(1) {
        let secret = line.split(' ').next_back().unwrap();
        let bytes = secret.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let decimal: Vec<u8> = bytes.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        assert!(!printed.contains(secret));
        assert!(!printed.contains(format!("{:?}", &decimal[..4]).trim_matches(['[', ']'])));
    }
}

#[test]
fn refused_with_a_reason() {
    let check = |client: &[u8], server: &[u8], expect: DarkReason| {
        let events = [Event::data(Side::Client, client), Event::data(Side::Server, server)];
        let output = run(&events, b"", Keys::ByRandom);
        assert_eq!(output.state, State::Dark(expect), "{client:?} {server:?}");
        assert_eq!(output.left, 0);
    };
    let connection = Connection::load("tls12-aes128");
    let hello = connection.first(Side::Client);
    let server = connection.first(Side::Server);
    // Version and suite lie behind header, message header, version, random and session id.
    let suite = 5 + 4 + 2 + 32 + 1 + usize::from(server[43]);
    let with = |at: usize, value: &[u8]| {
        let mut changed = server.clone();
        changed[at..at + value.len()].copy_from_slice(value);
        changed
    };
    check(b"\x17\x03\x03\x00\x20abcdefghabcdefghabcdefghabcdefgh", b"", DarkReason::NoHandshake);
    check(b"\x80\x2e\x01\x03\x01 an SSL 2 hello", b"", DarkReason::NoHandshake);
    check(b"\x16\x03\x01\x00\x04\x02\x00\x00\x00", b"", DarkReason::NoHandshake);
    check(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"", DarkReason::Malformed);
    check(b"\x16\x03\x01\x00\x05\x01\x02\x00\x01\x00", b"", DarkReason::Oversized);
    check(b"\x16\x03\x01\x48\x01", b"", DarkReason::NoHandshake);
    check(&hello, b"\x16\x03\x03\x48\x01", DarkReason::NoHandshake);
    check(&hello, b"HTTP/1.1 400 Bad Request\r\n\r\n", DarkReason::NoHandshake);
    check(&hello, b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00", DarkReason::NoHandshake);
    check(&hello, &with(9, &[3, 0]), DarkReason::UnsupportedVersion(0x0300));
    check(&hello, &with(9, &[0x7f, 0x1c]), DarkReason::UnsupportedVersion(0x7f1c));
    check(&hello, &with(suite, &[0, 5]), DarkReason::UnsupportedSuite(5));
}
