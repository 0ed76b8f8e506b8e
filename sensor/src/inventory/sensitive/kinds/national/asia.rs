//! India, China, Korea, Japan, Taiwan, Hong Kong, Singapore, Thailand, Israel, the Emirates.

use super::{code, digits_at, is_grouped, letter, number};
use crate::inventory::sensitive::{
    checks::{is_day, luhn, number as value, pair, uniform, verhoeff, weighted},
    definition::{ANY_COUNT, Class, Definition, Fit, PERSONAL, Regulation, Shape},
    text::{Bytes, Text},
};

pub(in crate::inventory::sensitive) const IN_AADHAAR: Definition = Definition {
    name: "in_aadhaar",
    title: "Indian Aadhaar number",
    class: Class::Pii,
    regulations: &[Regulation::Dpdp],
    validator: "Verhoeff",
    names: &["aadhaar", "aadhar", "aadhaar number", "aadhar number", "uidai"],
    shape: number(12, 14),
    alone: true,
    check: in_aadhaar,
};

fn in_aadhaar(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<12>() else { return Fit::No };
    Fit::Check.when(digits[0] > 1 && verhoeff(&digits))
}

pub(in crate::inventory::sensitive) const IN_PAN: Definition = Definition {
    name: "in_pan",
    title: "Indian permanent account number (PAN)",
    class: Class::Pii,
    regulations: &[Regulation::Dpdp],
    validator: "form, type of holder",
    names: &["pan", "pan number", "pan card", "permanent account number"],
    shape: code(10, 10),
    alone: true,
    check: in_pan,
};

fn in_pan(text: &Text<'_>) -> Fit {
    let Some(code) = text.code::<10>() else { return Fit::No };
    let letters = code[..5].iter().all(u8::is_ascii_uppercase) && code[9].is_ascii_uppercase();
    let holder = b"ABCFGHLJPT".contains(&code[3]);
    let Some(serial) = digits_at::<4>(&code, 5) else { return Fit::No };
    Fit::Rare.when(letters && holder && value(&serial) != 0)
}

pub(in crate::inventory::sensitive) const CN_RESIDENT_ID: Definition = Definition {
    name: "cn_resident_id",
    title: "Chinese resident identity number",
    class: Class::Pii,
    regulations: &[Regulation::Pipl],
    validator: "ISO 7064 MOD 11-2, region, birth date",
    names: &[
        "id card",
        "id card number",
        "identity card number",
        "resident id",
        "shenfenzheng",
        "id card no",
    ],
    shape: code(18, 18),
    alone: true,
    check: cn_resident_id,
};

fn cn_resident_id(text: &Text<'_>) -> Fit {
    let Some(code) = text.code::<18>() else { return Fit::No };
    let Some(digits) = digits_at::<17>(&code, 0) else { return Fit::No };
    let sum = weighted(&digits, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    let year = value(&digits[6..10]);
    let dated = is_day(pair(digits[10], digits[11]), pair(digits[12], digits[13]));
    let region = matches!(digits[0], 1..=6 | 8);
    let check = letter("10X98765432", u64::from(sum % 11));
    Fit::Proof.when(region && (1900..2100).contains(&year) && dated && check == Some(code[17]))
}

pub(in crate::inventory::sensitive) const KR_RRN: Definition = Definition {
    name: "kr_rrn",
    title: "Korean resident registration number",
    class: Class::Pii,
    regulations: &[Regulation::Pipa],
    validator: "weighted sum modulo 11 (given up in 2020), birth date",
    names: &["rrn", "resident registration number", "jumin", "jumin number", "jumin beonho"],
    shape: number(13, 14),
    alone: true,
    check: kr_rrn,
};

fn kr_rrn(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<13>() else { return Fit::No };
    let dated = is_day(pair(digits[2], digits[3]), pair(digits[4], digits[5]));
    if !dated || digits[6] == 0 {
        return Fit::No;
    }
    let sum = weighted(&digits, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
    let valid = (11 - sum % 11) % 10 == u32::from(digits[12]);
    match (valid, is_grouped(text, &[6, 7])) {
        (true, true) => Fit::Rare,
        (true, false) => Fit::Check,
        (false, _) => Fit::Form,
    }
}

pub(in crate::inventory::sensitive) const JP_MY_NUMBER: Definition = Definition {
    name: "jp_my_number",
    title: "Japanese individual number (My Number)",
    class: Class::Pii,
    regulations: &[Regulation::Appi],
    validator: "weighted sum modulo 11",
    names: &["my number", "individual number", "kojin bango", "mynumber"],
    shape: number(12, 14),
    alone: true,
    check: jp_my_number,
};

fn jp_my_number(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<12>() else { return Fit::No };
    let rest = weighted(&digits, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let check = if rest < 2 { 0 } else { 11 - rest };
    Fit::Check.when(!uniform(&digits) && check == u32::from(digits[11]))
}

pub(in crate::inventory::sensitive) const TW_ID: Definition = Definition {
    name: "tw_id",
    title: "Taiwanese identity number",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "weighted sum modulo 10",
    names: &["taiwan id", "shenfenzheng", "national id"],
    shape: code(10, 10),
    alone: true,
    check: tw_id,
};

fn tw_id(text: &Text<'_>) -> Fit {
    let Some(code) = text.code::<10>() else { return Fit::No };
    let rank = "ABCDEFGHJKLMNPQRSTUVXYWZIO".bytes().position(|byte| byte == code[0]);
    let (Some(rank), Some(digits)) = (rank, digits_at::<9>(&code, 1)) else { return Fit::No };
    let area = rank as u32 + 10;
    let sum = area / 10 + area % 10 * 9 + weighted(&digits, &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    Fit::Rare.when(matches!(digits[0], 1 | 2 | 8 | 9) && sum.is_multiple_of(10))
}

pub(in crate::inventory::sensitive) const HK_ID: Definition = Definition {
    name: "hk_id",
    title: "Hong Kong identity card number",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "check character modulo 11",
    names: &["hkid", "hkid number", "hong kong id"],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (8, 11),
        allowed: Bytes::ALNUM.or(Bytes::BRACKET),
        required: Bytes::DIGIT,
    },
    alone: true,
    check: hk_id,
};

fn hk_id(text: &Text<'_>) -> Fit {
    let mut code = [b' '; 9];
    let bytes = text.value.bytes().filter(|byte| !matches!(byte, b'(' | b')'));
    let count = bytes.clone().count();
    if !matches!(count, 8 | 9) {
        return Fit::No;
    }
    for (slot, byte) in code[9 - count..].iter_mut().zip(bytes) {
        *slot = byte.to_ascii_uppercase();
    }
    let letters = code[1].is_ascii_uppercase() && !code[0].is_ascii_digit();
    let Some(digits) = digits_at::<6>(&code, 2) else { return Fit::No };
    let rank = |byte: u8| if byte == b' ' { 36 } else { u32::from(byte.saturating_sub(b'A')) + 10 };
    let check = match code[8] {
        b'A' => 10,
        byte @ b'0'..=b'9' => u32::from(byte - b'0'),
        _ => return Fit::No,
    };
    let sum =
        rank(code[0]) * 9 + rank(code[1]) * 8 + weighted(&digits, &[7, 6, 5, 4, 3, 2]) + check;
    let valid = letters && sum.is_multiple_of(11);
    let printed = valid && text.classes.meets(Bytes::BRACKET);
    if printed { Fit::Rare } else { Fit::Check.when(valid) }
}

pub(in crate::inventory::sensitive) const SG_NRIC: Definition = Definition {
    name: "sg_nric",
    title: "Singaporean identity number (NRIC, FIN)",
    class: Class::Pii,
    regulations: &[Regulation::Pdpa],
    validator: "check letter modulo 11",
    names: &["nric", "fin", "nric number", "nric fin"],
    shape: Shape {
        digits: ANY_COUNT,
        first: "STFGMstfgm",
        length: (9, 9),
        allowed: Bytes::ALNUM,
        required: Bytes::DIGIT,
    },
    alone: true,
    check: sg_nric,
};

fn sg_nric(text: &Text<'_>) -> Fit {
    let Some(code) = text.code::<9>() else { return Fit::No };
    let Some(digits) = digits_at::<7>(&code, 1) else { return Fit::No };
    let (offset, letters) = match code[0] {
        b'S' => (0, "JZIHGFEDCBA"),
        b'T' => (4, "JZIHGFEDCBA"),
        b'F' => (0, "XWUTRQPNMLK"),
        b'G' => (4, "XWUTRQPNMLK"),
        b'M' => (3, "XWUTRQPNJLK"),
        _ => return Fit::No,
    };
    let sum = weighted(&digits, &[2, 7, 6, 5, 4, 3, 2]) + offset;
    Fit::Rare.when(letter(letters, u64::from(sum % 11)) == Some(code[8]))
}

pub(in crate::inventory::sensitive) const TH_ID: Definition = Definition {
    name: "th_id",
    title: "Thai identity number",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "weighted sum modulo 11",
    names: &["thai id", "thai national id", "citizen id"],
    shape: number(13, 17),
    alone: true,
    check: th_id,
};

fn th_id(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<13>() else { return Fit::No };
    let sum = weighted(&digits, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    let valid = matches!(digits[0], 1..=8) && (11 - sum % 11) % 10 == u32::from(digits[12]);
    let grouped = valid && is_grouped(text, &[1, 4, 5, 2, 1]);
    if grouped { Fit::Rare } else { Fit::Check.when(valid) }
}

pub(in crate::inventory::sensitive) const IL_ID: Definition = Definition {
    name: "il_id",
    title: "Israeli identity number",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "Luhn",
    names: &["teudat zehut", "israeli id", "tz"],
    shape: number(9, 10),
    alone: true,
    check: il_id,
};

fn il_id(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<9>() else { return Fit::No };
    Fit::Check.when(!uniform(&digits) && luhn(&digits))
}

pub(in crate::inventory::sensitive) const AE_ID: Definition = Definition {
    name: "ae_id",
    title: "Emirates ID",
    class: Class::Pii,
    regulations: PERSONAL,
    validator: "Luhn, prefix 784, birth year",
    names: &["emirates id", "eid number"],
    shape: number(15, 18),
    alone: true,
    check: ae_id,
};

fn ae_id(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<15>() else { return Fit::No };
    let born = (1900..2100).contains(&value(&digits[3..7]));
    Fit::Few.when(digits[..3] == [7, 8, 4] && born && luhn(&digits))
}
