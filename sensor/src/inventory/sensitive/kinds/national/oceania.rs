//! Australia.

use super::number;
use crate::inventory::sensitive::{
    checks::{uniform, weighted},
    definition::{Class, Definition, Fit, Regulation, Shape},
    text::Text,
};

pub(in crate::inventory::sensitive) const AU_TFN: Definition = Definition {
    name: "au_tfn",
    title: "Australian tax file number",
    class: Class::Pii,
    regulations: &[Regulation::PrivacyAct],
    validator: "weighted sum modulo 11",
    names: &["tfn", "tax file number"],
    shape: number(9, 11),
    alone: true,
    check: au_tfn,
};

fn au_tfn(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<9>() else { return Fit::No };
    let sum = weighted(&digits, &[1, 4, 3, 7, 5, 8, 6, 9, 10]);
    Fit::Check.when(!uniform(&digits) && sum.is_multiple_of(11))
}

pub(in crate::inventory::sensitive) const AU_MEDICARE: Definition = Definition {
    name: "au_medicare",
    title: "Australian Medicare number",
    class: Class::Phi,
    regulations: &[Regulation::PrivacyAct],
    validator: "weighted sum modulo 10",
    names: &["medicare number", "medicare", "medicare no", "medicare card number"],
    shape: Shape { digits: (10, 11), ..number(10, 14) },
    alone: true,
    check: au_medicare,
};

fn au_medicare(text: &Text<'_>) -> Fit {
    let ten = text.digits::<10>();
    let Some(digits) = ten.or_else(|| text.digits::<11>()?.first_chunk().copied()) else {
        return Fit::No;
    };
    let check = weighted(&digits, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10;
    let valid = matches!(digits[0], 2..=6) && check == u32::from(digits[8]);
    Fit::Check.when(valid && digits[9] != 0)
}
