//! Least and greatest of what was seen.

use serde::{Deserialize, Serialize};

/// Least and greatest value; nothing before the first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds<T>(Option<(T, T)>);

impl<T> Default for Bounds<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Copy + PartialOrd> Bounds<T> {
    /// Widens the bounds to hold `value`.
    pub fn include(&mut self, value: T) {
        match &mut self.0 {
            Some((least, greatest)) => {
                if value < *least {
                    *least = value;
                }
                if value > *greatest {
                    *greatest = value;
                }
            }
            none => *none = Some((value, value)),
        }
    }

    /// Widens the bounds to hold the others.
    pub fn merge(&mut self, other: &Self) {
        if let Some((least, greatest)) = other.0 {
            self.include(least);
            self.include(greatest);
        }
    }

    /// Least and greatest.
    pub fn split(&self) -> (Option<T>, Option<T>) {
        self.0.unzip()
    }
}
