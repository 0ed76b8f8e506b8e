//! Time from the start of the process to attached kernel programs.

use anyhow::Result;

use super::{Setting, figure::Figure, sensor::Sensor};

/// Starts, of which each is quick.
const STARTS: usize = 10;

pub fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let sensor = Sensor::start(setting)?;
        times.push(sensor.attached_after.as_secs_f64() * 1000.0);
        sensor.stop()?;
    }
    eprintln!("bench: start: {times:.0?} ms");
    Ok(vec![
        Figure::new("start to attached", "ms", 0, times)
            .at_most(300.0)
            .note("until the log says so, before which kernel programs are loaded and verified"),
    ])
}
