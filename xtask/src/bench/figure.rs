//! What a measurement gives.

/// One figure: its samples, and what it should be.
#[derive(Clone, Debug)]
pub struct Figure {
    pub name: String,
    /// Empty for a ratio.
    pub unit: &'static str,
    /// Decimals worth showing.
    pub decimals: usize,
    /// One each round.
    pub samples: Vec<f64>,
    pub target: Target,
    /// What a reader must know to judge it.
    pub note: Option<String>,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// It is only shown.
    None,
    /// The more the better: what is wanted, if there is more to want than what is needed.
    AtLeast { goal: Option<f64>, least: f64 },
    /// The less the better.
    AtMost(f64),
}

/// How a figure compares with its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is no target.
    None,
    /// The goal is reached.
    Goal,
    /// What is needed is reached.
    Met,
    Missed,
}

impl Figure {
    pub fn new(
        name: impl Into<String>,
        unit: &'static str,
        decimals: usize,
        samples: Vec<f64>,
    ) -> Self {
        Self { name: name.into(), unit, decimals, samples, target: Target::None, note: None }
    }

    pub fn at_least(self, goal: Option<f64>, least: f64) -> Self {
        Self { target: Target::AtLeast { goal, least }, ..self }
    }

    pub fn at_most(self, most: f64) -> Self {
        Self { target: Target::AtMost(most), ..self }
    }

    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }

    /// The median of the samples.
    pub fn measured(&self) -> f64 {
        median(&self.samples)
    }

    pub fn verdict(&self) -> Verdict {
        let measured = self.measured();
        let met = match self.target {
            Target::None => return Verdict::None,
            Target::AtLeast { goal: Some(goal), .. } if measured >= goal => return Verdict::Goal,
            Target::AtLeast { least, .. } => measured >= least,
            Target::AtMost(most) => measured <= most,
        };
        if met { Verdict::Met } else { Verdict::Missed }
    }
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Goal => "goal met",
            Self::Met => "met",
            Self::Missed => "not met",
        }
    }
}

/// The middle, or the mean of the two in the middle; not a number without samples.
pub fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted[..] {
        [] => f64::NAN,
        _ if sorted.len() % 2 == 1 => sorted[sorted.len() / 2],
        _ => f64::midpoint(sorted[sorted.len() / 2 - 1], sorted[sorted.len() / 2]),
    }
}

/// The number with so many decimals, and commas between thousands.
pub fn show(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    let (sign, rest) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let whole = rest.find('.').unwrap_or(rest.len());
    let mut shown = sign.to_owned();
    for (index, character) in rest.char_indices() {
        if index > 0 && index < whole && (whole - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(character);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        let check = |samples: &[f64], expect: f64| {
            assert!((median(samples) - expect).abs() < 1e-9, "{samples:?}");
        };
        check(&[3.0], 3.0);
        check(&[9.0, 1.0, 2.0], 2.0);
        check(&[4.0, 1.0, 2.0, 9.0], 3.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn numbers_for_people() {
        let check = |number, decimals, expect| assert_eq!(show(number, decimals), expect);
        check(0.8649, 2, "0.86");
        check(999.0, 0, "999");
        check(1000.0, 0, "1,000");
        check(1_234_567.89, 1, "1,234,567.9");
        check(-123_456.0, 0, "-123,456");
    }

    #[test]
    fn verdicts() {
        let check = |target, measured, expect| {
            let figure = Figure { target, ..Figure::new("", "", 0, vec![measured]) };
            assert_eq!(figure.verdict(), expect, "{target:?} {measured}");
        };
        let ratio = Target::AtLeast { goal: Some(0.9), least: 0.8 };
        check(ratio, 0.9, Verdict::Goal);
        check(ratio, 0.85, Verdict::Met);
        check(ratio, 0.79, Verdict::Missed);
        check(Target::AtLeast { goal: None, least: 2.0 }, 3.0, Verdict::Met);
        check(Target::AtMost(300.0), 300.0, Verdict::Met);
        check(Target::AtMost(300.0), 301.0, Verdict::Missed);
        check(Target::AtMost(300.0), f64::NAN, Verdict::Missed);
        check(Target::None, 1.0, Verdict::None);
    }
}
