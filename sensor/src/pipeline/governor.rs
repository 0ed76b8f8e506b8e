//! Keeps the sensor within the memory and processor time that it was given, by doing less.
//!
//! What is left out, and in which order, is [`Shedding`]. It goes one step at a time, and back
//! only after a while below the limits, so that it does not swing.

use std::time::{Duration, Instant};

use crate::{config::Limits, stats::Shedding};

/// How often it looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// Part of a limit below which there is room again.
const ROOMY: f64 = 0.8;

/// Part of the memory's limit at which something is done: what is shed frees memory slowly.
const FULL: f64 = 0.9;

/// Looks below the limits before a step back.
const CALM: u32 = 10;

/// Judges use against limits.
#[derive(Debug)]
pub(super) struct Governor {
    limits: Limits,
    level: Shedding,
    calm: u32,
    looked: Instant,
    processor: Duration,
}

impl Governor {
    /// Nothing is shed at first. `processor` is the processor time used so far.
    pub fn new(limits: Limits, now: Instant, processor: Duration) -> Self {
        Self { limits, level: Shedding::Nothing, calm: 0, looked: now, processor }
    }

    /// What is shed now.
    pub fn level(&self) -> Shedding {
        self.level
    }

    /// Whether it is time to look.
    pub fn is_due(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.looked) >= INTERVAL
    }

    /// What to shed from now on, by the processor time used so far and the resident bytes.
    pub fn look(&mut self, now: Instant, processor: Duration, resident: u64) -> Shedding {
        let time = now.saturating_duration_since(self.looked).as_secs_f64();
        let cores = processor.saturating_sub(self.processor).as_secs_f64() / time.max(1e-3);
        (self.looked, self.processor) = (now, processor);
        let part = |used: f64, limit: Option<f64>| limit.map_or(0.0, |limit| used / limit);
        let processor =
            part(cores, self.limits.cpu.map(|thousandths| f64::from(thousandths) / 1e3));
        let memory = part(resident as f64, self.limits.memory.map(|bytes| bytes as f64));
        if processor > 1.0 || memory > FULL {
            self.calm = 0;
            self.level = self.level.more();
        } else if processor < ROOMY && memory < ROOMY {
            self.calm += 1;
            if self.calm >= CALM {
                self.calm = 0;
                self.level = self.level.less();
            }
        } else {
            self.calm = 0;
        }
        self.level
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds of (cores used, resident bytes), and what is shed after each.
    fn check(limits: Limits, seconds: &[(f64, u64)], expect: &[u64]) {
        let start = Instant::now();
        let mut governor = Governor::new(limits, start, Duration::ZERO);
        let mut processor = Duration::ZERO;
        let levels = seconds.iter().zip(1..).map(|((cores, resident), second)| {
            processor += Duration::from_secs_f64(*cores);
            governor.look(start + Duration::from_secs(second), processor, *resident) as u64
        });
        assert_eq!(levels.collect::<Vec<_>>(), expect);
    }

    #[test]
    fn without_limits_nothing_is_shed() {
        check(Limits { memory: None, cpu: None }, &[(64.0, 1 << 40); 3], &[0; 3]);
    }

    #[test]
    fn processor_time_beyond_the_share_sheds_a_step_a_second() {
        let limits = Limits { memory: None, cpu: Some(500) };
        check(limits, &[(0.4, 0), (0.6, 0), (0.6, 0), (0.6, 0), (0.45, 0)], &[0, 1, 2, 2, 2]);
    }

    #[test]
    fn memory_near_its_ceiling_sheds() {
        let limits = Limits { memory: Some(1000), cpu: None };
        check(limits, &[(9.0, 890), (9.0, 910), (9.0, 850), (9.0, 950)], &[0, 1, 1, 2]);
    }

    #[test]
    fn it_goes_back_after_ten_calm_seconds_a_step() {
        let limits = Limits { memory: None, cpu: Some(1000) };
        let mut seconds = vec![(2.0, 0), (2.0, 0)];
        seconds.extend([(0.1, 0); 20]);
        let mut expect = vec![1];
        expect.extend([2; 10]);
        expect.extend([1; 10]);
        expect.push(0);
        check(limits, &seconds, &expect);
        // One that is not calm begins the wait anew.
        let mut seconds = vec![(2.0, 0)];
        seconds.extend([(0.1, 0); 9]);
        seconds.push((0.9, 0));
        seconds.extend([(0.1, 0); 9]);
        check(limits, &seconds, &[1; 20]);
    }
}
