//! United States, Canada, Brazil, Argentina, Chile, Mexico.

use super::{code, digits_at, is_grouped, letter, number};
use crate::inventory::sensitive::{
    checks::{is_day, luhn, number as value, pair, uniform, weighted},
    definition::{Class, Definition, Fit, PERSONAL, Regulation},
    text::Text,
};

pub(in crate::inventory::sensitive) const US_SSN: Definition = Definition {
    name: "us_ssn",
    title: "US social security number",
    class: Class::Pii,
    regulations: &[Regulation::Ccpa, Regulation::Glba, Regulation::Hipaa],
    validator: "areas, groups and serials that are given out",
    names: &[
        "ssn",
        "social security number",
        "social security",
        "social security no",
        "us ssn",
        "soc sec num",
    ],
    shape: number(9, 11),
    alone: true,
    check: us_ssn,
};

fn us_ssn(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<9>() else { return Fit::No };
    let (area, group, serial) = (value(&digits[..3]), value(&digits[3..5]), value(&digits[5..]));
    let given_out = !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0;
    // Printed in advertisements (SSA): 078-05-1120, 219-09-9999.
    let known = matches!(value(&digits), 78_051_120 | 219_099_999 | 123_456_789);
    match (given_out && !uniform(&digits), is_grouped(text, &[3, 2, 4])) {
        (false, _) => Fit::No,
        (true, true) if !known => Fit::Rare,
        (true, _) => Fit::Form,
    }
}

pub(in crate::inventory::sensitive) const US_ITIN: Definition = Definition {
    name: "us_itin",
    title: "US individual taxpayer identification number",
    class: Class::Pii,
    regulations: &[Regulation::Ccpa, Regulation::Glba],
    validator: "begins with 9, groups that are given out",
    names: &["itin", "individual taxpayer identification number", "taxpayer id", "tin"],
    shape: number(9, 11),
    alone: true,
    check: us_itin,
};

fn us_itin(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<9>() else { return Fit::No };
    let group = pair(digits[3], digits[4]);
    let given_out = digits[0] == 9 && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99);
    let grouped = given_out && is_grouped(text, &[3, 2, 4]);
    if grouped { Fit::Rare } else { Fit::Form.when(given_out) }
}

pub(in crate::inventory::sensitive) const CA_SIN: Definition = Definition {
    name: "ca_sin",
    title: "Canadian social insurance number",
    class: Class::Pii,
    regulations: &[Regulation::Pipeda],
    validator: "Luhn",
    names: &["sin", "social insurance number", "social insurance", "sin number", "canadian sin"],
    shape: number(9, 11),
    alone: true,
    check: ca_sin,
};

fn ca_sin(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<9>() else { return Fit::No };
    Fit::Check.when(!matches!(digits[0], 0 | 8) && !uniform(&digits) && luhn(&digits))
}

pub(in crate::inventory::sensitive) const BR_CPF: Definition = Definition {
    name: "br_cpf",
    title: "Brazilian taxpayer number (CPF)",
    class: Class::Pii,
    regulations: &[Regulation::Lgpd],
    validator: "two check digits modulo 11",
    names: &["cpf", "cpf number", "numero cpf"],
    shape: number(11, 14),
    alone: true,
    check: br_cpf,
};

fn br_cpf(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<11>() else { return Fit::No };
    let first = weighted(&digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10;
    let second = weighted(&digits, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10;
    let valid = [first, second] == [digits[9], digits[10]].map(u32::from) && !uniform(&digits);
    match (valid, is_grouped(text, &[3, 3, 3, 2])) {
        (false, _) => Fit::No,
        (true, true) => Fit::Proof,
        (true, false) => Fit::Check,
    }
}

pub(in crate::inventory::sensitive) const BR_CNPJ: Definition = Definition {
    name: "br_cnpj",
    title: "Brazilian company number (CNPJ)",
    class: Class::Pii,
    regulations: &[Regulation::Lgpd],
    validator: "two check digits modulo 11",
    names: &["cnpj", "cnpj number"],
    shape: number(14, 18),
    alone: true,
    check: br_cnpj,
};

fn br_cnpj(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<14>() else { return Fit::No };
    let check = |sum: u32| if sum % 11 < 2 { 0 } else { 11 - sum % 11 };
    let first = check(weighted(&digits, &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]));
    let second = check(weighted(&digits, &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]));
    let valid = [first, second] == [digits[12], digits[13]].map(u32::from) && !uniform(&digits);
    match (valid, is_grouped(text, &[2, 3, 3, 4, 2])) {
        (false, _) => Fit::No,
        (true, true) => Fit::Proof,
        (true, false) => Fit::Check,
    }
}

pub(in crate::inventory::sensitive) const AR_CUIT: Definition = Definition {
    name: "ar_cuit",
    title: "Argentine tax number (CUIT, CUIL)",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "weighted sum modulo 11, prefix",
    names: &["cuit", "cuil"],
    shape: number(11, 13),
    alone: true,
    check: ar_cuit,
};

fn ar_cuit(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<11>() else { return Fit::No };
    let prefix = matches!(pair(digits[0], digits[1]), 20 | 23 | 24 | 27 | 30 | 33 | 34);
    let check = match weighted(&digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11 {
        0 => 0,
        1 => 9,
        rest => 11 - rest,
    };
    Fit::Check.when(prefix && check == u32::from(digits[10]))
}

pub(in crate::inventory::sensitive) const CL_RUT: Definition = Definition {
    name: "cl_rut",
    title: "Chilean national number (RUT)",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "check character modulo 11",
    names: &["rut", "run"],
    shape: code(8, 12),
    alone: true,
    check: cl_rut,
};

fn cl_rut(text: &Text<'_>) -> Fit {
    let mut code = [0; 9];
    let length = text.code_into(&mut code).unwrap_or_default();
    let Some((&last, body)) = code.get(..length).and_then(<[u8]>::split_last) else {
        return Fit::No;
    };
    if !matches!(length, 8 | 9) || !body.iter().all(u8::is_ascii_digit) {
        return Fit::No;
    }
    let weights = [2, 3, 4, 5, 6, 7, 2, 3];
    let digits = body.iter().rev().zip(weights);
    let sum: u32 = digits.map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    let expected = letter("0123456789K0", u64::from(11 - sum % 11));
    // A plain number of eight or nine digits is too common.
    let (body, check) = text.value.rsplit_once('-').unwrap_or_default();
    let grouped = check.len() == 1 && body.contains('.');
    match (expected == Some(last) && check.len() == 1, grouped) {
        (false, _) => Fit::No,
        (true, true) => Fit::Rare,
        (true, false) => Fit::Check,
    }
}

pub(in crate::inventory::sensitive) const MX_CURP: Definition = Definition {
    name: "mx_curp",
    title: "Mexican population code (CURP)",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "check digit modulo 10, form, birth date",
    names: &["curp"],
    shape: code(18, 18),
    alone: true,
    check: mx_curp,
};

fn mx_curp(text: &Text<'_>) -> Fit {
    let Some(code) = text.code::<18>() else { return Fit::No };
    let letters = code[..4].iter().chain(&code[11..16]).all(u8::is_ascii_uppercase);
    let (Some(date), Some([check])) = (digits_at::<6>(&code, 4), digits_at::<1>(&code, 17)) else {
        return Fit::No;
    };
    let dated = is_day(pair(date[2], date[3]), pair(date[4], date[5]));
    if !letters || !dated || !matches!(code[10], b'H' | b'M' | b'X') {
        return Fit::No;
    }
    // The alphabet of the sum has Ñ after N.
    let rank = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'N' => u32::from(byte - b'A') + 10,
        _ => u32::from(byte.saturating_sub(b'A')) + 11,
    };
    let sum: u32 =
        code[..17].iter().zip((2..=18).rev()).map(|(&byte, weight)| rank(byte) * weight).sum();
    Fit::Proof.when((10 - sum % 10) % 10 == u32::from(check))
}
