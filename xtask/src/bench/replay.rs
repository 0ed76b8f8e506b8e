//! How fast capture files go through the pipeline, on one core.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{
    Setting, certificate, children,
    figure::{Figure, show},
    load,
};
use crate::process;

/// Exchanges of the capture.
const EXCHANGES: u32 = 100_000;
/// Times that the capture is replayed in one go, to see it without the start of the process.
const REPEATED: usize = 10;

/// One way to replay.
struct Form {
    name: &'static str,
    input: PathBuf,
    /// Times that the input is named.
    times: usize,
    key_log: Option<PathBuf>,
    output: &'static str,
    /// Whether the inventory learns; without, endpoints are only counted.
    learns: bool,
    target: fn(Figure) -> Figure,
}

pub fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let plain = setting.folder.join("exchanges.pcap");
    let packed = setting.folder.join("exchanges.pcap.gz");
    let (encrypted, keys) = (setting.folder.join("tls.pcap"), setting.folder.join("tls.keys"));
    let program = load::build()?;
    program.capture(&plain, EXCHANGES)?;
    program.tls_capture(&encrypted, &keys, &certificate::make(&setting.folder)?, EXCHANGES)?;
    compress(&plain, &packed)?;
    let forms = forms(&plain, &packed, &encrypted, &keys);
    let output = setting.folder.join("replayed");
    let mut rates = vec![Vec::new(); forms.len()];
    for round in 1..=setting.rounds {
        for (form, rates) in forms.iter().zip(&mut rates) {
            let rate = replay(&setting.sensor, form, &output)?;
            rates.push(rate);
            eprintln!(
                "bench: replay: round {round} of {}: {}: {}",
                setting.rounds,
                form.name,
                show(rate, 0)
            );
        }
    }
    for file in [&plain, &packed, &encrypted, &keys, &output] {
        fs::remove_file(file).with_context(|| format!("failed to remove {}", file.display()))?;
    }
    let figures = forms
        .iter()
        .zip(rates)
        .map(|(form, rates)| (form.target)(Figure::new(form.name, "exchanges/CPU s", 0, rates)));
    Ok(figures.collect())
}

fn forms(plain: &Path, packed: &Path, encrypted: &Path, keys: &Path) -> [Form; 6] {
    let form = |name, input: &Path, times, output, target| Form {
        name,
        input: input.to_owned(),
        times,
        key_log: (input == encrypted).then(|| keys.to_owned()),
        output,
        learns: false,
        target,
    };
    let unjudged: fn(Figure) -> Figure = |figure| figure;
    [
        form("endpoint list alone", plain, 1, "json", |figure| {
            figure.at_least(Some(1_000_000.0), 350_000.0)
        }),
        form("JSON lines to a file", plain, 1, "jsonl", |figure| figure.at_least(None, 200_000.0)),
        form("endpoint list, gzip", packed, 1, "json", unjudged),
        form("endpoint list, TLS 1.3 AES-128-GCM", encrypted, 1, "json", |figure| {
            figure
                .at_least(None, 250_000.0)
                .note("a handshake for 100 exchanges, with its secrets from a key log")
        }),
        form("endpoint list, ten times the capture", plain, REPEATED, "json", unjudged),
        Form {
            learns: true,
            ..form("the same with the inventory", plain, REPEATED, "json", |figure| {
                figure.at_least(None, 250_000.0).note("learning from every exchange")
            })
        },
    ]
}

/// Exchanges in a second of processor time, the start of the process included.
fn replay(sensor: &Path, form: &Form, output: &Path) -> Result<f64> {
    let failed = || format!("failed to create {}", output.display());
    let before = children::processor_time()?;
    process::run(
        Command::new(sensor)
            .args(["replay", "--config", "/dev/null", "--output", form.output])
            .args(
                (!form.learns).then_some(["--set", "inventory.learn_rate=0"]).into_iter().flatten(),
            )
            .args(std::iter::repeat_n(&form.input, form.times))
            .args(form.key_log.iter().flat_map(|keys| ["--keylog".as_ref(), keys.as_os_str()]))
            .stdout(File::create(output).with_context(failed)?),
    )?;
    let seconds = children::processor_time()?.saturating_sub(before).as_secs_f64();
    let expect = u64::from(EXCHANGES) * form.times as u64;
    let count = count(form.output, output)?;
    ensure!(count == expect, "{}: {count} exchanges of {expect} were replayed", form.name);
    Ok(expect as f64 / seconds)
}

/// Exchanges in an output: lines, or the sum over endpoints.
fn count(form: &str, output: &Path) -> Result<u64> {
    let failed = || format!("failed to read {}", output.display());
    if form == "jsonl" {
        let lines = BufReader::new(File::open(output).with_context(failed)?).split(b'\n');
        return Ok(lines.count() as u64);
    }
    let rows = fs::read(output).with_context(failed)?;
    let rows: Value = serde_json::from_slice(&rows).with_context(failed)?;
    let rows = rows.as_array().context("the endpoint list is no array")?;
    Ok(rows.iter().filter_map(|row| row["requests"].as_u64()).sum())
}

fn compress(from: &Path, to: &Path) -> Result<()> {
    let output = File::create(to).with_context(|| format!("failed to create {}", to.display()))?;
    process::run(Command::new("gzip").arg("-c").arg(from).stdout(output))
}
