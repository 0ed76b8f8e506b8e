//! What learning costs: with few endpoints and with many, in time and memory.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result};

use super::{
    Setting, children,
    figure::{Figure, show},
    load,
};

/// Exchanges of a capture.
const EXCHANGES: u32 = 200_000;
const FEW: u32 = 10;
const MANY: u32 = 20_000;

/// Times that a capture is replayed in one go: the difference is without the start of the process,
/// the first sight of each endpoint and the output.
const TIMES: [usize; 2] = [2, 5];

struct Case {
    name: &'static str,
    input: PathBuf,
    learns: bool,
    costs: Vec<f64>,
}

pub fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let program = load::build()?;
    let capture = |name: &str, endpoints, popularity| {
        let file = setting.folder.join(name);
        program.endpoints_capture(&file, EXCHANGES, endpoints, popularity).map(|()| file)
    };
    let few = capture("few.pcap", FEW, "even")?;
    let skewed = capture("skewed.pcap", MANY, "skewed")?;
    let even = capture("even.pcap", MANY, "even")?;
    let case = |name, input: &PathBuf, learns| Case {
        name,
        input: input.clone(),
        learns,
        costs: Vec::new(),
    };
    let mut cases = [
        case("10 endpoints, nothing learned", &few, false),
        case("10 endpoints", &few, true),
        case("20,000 endpoints, called as 1/n", &skewed, true),
        case("20,000 endpoints, called evenly", &even, true),
    ];
    let mut peaks = Vec::new();
    for round in 1..=setting.rounds {
        for case in &mut cases {
            let cost = cost(&setting.sensor, &case.input, case.learns)?;
            eprintln!(
                "bench: inventory: round {round} of {}: {}: {} us",
                setting.rounds,
                case.name,
                show(cost, 2)
            );
            case.costs.push(cost);
        }
        let mut command = replay(&setting.sensor, &even, 2, true);
        peaks.push(children::peak_resident(&mut command)? as f64 / 1024.0);
    }
    for file in [few, skewed, even] {
        fs::remove_file(&file).with_context(|| format!("failed to remove {}", file.display()))?;
    }
    Ok(figures(cases, peaks))
}

fn figures(cases: [Case; 4], peaks: Vec<f64>) -> Vec<Figure> {
    let ratio = |many: &Case, few: &Case| {
        many.costs.iter().zip(&few.costs).map(|(many, few)| many / few).collect()
    };
    let [_, few, skewed, even] = &cases;
    let mut figures = vec![
        Figure::new("20,000 endpoints as 1/n / 10 endpoints", "", 2, ratio(skewed, few))
            .at_most(1.15),
        Figure::new("20,000 endpoints evenly / 10 endpoints", "", 2, ratio(even, few))
            .at_most(1.15)
            .note("evenly, what each knows is in no processor cache"),
        Figure::new("resident, 20,000 endpoints of 20 fields", "MiB", 1, peaks).at_most(256.0),
    ];
    let costs = cases.into_iter().map(|case| {
        Figure::new(case.name, "CPU us/exchange", 2, case.costs)
            .note("JSON of 300 bytes in 20 fields, all stages from the capture file on")
    });
    figures.splice(0..0, costs);
    figures
}

/// Microseconds of processor time an exchange.
fn cost(sensor: &Path, input: &Path, learns: bool) -> Result<f64> {
    let mut seconds = [Duration::ZERO; 2];
    for (seconds, times) in seconds.iter_mut().zip(TIMES) {
        let before = children::processor_time()?;
        children::peak_resident(&mut replay(sensor, input, times, learns))?;
        *seconds = children::processor_time()?.saturating_sub(before);
    }
    let exchanges = f64::from(EXCHANGES) * (TIMES[1] - TIMES[0]) as f64;
    Ok(seconds[1].saturating_sub(seconds[0]).as_secs_f64() * 1e6 / exchanges)
}

fn replay(sensor: &Path, input: &Path, times: usize, learns: bool) -> Command {
    let mut command = Command::new(sensor);
    command
        .args(["replay", "--config", "/dev/null", "--output", "json"])
        .args((!learns).then_some(["--set", "inventory.learn_rate=0"]).into_iter().flatten())
        .args(std::iter::repeat_n(input, times))
        .stdout(Stdio::null());
    command
}
