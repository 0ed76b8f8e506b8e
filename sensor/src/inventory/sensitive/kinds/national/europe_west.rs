//! Germany, France, the Netherlands, Belgium, Switzerland, Austria, United Kingdom, Ireland.

use super::{code, digits_at, letter, number};
use crate::inventory::sensitive::{
    checks::{is_day, mod_11_10, number as value, pair, uniform, weighted},
    definition::{Class, Definition, EUROPEAN, Fit, HEALTH},
    text::Text,
};

pub(in crate::inventory::sensitive) const DE_TAX_ID: Definition = Definition {
    name: "de_tax_id",
    title: "German tax identification number",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "ISO 7064 MOD 11,10; of ten digits one stands twice or thrice",
    names: &[
        "steuer id",
        "steuer idnr",
        "steueridentifikationsnummer",
        "steuer identifikationsnummer",
        "steuernummer",
        "idnr",
        "de tax id",
        "german tax id",
    ],
    shape: number(11, 14),
    alone: true,
    check: de_tax_id,
};

fn de_tax_id(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<11>() else { return Fit::No };
    let mut counts = [0_u8; 10];
    for &digit in &digits[..10] {
        counts[usize::from(digit)] += 1;
    }
    let repeated = counts.iter().filter(|&&count| count > 1).count();
    let most = counts.iter().max().copied().unwrap_or_default();
    let valid = digits[0] != 0 && repeated == 1 && most <= 3 && mod_11_10(&digits);
    Fit::Check.when(valid)
}

pub(in crate::inventory::sensitive) const FR_NIR: Definition = Definition {
    name: "fr_nir",
    title: "French social security number (NIR)",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "key of 97, sex and month",
    names: &[
        "nir",
        "numero securite sociale",
        "numero de securite sociale",
        "num secu",
        "securite sociale",
        "insee",
        "insee number",
        "french ssn",
    ],
    shape: code(15, 21),
    alone: true,
    check: fr_nir,
};

fn fr_nir(text: &Text<'_>) -> Fit {
    let Some(code) = text.code::<15>() else { return Fit::No };
    let mut body = code;
    // Corsica: 2A counts as 19, 2B as 18 (INSEE).
    match &code[5..7] {
        b"2A" => body[5..7].copy_from_slice(b"19"),
        b"2B" => body[5..7].copy_from_slice(b"18"),
        _ => {}
    }
    let (Some(digits), Some(key)) = (digits_at::<13>(&body, 0), digits_at::<2>(&body, 13)) else {
        return Fit::No;
    };
    let month = pair(digits[3], digits[4]);
    let plausible =
        matches!(digits[0], 1..=4 | 7 | 8) && (matches!(month, 1..=12 | 20 | 30..=42 | 50..=99));
    Fit::Few.when(plausible && 97 - value(&digits) % 97 == value(&key))
}

pub(in crate::inventory::sensitive) const NL_BSN: Definition = Definition {
    name: "nl_bsn",
    title: "Dutch citizen service number (BSN)",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "eleven test",
    names: &["bsn", "burgerservicenummer", "burger service nummer", "sofinummer", "dutch bsn"],
    shape: number(9, 11),
    alone: true,
    check: nl_bsn,
};

fn nl_bsn(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<9>() else { return Fit::No };
    let sum = weighted(&digits, &[9, 8, 7, 6, 5, 4, 3, 2]);
    Fit::Check.when(!uniform(&digits) && sum % 11 == u32::from(digits[8]))
}

pub(in crate::inventory::sensitive) const BE_NATIONAL_NUMBER: Definition = Definition {
    name: "be_national_number",
    title: "Belgian national register number",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "remainder of 97, birth date",
    names: &[
        "rijksregisternummer",
        "numero national",
        "registre national",
        "niss",
        "insz",
        "belgian national number",
    ],
    shape: number(11, 15),
    alone: true,
    check: be_national_number,
};

fn be_national_number(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<11>() else { return Fit::No };
    let (month, day) = (pair(digits[2], digits[3]), pair(digits[4], digits[5]));
    // Month or day is 0 where the birth date is not known.
    let dated = is_day(month, day) || (month <= 12 && day == 0);
    let (body, check) = (value(&digits[..9]), value(&digits[9..]));
    let valid = [body, 2_000_000_000 + body].iter().any(|body| 97 - body % 97 == check);
    Fit::Few.when(dated && valid)
}

pub(in crate::inventory::sensitive) const CH_AHV: Definition = Definition {
    name: "ch_ahv",
    title: "Swiss social security number (AHV)",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "EAN-13 check digit, prefix 756",
    names: &["ahv", "ahv nummer", "ahv number", "avs", "avs number", "sozialversicherungsnummer"],
    shape: number(13, 16),
    alone: true,
    check: ch_ahv,
};

fn ch_ahv(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<13>() else { return Fit::No };
    let sum = weighted(&digits, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]);
    Fit::Few.when(digits[..3] == [7, 5, 6] && sum.is_multiple_of(10))
}

pub(in crate::inventory::sensitive) const AT_SVNR: Definition = Definition {
    name: "at_svnr",
    title: "Austrian social insurance number",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "weighted sum modulo 11, birth date",
    names: &["svnr", "sv nummer", "sozialversicherungsnummer", "versicherungsnummer"],
    shape: number(10, 11),
    alone: true,
    check: at_svnr,
};

fn at_svnr(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<10>() else { return Fit::No };
    let sum = weighted(&digits, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]);
    let dated = is_day(pair(digits[6], digits[7]), pair(digits[4], digits[5]));
    Fit::Check.when(digits[0] != 0 && dated && sum % 11 == u32::from(digits[3]))
}

pub(in crate::inventory::sensitive) const UK_NINO: Definition = Definition {
    name: "uk_nino",
    title: "UK National Insurance number",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "prefixes that are given out",
    names: &["nino", "national insurance number", "national insurance", "ni number", "uk nino"],
    shape: code(9, 13),
    alone: true,
    check: uk_nino,
};

fn uk_nino(text: &Text<'_>) -> Fit {
    let Some(code) = text.code::<9>() else { return Fit::No };
    let (first, second) = (code[0], code[1]);
    let letters = first.is_ascii_uppercase()
        && second.is_ascii_uppercase()
        && !b"DFIQUV".contains(&first)
        && !b"DFIQUVO".contains(&second)
        && ![b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"].contains(&&[first, second]);
    let valid = letters && digits_at::<6>(&code, 2).is_some() && matches!(code[8], b'A'..=b'D');
    Fit::Rare.when(valid)
}

pub(in crate::inventory::sensitive) const UK_NHS_NUMBER: Definition = Definition {
    name: "uk_nhs_number",
    title: "NHS number",
    class: Class::Phi,
    regulations: HEALTH,
    validator: "weighted sum modulo 11",
    names: &["nhs", "nhs number", "nhs no", "nhs id"],
    shape: number(10, 12),
    alone: true,
    check: uk_nhs_number,
};

fn uk_nhs_number(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<10>() else { return Fit::No };
    let sum = weighted(&digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) + u32::from(digits[9]);
    Fit::Check.when(!uniform(&digits) && sum.is_multiple_of(11))
}

pub(in crate::inventory::sensitive) const IE_PPS: Definition = Definition {
    name: "ie_pps",
    title: "Irish personal public service number",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "check letter modulo 23",
    names: &["pps", "ppsn", "pps number", "personal public service number"],
    shape: code(8, 10),
    alone: true,
    check: ie_pps,
};

fn ie_pps(text: &Text<'_>) -> Fit {
    let mut code = [0; 9];
    let length = text.code_into(&mut code).unwrap_or_default();
    let Some(digits) = digits_at::<7>(&code, 0) else { return Fit::No };
    let extra = match (length, code[8]) {
        (8, _) | (9, b'W') => 0,
        (9, b'A'..=b'I') => u32::from(code[8] - b'A' + 1),
        _ => return Fit::No,
    };
    let sum = weighted(&digits, &[8, 7, 6, 5, 4, 3, 2]) + extra * 9;
    Fit::Rare.when(letter("WABCDEFGHIJKLMNOPQRSTUV", u64::from(sum % 23)) == Some(code[7]))
}
