//! The weights by which words are told from values, fitted on specifications that are not in the
//! list: logistic regression by Newton's method.
//!
//! Each of the three judgements is fitted with those before it in place, so it takes three runs,
//! each with the program built anew; `cargo xtask eval fit` makes them.

use std::{collections::HashMap, fmt::Write as _};

use anyhow::{Context as _, Result, ensure};
use sensor::{
    exchange::Role,
    inventory::{
        paths::{FIRST, Host, Paths, SECOND, Sight, THIRD, labels},
        template::Template,
    },
    specification,
};

use super::{
    Corpus, examples,
    traffic::{Sample, Traffic},
};

/// Requests to each specification.
const REQUESTS: [usize; 3] = [40, 200, 2000];

/// Of so many specifications one is taken without shapes too, for not all answers are JSON; all are
/// with the fewest requests.
const WITHOUT_SHAPES: usize = 3;

/// What a large weight costs.
const PENALTY: f64 = 2.0;

const STEPS: usize = 14;

const HOST: Host<'static> = Host { role: Role::Server, name: b"api.example.test" };

/// A word with its numbers.
struct Example {
    numbers: Vec<f64>,
    is_value: bool,
    weight: f64,
}

/// Fits one of the three judgements and gives its weights as Rust, with how many examples there
/// were and what share of them it gets right.
pub fn fit(corpus: &Corpus, names: &[String], judgement: usize, seed: u64) -> Result<String> {
    let titles = [&FIRST[..], &SECOND, &THIRD].get(judgement).copied();
    let titles = titles.context("there are three judgements, 0 to 2")?;
    let mut all = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let bytes = corpus.load(name)?;
        let Ok(document) = serde_json::from_slice(&bytes) else { continue };
        let operations = specification::read(&bytes).operations;
        if operations.is_empty() {
            continue;
        }
        let known = examples::of_path_parameters(&document);
        for count in REQUESTS {
            let samples: Vec<_> = Traffic::new(&operations, &known, seed).take(count).collect();
            all.extend(gather(&samples, judgement, true));
            if index % WITHOUT_SHAPES == 0 || count == REQUESTS[0] {
                all.extend(gather(&samples, judgement, false));
            }
        }
    }
    ensure!(!all.is_empty(), "no specification gave a word to fit");
    let weights = regress(&all, titles.len());
    let right = all.iter().filter(|one| (product(&one.numbers, &weights) > 0.0) == one.is_value);
    let right = right.count() as f64 / all.len() as f64;
    eprintln!("fit: {} words, {:.1}% of them right", all.len(), right * 100.0);
    let mut text = String::new();
    for (weight, title) in weights.iter().zip(titles) {
        writeln!(text, "    {weight:.3}, // {title}")?;
    }
    Ok(text)
}

/// The words of one host. Each host weighs as the root of how many it has, and a word as the root
/// of its requests: what is often asked for is in more routes.
fn gather(samples: &[Sample], judgement: usize, with_shapes: bool) -> Vec<Example> {
    let mut paths = Paths::default();
    let mut votes: HashMap<String, i64> = HashMap::new();
    for Sample { exchange, shape, pair } in samples {
        let (Some(request), Some(response)) = (&exchange.request, &exchange.response) else {
            continue;
        };
        if [400, 404, 405, 501].contains(&response.status) {
            continue;
        }
        let shape = if with_shapes && response.status < 300 { *shape } else { 0 };
        let sight = Sight { method: request.method.as_str(), requests: 1, shape };
        let _ = paths.template(HOST, request.path(), Some(sight), &mut Template::default());
        if let Some((_, route)) = pair {
            vote(&mut votes, request.path(), route);
        }
    }
    let _ = paths.settle();
    let mut examples = Vec::new();
    let truth = |path: &str| votes.get(path).map(|sum| *sum > 0);
    paths.examples(HOST, truth, |numbers, requests, is_value| {
        examples.push(Example {
            numbers: numbers[judgement].iter().map(|&number| f64::from(number)).collect(),
            is_value,
            weight: f64::from(requests.min(20)).sqrt(),
        });
    });
    let count = (examples.len() as f64).sqrt().max(1.0);
    examples.iter_mut().for_each(|example| example.weight /= count);
    examples
}

/// Says of each step of a path, by all the labels down to it, whether the declared route has a
/// parameter there.
fn vote(votes: &mut HashMap<String, i64>, path: &[u8], route: &str) {
    let segments: Vec<&str> = route.split('/').collect();
    let (mut prefix, mut depth) = (String::new(), 0);
    for label in labels(path) {
        prefix.push_str(&label);
        let Some(word) = label.strip_prefix('/') else { continue };
        depth += 1;
        if let Some(segment) = segments.get(depth) {
            let is_literal = segment.starts_with(&word.replace("{}", "{"));
            *votes.entry(prefix.clone()).or_default() += if is_literal { -1 } else { 1 };
        }
    }
}

fn regress(examples: &[Example], size: usize) -> Vec<f64> {
    let mean = examples.iter().map(|one| one.weight).sum::<f64>() / examples.len() as f64;
    let mut weights = vec![0.0; size];
    for _ in 0..STEPS {
        let mut gradient: Vec<f64> = weights.iter().map(|weight| PENALTY * weight).collect();
        let mut curvature = vec![vec![0.0; size]; size];
        for (index, row) in curvature.iter_mut().enumerate() {
            row[index] = PENALTY;
        }
        for one in examples {
            let likely = 1.0 / (1.0 + (-product(&one.numbers, &weights)).exp());
            let weight = one.weight / mean;
            let error = weight * (likely - f64::from(u8::from(one.is_value)));
            let bend = weight * likely * (1.0 - likely);
            for (index, &number) in one.numbers.iter().enumerate().filter(|(_, n)| **n != 0.0) {
                gradient[index] += error * number;
                let scaled = bend * number;
                for (sum, other) in curvature[index].iter_mut().zip(&one.numbers) {
                    *sum += scaled * other;
                }
            }
        }
        solve(&mut curvature, &mut gradient);
        for (weight, step) in weights.iter_mut().zip(&gradient) {
            *weight -= step;
        }
        if gradient.iter().all(|step| step.abs() < 1e-5) {
            break;
        }
    }
    weights
}

fn product(numbers: &[f64], weights: &[f64]) -> f64 {
    numbers.iter().zip(weights).map(|(number, weight)| number * weight).sum()
}

/// Gauss's elimination, in place; the matrix is positive definite, so it needs no other order.
fn solve(matrix: &mut [Vec<f64>], right: &mut [f64]) {
    for pivot in 0..right.len() {
        let (done, rest) = matrix.split_at_mut(pivot + 1);
        let row = &done[pivot];
        for (below, other) in rest.iter_mut().enumerate() {
            let factor = other[pivot] / row[pivot];
            for (one, two) in other.iter_mut().zip(row).skip(pivot) {
                *one -= factor * two;
            }
            right[pivot + 1 + below] -= factor * right[pivot];
        }
    }
    for pivot in (0..right.len()).rev() {
        let known: f64 = (pivot + 1..right.len()).map(|at| matrix[pivot][at] * right[at]).sum();
        right[pivot] = (right[pivot] - known) / matrix[pivot][pivot];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_gets_the_weight() {
        let examples: Vec<_> = (0..200)
            .map(|index| Example {
                numbers: vec![1.0, f64::from(index % 2), f64::from(index % 7)],
                is_value: index % 2 == 1,
                weight: 1.0,
            })
            .collect();
        let weights = regress(&examples, 3);
        assert!(weights[1] > 3.0 && weights[0] < -1.0 && weights[2].abs() < 0.1, "{weights:?}");
    }
}
