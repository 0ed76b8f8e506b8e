//! Payment cards: number, verification code, expiry, track, PIN.

use crate::inventory::sensitive::{
    checks::{luhn, pair, uniform},
    definition::{ANY_COUNT, CARD, Class, Definition, Fit, Shape},
    text::{Bytes, Text},
};

pub(in crate::inventory::sensitive) const CARD_NUMBER: Definition = Definition {
    name: "card_number",
    title: "Payment card number",
    class: Class::Pci,
    regulations: CARD,
    validator: "Luhn, issuer range with its lengths",
    names: &[
        "card number",
        "card no",
        "card num",
        "credit card",
        "credit card number",
        "credit card no",
        "credit card num",
        "debit card",
        "debit card number",
        "payment card",
        "payment card number",
        "cc",
        "cc number",
        "cc num",
        "cc no",
        "ccn",
        "pan",
        "primary account number",
        "card pan",
        "card",
        "kartennummer",
        "numero tarjeta",
        "numero carte",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "123456789",
        length: (12, 27),
        allowed: Bytes::DIGIT.or(Bytes::SPACE).or(Bytes::DASH),
        required: Bytes::DIGIT,
    },
    alone: true,
    check: card_number,
};

/// Digits by themselves may be any number (one in forty of 16 random digits passes); in the
/// groups in which cards are printed they are one.
fn card_number(text: &Text<'_>) -> Fit {
    let Some((digits, count)) = digits(text) else { return Fit::No };
    let digits = &digits[..count];
    if !is_issued(digits) || !luhn(digits) || uniform(digits) {
        return Fit::No;
    }
    let groups = text.value.split([' ', '-']).map(str::len);
    let printed: &[&[usize]] = &[&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 4, 4, 3]];
    let printed = printed.iter().any(|lengths| groups.clone().eq(lengths.iter().copied()));
    match (printed, count == text.value.len()) {
        (true, _) => Fit::Rare,
        // Shorter and longer numbers are rare among cards, and common elsewhere.
        (false, true) if matches!(count, 14..=16) => Fit::Few,
        (false, true) => Fit::Check,
        // Groups of other lengths are some other number.
        (false, false) => Fit::Form.when(groups.count() <= 5),
    }
}

/// 12 to 19 digits.
fn digits(text: &Text<'_>) -> Option<([u8; 19], usize)> {
    let mut digits = [0; 19];
    let count = text.code_into(&mut digits).filter(|&count| count >= 12)?;
    for digit in &mut digits[..count] {
        *digit = digit.is_ascii_digit().then(|| *digit - b'0')?;
    }
    Some((digits, count))
}

/// Whether an issuer has the range, and its cards that length (ISO/IEC 7812 and the networks'
/// own lists).
fn is_issued(digits: &[u8]) -> bool {
    let prefix = digits.iter().take(4).fold(0_u32, |prefix, &digit| prefix * 10 + u32::from(digit));
    let (two, three, four) = (prefix / 100, prefix / 10, prefix);
    let lengths: &[usize] = match (two, three, four) {
        // Mastercard.
        (51..=55, ..) | (_, _, 2221..=2720) => &[16],
        // American Express; JCB's old ranges.
        (34 | 37, ..) | (_, _, 1800 | 2131) => &[15],
        // Visa.
        (40..=49, ..) => &[13, 16, 19],
        // Diners Club.
        (36 | 38 | 39, ..) | (_, 300..=305, _) | (_, _, 3095) => &[14, 15, 16, 17, 18, 19],
        // JCB, Mir; Discover, RuPay, UnionPay.
        (60 | 62 | 65 | 81 | 82, ..)
        | (_, 644..=649, _)
        | (_, _, 3528..=3589 | 2200..=2204 | 6011) => &[16, 17, 18, 19],
        // Maestro.
        (50 | 56..=58 | 61 | 63 | 64 | 66..=69, ..) => &[12, 13, 14, 15, 16, 17, 18, 19],
        _ => &[],
    };
    lengths.contains(&digits.len())
}

pub(in crate::inventory::sensitive) const CARD_VERIFICATION: Definition = Definition {
    name: "card_verification",
    title: "Card verification code",
    class: Class::Pci,
    regulations: CARD,
    validator: "field name; 3 or 4 digits",
    names: &[
        "cvv",
        "cvv2",
        "cvc",
        "cvc2",
        "cid",
        "csc",
        "card verification",
        "card verification value",
        "card verification code",
        "verification value",
        "card security code",
        "card code",
        "cvv code",
        "cvc code",
        "security code",
        "cvn",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (3, 4),
        allowed: Bytes::DIGIT,
        required: Bytes::DIGIT,
    },
    alone: false,
    check: |_| Fit::Form,
};

pub(in crate::inventory::sensitive) const CARD_EXPIRY: Definition = Definition {
    name: "card_expiry",
    title: "Expiry date of a card",
    class: Class::Pci,
    regulations: CARD,
    validator: "field name; month and year",
    names: &[
        "card expiry",
        "card expiration",
        "card exp",
        "card expiry date",
        "card expiration date",
        "card expire",
        "card expires",
        "cc exp",
        "cc expiry",
        "credit card expire",
        "credit card expiry",
        "credit card expiration",
        "credit card exp",
        "exp date",
        "expiry date",
        "expiration date",
        "expiry",
        "card valid thru",
        "valid thru",
    ],
    shape: Shape {
        digits: ANY_COUNT,
        first: "0123456789",
        length: (4, 7),
        allowed: Bytes::DIGIT.or(Bytes::SLASH).or(Bytes::DASH),
        required: Bytes::DIGIT,
    },
    alone: false,
    check: card_expiry,
};

/// `MM/YY`, `MM/YYYY`, `YYYY-MM`, `MMYY`.
fn card_expiry(text: &Text<'_>) -> Fit {
    let month = |month: u32| (1..=12).contains(&month);
    let fits = match (text.digits::<4>(), text.digits::<6>()) {
        (Some(short), _) => month(pair(short[0], short[1])),
        (_, Some(long)) => {
            let century = |at: usize| pair(long[at], long[at + 1]) == 20;
            let month_at = |at: usize| month(pair(long[at], long[at + 1]));
            month_at(0) && century(2) || century(0) && month_at(4)
        }
        _ => false,
    };
    Fit::Form.when(fits)
}

pub(in crate::inventory::sensitive) const CARD_TRACK: Definition = Definition {
    name: "card_track",
    title: "Magnetic stripe of a card",
    class: Class::Pci,
    regulations: CARD,
    validator: "track form (ISO/IEC 7813), Luhn",
    names: &["track data", "track1", "track2", "track1 data", "track2 data", "magstripe"],
    shape: Shape {
        digits: ANY_COUNT,
        first: "%;",
        length: (20, 120),
        allowed: Bytes::ANY,
        required: Bytes::DIGIT,
    },
    alone: true,
    check: card_track,
};

fn card_track(text: &Text<'_>) -> Fit {
    let track = text.value.strip_prefix("%B").and_then(|rest| rest.split_once('^'));
    let track =
        track.or_else(|| text.value.strip_prefix(';').and_then(|rest| rest.split_once('=')));
    let number = track.map(|(number, _)| Text::new(number));
    Fit::Proof.when(number.is_some_and(|number| card_number(&number) > Fit::No))
}

pub(in crate::inventory::sensitive) const CARD_PIN: Definition = Definition {
    name: "card_pin",
    title: "PIN",
    class: Class::Pci,
    regulations: CARD,
    validator: "field name; 4 to 12 digits",
    names: &["pin", "pin code", "card pin", "pin block", "atm pin", "pin number"],
    shape: Shape {
        digits: ANY_COUNT,
        first: "",
        length: (4, 12),
        allowed: Bytes::DIGIT,
        required: Bytes::DIGIT,
    },
    alone: false,
    check: |_| Fit::Form,
};
