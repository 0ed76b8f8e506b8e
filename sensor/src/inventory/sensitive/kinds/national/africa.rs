//! South Africa.

use super::number;
use crate::inventory::sensitive::{
    checks::{is_day, luhn, pair},
    definition::{Class, Definition, Fit, Regulation},
    text::Text,
};

pub(in crate::inventory::sensitive) const ZA_ID: Definition = Definition {
    name: "za_id",
    title: "South African identity number",
    class: Class::Pii,
    regulations: &[Regulation::Popia],
    validator: "Luhn, birth date, citizenship",
    names: &["sa id", "south african id", "rsa id", "sa id number"],
    shape: number(13, 16),
    alone: true,
    check: za_id,
};

fn za_id(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<13>() else { return Fit::No };
    let dated = is_day(pair(digits[2], digits[3]), pair(digits[4], digits[5]));
    Fit::Check.when(dated && digits[10] <= 2 && luhn(&digits))
}
