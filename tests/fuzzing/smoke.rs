//! A bounded run of every fuzz target, on the toolchain at hand: seeds, changed at random.

use std::{
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::{Duration, Instant},
};

use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    sample::Index,
    strategy::ValueTree,
    test_runner::TestRunner,
};

use super::tests::{TARGETS, Target, seeds};

/// A change of an input.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// Another byte there.
    Byte(Index, u8),
    /// Nothing from there on.
    Cut(Index),
    /// A byte more there.
    Insert(Index, u8),
    /// From there on, what another seed has from there on.
    Splice(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    (0_u8..16, any::<Index>(), any::<Index>(), any::<u8>()).prop_map(
        |(kind, place, other, byte)| match kind {
            0 => Change::Cut(place),
            1 => Change::Splice(place, other),
            2..=5 => Change::Insert(place, byte),
            _ => Change::Byte(place, byte),
        },
    )
}

impl Change {
    fn make(self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        if input.is_empty() {
            return;
        }
        match self {
            Self::Byte(place, byte) => *place.get_mut(input) = byte,
            Self::Cut(place) => input.truncate(place.index(input.len())),
            Self::Insert(place, byte) => input.insert(place.index(input.len()), byte),
            Self::Splice(place, other) => {
                let place = place.index(input.len());
                input.truncate(place);
                input.extend(other.get(seeds).iter().skip(place));
            }
        }
    }
}

/// Time for each target: more where `cargo xtask test` runs all.
fn budget() -> Duration {
    let full = std::env::var("SENSOR_TESTS_FULL").is_ok_and(|value| value == "1");
    Duration::from_secs(if full { 10 } else { 1 })
}

/// Says how often the target was executed in how much time, or with which input it panicked.
fn run(name: &str, target: Target) {
    let seeds = seeds(name);
    let changes = (any::<Index>(), vec(change(), 1..8));
    let mut runner = TestRunner::default();
    let (start, mut executions) = (Instant::now(), 0_u64);
    while start.elapsed() < budget() {
        let (seed, changes) = changes.new_tree(&mut runner).expect("no filters").current();
        let mut input = seed.get(&seeds).clone();
        for change in changes {
            change.make(&mut input, &seeds);
        }
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(&input))) {
            say(&format!("fuzz {name}: panicked with b\"{}\"", input.escape_ascii()));
            resume_unwind(panic);
        }
        executions += 1;
    }
    assert!(executions > 0, "{name}");
    let seconds = start.elapsed().as_secs_f64();
    say(&format!("fuzz {name}: {executions} executions in {seconds:.1} s, {} seeds", seeds.len()));
}

/// Past the harness, which keeps what tests print.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn targets_run_for_a_while() {
    for (name, target) in TARGETS {
        run(name, *target);
    }
}
