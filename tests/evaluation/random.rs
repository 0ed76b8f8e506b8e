//! Chance, from a seed.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A source of chance.
pub struct Random(fastrand::Rng);

impl Random {
    /// One that depends on the seed and on what it is for, so that a change in one part leaves
    /// the others as they are.
    pub fn new(seed: u64, purpose: impl Hash) -> Self {
        // Without keys of its own, so the same in each run.
        let mut hasher = DefaultHasher::new();
        (seed, purpose).hash(&mut hasher);
        Self(fastrand::Rng::with_seed(hasher.finish()))
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end)
    }

    /// A number from `start` to `end`, both included.
    pub fn between(&mut self, start: i64, end: i64) -> i64 {
        self.0.i64(start..=end)
    }

    /// From 0 to 1.
    pub fn share(&mut self) -> f64 {
        self.0.f64()
    }

    /// True so often.
    pub fn chance(&mut self, share: f64) -> bool {
        self.0.f64() < share
    }

    /// One of a list, which is not empty.
    pub fn pick<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        &list[self.0.usize(..list.len())]
    }

    /// One of a list of words, which is not empty.
    pub fn word(&mut self, list: &[&'static str]) -> &'static str {
        list[self.0.usize(..list.len())]
    }

    /// In another order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        self.0.shuffle(list);
    }

    /// So many characters of an alphabet.
    pub fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(*self.pick(alphabet))).collect()
    }
}

/// Draws by weight.
pub struct Weighted {
    /// Sums of the weights up to each.
    sums: Vec<f64>,
}

impl Weighted {
    /// Weights that are positive.
    pub fn new(weights: impl Iterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let add = |weight| {
            sum += weight;
            sum
        };
        Self { sums: weights.map(add).collect() }
    }

    /// Weights of Zipf's law: the place in the order, to the power of -`exponent`.
    pub fn zipf(count: usize, exponent: f64) -> Self {
        Self::new((1..=count).map(|place| (place as f64).powf(-exponent)))
    }

    /// An index; 0 when there are no weights.
    pub fn draw(&self, random: &mut Random) -> usize {
        let point = random.share() * self.sums.last().copied().unwrap_or(0.0);
        self.sums.partition_point(|sum| *sum <= point).min(self.sums.len().saturating_sub(1))
    }
}
