//! What the sensor costs a server at saturation: nginx and wrk, with the sensor and without.

use std::{collections::BTreeMap, thread, time::Duration};

use anyhow::Result;

use super::{
    Setting,
    figure::{Figure, show},
    nginx::{After, CONNECTIONS, Load, Nginx},
    sensor::Sensor,
};

/// The sensor reads what came last within this time.
const DRAIN: Duration = Duration::from_millis(500);
const WARM_UP: Duration = Duration::from_secs(1);

/// A turn with the sensor.
struct Seen {
    load: Load,
    exchanges: u64,
    losses: Vec<(String, u64, String)>,
}

pub fn run(setting: &Setting) -> Result<Vec<Figure>> {
    super::require_root()?;
    let nginx = Nginx::start(setting)?;
    nginx.load(WARM_UP)?;
    let (without, with) = in_turns(setting, &nginx, After::StayOpen, |_| Ok(()))?;
    Ok(figures(&without, &with))
}

/// Turns without the sensor and with it. `prepare` is called with each sensor before its turn.
fn in_turns(
    setting: &Setting,
    nginx: &Nginx,
    after: After,
    prepare: impl Fn(&Sensor) -> Result<()>,
) -> Result<(Vec<Load>, Vec<Seen>)> {
    let with_sensor = || turn_with_sensor(setting, nginx, after, &prepare);
    let mut without = Vec::new();
    let mut with = Vec::new();
    for round in 0..setting.rounds {
        // A B, B A, A B...: a machine that becomes slower or faster favours neither.
        let (plain, seen) = if round % 2 == 0 {
            let plain = nginx.load_that(setting.turn, after)?;
            (plain, with_sensor()?)
        } else {
            let seen = with_sensor()?;
            (nginx.load_that(setting.turn, after)?, seen)
        };
        eprintln!(
            "bench: throughput: pair {} of {}: {} requests a second without, {} with, {:.3}",
            round + 1,
            setting.rounds,
            show(plain.rate, 0),
            show(seen.load.rate, 0),
            seen.load.rate / plain.rate
        );
        without.push(plain);
        with.push(seen);
    }
    Ok((without, with))
}

/// With / without of a server that `prepare` gets each sensor ready for.
pub fn ratios(
    setting: &Setting,
    nginx: &Nginx,
    after: After,
    prepare: impl Fn(&Sensor) -> Result<()>,
) -> Result<Ratios> {
    let (without, with) = in_turns(setting, nginx, after, prepare)?;
    let pairs = || without.iter().zip(&with);
    Ok(Ratios {
        with: pairs().map(|(without, with)| with.load.rate / without.rate).collect(),
        without: without.iter().map(|load| load.rate).collect(),
        seen: with.iter().map(|seen| seen.exchanges as f64 / seen.load.requests as f64).collect(),
        lost: causes(&with),
    })
}

/// What turns gave.
pub struct Ratios {
    pub with: Vec<f64>,
    /// Requests a second.
    pub without: Vec<f64>,
    /// Exchanges that the sensor counted, as a share of the requests of wrk.
    pub seen: Vec<f64>,
    /// Every loss of all turns, by cause.
    pub lost: String,
}

fn turn_with_sensor(
    setting: &Setting,
    nginx: &Nginx,
    after: After,
    prepare: impl Fn(&Sensor) -> Result<()>,
) -> Result<Seen> {
    let sensor = Sensor::start(setting)?;
    prepare(&sensor)?;
    let before = sensor.status()?.counter("exchanges");
    let load = nginx.load_that(setting.turn, after)?;
    thread::sleep(DRAIN);
    let status = sensor.status()?;
    sensor.stop()?;
    let exchanges = status.counter("exchanges") - before;
    Ok(Seen { load, exchanges, losses: status.losses() })
}

fn figures(without: &[Load], with: &[Seen]) -> Vec<Figure> {
    let pairs = without.iter().zip(with);
    let ratios = pairs.map(|(without, with)| with.load.rate / without.rate).collect();
    let difference = |seen: &Seen| seen.exchanges as f64 - seen.load.requests as f64;
    let count = |seen: &Seen| seen.losses.iter().map(|(_, count, _)| *count as f64).sum();
    vec![
        Figure::new("with / without", "", 3, ratios).at_least(Some(0.90), 0.80),
        Figure::new("without", "req/s", 0, without.iter().map(|load| load.rate).collect()),
        Figure::new("with", "req/s", 0, with.iter().map(|seen| seen.load.rate).collect()),
        Figure::new(
            "counted by the sensor beyond wrk",
            "exchanges",
            0,
            with.iter().map(difference).collect(),
        )
        .note(format!("up to {CONNECTIONS} are under way when wrk stops counting")),
        Figure::new("lost", "of any unit", 0, with.iter().map(count).collect())
            .at_most(0.0)
            .note(causes(with)),
    ]
}

/// Every loss of all turns, by cause.
fn causes(with: &[Seen]) -> String {
    let mut sums = BTreeMap::new();
    for (cause, count, unit) in with.iter().flat_map(|seen| &seen.losses) {
        *sums.entry((cause, unit)).or_insert(0) += count;
    }
    let lost = sums.iter().filter(|(_, count)| **count > 0);
    let lost: Vec<_> =
        lost.map(|((cause, unit), count)| format!("{count} {unit} {cause}")).collect();
    if lost.is_empty() { "nothing".to_owned() } else { format!("in all turns {}", lost.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_summed_by_cause() {
        let seen = |count| Seen {
            load: Load { requests: 10, rate: 10.0 },
            exchanges: 12,
            losses: vec![
                ("ring_full".to_owned(), count, "segments".to_owned()),
                ("gap_bytes".to_owned(), 0, "bytes".to_owned()),
            ],
        };
        assert_eq!(causes(&[seen(0)]), "nothing");
        assert_eq!(causes(&[seen(1), seen(2)]), "in all turns 3 segments ring_full");
    }
}
