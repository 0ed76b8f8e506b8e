use std::time::Duration;

use proptest::prelude::*;

use super::{build::File, go, outcome, scan_bytes, x86};
use crate::capture::keylog::{Budget, Bytes, Nothing, explain, scan};

#[test]
fn lying_headers() {
    let check = |change: fn(&mut Vec<u8>), expect: &str| {
        let mut bytes = x86::typical().bytes();
        change(&mut bytes);
        let outcome = outcome(&bytes);
        assert!(outcome.contains(expect), "{outcome}");
    };
    check(|_| {}, "0x401000 3");
    check(Vec::clear, "no tls");
    check(|bytes| bytes.truncate(63), "no tls");
    check(|bytes| bytes.truncate(100), "program headers outside");
    check(|bytes| bytes.truncate(0x1010), "a segment outside");
    check(|bytes| bytes[0] = 0, "no tls");
    check(|bytes| bytes[4] = 1, "not a 64-bit");
    check(|bytes| bytes[5] = 2, "not a 64-bit");
    check(|bytes| bytes[18] = 243, "ELF machine 243");
    check(|bytes| bytes[32..40].fill(0xff), "program headers outside");
    check(|bytes| bytes[54] = 57, "program headers of a wrong size");
    check(|bytes| bytes[56..58].fill(0xff), "more than 128");
    check(|bytes| bytes[56] = 0, "no tls");
    check(|bytes| bytes[72..80].fill(0xff), "a segment outside");
    check(|bytes| bytes[80..88].fill(0xff), "a segment outside");
    check(|bytes| bytes[96..104].fill(0xff), "a segment outside");
    check(|bytes| bytes[40..48].fill(0xff), "0x401000 3");
    check(|bytes| bytes[60..64].fill(0xff), "0x401000 3");
}

#[test]
fn an_unwind_table_that_lies_is_none() {
    for count in [1_u32, 0xffff, u32::MAX] {
        let mut file = x86::typical();
        file.frames = vec![(super::build::CODE, 9)];
        let mut bytes = file.bytes();
        let head = memchr::memmem::find(&bytes, &[1, 0x1b, 0x03, 0x3b]).expect("table");
        bytes[head + 8..head + 12].copy_from_slice(&count.to_le_bytes());
        assert_eq!(outcome(&bytes), "0x401000 3");
    }
}

#[test]
fn budgets_end_a_scan() {
    let bytes = x86::typical().bytes();
    let check = |budget: Budget, expect: &str| {
        let Err(Nothing::OverBudget { limit }) = scan(&Bytes(&bytes), budget) else {
            panic!("{expect} not enforced")
        };
        assert_eq!(limit, expect);
    };
    check(Budget { bytes: 1024, ..Budget::default() }, "bytes");
    check(Budget { instructions: 5, ..Budget::default() }, "instructions");
    check(Budget { time: Duration::ZERO, ..Budget::default() }, "time");
}

#[test]
fn a_flood_of_loads_is_refused() {
    let mut file = File::default();
    let label = file.string("CLIENT_RANDOM");
    for _ in 0..5000 {
        x86::lea(&mut file, 6, label);
    }
    assert!(outcome(&file.bytes()).contains("more than 4096 loads"));
}

#[test]
fn a_search_sees_what_straddles_two_windows() {
    let mut file = x86::typical();
    let target = super::build::CODE;
    let label = file.string("CLIENT_HANDSHAKE_TRAFFIC_SECRET");
    for skip in 0..10 {
        let mut file = file.clone();
        file.code.resize(24 * 10_922 - skip, 0x90);
        x86::lea(&mut file, 6, label);
        x86::branch(&mut file, 0xe8, target);
        assert_eq!(outcome(&file.bytes()), "0x401000 4", "{skip} bytes before the seam");
    }
}

#[test]
fn a_remembered_function_is_checked() {
    let bytes = x86::typical().bytes();
    let found = scan_bytes(&bytes).expect("found").remove(0);
    assert!(found.is_in(&Bytes(&bytes)));
    let mut other = bytes.clone();
    other[found.offset as usize + 3] ^= 1;
    assert!(!found.is_in(&Bytes(&other)));
    assert!(!found.is_in(&Bytes(&bytes[..0x1008])));
}

#[test]
fn results_survive_json() {
    let explanation = explain(&Bytes(&x86::typical().bytes()), Budget::default());
    let text = serde_json::to_string(&explanation).expect("serialized");
    assert_eq!(
        serde_json::from_str::<crate::capture::keylog::Explanation>(&text).ok(),
        Some(explanation)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Any bytes changed, any length: the scan ends, and what it finds is in the file's code.
    #[test]
    fn changed_files(
        go in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..24),
        headers in prop::collection::vec((0_usize..0x300, any::<u8>()), 0..8),
        keep in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let file = if go { go::typical() } else { x86::typical() };
        let mut bytes = File { symbols: vec![("ssl_log_secret", 0x40_1000)], frames: vec![(0x40_1000, 9)], ..file }.bytes();
        for (index, value) in changes {
            let index = index.index(bytes.len());
            bytes[index] = value;
        }
        for (index, value) in headers {
            bytes[index] = value;
        }
        if cut {
            bytes.truncate(keep.index(bytes.len()));
        }
        let explanation = explain(&Bytes(&bytes), Budget::default());
        prop_assert!(explanation.spent.milliseconds < 5000);
        for found in explanation.outcome.into_iter().flatten() {
            prop_assert!(found.offset < bytes.len() as u64);
        }
    }
}
