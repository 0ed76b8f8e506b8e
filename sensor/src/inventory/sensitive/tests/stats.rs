use proptest::prelude::*;

use super::*;

fn record(stats: &mut SensitiveStats, detector: &Detector, field: u32, name: &str, value: &str) {
    if let Some(found) = detector.value(detector.field(name), value) {
        stats.record(field, Direction::Response, found);
    }
}

fn kinds<'a>(detector: &'a Detector, stats: &SensitiveStats, values: u64) -> Vec<&'a str> {
    let findings = stats.findings(|_, _| values);
    findings.iter().map(|finding| detector.name(finding.kind)).collect()
}

/// Numbers of nine digits that pass Luhn, and so may be Canadian.
fn luhn_numbers(count: u64) -> Vec<String> {
    let numbers = (130_692_500_u64..).step_by(7919).map(|number| number.to_string());
    let passes = |text: &String| {
        let digits: Vec<u8> = text.bytes().map(|byte| byte - b'0').collect();
        checks::luhn(&digits)
    };
    numbers.filter(passes).take(count as usize).collect()
}

#[test]
fn check_digits_count_when_nearly_all_values_pass() {
    let detector = detector();
    let mut stats = SensitiveStats::default();
    for number in luhn_numbers(40) {
        record(&mut stats, &detector, 1, "x", &number);
    }
    assert_eq!(kinds(&detector, &stats, 40), ["ca_sin"]);
    assert_eq!(kinds(&detector, &stats, 42), ["ca_sin"]);
    assert_eq!(kinds(&detector, &stats, 50), [""; 0]);
}

#[test]
fn the_same_number_again_is_no_evidence() {
    let detector = detector();
    let mut stats = SensitiveStats::default();
    for _ in 0..1000 {
        record(&mut stats, &detector, 1, "orderId", "130692544");
    }
    assert_eq!(kinds(&detector, &stats, 1000), [""; 0]);
}

#[test]
fn order_numbers_are_not_those_of_people() {
    let detector = detector();
    for start in [100_000_000_u64, 4_000_000_000, 1_700_000_000_000, 4_000_000_000_000_000] {
        let mut stats = SensitiveStats::default();
        for number in 0..1000 {
            record(&mut stats, &detector, 1, "orderId", &(start + number * 37).to_string());
        }
        assert_eq!(kinds(&detector, &stats, 1000), [""; 0], "{start}");
    }
}

#[test]
fn leaks_count_in_responses_only() {
    let detector = detector();
    let found = detector.value(NameHints::default(), "192.168.1.10").unwrap();
    let mut stats = SensitiveStats::default();
    stats.record(1, Direction::Request, found);
    assert_eq!(stats.findings(|_, _| 1), []);
    stats.record(1, Direction::Response, found);
    assert_eq!(kinds(&detector, &stats, 1), ["internal_address"]);
    let classes = stats.findings(|_, _| 1).into_iter().map(|found| detector.class(found.kind));
    assert_eq!(classes.collect::<Vec<_>>(), [Class::Leak]);
}

#[test]
fn counts_share_and_confidence() {
    let detector = detector();
    let mut stats = SensitiveStats::default();
    record(&mut stats, &detector, 7, "phone", "020 8366 1177");
    record(&mut stats, &detector, 7, "phone", "+442083661177");
    let [finding] = stats.findings(|_, _| 4)[..] else { panic!("{stats:?}") };
    assert_eq!((finding.field, finding.matches), (7, 2));
    assert_eq!(finding.confidence, Confidence::High);
    assert!((finding.share - 0.5).abs() < f64::EPSILON);
}

#[test]
fn more_fields_than_are_kept_are_counted() {
    let detector = detector();
    let mut stats = SensitiveStats::default();
    for field in 0..1000 {
        record(&mut stats, &detector, field, "email", "ann@example.com");
        record(&mut stats, &detector, field, "x", "130692544");
    }
    assert_eq!(kinds(&detector, &stats, 1).len(), 64);
    assert_eq!(stats.refused(), 1000 - 64 + 1000 - 16);
}

proptest! {
    #[test]
    fn order_and_merging_do_not_matter(
        values in prop::collection::vec((0_u32..4, 0_usize..6), 0..60),
        at in 0_usize..60,
    ) {
        const TEXTS: [(&str, &str); 6] = [
            ("x", "ann@example.com"), ("x", "130692544"), ("x", "111222333"), ("phone", "5551234567"),
            ("x", "4111111111111111"), ("x", "nothing"),
        ];
        let detector = detector();
        let all = |values: &[(u32, usize)]| {
            let mut stats = SensitiveStats::default();
            for &(field, text) in values {
                record(&mut stats, &detector, field, TEXTS[text].0, TEXTS[text].1);
            }
            stats
        };
        let whole = all(&values);
        let mut reversed = values.clone();
        reversed.reverse();
        let (left, right) = values.split_at(at.min(values.len()));
        let mut merged = all(right);
        merged.merge(&all(left), |field| field);
        let total = |_, _| 60;
        prop_assert_eq!(all(&reversed).findings(total), whole.findings(total));
        prop_assert_eq!(merged.findings(total), whole.findings(total));
    }
}
