//! Handshakes that nobody means well with, and some that are only odd.

use super::{
    driver::{self, Connection, Event, Keys, requests, responses, run},
    *,
};

const NAME: &str = "tls13-aes128";

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3][..], &(body.len() as u16).to_be_bytes(), body].concat()
}

/// A record at the start of bytes, and the rest.
fn first_record(bytes: &[u8]) -> (&[u8], &[u8]) {
    let length = usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
    bytes.split_at(5 + length)
}

/// The connection with the first record of a side replaced.
fn with_first(
    connection: &Connection,
    side: Side,
    change: impl Fn(&[u8]) -> Vec<u8>,
) -> Vec<Event> {
    let mut events = connection.events.clone();
    let first = events.iter_mut().find(|event| event.side() == side).expect("both sides speak");
    let Event::Data { bytes, .. } = first else { panic!("data comes first") };
    let (hello, rest) = first_record(bytes);
    *bytes = [change(hello), rest.to_vec()].concat();
    events
}

#[test]
fn hellos_in_many_records_are_put_together() {
    for side in [Side::Client, Side::Server] {
        let connection = Connection::load(NAME);
        let events = with_first(&connection, side, |hello| {
            hello[5..].chunks(1).flat_map(|byte| record(22, byte)).collect()
        });
        let output = run(&events, &connection.keys, Keys::ByTrial);
        assert_eq!(output.text(Side::Client), requests(NAME, 4), "{side:?}");
        assert_eq!(output.text(Side::Server), responses(4, 100), "{side:?}");
    }
}

#[test]
fn an_endless_hello_is_given_up() {
    for kind in [1, 2] {
        let side = if kind == 1 { Side::Client } else { Side::Server };
        let start = record(22, &[kind, 0xff, 0xff, 0xff, 3, 3]);
        let mut events = vec![Event::data(side, &start)];
        events.extend((0..100).map(|_| Event::data(side, &record(22, &[7; 16_384]))));
        let output = run(&events, b"", Keys::ByTrial);
        assert_eq!(
            (output.state, output.left),
            (State::Dark(DarkReason::Oversized), 0),
            "{side:?}"
        );
    }
}

#[test]
fn empty_records_hold_nothing_up() {
    let connection = Connection::load(NAME);
    let empty: Vec<u8> = (0..5000).flat_map(|_| record(22, b"")).collect();
    let events = with_first(&connection, Side::Client, |hello| [hello, &empty].concat());
    let output = run(&events, &connection.keys, Keys::ByTrial);
    assert_eq!((output.text(Side::Client), output.left), (requests(NAME, 4), 0));
}

#[test]
fn garbage_behind_change_cipher_spec_is_not_read() {
    for kind in [20, 21, 22, 23, 24, 99] {
        for keys in [Keys::ByTrial, Keys::Late] {
            let connection = Connection::load(NAME);
            let hello = connection.first(Side::Client);
            let answer = connection.first(Side::Server);
            let (answer, _) = first_record(&answer);
            let mut events =
                vec![Event::data(Side::Client, &hello), Event::data(Side::Server, answer)];
            for side in [Side::Client, Side::Server] {
                events.push(Event::data(side, &record(20, &[1])));
                let garbage: Vec<u8> = (0..2000_u32).map(|n| ((n * n) >> 3) as u8).collect();
                events.push(Event::data(side, &record(kind, &garbage)));
                events.push(Event::data(side, &garbage));
            }
            let output = run(&events, &connection.keys, keys);
            assert_eq!(output.text(Side::Client) + &output.text(Side::Server), "", "{kind}");
            assert_eq!(output.left, 0, "{kind} {keys:?}");
        }
    }
}

/// The hello with more extensions, before its own.
fn with_extensions(hello: &[u8], more: &[u8]) -> Vec<u8> {
    let mut body = hello[9..].to_vec();
    let mut at = 2 + 32;
    at += 1 + usize::from(body[at]);
    at += 2 + usize::from(u16::from_be_bytes([body[at], body[at + 1]]));
    at += 1 + usize::from(body[at]);
    let length = u16::from_be_bytes([body[at], body[at + 1]]) + more.len() as u16;
    body[at..at + 2].copy_from_slice(&length.to_be_bytes());
    body.splice(at + 2..at + 2, more.iter().copied());
    let [_, high, middle, low] = (body.len() as u32).to_be_bytes();
    record(22, &[&[1, high, middle, low], &body[..]].concat())
}

#[test]
fn grease_and_encrypted_hellos_are_stepped_over() {
    let check = |more: &[u8], encrypted: bool| {
        let connection = Connection::load(NAME);
        let events = with_first(&connection, Side::Client, |hello| with_extensions(hello, more));
        let output = run(&events, &connection.keys, Keys::ByTrial);
        assert_eq!(output.facts.encrypted_client_hello, encrypted, "{more:?}");
        assert_eq!(output.facts.server_name.as_deref(), Some("api.example"), "{more:?}");
        assert_eq!(output.text(Side::Client), requests(NAME, 4), "{more:?}");
        assert_eq!(output.text(Side::Server), responses(4, 100), "{more:?}");
    };
    // RFC 8701: empty and not.
    check(&[0x0a, 0x0a, 0, 0, 0xfa, 0xfa, 0, 1, 0], false);
    // compress_certificate (RFC 8879) of brotli.
    check(&[0, 27, 0, 3, 2, 0, 2], false);
    // encrypted_client_hello (RFC 9849), outer.
    check(&[0xfe, 0x0d, 0, 4, 0, 0, 1, 2], true);
}

/// Servers that know a newer version mark their random (RFC 8446 section 4.1.3). Refusing is the
/// client's business: what is spoken is what is read.
#[test]
fn a_marked_downgrade_is_read_by_the_version_chosen() {
    for (name, mark) in [("tls12-aes128", 1), ("tls11", 0), ("tls10", 0)] {
        let connection = Connection::load(name);
        let hello = connection.first(Side::Server);
        assert_eq!(hello[11 + 24..11 + 32], *[b"DOWNGRD", &[mark][..]].concat(), "{name}");
        let output = run(&connection.events, &connection.keys, Keys::ByTrial);
        assert_eq!(output.text(Side::Server), responses(4, 100), "{name}");
    }
}

/// Someone between the peers changes the server's hello. No peer would go on; a capture may.
#[test]
fn a_forged_downgrade_gives_nothing() {
    let connection = Connection::load(NAME);
    let check = |from: &[u8], to: &[u8], names: &str| {
        let events = with_first(&connection, Side::Server, |hello| {
            let at = hello.windows(from.len()).position(|window| window == from);
            let at = at.expect("it is in the hello");
            [&hello[..at], to, &hello[at + from.len()..]].concat()
        });
        for keys in [Keys::ByRandom, Keys::ByTrial, Keys::Late] {
            let output = run(&events, &connection.keys, keys);
            let State::Dark(reason) = output.state else { panic!("{to:?} {keys:?} is read") };
            assert_eq!((reason.as_str(), output.left), (names, 0), "{to:?} {keys:?}");
            assert_eq!(output.text(Side::Client) + &output.text(Side::Server), "", "{to:?}");
        }
    };
    for version in 0..=3 {
        let names = if version == 0 { "unsupported_version" } else { "secret_never_came" };
        check(&[0, 43, 0, 2, 3, 4], &[0, 43, 0, 2, 3, version], names);
    }
    // No encryption, export ciphers, RC4, 3DES; and another good one.
    for suite in [[0, 2], [0, 0x3b], [0, 8], [0, 5], [0, 10]] {
        check(&[0x13, 1, 0], &[suite[0], suite[1], 0], "unsupported_suite");
    }
    check(&[0x13, 1, 0], &[0x13, 3, 0], "secret_never_came");
}

#[test]
fn a_flood_of_secrets_does_not_hide_the_right_ones_that_come_later() {
    let connection = Connection::load(NAME);
    let mut keyring = Keyring::new(driver::KEYRING);
    for number in 0..5000_u32 {
        let bytes: Vec<u8> = number.to_be_bytes().into_iter().cycle().take(47).chain([1]).collect();
        for (label, length) in [
            (Label::ServerHandshake, 32),
            (Label::ClientHandshake, 32),
            (Label::ServerApplication, 32),
            (Label::ClientApplication, 32),
        ] {
            let secret = Secret::new(label, None, &bytes[48 - length..]);
            keyring.add(secret.expect("varied bytes"), driver::began(&connection.events));
        }
    }
    assert_eq!(keyring.unclaimed(), 4 * driver::KEYRING.count);
    let mut session = Session::default();
    let (events, log) = (&connection.events, &connection.keys);
    let output =
        driver::feed(&mut session, &mut keyring, events, log, Keys::ByTrial, Session::close);
    assert_eq!(output.text(Side::Client), requests(NAME, 4));
    assert_eq!(output.text(Side::Server), responses(4, 100));
}

#[test]
fn secrets_that_never_come_leave_nothing_behind() {
    for &(name, ..) in CASES {
        let connection = Connection::load(name);
        let output = run(&connection.events, b"", Keys::ByTrial);
        assert_eq!(output.state, State::Dark(DarkReason::SecretNeverCame), "{name}");
        assert_eq!((output.left, output.text(Side::Client).len()), (0, 0), "{name}");
    }
}
