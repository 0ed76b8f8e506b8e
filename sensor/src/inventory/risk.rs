//! How much an endpoint is worth looking at: a number from 0 to 100 with its reasons in words.
//!
//! The number is the sum of the weights of the reasons that hold, at most 100. It ranks; it
//! proves nothing. The table of weights is `REASONS`, and docs/inventory.md shows it.

use serde::{Deserialize, Serialize};

/// What is known of an endpoint, as far as the reasons ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Evidence {
    /// A request without any credential was answered with success.
    pub open: bool,
    /// The method changes something.
    pub writes: bool,
    /// Clients with public addresses have called.
    pub exposed: bool,
    /// Sensitive data of persons (PII) was seen.
    pub personal: bool,
    /// Card or health data (PCI, PHI) was seen.
    pub regulated: bool,
    /// Secrets (keys, tokens, passwords) are in responses.
    pub secrets: bool,
    /// Stack traces or database errors are in responses.
    pub leaks: bool,
    /// Credentials were sent without TLS, or in the request target.
    pub careless_credentials: bool,
    /// A JSON web token that is unsigned or expired was accepted.
    pub weak_tokens: bool,
    /// Specifications are known for the host, and none declares it.
    pub shadow: bool,
    /// It is declared deprecated or was removed, and is still called.
    pub zombie: bool,
}

/// The number and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Risk {
    /// 0 to 100.
    pub score: u8,
    /// The reasons that hold, the heaviest first.
    pub reasons: Vec<String>,
}

/// One reason: its weight, whether it holds, and how it reads.
struct Reason {
    weight: u8,
    holds: fn(&Evidence) -> bool,
    words: &'static str,
}

const REASONS: &[Reason] = &[
    Reason {
        weight: 40,
        holds: |e| e.open && (e.personal || e.regulated || e.secrets),
        words: "sensitive data without authentication",
    },
    Reason {
        weight: 30,
        holds: |e| e.weak_tokens,
        words: "unsigned or expired tokens are accepted",
    },
    Reason { weight: 30, holds: |e| e.secrets, words: "secrets in responses" },
    Reason { weight: 25, holds: |e| e.regulated, words: "card or health data" },
    Reason { weight: 25, holds: |e| e.open && e.writes, words: "writes without authentication" },
    Reason { weight: 20, holds: |e| e.leaks, words: "errors show internals" },
    Reason {
        weight: 15,
        holds: |e| e.careless_credentials,
        words: "credentials without TLS or in the URL",
    },
    Reason { weight: 15, holds: |e| e.shadow, words: "not declared in any specification" },
    Reason { weight: 15, holds: |e| e.zombie, words: "deprecated or removed, still called" },
    Reason { weight: 15, holds: |e| e.personal, words: "personal data" },
    Reason { weight: 10, holds: |e| e.exposed, words: "called from public addresses" },
    Reason { weight: 5, holds: |e| e.open, words: "answers without authentication" },
    Reason { weight: 5, holds: |e| e.writes, words: "changes data" },
];

impl Risk {
    /// Weighs the evidence.
    pub fn of(evidence: &Evidence) -> Self {
        let held = REASONS.iter().filter(|reason| (reason.holds)(evidence));
        let score = held.clone().map(|reason| u32::from(reason.weight)).sum::<u32>().min(100);
        let reasons = held.map(|reason| reason.words.to_owned()).collect();
        Self { score: score as u8, reasons }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_add_up_and_stop_at_a_hundred() {
        fn check(evidence: Evidence, score: u8, reasons: &[&str]) {
            let risk = Risk::of(&evidence);
            assert_eq!(
                (risk.score, risk.reasons),
                (score, reasons.iter().map(|r| (*r).to_owned()).collect())
            );
        }
        let none = Evidence::default();
        check(none, 0, &[]);
        check(
            Evidence { personal: true, exposed: true, ..none },
            25,
            &["personal data", "called from public addresses"],
        );
        check(
            Evidence { open: true, personal: true, ..none },
            60,
            &[
                "sensitive data without authentication",
                "personal data",
                "answers without authentication",
            ],
        );
        let all = Evidence {
            open: true,
            writes: true,
            exposed: true,
            personal: true,
            regulated: true,
            secrets: true,
            leaks: true,
            careless_credentials: true,
            weak_tokens: true,
            shadow: true,
            zombie: true,
        };
        assert_eq!((Risk::of(&all).score, Risk::of(&all).reasons.len()), (100, REASONS.len()));
    }

    #[test]
    fn the_heaviest_reason_comes_first() {
        assert!(REASONS.is_sorted_by(|left, right| left.weight >= right.weight));
    }

    #[test]
    fn the_documentation_has_the_weights() {
        let page = include_str!("../../../docs/inventory.md");
        for reason in REASONS {
            let row = format!("| {} | {} |", reason.words, reason.weight);
            assert!(page.contains(&row), "docs/inventory.md lacks {row}");
        }
    }
}
