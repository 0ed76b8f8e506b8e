//! Poland, Czechia and Slovakia, Romania, Bulgaria, Croatia.

use super::number;
use crate::inventory::sensitive::{
    checks::{is_day, mod_11_10, number as value, pair, weighted},
    definition::{Class, Definition, EUROPEAN, Fit},
    text::Text,
};

pub(in crate::inventory::sensitive) const PL_PESEL: Definition = Definition {
    name: "pl_pesel",
    title: "Polish PESEL",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "weighted sum modulo 10, birth date",
    names: &["pesel", "pesel number"],
    shape: number(11, 11),
    alone: true,
    check: pl_pesel,
};

fn pl_pesel(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<11>() else { return Fit::No };
    let sum = weighted(&digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]);
    // The month has 20 more for each century after the 20th, 80 for the 19th.
    let dated = is_day(pair(digits[2], digits[3]) % 20, pair(digits[4], digits[5]));
    Fit::Check.when(dated && sum.is_multiple_of(10))
}

pub(in crate::inventory::sensitive) const CZ_BIRTH_NUMBER: Definition = Definition {
    name: "cz_birth_number",
    title: "Czech or Slovak birth number",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "multiple of 11, birth date",
    names: &["rodne cislo", "birth number"],
    shape: number(10, 11),
    alone: true,
    check: cz_birth_number,
};

fn cz_birth_number(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<10>() else { return Fit::No };
    // Of women the month has 50 more, and 20 more where a day's numbers ran out.
    let dated = is_day(pair(digits[2], digits[3]) % 50 % 20, pair(digits[4], digits[5]));
    // Until 1985 a remainder of ten, which has no digit, was written as zero.
    let zero = digits[9] == 0 && value(&digits[..9]) % 11 == 10;
    Fit::Check.when(dated && (zero || value(&digits).is_multiple_of(11)))
}

pub(in crate::inventory::sensitive) const RO_CNP: Definition = Definition {
    name: "ro_cnp",
    title: "Romanian personal numeric code (CNP)",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "weighted sum modulo 11, birth date, county",
    names: &["cnp", "cod numeric personal"],
    shape: number(13, 13),
    alone: true,
    check: ro_cnp,
};

fn ro_cnp(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<13>() else { return Fit::No };
    let rest = weighted(&digits, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    let check = if rest == 10 { 1 } else { rest };
    let dated = is_day(pair(digits[3], digits[4]), pair(digits[5], digits[6]));
    let county = matches!(pair(digits[7], digits[8]), 1..=52 | 70 | 80);
    let valid = digits[0] != 0 && dated && county && check == u32::from(digits[12]);
    Fit::Check.when(valid)
}

pub(in crate::inventory::sensitive) const BG_EGN: Definition = Definition {
    name: "bg_egn",
    title: "Bulgarian civil number (EGN)",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "weighted sum modulo 11, birth date",
    names: &["egn"],
    shape: number(10, 10),
    alone: true,
    check: bg_egn,
};

fn bg_egn(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<10>() else { return Fit::No };
    let check = weighted(&digits, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10;
    // The month has 20 more for the 19th century, 40 for the 21st.
    let dated = is_day(pair(digits[2], digits[3]) % 20, pair(digits[4], digits[5]));
    Fit::Check.when(dated && check == u32::from(digits[9]))
}

pub(in crate::inventory::sensitive) const HR_OIB: Definition = Definition {
    name: "hr_oib",
    title: "Croatian personal identification number (OIB)",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "ISO 7064 MOD 11,10",
    names: &["oib"],
    shape: number(11, 11),
    alone: true,
    check: hr_oib,
};

fn hr_oib(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<11>() else { return Fit::No };
    Fit::Check.when(mod_11_10(&digits))
}
