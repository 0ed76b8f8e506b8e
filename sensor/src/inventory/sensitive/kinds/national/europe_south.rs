//! Spain, Italy, Portugal, Greece, Türkiye.

use super::{code, digits_at, letter, number};
use crate::inventory::sensitive::{
    checks::{is_day, luhn, number as value, pair, uniform, weighted},
    definition::{Class, Definition, EUROPEAN, Fit},
    text::Text,
};

pub(in crate::inventory::sensitive) const ES_NIF: Definition = Definition {
    name: "es_nif",
    title: "Spanish identity number (DNI, NIE)",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "check letter modulo 23",
    names: &["dni", "nie", "nif", "documento nacional de identidad", "dni number", "numero dni"],
    shape: code(9, 12),
    alone: true,
    check: es_nif,
};

fn es_nif(text: &Text<'_>) -> Fit {
    let Some(mut code) = text.code::<9>() else { return Fit::No };
    if let b'X'..=b'Z' = code[0] {
        code[0] = code[0] - b'X' + b'0';
    }
    let Some(digits) = digits_at::<8>(&code, 0) else { return Fit::No };
    Fit::Rare.when(letter("TRWAGMYFPDXBNJZSQVHLCKE", value(&digits) % 23) == Some(code[8]))
}

pub(in crate::inventory::sensitive) const IT_CODICE_FISCALE: Definition = Definition {
    name: "it_codice_fiscale",
    title: "Italian tax code (codice fiscale)",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "check letter modulo 26, form",
    names: &["codice fiscale", "cod fiscale", "codfiscale", "cf", "italian tax code"],
    shape: code(16, 20),
    alone: true,
    check: it_codice_fiscale,
};

fn it_codice_fiscale(text: &Text<'_>) -> Fit {
    /// Values of the odd places, by digit and by letter (decree of 23 December 1976).
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let Some(code) = text.code::<16>() else { return Fit::No };
    // A digit may be written as a letter where two people would have the same code.
    let digit = |byte: u8| byte.is_ascii_digit() || b"LMNPQRSTUV".contains(&byte);
    let form = code.iter().enumerate().all(|(index, &byte)| match index {
        8 => b"ABCDEHLMPRST".contains(&byte),
        0..=5 | 11 | 15 => byte.is_ascii_uppercase(),
        _ => digit(byte),
    });
    if !form {
        return Fit::No;
    }
    let sum: u32 = code[..15]
        .iter()
        .enumerate()
        .map(|(index, &byte)| {
            let rank = if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' };
            if index % 2 == 0 { ODD[usize::from(rank)] } else { u32::from(rank) }
        })
        .sum();
    Fit::Proof.when(sum % 26 == u32::from(code[15] - b'A'))
}

pub(in crate::inventory::sensitive) const PT_NIF: Definition = Definition {
    name: "pt_nif",
    title: "Portuguese tax number (NIF)",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "weighted sum modulo 11",
    names: &["nif", "numero contribuinte", "contribuinte"],
    shape: number(9, 11),
    alone: true,
    check: pt_nif,
};

fn pt_nif(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<9>() else { return Fit::No };
    let rest = weighted(&digits, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    let check = if rest < 2 { 0 } else { 11 - rest };
    let given_out = matches!(digits[0], 1..=3 | 5 | 6 | 8 | 9);
    Fit::Check.when(given_out && !uniform(&digits) && check == u32::from(digits[8]))
}

pub(in crate::inventory::sensitive) const GR_AMKA: Definition = Definition {
    name: "gr_amka",
    title: "Greek social security number (AMKA)",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "Luhn, birth date",
    names: &["amka"],
    shape: number(11, 13),
    alone: true,
    check: gr_amka,
};

fn gr_amka(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<11>() else { return Fit::No };
    let dated = is_day(pair(digits[2], digits[3]), pair(digits[0], digits[1]));
    Fit::Check.when(dated && luhn(&digits))
}

pub(in crate::inventory::sensitive) const TR_TCKN: Definition = Definition {
    name: "tr_tckn",
    title: "Turkish identity number",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "two check digits",
    names: &["tckn", "tc kimlik no", "tc kimlik", "kimlik no"],
    shape: number(11, 11),
    alone: true,
    check: tr_tckn,
};

fn tr_tckn(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<11>() else { return Fit::No };
    let odd = weighted(&digits[..9], &[1, 0, 1, 0, 1, 0, 1, 0, 1]);
    let even = weighted(&digits[..8], &[0, 1, 0, 1, 0, 1, 0, 1]);
    // Ten times ten is more than any even sum, so the difference stays above zero.
    let tenth = (odd * 7 + 100 - even) % 10;
    let eleventh = (odd + even + u32::from(digits[9])) % 10;
    let valid = tenth == u32::from(digits[9]) && eleventh == u32::from(digits[10]);
    Fit::Check.when(digits[0] != 0 && valid)
}
