//! Numbers as JSON writes them.

/// What is learned of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// Written without fraction and exponent.
    pub is_integer: bool,
    /// The nearest value; `None` of one that no 64-bit float is near.
    pub value: Option<f64>,
}

impl Number {
    /// Reads the digits of a JSON number.
    pub fn read(literal: &[u8]) -> Self {
        if let Some(value) = small(literal) {
            return Self { is_integer: true, value: Some(value as f64) };
        }
        let is_integer = !literal.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
        let value = str::from_utf8(literal).ok().and_then(|text| text.parse::<f64>().ok());
        Self { is_integer, value: value.filter(|value| value.is_finite()) }
    }
}

/// An integer of at most 18 digits.
fn small(literal: &[u8]) -> Option<i64> {
    let digits = literal.strip_prefix(b"-").unwrap_or(literal);
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let value = digits.iter().try_fold(0, |sum: i64, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))
    })?;
    Some(if digits.len() < literal.len() { -value } else { value })
}
