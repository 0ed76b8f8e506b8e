use std::net::SocketAddr;

use crate::capture::TcpFlags;

use super::*;

const FIN: u8 = 0x11;
const SYN: u8 = 0x02;
const SYN_ACK: u8 = 0x12;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

fn packet(
    from: &str,
    to: &str,
    flags: u8,
    sequence: u32,
    acknowledgement: u32,
) -> TcpPacket<'static> {
    let end = |text: &str| text.parse::<SocketAddr>().expect("an address");
    TcpPacket {
        source: end(from),
        destination: end(to),
        sequence,
        acknowledgement,
        flags: TcpFlags(flags),
        length: 0,
        payload: &[],
    }
}

/// Packets between one client `c` and one server `s` as (sender, flags, sequence,
/// acknowledgement), each with the connection expected and whether `c` is local there.
#[track_caller]
fn check(packets: &[(char, u8, u32, u32, u64, bool)]) {
    for ends in
        [["10.0.0.1:9", "10.0.0.2:80"], ["10.0.0.2:80", "10.0.0.1:9"], ["[::1]:9", "[::1]:80"]]
    {
        let mut flows = Flows::default();
        for (at, &(sender, flags, sequence, acknowledgement, id, client_local)) in
            packets.iter().enumerate()
        {
            let [from, to] = if sender == 'c' { ends } else { [ends[1], ends[0]] };
            let answer = flows.number(&packet(from, to, flags, sequence, acknowledgement));
            let outbound = (sender == 'c') == client_local;
            let direction = if outbound { Direction::Outbound } else { Direction::Inbound };
            assert_eq!(answer, (ConnectionId(id), direction), "packet {at} of {ends:?}");
        }
    }
}

#[test]
fn one_connection() {
    check(&[
        ('c', SYN, 100, 0, 1, true),
        ('s', SYN_ACK, 500, 101, 1, true),
        ('c', ACK, 101, 501, 1, true),
        ('c', FIN, 101, 501, 1, true),
        ('s', FIN, 501, 102, 1, true),
        ('c', ACK, 102, 502, 1, true),
    ]);
}

#[test]
fn the_sender_of_the_first_packet_is_local() {
    check(&[('c', ACK, 7, 7, 1, true), ('s', ACK, 7, 7, 1, true)]);
    check(&[('s', ACK, 7, 7, 1, false), ('c', ACK, 7, 7, 1, false)]);
    check(&[('s', SYN_ACK, 500, 101, 1, true), ('c', ACK, 101, 501, 1, true)]);
}

#[test]
fn a_repeated_syn_is_the_same_connection() {
    check(&[('c', SYN, 100, 0, 1, true), ('c', SYN, 100, 0, 1, true)]);
    check(&[
        ('c', SYN, 100, 0, 1, true),
        ('s', SYN_ACK, 500, 101, 1, true),
        ('s', SYN_ACK, 500, 101, 1, true),
        ('c', ACK, 101, 501, 1, true),
        ('c', RST, 101, 0, 1, true),
        ('c', SYN, 100, 0, 1, true),
    ]);
}

#[test]
fn another_syn_is_another_connection() {
    let open = [('c', SYN, 100, 0, 1, true), ('s', SYN_ACK, 500, 101, 1, true)];
    let again = [('c', SYN, 900, 0, 2, true), ('s', SYN_ACK, 600, 901, 2, true)];
    check(&[&open[..], &again].concat());
    check(&[&open[..], &[('c', FIN, 101, 501, 1, true)], &again].concat());
    check(&[&open[..], &[('s', RST, 501, 0, 1, true)], &again].concat());
    // The roles changed.
    check(&[&open[..], &[('s', SYN, 900, 0, 2, false), ('c', SYN_ACK, 7, 901, 2, false)]].concat());
    // The first connection was joined midway.
    check(&[('s', ACK, 700, 800, 1, false), ('c', SYN, 900, 0, 2, true)]);
    // Its SYN was not captured.
    check(&[&open[..], &[('s', SYN_ACK, 600, 901, 2, true)]].concat());
}

#[test]
fn a_syn_that_was_overtaken_is_the_same_connection() {
    check(&[('s', SYN_ACK, 500, 101, 1, true), ('c', SYN, 100, 0, 1, true)]);
    check(&[
        ('c', ACK, 101, 501, 1, true),
        ('c', SYN, 100, 0, 1, true),
        ('s', SYN_ACK, 500, 101, 1, true),
    ]);
    check(&[('c', ACK, 0, 0, 1, true), ('c', SYN, u32::MAX, 0, 1, true)]);
}

#[test]
fn a_simultaneous_open_is_one_connection() {
    check(&[
        ('c', SYN, 100, 0, 1, true),
        ('s', SYN, 500, 0, 1, true),
        ('c', SYN_ACK, 100, 501, 1, true),
        ('s', SYN_ACK, 500, 101, 1, true),
    ]);
}

#[test]
fn ends_that_differ_in_anything_are_other_connections() {
    let mut flows = Flows::default();
    let ends = [
        ("10.0.0.1:1", "10.0.0.2:2"),
        ("10.0.0.1:2", "10.0.0.2:1"),
        ("10.0.0.1:1", "10.0.0.3:2"),
        ("10.0.0.1:3", "10.0.0.2:2"),
        ("[::10.0.0.1]:1", "[::10.0.0.2]:2"),
        ("10.0.0.1:1", "10.0.0.1:2"),
        ("10.0.0.1:1", "10.0.0.1:1"),
    ];
    for (number, (from, to)) in ends.iter().enumerate() {
        let (id, _) = flows.number(&packet(from, to, ACK, 1, 1));
        assert_eq!(id, ConnectionId(number as u64 + 1), "{from} {to}");
    }
    assert_eq!(flows.numbered(), ends.len() as u64);
}

#[test]
fn memory_is_bounded() {
    let mut flows = Flows::new(100);
    let client = |number: u32| format!("10.0.{}.{}:9", number >> 8, number & 0xff);
    let number = |flows: &mut Flows, client: &str, flags| {
        flows.number(&packet(client, "10.9.0.1:80", flags, 1, 1)).0.0
    };
    for round in 0..1_000 {
        assert_eq!(
            number(&mut flows, &client(round), ACK),
            u64::from(round) + 2 - u64::from(round == 0)
        );
        assert!(flows.young.len() + flows.old.len() <= 100);
        // One that is always active is kept.
        assert_eq!(number(&mut flows, "10.8.0.1:9", ACK), 2);
    }
    let forgotten = flows.forgotten();
    assert!((900..=950).contains(&forgotten), "{forgotten}");
    // Closed ones are not missed.
    let mut flows = Flows::new(100);
    for round in 0..1_000 {
        number(&mut flows, &client(round), FIN);
    }
    assert_eq!((flows.numbered(), flows.forgotten()), (1_000, 0));
}
