//! How an endpoint stands in time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::exchange::Timestamp;

/// How an endpoint stands in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lifecycle {
    /// First seen lately.
    New,
    /// Seen lately, and known for longer.
    Active,
    /// Not seen for long.
    Stale,
}

/// What lately and long mean.
#[derive(Clone, Copy, Debug)]
pub struct Periods {
    /// An endpoint is new for so long.
    pub new: Duration,
    /// One that was not seen for so long is stale.
    pub stale: Duration,
}

impl Default for Periods {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self { new: Duration::from_secs(DAY), stale: Duration::from_secs(30 * DAY) }
    }
}

impl Lifecycle {
    /// How an endpoint stands at `now`.
    pub fn of(first: Timestamp, last: Timestamp, now: Timestamp, periods: Periods) -> Self {
        if u128::from(now.since(last)) >= periods.stale.as_nanos() {
            Self::Stale
        } else if u128::from(now.since(first)) < periods.new.as_nanos() {
            Self::New
        } else {
            Self::Active
        }
    }

    /// The name in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Active => "active",
            Self::Stale => "stale",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_then_active_then_stale() {
        let periods = Periods { new: Duration::from_secs(10), stale: Duration::from_secs(100) };
        let check = |first: u64, last: u64, now: u64, expected| {
            let [first, last, now] = [first, last, now].map(|s| Timestamp(s * 1_000_000_000));
            assert_eq!(Lifecycle::of(first, last, now, periods), expected);
        };
        check(0, 0, 0, Lifecycle::New);
        check(0, 9, 9, Lifecycle::New);
        check(0, 9, 10, Lifecycle::Active);
        check(0, 9, 108, Lifecycle::Active);
        check(0, 9, 109, Lifecycle::Stale);
    }
}
