use std::net::SocketAddr;

use proptest::prelude::*;

use super::*;
use crate::{
    capture::{Direction, Origin, TcpFlags},
    exchange::ConnectionId,
};

const LIMITS: Limits = Limits { bytes: 1 << 20, wait: 1_000_000_000 };

fn segment(sequence: u32, payload: &[u8]) -> Segment<'_> {
    Segment {
        connection: ConnectionId(1),
        direction: Direction::Inbound,
        time: Timestamp(0),
        sequence,
        acknowledgement: 0,
        flags: TcpFlags(0x10),
        length: payload.len() as u32,
        payload,
        skipped: 0,
        lost: 0,
        first: false,
        past_budget: false,
        local: SocketAddr::from(([127, 0, 0, 1], 80)),
        remote: SocketAddr::from(([127, 0, 0, 1], 9)),
        origin: Origin::default(),
    }
}

/// A stream with a record of what it delivered: bytes, `_` for a missing byte, `|` at the end.
struct Probe {
    stream: Stream,
    memory: Memory,
    seen: Vec<u8>,
}

impl Probe {
    fn new(start: u32) -> Self {
        let mut probe =
            Self { stream: Stream::default(), memory: Memory::new(1 << 20), seen: Vec::new() };
        probe.push(&Segment { flags: TcpFlags(0x02), ..segment(start.wrapping_sub(1), b"") });
        probe
    }

    fn push(&mut self, segment: &Segment<'_>) {
        let seen = &mut self.seen;
        self.stream.segment(segment, LIMITS, &mut self.memory, &mut |_, piece| note(seen, piece));
    }

    fn acknowledged(&mut self, number: u32) {
        let seen = &mut self.seen;
        self.stream.acknowledged(number, &mut self.memory, &mut |_, piece| note(seen, piece));
    }

    fn expect(&self, seen: &str) {
        assert_eq!(String::from_utf8_lossy(&self.seen), seen);
    }
}

fn note(seen: &mut Vec<u8>, piece: Piece<'_>) {
    match piece {
        Piece::Data(chunk) => seen.extend_from_slice(chunk.bytes),
        Piece::Gap { length, .. } => {
            seen.extend(std::iter::repeat_n(b'_', (length as usize).min(1 << 20)));
        }
        Piece::End(_) => seen.push(b'|'),
    }
}

#[test]
fn in_order_across_the_wrap() {
    let mut probe = Probe::new(u32::MAX - 1);
    probe.push(&segment(u32::MAX - 1, b"abc"));
    probe.push(&segment(1, b"def"));
    probe.expect("abcdef");
}

#[test]
fn reordered_and_retransmitted() {
    let mut probe = Probe::new(10);
    probe.push(&segment(13, b"def"));
    probe.push(&segment(16, b"g"));
    probe.expect("");
    probe.push(&segment(10, b"abc"));
    probe.push(&segment(10, b"abc"));
    probe.push(&segment(12, b"cdefgh"));
    probe.expect("abcdefgh");
    assert_eq!(probe.memory.used(), 0);
}

#[test]
fn the_first_copy_of_overlapping_bytes_stands() {
    let mut probe = Probe::new(0);
    probe.push(&segment(0, b"abc"));
    probe.push(&segment(1, b"XXd"));
    probe.expect("abcd");
}

#[test]
fn an_acknowledged_hole_is_a_gap() {
    let mut probe = Probe::new(0);
    probe.push(&segment(0, b"ab"));
    probe.push(&segment(4, b"ef"));
    probe.acknowledged(4);
    probe.expect("ab__ef");
    probe.acknowledged(8);
    probe.expect("ab__ef__");
    probe.push(&segment(2, b"late"));
    probe.expect("ab__ef__");
}

#[test]
fn the_kernel_says_what_it_lost() {
    let mut probe = Probe::new(0);
    probe.push(&Segment { lost: 3, ..segment(3, b"def") });
    probe.expect("___def");
}

#[test]
fn beyond_the_budget_is_a_gap_of_known_size() {
    let mut probe = Probe::new(0);
    probe.push(&Segment { length: 5, ..segment(0, b"ab") });
    probe.push(&Segment { skipped: 2, ..segment(7, b"hi") });
    probe.expect("ab_____hi");
}

/// Seen under load: the end of the last pushed segment was copied, what came behind it was not
/// pushed, so the next that is heard of it is its acknowledgement.
#[test]
fn what_follows_a_copied_end_was_left_out_too() {
    let mut probe = Probe::new(0);
    probe.push(&Segment { past_budget: true, skipped: 3, ..segment(3, b"de") });
    let mut causes = Vec::new();
    let stream = &mut probe.stream;
    stream.acknowledged(9, &mut probe.memory, &mut |_, piece| {
        if let Piece::Gap { length, cause } = piece {
            causes.push((length, cause));
        }
    });
    assert_eq!(causes, [(4, GapCause::Budget)]);
}

#[test]
fn a_fin_waits_for_the_bytes_before_it() {
    let mut probe = Probe::new(0);
    probe.push(&Segment { flags: TcpFlags(0x11), ..segment(3, b"de") });
    probe.expect("");
    probe.push(&segment(0, b"abc"));
    probe.expect("abcde|");
    probe.push(&segment(5, b"more"));
    probe.expect("abcde|");
}

#[test]
fn the_acknowledged_fin_is_no_byte() {
    let mut probe = Probe::new(0);
    probe.push(&Segment { flags: TcpFlags(0x11), ..segment(2, b"cd") });
    probe.acknowledged(5);
    probe.expect("__cd|");
}

#[test]
fn a_reset_far_outside_is_not_believed() {
    let mut probe = Probe::new(0);
    probe.push(&segment(0, b"ab"));
    probe.push(&Segment { flags: TcpFlags(0x04), ..segment(1 << 24, b"") });
    probe.push(&segment(2, b"c"));
    probe.expect("abc");
    probe.push(&Segment { flags: TcpFlags(0x04), ..segment(3, b"") });
    probe.expect("abc|");
}

#[test]
fn a_forged_acknowledgement_blinds_nothing() {
    let mut probe = Probe::new(100);
    probe.push(&segment(100, b"ab"));
    probe.acknowledged(102 + 0x3000_0000);
    probe.push(&segment(102, b"cd"));
    probe.expect("abcd");
}

#[test]
fn a_stream_led_astray_is_found_again() {
    // The numbers really in use lie before and behind what a forged SYN said.
    for start in [100_u32, 0x7000_0000] {
        let mut probe = Probe::new(0x5000_0000);
        for count in 0..80 {
            probe.push(&segment(start + count, b"x"));
        }
        let read = memchr::memchr_iter(b'x', &probe.seen).count() as u64;
        assert_eq!((read, probe.memory.stray_bytes), (16, 64), "{start:#x}");
        assert_eq!(probe.memory.used(), 0);
    }
}

#[test]
fn holding_too_much_gives_the_hole_up() {
    let mut stream = Stream::default();
    let mut memory = Memory::new(1 << 20);
    let limits = Limits { bytes: 8, wait: 1 };
    let mut seen = Vec::new();
    for (sequence, payload) in [(0, "ab"), (4, "efgh"), (8, "ijkl"), (12, "m")] {
        let segment = segment(sequence, payload.as_bytes());
        stream.segment(&segment, limits, &mut memory, &mut |_, piece| note(&mut seen, piece));
    }
    assert_eq!(String::from_utf8_lossy(&seen), "ab__efghijklm");
    assert_eq!((memory.used(), memory.overflows), (0, 1));
}

#[test]
fn an_old_hole_expires() {
    let mut probe = Probe::new(0);
    probe.push(&segment(2, b"cd"));
    let seen = &mut probe.seen;
    probe.stream.expire(Timestamp(999_999_999), LIMITS, &mut probe.memory, &mut |_, piece| {
        note(seen, piece);
    });
    probe.expect("");
    let seen = &mut probe.seen;
    probe.stream.expire(Timestamp(1_000_000_000), LIMITS, &mut probe.memory, &mut |_, piece| {
        note(seen, piece);
    });
    probe.expect("__cd");
}

/// An old FIN, or one far ahead that the receiver drops, ended the stream or hid the true one.
#[test]
fn a_stray_fin_is_not_believed() {
    let mut probe = Probe::new(100);
    probe.push(&segment(100, b"ab"));
    for stray in [50, 100 + 2 + (1 << 31), 100 + 2 + (1 << 30)] {
        probe.push(&Segment { flags: TcpFlags(0x11), ..segment(stray, b"") });
    }
    probe.push(&segment(102, b"c"));
    probe.expect("abc");
    probe.push(&Segment { flags: TcpFlags(0x11), ..segment(103, b"d") });
    probe.expect("abcd|");
}

/// A segment outside the receiver's window made everything before it a gap.
#[test]
fn a_stray_segment_blinds_nothing() {
    let mut probe = Probe::new(0);
    probe.push(&segment(0, b"ab"));
    probe.push(&segment(1 << 25, b"stray"));
    let seen = &mut probe.seen;
    probe.stream.expire(Timestamp(u64::MAX), LIMITS, &mut probe.memory, &mut |_, piece| {
        note(seen, piece);
    });
    probe.push(&segment(2, b"cd"));
    probe.expect("abcd");
    assert_eq!(probe.memory.used(), 0);
}

/// Half the number space away no number is beyond the other: the stream went back.
#[test]
fn half_a_turn_away_is_old() {
    for length in [1, 1 << 20] {
        let mut probe = Probe::new(0);
        probe.push(&segment(0, b"ab"));
        probe.push(&segment(4, b"ef"));
        probe.push(&Segment { length, ..segment(2 + (1 << 31), b"x") });
        probe.push(&Segment { flags: TcpFlags(0x04), ..segment(2 + (1 << 31), b"") });
        probe.push(&segment(2, b"cd"));
        probe.expect("abcdef");
        assert_eq!(probe.memory.used(), 0);
    }
}

/// Segments of a byte each were booked as a byte each.
#[test]
fn what_holding_costs_is_booked() {
    let mut probe = Probe::new(0);
    for sequence in 1..=100 {
        probe.push(&segment(2 * sequence, b"x"));
    }
    assert!(probe.memory.used() > 100 * 32);
    probe.acknowledged(1000);
    assert_eq!(probe.memory.used(), 0);
}

proptest! {
    /// Any order, overlap and duplication of segments that cover the stream gives its bytes.
    #[test]
    fn any_arrival_gives_the_same_bytes(
        start in any::<u32>(),
        text in proptest::collection::vec(any::<u8>(), 1..400),
        cuts in proptest::collection::vec((0_usize..400, 1_usize..80), 0..60),
        seed in any::<u64>(),
    ) {
        let mut pieces: Vec<(usize, usize)> =
            (0..text.len()).step_by(37).map(|at| (at, (at + 37).min(text.len()))).collect();
        for (at, length) in cuts {
            let at = at % text.len();
            pieces.push((at, (at + length).min(text.len())));
        }
        let mut state = seed | 1;
        for index in (1..pieces.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            pieces.swap(index, (state >> 33) as usize % (index + 1));
        }
        let mut probe = Probe::new(start);
        for (from, to) in pieces {
            probe.push(&segment(start.wrapping_add(from as u32), &text[from..to]));
        }
        prop_assert_eq!(&probe.seen, &text);
        prop_assert_eq!(probe.memory.used(), 0);
    }

    /// Whatever arrives, what is delivered lies at its right place: equal to the text where it
    /// is there, a gap where it is not.
    #[test]
    fn nothing_is_delivered_at_a_wrong_place(
        start in any::<u32>(),
        pieces in proptest::collection::vec((0_usize..300, 1_usize..60), 1..60),
        acknowledgements in proptest::collection::vec(0_u32..360, 0..10),
    ) {
        let text: Vec<u8> = (0..360_u32).map(|at| b'A' + (at % 26) as u8).collect();
        let mut probe = Probe::new(start);
        for (index, (at, length)) in pieces.iter().enumerate() {
            probe.push(&segment(start.wrapping_add(*at as u32), &text[*at..at + length]));
            if let Some(number) = acknowledgements.get(index) {
                probe.acknowledged(start.wrapping_add(*number));
            }
        }
        let seen = &mut probe.seen;
        probe.stream.close(&mut probe.memory, &mut |_, piece| note(seen, piece));
        for (seen, sent) in probe.seen.iter().zip(&text) {
            prop_assert!(seen == sent || *seen == b'_' || *seen == b'|');
        }
        prop_assert_eq!(probe.memory.used(), 0);
    }
}
