use super::{walk::EARLIER, *};

const RANDOM: [u8; 32] = [7; 32];

fn secret(label: Label, random: Option<[u8; 32]>, number: u8) -> Secret {
    let bytes: Vec<u8> = (0..32).map(|index| index ^ number).collect();
    Secret::new(label, random, &bytes).unwrap()
}

fn keyring(count: usize, age: u64) -> Keyring {
    Keyring::new(KeyringLimits { count, age, tries: u64::MAX })
}

/// A connection whose handshake was over in the nanosecond `time`.
fn claimant(client_random: [u8; 32], time: u64) -> Claimant {
    Claimant { client_random, began: Timestamp(time), agreed: Timestamp(time) }
}

/// Claims the secret of a number; how many were tried, if it was there.
fn claim_at(
    keyring: &mut Keyring,
    claimant: &Claimant,
    seen: &mut Seen,
    number: u8,
) -> Option<u64> {
    let before = keyring.counts.tries;
    keyring
        .claim(Label::ServerHandshake, 32, claimant, seen, |secret| {
            (secret.as_ref()[0] == number).then_some(())
        })
        .map(|()| keyring.counts.tries - before)
}

fn claim(keyring: &mut Keyring, random: [u8; 32], seen: &mut Seen, number: u8) -> Option<u64> {
    claim_at(keyring, &claimant(random, 0), seen, number)
}

#[test]
fn the_nearest_is_tried_first_and_nothing_twice() {
    let mut keyring = keyring(100, u64::MAX);
    for number in 1..=10 {
        let logged = Timestamp(u64::from(number) * 10);
        keyring.add(secret(Label::ServerHandshake, None, number), logged);
        keyring.add(secret(Label::ClientHandshake, None, number), logged);
    }
    let claimant = claimant(RANDOM, 52);
    let mut seen = Seen::default();
    assert_eq!(claim_at(&mut keyring, &claimant, &mut seen, 11), None);
    assert_eq!(keyring.counts.tries, 10);
    assert_eq!(claim_at(&mut keyring, &claimant, &mut seen, 10), None);
    assert_eq!(keyring.counts.tries, 10);
    keyring.add(secret(Label::ServerHandshake, None, 11), Timestamp(110));
    assert_eq!(claim_at(&mut keyring, &claimant, &mut seen, 11), Some(1));
    // 50, 60, 40, 70.
    let other = Claimant { client_random: [8; 32], ..claimant };
    assert_eq!(claim_at(&mut keyring, &other, &mut Seen::default(), 7), Some(4));
}

#[test]
fn what_was_logged_long_before_the_connection_is_none_of_its() {
    let mut keyring = keyring(100, u64::MAX);
    keyring.add(secret(Label::ServerHandshake, None, 1), Timestamp(0));
    keyring.add(secret(Label::ServerHandshake, None, 2), Timestamp(EARLIER));
    let claimant = claimant(RANDOM, 2 * EARLIER);
    assert_eq!(claim_at(&mut keyring, &claimant, &mut Seen::default(), 1), None);
    assert_eq!(keyring.counts.tries, 1);
    assert_eq!(claim_at(&mut keyring, &claimant, &mut Seen::default(), 2), Some(1));
    // A session may be resumed long after.
    keyring.add(Secret::new(Label::Master, None, &[1, 2].repeat(24)).unwrap(), Timestamp(0));
    let found = keyring.claim(Label::Master, 48, &claimant, &mut Seen::default(), |_| Some(()));
    assert_eq!(found, Some(()));
}

#[test]
fn of_a_secret_without_a_label_one_copy_is_used() {
    let mut keyring = keyring(100, u64::MAX);
    for label in [Label::ServerHandshake, Label::ServerApplication] {
        keyring.add(secret(label, None, 1), Timestamp(0));
    }
    assert_eq!(claim(&mut keyring, RANDOM, &mut Seen::default(), 1), Some(1));
    let other = claimant([8; 32], 0);
    let found =
        keyring.claim(Label::ServerApplication, 32, &other, &mut Seen::default(), |_| Some(()));
    assert_eq!((found, keyring.counts.tries), (None, 1));
}

#[test]
fn a_claimed_secret_serves_the_other_end_and_no_other_connection() {
    let mut keyring = keyring(100, u64::MAX);
    keyring.add(secret(Label::ServerHandshake, None, 1), Timestamp(0));
    assert_eq!(claim(&mut keyring, RANDOM, &mut Seen::default(), 1), Some(1));
    // The peer's library logs it as well.
    keyring.add(secret(Label::ServerHandshake, None, 1), Timestamp(0));
    assert_eq!((keyring.unclaimed(), keyring.counts.repeated), (0, 1));
    assert_eq!(claim(&mut keyring, RANDOM, &mut Seen::default(), 1), Some(1));
    assert_eq!(claim(&mut keyring, [8; 32], &mut Seen::default(), 1), None);
}

#[test]
fn a_client_random_is_believed() {
    let mut keyring = keyring(100, u64::MAX);
    keyring.add(secret(Label::ServerHandshake, Some(RANDOM), 1), Timestamp(0));
    assert_eq!(claim(&mut keyring, [8; 32], &mut Seen::default(), 1), None);
    assert_eq!(claim(&mut keyring, RANDOM, &mut Seen::default(), 1), Some(1));
}

#[test]
fn count_and_age_are_bounded() {
    let mut keyring = keyring(3, 10);
    for number in 1..=5 {
        keyring.add(secret(Label::ServerHandshake, None, number), Timestamp(0));
        keyring.add(secret(Label::ServerHandshake, Some([number; 32]), number), Timestamp(0));
    }
    assert_eq!((keyring.unclaimed(), keyring.connections.len()), (3, 3));
    assert_eq!(keyring.counts.evicted, 4);
    for number in 1..=100 {
        keyring.add(secret(Label::ServerHandshake, Some([5; 32]), number), Timestamp(5));
    }
    assert_eq!(keyring.connections[&[5; 32]].len(), MAX_PER_CONNECTION);
    keyring.expire(Timestamp(11));
    assert_eq!((keyring.unclaimed(), keyring.connections.len()), (0, 0));
    assert_eq!(keyring.counts.expired, 3);
}

#[test]
fn a_flood_costs_a_bounded_number_of_tries() {
    let mut keyring = keyring(10_000, u64::MAX);
    for number in 0..5000_u16 {
        let [high, low] = number.to_be_bytes();
        let bytes: Vec<u8> = [high, low].into_iter().chain(0..30).collect();
        let secret = Secret::new(Label::ServerHandshake, None, &bytes).unwrap();
        keyring.add(secret, Timestamp(0));
    }
    assert_eq!(claim(&mut keyring, RANDOM, &mut Seen::default(), 200), None);
    assert_eq!(keyring.counts.tries, MAX_TRIES as u64);
    // The farthest come last, and they do come.
    let mut seen = Seen::default();
    let goes = 5000_usize.div_ceil(MAX_TRIES);
    let found = (0..goes).find_map(|_| claim(&mut keyring, RANDOM, &mut seen, 19));
    assert!(found.is_some());
}

#[test]
fn what_is_no_secret_is_refused() {
    let check = |label, bytes: &[u8]| assert!(Secret::new(label, None, bytes).is_none());
    check(Label::Master, &[1, 2, 3]);
    check(Label::Master, &(0..32).collect::<Vec<u8>>());
    check(Label::ServerHandshake, &[0; 32]);
    check(Label::ServerHandshake, &[0xff; 48]);
    check(Label::ClientEarly, &(0..64).collect::<Vec<u8>>());
    check(Label::ClientEarly, b"");
}
