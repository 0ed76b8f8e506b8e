//! Sweden, Finland, Denmark, Norway, Estonia and Lithuania.

use super::{digits_at, is_grouped, letter, number};
use crate::inventory::sensitive::{
    checks::{is_day, luhn, number as value, pair, weighted},
    definition::{ANY_COUNT, Class, Definition, EUROPEAN, Fit, Shape},
    text::{Bytes, Text},
};

pub(in crate::inventory::sensitive) const SE_PERSONNUMMER: Definition = Definition {
    name: "se_personnummer",
    title: "Swedish personal identity number",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "Luhn, birth date",
    names: &[
        "personnummer",
        "personal identity number",
        "samordningsnummer",
        "swedish personal number",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "0123456789",
        length: (10, 13),
        allowed: Bytes::DIGIT.or(Bytes::DASH).or(Bytes::PLUS),
        required: Bytes::DIGIT,
    },
    alone: true,
    check: se_personnummer,
};

fn se_personnummer(text: &Text<'_>) -> Fit {
    let bytes = text.value.as_bytes();
    let grouped = bytes.len() > 10 && matches!(bytes[bytes.len() - 5], b'-' | b'+');
    let mut digits = [0; 12];
    let mut count = 0;
    for byte in bytes.iter().filter(|byte| byte.is_ascii_digit()) {
        let Some(digit) = digits.get_mut(count) else { return Fit::No };
        *digit = byte - b'0';
        count += 1;
    }
    let separators = usize::from(grouped);
    if bytes.len() - separators != count || !matches!(count, 10 | 12) {
        return Fit::No;
    }
    let century = value(&digits[..2]);
    if count == 12 && !matches!(century, 18..=20) {
        return Fit::No;
    }
    let ten = &digits[count - 10..count];
    // The day of a coordination number is 60 more.
    let dated = is_day(pair(ten[2], ten[3]), pair(ten[4], ten[5]) % 60);
    match (dated && luhn(ten), grouped || count == 12) {
        (false, _) => Fit::No,
        (true, true) => Fit::Rare,
        (true, false) => Fit::Check,
    }
}

pub(in crate::inventory::sensitive) const FI_HETU: Definition = Definition {
    name: "fi_hetu",
    title: "Finnish personal identity code",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "check character modulo 31, birth date",
    names: &["hetu", "henkilotunnus", "finnish personal identity code"],
    shape: Shape {
        digits: ANY_COUNT,
        first: "0123",
        length: (11, 11),
        allowed: Bytes::ALNUM.or(Bytes::DASH).or(Bytes::PLUS),
        required: Bytes::DIGIT,
    },
    alone: true,
    check: fi_hetu,
};

fn fi_hetu(text: &Text<'_>) -> Fit {
    let bytes = text.value.as_bytes();
    let (Some(date), Some(serial)) = (digits_at::<6>(bytes, 0), digits_at::<3>(bytes, 7)) else {
        return Fit::No;
    };
    let century = bytes.get(6).is_some_and(|sign| b"+-ABCDEFUVWXY".contains(sign));
    let dated = is_day(pair(date[2], date[3]), pair(date[0], date[1]));
    let rest = (value(&date) * 1000 + value(&serial)) % 31;
    let check = letter("0123456789ABCDEFHJKLMNPRSTUVWXY", rest);
    Fit::Rare.when(century && dated && check == bytes.get(10).map(u8::to_ascii_uppercase))
}

pub(in crate::inventory::sensitive) const DK_CPR: Definition = Definition {
    name: "dk_cpr",
    title: "Danish personal number (CPR)",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "birth date (check digits ended in 2007)",
    names: &["cpr", "cpr number", "cpr nr", "cpr nummer", "personnummer"],
    shape: number(10, 11),
    alone: false,
    check: dk_cpr,
};

fn dk_cpr(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<10>() else { return Fit::No };
    let dated = is_day(pair(digits[2], digits[3]), pair(digits[0], digits[1]));
    let grouped = dated && is_grouped(text, &[6, 4]);
    if grouped { Fit::Check } else { Fit::Form.when(dated) }
}

pub(in crate::inventory::sensitive) const NO_FODSELSNUMMER: Definition = Definition {
    name: "no_fodselsnummer",
    title: "Norwegian birth number",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "two check digits modulo 11, birth date",
    names: &["fodselsnummer", "fodselsnr", "fnr", "personnummer", "norwegian national id"],
    shape: number(11, 12),
    alone: true,
    check: no_fodselsnummer,
};

fn no_fodselsnummer(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<11>() else { return Fit::No };
    let first = weighted(&digits, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]);
    let second = weighted(&digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
    // D numbers have 40 on the day, synthetic ones 40 or 80 on the month.
    let dated = is_day(pair(digits[2], digits[3]) % 40, pair(digits[0], digits[1]) % 40);
    Fit::Few.when(dated && first.is_multiple_of(11) && second.is_multiple_of(11))
}

pub(in crate::inventory::sensitive) const BALTIC_PERSONAL_CODE: Definition = Definition {
    name: "baltic_personal_code",
    title: "Estonian or Lithuanian personal code",
    class: Class::Pii,
    regulations: EUROPEAN,
    validator: "two-stage sum modulo 11, birth date",
    names: &["isikukood", "asmens kodas", "personal code"],
    shape: number(11, 11),
    alone: true,
    check: baltic_personal_code,
};

fn baltic_personal_code(text: &Text<'_>) -> Fit {
    let Some(digits) = text.digits::<11>() else { return Fit::No };
    let first = weighted(&digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let second = weighted(&digits, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10;
    let check = if first < 10 { first } else { second };
    let dated = is_day(pair(digits[3], digits[4]), pair(digits[5], digits[6]));
    Fit::Check.when((1..=6).contains(&digits[0]) && dated && check == u32::from(digits[10]))
}
