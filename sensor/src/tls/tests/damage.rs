//! Holes: what is delivered is right or said to be missing, and what comes later is read.

use proptest::prelude::*;

use super::driver::{Connection, Event, Keys, Output, requests, responses, run, split};
use crate::{
    stream::GapCause,
    tls::{Side, State, Version},
};

/// The events with one piece of data lost.
pub fn without(events: &[Event], lost: usize) -> Vec<Event> {
    let mut events = events.to_vec();
    if let Event::Data { side, bytes, .. } = &events[lost] {
        let (side, length) = (*side, bytes.len() as u32);
        events[lost] = Event::Gap { side, length, cause: GapCause::Lost };
    }
    events
}

/// Why the data of a side is not what the peer said.
#[derive(Debug)]
#[expect(dead_code, reason = "what is in it is for the reader")]
pub enum Wrong {
    /// These bytes were not said, or not there.
    Bytes(String),
    /// It ends here, and no gap tells.
    Incomplete(usize),
}

impl Wrong {
    pub fn is_incomplete(&self) -> bool {
        matches!(self, Self::Incomplete(_))
    }
}

/// Whether the data of a side, with its gaps, lies in `whole` in order, the last part at its end.
pub fn fits(output: &Output, side: Side, whole: &[u8]) -> Result<(), Wrong> {
    // What came between two gaps, in one piece.
    let mut runs = vec![Vec::new()];
    for event in output.events.iter().filter(|event| event.side() == side) {
        match event {
            Event::Gap { .. } => runs.push(Vec::new()),
            Event::Data { bytes, .. } => runs.last_mut().expect("a run").extend_from_slice(bytes),
            Event::End { .. } => {}
        }
    }
    let last = runs.len() - 1;
    let mut at = 0;
    for (index, run) in runs.iter().enumerate() {
        let rest = &whole[at..];
        // The first place leaves the most room for what follows.
        let place = match index {
            0 => rest.starts_with(run).then_some(0),
            _ if run.is_empty() => Some(0),
            _ if index == last && rest.ends_with(run) => Some(rest.len() - run.len()),
            _ => rest.windows(run.len()).position(|window| window == run),
        };
        let Some(place) = place else {
            return Err(Wrong::Bytes(format!("{:?} at {at}", String::from_utf8_lossy(run))));
        };
        at += place + run.len();
    }
    let gap = runs.len() > 1 && runs[last].is_empty();
    if at == whole.len() || gap { Ok(()) } else { Err(Wrong::Incomplete(at)) }
}

/// The indices of data.
pub fn data_indices(events: &[Event]) -> Vec<usize> {
    (0..events.len()).filter(|&index| matches!(events[index], Event::Data { .. })).collect()
}

#[test]
fn a_lost_segment_costs_what_it_touches() {
    for &(name, version, count, size) in super::CASES {
        let connection = Connection::load(name);
        for lost in data_indices(&connection.events) {
            let events = without(&connection.events, lost);
            let output = run(&events, &connection.keys, Keys::ByTrial);
            assert_eq!(output.left, 0, "{name} {lost}");
            if let State::Dark(reason) = output.state {
                // A hello; a renegotiation's is not even seen to be one.
                let renegotiated = name == "tls12-renegotiated" && lost > 4;
                let expect = if renegotiated { "secret_never_came" } else { "handshake_missed" };
                assert_eq!(reason.as_str(), expect, "{name} {lost}");
                assert!(renegotiated || lost < 6, "{name} {lost}");
                continue;
            }
            let whole = [requests(name, count), responses(count, size)];
            for side in [Side::Client, Side::Server] {
                fits(&output, side, whole[side as usize].as_bytes())
                    .unwrap_or_else(|error| panic!("{name} without {lost}, {side:?}: {error:?}"));
            }
            if version != Version::Tls10 {
                let last = requests(name, count);
                let last = &last[last.len() - 30..];
                let lost_last = lost + 6 > connection.events.len();
                assert!(lost_last || output.text(Side::Client).ends_with(last), "{name} {lost}");
            }
        }
    }
}

#[test]
fn the_size_of_a_hole_is_exact_under_an_aead() {
    for name in ["tls13-large", "tls12-large"] {
        let connection = Connection::load(name);
        let events = split(&connection.events, 1448);
        let whole = responses(3, 50000).into_bytes();
        let server: Vec<usize> = data_indices(&events)
            .into_iter()
            .filter(|&index| events[index].side() == Side::Server)
            .skip(12)
            .collect();
        for &lost in server.iter().step_by(7) {
            for run_length in [1, 3, 17] {
                let mut damaged = events.clone();
                for index in lost..(lost + run_length).min(events.len()) {
                    damaged = without(&damaged, index);
                }
                let output = run(&damaged, &connection.keys, Keys::ByRandom);
                let mut at = 0;
                for event in output.events.iter().filter(|event| event.side() == Side::Server) {
                    match event {
                        Event::Gap { length, .. } => at += *length as usize,
                        Event::Data { bytes, .. } => {
                            assert!(whole[at..].starts_with(bytes), "{name} {lost} {run_length}");
                            at += bytes.len();
                        }
                        Event::End { .. } => {}
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_fragmentation_gives_the_same_plaintext(
        case in 0..super::CASES.len(),
        size in 1_usize..3000,
        late in any::<bool>(),
    ) {
        let (name, _, count, body) = super::CASES[case];
        let connection = Connection::load(name);
        let keys = if late { Keys::Late } else { Keys::ByTrial };
        // What is held until late secrets come is bounded, and a segment costs more than its bytes.
        let size = size.max(body / 500);
        let output = run(&split(&connection.events, size), &connection.keys, keys);
        prop_assert_eq!(output.text(Side::Client), requests(name, count));
        prop_assert_eq!(output.text(Side::Server), responses(count, body));
        prop_assert!(!output.has_gap());
    }

    #[test]
    fn any_holes_give_right_bytes_or_none(
        case in 0..super::CASES.len(),
        size in 20_usize..3000,
        holes in proptest::collection::vec(any::<proptest::sample::Index>(), 1..6),
        late in any::<bool>(),
    ) {
        let (name, _, count, body) = super::CASES[case];
        let connection = Connection::load(name);
        let mut events = split(&connection.events, size);
        let data = data_indices(&events);
        for hole in holes {
            let lost = data[hole.index(data.len())];
            events = without(&events, lost);
        }
        let keys = if late { Keys::Late } else { Keys::ByRandom };
        let output = run(&events, &connection.keys, keys);
        prop_assert_eq!(output.left, 0);
        if matches!(output.state, State::Open) {
            let whole = [requests(name, count), responses(count, body)];
            for side in [Side::Client, Side::Server] {
                let fit = fits(&output, side, whole[side as usize].as_bytes());
                prop_assert!(fit.is_ok(), "{} {:?}: {:?}", name, side, fit);
            }
        }
    }

    #[test]
    fn garbage_harms_nothing(
        case in 0..super::CASES.len(),
        changes in proptest::collection::vec(
            (any::<proptest::sample::Index>(), any::<proptest::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let (name, ..) = super::CASES[case];
        let connection = Connection::load(name);
        let mut events = connection.events;
        for (event, at, value) in changes {
            let index = event.index(events.len());
            if let Event::Data { bytes, .. } = &mut events[index] {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
        }
        let output = run(&events, &connection.keys, Keys::ByRandom);
        prop_assert_eq!(output.left, 0);
    }
}
